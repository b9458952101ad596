//! `GET /tokens/{token}`: one token, what happened to it, why, what to do and who can; `POST …/renew` tries at once. The token itself
//! is never shown.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::audit;
use crate::clock::UnixTime;
use crate::error::{AppError, Result};
use crate::ids::GrantId;
use crate::microsoft::{Failure, Roles, scopes};
use crate::telemetry;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::bars::Bars;
use crate::web::span::Span;
use crate::web::trouble::{Trouble, Whose};
use crate::web::when::date;
use crate::web::{Badge, Page, Shell, When, see_other};
use crate::words::Cause;

use super::handed_store::{self, Refusal, Taker};
use super::health::Standing;
use super::health_store::{self as store, Token};
use super::renewals::{self, Asked};
use super::{NoToken, Want, obtain, refresh, what_changed};

/// How long a person waits for the outcome.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Template)]
#[template(path = "tokens/show.html")]
struct Show {
    shell: Shell,
    id: String,
    name: String,
    badge: Badge,
    trouble: Option<Trouble>,
    /// What the times tell of it.
    what_changed: Vec<String>,
    /// Where this person can mend it, and what the link says.
    remedy: Option<(String, &'static str)>,
    /// What follows from it for the mailboxes.
    effect: String,
    next: When,
    issued: When,
    ends: When,
    end_label: &'static str,
    failures: i64,
    since: Option<When>,
    permissions: String,
    bars: Bars,
    generation: i64,
    application: String,
    application_id: String,
    mailbox: Option<(String, String)>,
    username: String,
    may_renew: bool,
    takers: Vec<TakerView>,
    refusal: Option<(Refusal, When)>,
    may_keys: bool,
}

/// A key that was handed the token.
struct TakerView {
    key: String,
    name: String,
    last: When,
    today: i64,
}

/// `GET /tokens/{token}/renewals.csv`
pub async fn csv(
    State(app): State<App>,
    _me: SignedIn,
    Path(id): Path<GrantId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let token = store::token(&app.db, &id).await?.ok_or(AppError::NotFound)?;
    renewals::csv_of(&app, &token, Span::parse(&asked.window)?).await
}

/// `GET /tokens/{token}`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<GrantId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let token = store::token(&app.db, &id).await?.ok_or(AppError::NotFound)?;
    let application = applications::get(&app.db, &token.application_id).await?;
    let now = app.clock.now();
    let when = |at| When::at(at, now, &app.config.time_zone);
    let takers = handed_store::takers(&app.db, &id, &when(now).iso[..10]).await?;
    let refusal = handed_store::refusal(&app.db, &id).await?;
    let failure: Option<Failure> = serde_json::from_str(&token.failure).ok();
    let standing = Standing::of(token.expires_at, failure.as_ref().map(|failure| failure.cause), now);
    let page = Show {
        shell: me.shell(&app, Section::Tokens),
        id: id.to_string(),
        name: token.mailbox.clone().unwrap_or_else(|| token.application.clone()),
        badge: standing.badge(),
        trouble: failure.as_ref().map(|failure| trouble(&app, &token, &application, failure)),
        what_changed: what_changed::told(&app, &token, failure.as_ref().map(|failure| failure.cause)).await?,
        remedy: failure.as_ref().and_then(|failure| remedy(&me, &token, failure.cause)),
        effect: effect(standing, &when(token.expires_at)),
        next: when(token.next_at),
        issued: when(token.issued_at),
        ends: when(token.expires_at),
        end_label: if token.expires_at <= now { "Ended" } else { "Ends" },
        failures: token.failures,
        since: token.failing_since.map(when),
        permissions: permissions(&token),
        bars: renewals::of_token(&app, &token, Span::parse(&asked.window)?).await?,
        generation: token.generation,
        application: token.application,
        application_id: token.application_id.to_string(),
        mailbox: token.mailbox_id.map(|id| id.to_string()).zip(token.mailbox),
        username: token.username.unwrap_or_default(),
        may_renew: me.may(Role::Operator),
        takers: takers.into_iter().map(|taker| view(taker, &when)).collect(),
        refusal: refusal.map(|refusal| (refusal.clone(), when(refusal.at))),
        may_keys: me.may(Role::ApplicationAdministrator),
    };
    Ok(Page::new(page).into_response())
}

fn view(taker: Taker, when: &impl Fn(UnixTime) -> When) -> TakerView {
    TakerView { key: taker.key_id.to_string(), name: taker.name, last: when(taker.last_at), today: taker.today }
}

fn remedy(me: &SignedIn, token: &Token, cause: Cause) -> Option<(String, &'static str)> {
    match (cause, &token.mailbox_id) {
        (Cause::SecretExpired | Cause::SecretRefused, _) if me.may(Role::ApplicationAdministrator) => {
            Some((format!("/applications/{}/secrets/new", token.application_id), "Add the new secret"))
        }
        (Cause::NeedsSignIn, Some(mailbox)) if me.may(Role::MailboxAdministrator) => {
            Some((format!("/mailboxes/{mailbox}/sign-in"), "Sign in, or make a link"))
        }
        _ => None,
    }
}

fn effect(standing: Standing, ends: &When) -> String {
    match standing {
        Standing::Fresh => String::new(),
        Standing::Late => format!("The token is good until {}. Postkey goes on trying by itself.", ends.absolute),
        Standing::Stuck(_) => format!("Mail goes on until {}, when the token ends.", ends.absolute),
        Standing::Ended(_) => "What needs this token stands still until it is renewed.".to_owned(),
    }
}

fn trouble(app: &App, token: &Token, application: &Application, failure: &Failure) -> Trouble {
    let ended = application.credential_ends_at.filter(|end| *end <= app.clock.now());
    let whose = Whose {
        application: &application.name,
        cloud: application.cloud,
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        mailbox: token.mailbox.as_deref().unwrap_or_default(),
        person: token.username.as_deref().unwrap_or_default(),
        ended: ended.map(|end| date(end, &app.config.time_zone)),
    };
    Trouble::of(app, failure, &whose)
}

fn permissions(token: &Token) -> String {
    if token.mailbox_id.is_some() {
        return token.permissions.split_whitespace().map(scopes::bare).collect::<Vec<_>>().join(", ");
    }
    match serde_json::from_str(&token.permissions) {
        Ok(Roles::Listed(roles)) if !roles.is_empty() => roles.join(", "),
        Ok(Roles::Listed(_)) => "none listed".to_owned(),
        _ => "the token does not say".to_owned(),
    }
}

/// `POST /tokens/{token}/renew`. It goes on if the person leaves.
pub async fn renew(State(app): State<App>, me: SignedIn, Path(id): Path<GrantId>) -> Result<Response> {
    let token = store::token(&app.db, &id).await?.ok_or(AppError::NotFound)?;
    let entry = audit::Entry {
        actor: &me.user.name,
        action: "token.renewal_asked",
        object: id.as_str(),
        detail: token.mailbox.as_deref().unwrap_or(&token.application),
    };
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, &app, entry).await?;
    tx.commit().await?;
    let (request, work) = (telemetry::request_id(), try_now(app.clone(), token));
    let task = app.tasks.spawn(async move { telemetry::with_request_id(request, work).await });
    let done = match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(ended)) => {
            if ended?.is_ok() {
                "renewed"
            } else {
                "not-renewed"
            }
        }
        Ok(Err(cause)) => return Err(AppError::internal(cause)),
        Err(_) => "test-asking",
    };
    Ok(see_other(&format!("/tokens/{id}?done={done}")))
}

async fn try_now(app: App, token: Token) -> Result<Result<(), NoToken>> {
    let application = applications::get(&app.db, &token.application_id).await?;
    let Some(known) = application.known_to_microsoft() else { return Ok(Err(NoToken::NotSignedIn)) };
    let want = Want::NewerThan(token.issued_at);
    let answer = match &token.mailbox_id {
        Some(mailbox) => refresh::delegated_token(&app, mailbox, &application, &known, want).await?,
        None => obtain::application_token(&app, &application, &known, want).await?,
    };
    if answer.is_ok() && token.failures > 0 && token.mailbox_id.is_none() {
        // Nobody may be listening, in a process that only serves pages.
        let _ = app.mended.send(token.application_id);
    }
    Ok(answer.map(drop))
}
