//! `GET /applications/{id}/scope-check`: what the application can open and what not, and what to do if that is wrong; `POST` tries
//! now. The block `results` follows a running check. `GET /applications/{id}/scope-check.csv` has the same rows.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::microsoft::Failure;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::{Page, Shell, When, fragment, lists, see_other, wants_fragment};
use crate::words::{ScopeOutcome, ScopeVerdict};

use super::scope::{self, Named, Scope};
use super::scope_check::{self, Progress, Reason};
use super::scope_edit::checkable;
use super::scope_remedy::{Remedy, remedy};
use super::scope_turn_store::{self as turns, ScopeCheck};
use super::standing::Standing;
use super::{Application, scope_start, scope_store, store, used_by};

/// Checks in the history of the page.
const SHOWN: i64 = 20;

#[derive(Template)]
#[template(path = "applications/scope_show.html", blocks = ["results"])]
struct Show {
    shell: Shell,
    id: String,
    name: String,
    verdict: Standing,
    sentence: String,
    remedy: Option<Remedy>,
    /// What the table is, and as of when.
    caption: String,
    /// Whether a check runs.
    running: bool,
    rows: Vec<RowView>,
    history: Vec<Event>,
    named: (String, When),
    may_operate: bool,
    may_edit: bool,
}

struct RowView {
    address: String,
    must: &'static str,
    badge: Standing,
    detail: String,
    since: Option<When>,
}

struct Event {
    verdict: Standing,
    text: String,
    at: When,
}

/// `GET /applications/{id}/scope-check`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
    headers: HeaderMap,
) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let people_only = used_by::signs_people_in_only(&app.db, &id).await?;
    let scope = scope_store::find(&app.db, &id).await?.filter(|_| !people_only);
    let Some(scope) = scope else { return scope_start::page(&app, &me, &application, people_only).await };
    let page = page(&app, &me, &application, &scope).await?;
    if wants_fragment(&headers, "results") {
        return Ok(fragment(&headers, page.as_results().render()));
    }
    Ok(Page::new(page).into_response())
}

/// What the page of an application says of its last scope check.
pub(super) struct Line {
    /// Whether the limit holds.
    pub(super) verdict: Standing,
    /// What the last check found.
    pub(super) found: String,
    /// When it ended.
    pub(super) checked: Option<When>,
}

/// What there is to say of an application; nothing while no mailbox is named.
pub(super) async fn line(app: &App, application: &Application) -> Result<Option<Line>> {
    let now = app.clock.now();
    let line = |scope: Scope| Line {
        verdict: badge(scope.verdict(now)),
        found: scope::found(&scope.names),
        checked: scope.checked_at.map(|at| When::at(at, now, &app.config.time_zone)),
    };
    Ok(scope_store::find(&app.db, &application.id).await?.map(line))
}

async fn page(app: &App, me: &SignedIn, application: &Application, scope: &Scope) -> Result<Show> {
    let now = app.clock.now();
    let zone = &app.config.time_zone;
    let when = |at| When::at(at, now, zone);
    let verdict = scope.verdict(now);
    let history = turns::newest(&app.db, &application.id, SHOWN).await?;
    Ok(Show {
        shell: me.shell(app, Section::Applications),
        id: application.id.to_string(),
        name: application.name.clone(),
        verdict: badge(verdict),
        sentence: scope.sentence(&application.name, now, zone),
        remedy: remedy(app, application, scope, verdict).await?,
        caption: scope
            .checked_at
            .map_or_else(|| "Nothing was tried yet".to_owned(), |at| format!("Tried on {}", when(at).absolute)),
        running: scope.is_running(now),
        rows: scope.names.iter().map(|named| row(named, when)).collect(),
        history: history.iter().map(|check| event(check, when)).collect(),
        named: (scope.updated_by.clone(), when(scope.updated_at)),
        may_operate: me.may(Role::Operator),
        may_edit: me.may(Role::ApplicationAdministrator),
    })
}

/// How a verdict is shown.
fn badge(verdict: ScopeVerdict) -> Standing {
    Standing::new(verdict.family(), verdict.icon(), verdict.label())
}

fn row(named: &Named, when: impl Fn(UnixTime) -> When) -> RowView {
    let badge = match &named.tried {
        None => badge(ScopeVerdict::NotTried),
        Some(tried) => Standing::new(
            tried.outcome.family(named.must),
            tried.outcome.icon(named.must),
            tried.outcome.label(named.must),
        ),
    };
    let amiss = named.is_amiss().then_some(named.proven).flatten();
    RowView {
        address: named.address.clone(),
        must: named.must.label(),
        badge,
        detail: detail(named),
        since: amiss.map(|(_, since)| when(since)),
    }
}

fn detail(named: &Named) -> String {
    let Some(tried) = &named.tried else { return String::new() };
    let code = |failure: &Failure| failure.code.as_ref().map(ToString::to_string).unwrap_or_default();
    match (tried.outcome, tried.failure.as_deref()) {
        (ScopeOutcome::Opened, _) | (_, None) => String::new(),
        (ScopeOutcome::Refused, Some(failure)) => code(failure),
        (ScopeOutcome::NotFound, Some(_)) => {
            "This tenant has no such mailbox, which proves nothing. Check the spelling, or name another one.".to_owned()
        }
        (ScopeOutcome::Unknown, Some(failure)) => failure.summary(),
    }
}

fn event(check: &ScopeCheck, when: impl Fn(UnixTime) -> When) -> Event {
    let by = match (check.times, check.reason.as_str()) {
        (2.., _) => format!("{} daily checks found the same.", check.times),
        (_, "round") => "Daily check.".to_owned(),
        (_, "saved") => format!("Saved by {}.", check.asked_by),
        _ => format!("Asked by {}.", check.asked_by),
    };
    Event {
        verdict: badge(check.verdict),
        text: format!("{} {by}", scope::told(&check.found)),
        at: when(check.finished_at),
    }
}

/// `POST /applications/{id}/scope-check`
pub async fn check_now(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    checkable(&app, &id).await?;
    let named = scope_store::find(&app.db, &id).await?.is_some();
    let done = match scope_check::start(&app, &id, &me.user.name, Reason::Asked).await? {
        Progress::Done(_) => "?done=checked",
        Progress::Busy if named => "?done=busy",
        Progress::Asking | Progress::Busy => "",
    };
    Ok(see_other(&format!("/applications/{id}/scope-check{done}")))
}

const HEAD: [&str; 8] = ["address", "must", "outcome", "as_it_must_be", "code", "tried_at", "proven", "proven_since"];

/// `GET /applications/{id}/scope-check.csv`
pub async fn csv(State(app): State<App>, _me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    store::get(&app.db, &id).await?;
    let names = scope_store::find(&app.db, &id).await?.map(|scope| scope.names).unwrap_or_default();
    lists::csv("scope-check.csv", HEAD, names.iter().map(cells))
}

fn cells(named: &Named) -> [String; 8] {
    let tried = named.tried.as_ref();
    let code = tried.and_then(|tried| tried.failure.as_ref()).and_then(|failure| failure.code.as_ref());
    let good = tried.filter(|tried| tried.outcome.proves()).map(|_| !named.is_amiss());
    [
        named.address.clone(),
        named.must.value().to_owned(),
        tried.map(|tried| tried.outcome.value()).unwrap_or_default().to_owned(),
        good.map(|good| good.to_string()).unwrap_or_default(),
        code.map(ToString::to_string).unwrap_or_default(),
        iso(tried.map(|tried| tried.at)),
        named.proven.map(|(outcome, _)| outcome.value()).unwrap_or_default().to_owned(),
        iso(named.proven.map(|(_, since)| since)),
    ]
}

fn iso(at: Option<UnixTime>) -> String {
    let stamp = at.and_then(|at| jiff::Timestamp::from_second(at.seconds()).ok());
    stamp.map(|stamp| stamp.to_string()).unwrap_or_default()
}
