//! `GET /mailboxes/{id}`: what works, what does not, why, and who can mend it. The block `health` follows a running check.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::audit;
use crate::clock::UnixTime;
use crate::error::{AppError, Result};
use crate::ids::MailboxId;
use crate::tokens::delegated_store as grants;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::bars::Bars;
use crate::web::span::Span;
use crate::web::trouble::{Trouble, Whose};
use crate::web::when::date;
use crate::web::{Badge, Page, Shell, Tab, When, fragment_as_of, see_other, wants_fragment};
use crate::words::{Cause, Status};

use super::history::{self, Check};
use super::ladder::{Outcome, Rung, Step};
use super::notice::Notice;
use super::past::{self, Asked};
use super::{Mailbox, gone, store, timeline, turn_store, what_changed};

/// Rows of checks that the page tells of.
const RECENT: i64 = 60;

#[derive(Template)]
#[template(path = "mailboxes/show.html", blocks = ["health"])]
struct Show {
    shell: Shell,
    id: String,
    address: String,
    display_name: String,
    tabs: Vec<Tab>,
    status: Badge,
    incoming: Badge,
    outgoing: Badge,
    since: When,
    good: Option<When>,
    /// When it is checked without anybody asking.
    next: Option<When>,
    /// What stands there instead, if it is due or never is.
    no_next: &'static str,
    checked: Option<When>,
    notice: Option<Notice>,
    trouble: Option<Trouble>,
    /// What the times tell of it.
    what_changed: Vec<String>,
    remedy: Option<Remedy>,
    others: i64,
    checking: bool,
    paused: Option<(String, When)>,
    is_default: bool,
    steps: Vec<StepView>,
    bars: Bars,
    history: Vec<Event>,
    access: &'static str,
    person: Option<Person>,
    /// Only one button of a page stands out.
    check_look: &'static str,
    application_id: String,
    application: String,
    tenant: String,
    client_id: String,
    created: (String, When),
    may_operate: bool,
    may_edit: bool,
}

/// A step of the ladder as the page draws it.
#[derive(Debug)]
pub struct StepView {
    /// What the step is called.
    pub name: &'static str,
    /// `ok`, `failed`, `skipped` or `waiting`.
    pub outcome: &'static str,
    /// What was seen.
    pub detail: String,
    /// Name of the icon.
    pub icon: &'static str,
    /// The family's class.
    pub family: &'static str,
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        let name = step.rung.label();
        match step.outcome {
            Outcome::Ok { detail } => Self { name, outcome: "ok", detail, icon: "check", family: "ok" },
            Outcome::Failed { failure } => {
                let (family, icon) = (failure.cause.family().class(), failure.cause.icon().name());
                Self { name, outcome: "failed", detail: failure.cause.label().to_owned(), icon, family }
            }
            Outcome::Skipped { detail } => Self { name, outcome: "skipped", detail, icon: "dash", family: "idle" },
        }
    }
}

/// Where in Postkey the trouble is mended.
struct Remedy {
    href: String,
    label: &'static str,
}

/// Who signs in for the mailbox.
struct Person {
    expected: String,
    signed_in: Option<When>,
    /// Whether the page's first button is to sign in.
    needed: bool,
}

/// A line of the timeline.
struct Event {
    family: &'static str,
    icon: &'static str,
    title: String,
    text: String,
    at: When,
}

/// `GET /mailboxes/{id}`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response> {
    let Ok(id) = id.parse::<MailboxId>() else { return by_address(&app, &id).await };
    let mailbox = store::find(&app.db, &id).await?.ok_or(AppError::NotFound)?;
    if mailbox.deleted.is_some() {
        return Ok(gone::page(&app, &me, &mailbox));
    }
    let page = page(&app, &me, mailbox, asked.span()?).await?;
    if wants_fragment(&headers, "health") {
        return Ok(fragment_as_of(&headers, &page.shell.as_of, page.as_health().render()));
    }
    Ok(Page::new(page).into_response())
}

/// An address in place of the ID leads to the mailbox that has it.
async fn by_address(app: &App, address: &str) -> Result<Response> {
    let id = store::by_address(&app.db, address).await?.ok_or(AppError::NotFound)?;
    Ok(see_other(&format!("/mailboxes/{id}")))
}

async fn page(app: &App, me: &SignedIn, mailbox: Mailbox, span: Span) -> Result<Show> {
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let checks = history::newest(&app.db, &mailbox.id, RECENT).await?;
    let is_default = store::default_outbound(&app.db).await?.as_ref() == Some(&mailbox.id);
    let now = app.clock.now();
    let when = |moment: UnixTime| When::at(moment, now, &app.config.time_zone);
    let health = &mailbox.health;
    let shown = mailbox.shown(now, application.credential_ends_at);
    let checking = health.is_checking(now);
    let person = person(app, &mailbox).await?;
    let next = next(app, &mailbox).await?;
    // After a change of the settings the newest check is about another address or application.
    let last = checks.first().filter(|check| health.last_check.as_ref() == Some(&check.id));
    let trouble = last.and_then(|check| trouble(app, check, &mailbox, &application));
    let shared = trouble.is_some() && last.is_some_and(is_shared);
    let others = if shared { applications::mailbox_count(&app.db, &application.id).await? - 1 } else { 0 };
    Ok(Show {
        shell: me.shell(app, Section::Mailboxes),
        tabs: tabs(&mailbox, "", me.may(Role::MailboxAdministrator)),
        status: shown.incoming.worse(shown.outgoing).into(),
        incoming: shown.incoming.into(),
        outgoing: shown.outgoing.into(),
        since: when(health.since),
        good: health.good_at.map(when),
        next: next.ok().map(when),
        no_next: next.err().unwrap_or_default(),
        checked: health.checked_at.map(when),
        notice: Notice::of(app, &mailbox, &application),
        what_changed: what_changed::told(app, &mailbox, &application).await?,
        remedy: last.and_then(|check| remedy(check, &application, me)),
        others,
        checking,
        paused: mailbox.paused.as_ref().map(|stamp| (stamp.by.clone(), when(stamp.at))),
        is_default,
        steps: last.map_or_else(Vec::new, |check| check.ladder.steps()).into_iter().map(StepView::from).collect(),
        bars: past::bars(app, &mailbox, span).await?,
        history: what_happened(app, &mailbox, &checks, application.credential_ends_at).await?,
        trouble: trouble.filter(|_| !checking),
        access: mailbox.access.label(),
        check_look: if person.as_ref().is_some_and(|person| person.needed) { "" } else { "go" },
        person,
        application_id: application.id.to_string(),
        application: application.name,
        tenant: application.tenant.to_string(),
        client_id: application.client_id.to_string(),
        created: (mailbox.created.by.clone(), when(mailbox.created.at)),
        may_operate: me.may(Role::Operator),
        may_edit: me.may(Role::MailboxAdministrator),
        id: mailbox.id.to_string(),
        address: mailbox.address,
        display_name: mailbox.display_name,
    })
}

/// When the next check comes by itself, or why none does.
async fn next(app: &App, mailbox: &Mailbox) -> Result<std::result::Result<UnixTime, &'static str>> {
    if mailbox.paused.is_some() {
        return Ok(Err("None while it is paused"));
    }
    if mailbox.health.incoming == Status::SignInPending {
        return Ok(Err("When somebody has signed in"));
    }
    let planned = turn_store::planned(&app.db, &mailbox.id).await?.unwrap_or(app.clock.now());
    Ok(if planned > app.clock.now() { Ok(planned) } else { Err("Now") })
}

async fn person(app: &App, mailbox: &Mailbox) -> Result<Option<Person>> {
    let Some(expected) = mailbox.signs_in().map(str::to_owned) else { return Ok(None) };
    let grant = grants::find(&app.db, &mailbox.id).await?;
    let signed_in = grant.map(|grant| When::at(grant.signed_in_at, app.clock.now(), &app.config.time_zone));
    let needed = signed_in.is_none() || mailbox.health.incoming == Status::Failing(Cause::NeedsSignIn);
    Ok(Some(Person { expected, signed_in, needed }))
}

fn remedy(check: &Check, application: &Application, me: &SignedIn) -> Option<Remedy> {
    let (_, failure) = check.ladder.failure()?;
    let here = format!("/applications/{}", application.id);
    match failure.cause {
        Cause::SecretExpired | Cause::SecretRefused if me.may(Role::ApplicationAdministrator) => {
            Some(Remedy { href: format!("{here}/secrets/new"), label: "Add the new secret" })
        }
        _ if is_shared(check) => Some(Remedy { href: here, label: "Open the application" }),
        _ => None,
    }
}

/// Whether what broke stops every mailbox of the application, and not only the one that was asked for.
fn is_shared(check: &Check) -> bool {
    check.ladder.failure().is_some_and(|(rung, failure)| {
        failure.cause.of_application() && (rung <= Rung::Token || failure.cause == Cause::NeedsConsent)
    })
}

fn trouble(app: &App, check: &Check, mailbox: &Mailbox, application: &Application) -> Option<Trouble> {
    let (_, failure) = check.ladder.failure()?;
    let ended = application.credential_ends_at.filter(|end| *end <= app.clock.now());
    let whose = Whose {
        application: &application.name,
        cloud: application.cloud,
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        mailbox: &mailbox.address,
        person: mailbox.signs_in().unwrap_or_default(),
        ended: ended.map(|end| date(end, &app.config.time_zone)),
    };
    Some(Trouble::of(app, failure, &whose))
}

/// The tabs that all pages of a mailbox share.
pub fn tabs(mailbox: &Mailbox, current: &str, may_edit: bool) -> Vec<Tab> {
    let all = [("", "Health"), ("/sign-in", "Sign-in"), ("/checks", "Checks"), ("/edit", "Settings")];
    all.into_iter()
        .filter(|(path, _)| (may_edit || *path != "/edit") && (mailbox.is_delegated() || *path != "/sign-in"))
        .map(|(path, label)| Tab { href: format!("/mailboxes/{}{path}", mailbox.id), label, current: path == current })
        .collect()
}

async fn what_happened(app: &App, mailbox: &Mailbox, checks: &[Check], ends: Option<UnixTime>) -> Result<Vec<Event>> {
    let now = app.clock.now();
    let objects = (mailbox.id.as_str(), mailbox.application_id.as_str());
    // What was done to the application before the mailbox was there is another story.
    let most = i64::try_from(timeline::MOST).unwrap_or(i64::MAX);
    let deeds = audit::about(&app.db, objects, (mailbox.created.at, now), most).await?;
    let events = timeline::events(checks, &deeds, ends, now);
    Ok(events.into_iter().map(|it| event(it, &app.config.time_zone, now)).collect())
}

fn event(it: timeline::Event, zone: &jiff::tz::TimeZone, now: UnixTime) -> Event {
    let text = match it.times {
        1 => it.text,
        times => format!("{times} times, last then"),
    };
    Event { family: it.family, icon: it.icon, title: it.title, text, at: When::at(it.at, now, zone) }
}
