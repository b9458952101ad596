//! `GET /mailboxes/{id}`: what works, what does not, why, and who can mend it. The block `health` follows a running check.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::clock::UnixTime;
use crate::error::{AppError, Result};
use crate::ids::MailboxId;
use crate::tokens::delegated_store as grants;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::trouble::{Trouble, Whose};
use crate::web::when::date;
use crate::web::{Badge, Page, Shell, Tab, When, fragment, see_other, wants_fragment};
use crate::words::{Cause, Status};

use super::history::{self, Check};
use super::ladder::{Outcome, Rung, Step};
use super::notice::Notice;
use super::{Mailbox, gone, store};

/// Checks that the page folds into its history.
const RECENT: i64 = 40;

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
    checked: Option<When>,
    notice: Option<Notice>,
    trouble: Option<Trouble>,
    remedy: Option<Remedy>,
    others: i64,
    checking: bool,
    paused: Option<(String, When)>,
    is_default: bool,
    steps: Vec<StepView>,
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

/// A line of the history; equal neighbours are one line.
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
    headers: HeaderMap,
) -> Result<Response> {
    let Ok(id) = id.parse::<MailboxId>() else { return by_address(&app, &id).await };
    let mailbox = store::find(&app.db, &id).await?.ok_or(AppError::NotFound)?;
    if mailbox.deleted.is_some() {
        return Ok(gone::page(&app, &me, &mailbox));
    }
    let page = page(&app, &me, mailbox).await?;
    if wants_fragment(&headers, "health") {
        return Ok(fragment(&headers, page.as_health().render()));
    }
    Ok(Page::new(page).into_response())
}

/// An address in place of the ID leads to the mailbox that has it.
async fn by_address(app: &App, address: &str) -> Result<Response> {
    let id = store::by_address(&app.db, address).await?.ok_or(AppError::NotFound)?;
    Ok(see_other(&format!("/mailboxes/{id}")))
}

async fn page(app: &App, me: &SignedIn, mailbox: Mailbox) -> Result<Show> {
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let checks = history::newest(&app.db, &mailbox.id, RECENT).await?;
    let is_default = store::default_outbound(&app.db).await?.as_ref() == Some(&mailbox.id);
    let now = app.clock.now();
    let when = |moment: UnixTime| When::at(moment, now, &app.config.time_zone);
    let health = &mailbox.health;
    let shown = mailbox.shown(now, application.credential_ends_at);
    let checking = health.is_checking(now);
    let person = person(app, &mailbox).await?;
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
        checked: health.checked_at.map(when),
        notice: Notice::of(app, &mailbox, &application),
        remedy: last.and_then(|check| remedy(check, &application, me)),
        others,
        checking,
        paused: mailbox.paused.as_ref().map(|stamp| (stamp.by.clone(), when(stamp.at))),
        is_default,
        steps: last.map_or_else(Vec::new, |check| check.ladder.steps()).into_iter().map(StepView::from).collect(),
        history: events(&checks, when),
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

fn events(checks: &[Check], when: impl Fn(UnixTime) -> When) -> Vec<Event> {
    let mut folded: Vec<(i64, &Check)> = Vec::new();
    for check in checks {
        match folded.last_mut() {
            Some((count, first))
                if (first.incoming, first.outgoing) == (check.incoming, check.outgoing)
                    && check.reason != "test_message" =>
            {
                *count += check.times
            }
            _ => folded.push((check.times, check)),
        }
    }
    folded.into_iter().map(|(count, check)| event(count, check, when(check.finished_at))).collect()
}

fn event(count: i64, check: &Check, at: When) -> Event {
    let worse = check.incoming.worse(check.outgoing);
    let badge = Badge::from(worse);
    let asked = match check.reason.as_str() {
        "test_message" => "test message",
        "saved" => "saved",
        "mended" => "its application works again",
        "signed_in" => "signed in",
        _ => "check",
    };
    let text = match count {
        1 => format!("{asked}, {}", check.asked_by),
        count => format!("{count} checks with the same result"),
    };
    let title = match check.ladder.failure() {
        Some((rung, failure)) => format!("{}: {}", rung.label(), failure.cause.label()),
        None => worse.label().to_owned(),
    };
    Event { family: badge.family, icon: badge.icon, title, text, at }
}
