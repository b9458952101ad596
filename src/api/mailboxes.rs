//! `GET /api/v1/mailboxes`, how all mailboxes of a key are, and `GET /api/v1/mailboxes/{id}`, how one is. No secret, and nobody at
//! Microsoft is asked.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::applications::Application;
use crate::clock::UnixTime;
use crate::keys::Reach;
use crate::mailboxes::mailbox::Mailbox;
use crate::mailboxes::search::{self, Filter};
use crate::words::Status;

use super::give::{self, Located};
use super::guard::Caller;
use super::problem::{Sent, rfc3339};
use super::{Code, Problem};

/// Most mailboxes in one answer.
const MOST: u16 = 200;

/// What is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Only those that show this status for reading or for sending; `action` for all that need a person.
    status: Option<String>,
    /// Where the last answer ended: its `next`.
    after: Option<String>,
    /// How many at most.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
}

/// How a mailbox is, by the last check. A check that is three hours old says `unknown`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Its ID, which never changes.
    #[schema(example = "mb_006925a1c0d5f0e1b2c3d4e5")]
    id: String,
    /// Its address.
    #[schema(example = "support@contoso.example")]
    address: String,
    /// What people call it; may be empty.
    display_name: String,
    /// How it is opened.
    #[schema(value_type = String)]
    access: &'static str,
    /// The application that opens it.
    application: ApplicationName,
    /// How reading is.
    #[schema(value_type = String)]
    incoming: &'static str,
    /// How sending is.
    #[schema(value_type = String)]
    outgoing: &'static str,
    /// Since when both are what the last check said.
    #[schema(value_type = String, format = DateTime)]
    since: String,
    /// When it was last checked.
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<String>,
    /// When it was last opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    good_at: Option<String>,
    /// Since when it is paused.
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_at: Option<String>,
}

/// An application.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApplicationName {
    /// Its ID in Postkey.
    id: String,
    /// Its name in Postkey.
    name: String,
}

/// Some mailboxes, in the order of their addresses.
#[derive(Debug, Serialize, ToSchema)]
pub struct List {
    /// The mailboxes.
    mailboxes: Vec<Health>,
    /// For `after`, to get those that come next; none if these are the last.
    next: Option<String>,
}

/// `GET /api/v1/mailboxes`
#[utoipa::path(
    get,
    path = "/api/v1/mailboxes",
    summary = "How mailboxes are",
    params(Asked),
    responses(
        (status = 200, description = "Those that the key is for", body = List),
        (status = "default", description = "Why not", body = Sent, content_type = "application/problem+json"),
    ),
)]
pub async fn list(State(app): State<App>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<List>, Problem> {
    let limit = asked.limit.as_deref().map(|text| text.parse::<u16>().ok().filter(|limit| (1..=MOST).contains(limit)));
    if limit == Some(None) {
        return Err(Problem::new(Code::BadRequest, format!("limit must be a number from 1 to {MOST}.")));
    }
    let status = asked.status.unwrap_or_default();
    if !status.is_empty() && status != "action" && Status::parse(&status).is_none() {
        return Err(Problem::new(Code::BadRequest, "There is no such status. The document of the API lists them."));
    }
    let filter = Filter {
        status,
        sort: "address".to_owned(),
        after: asked.after.unwrap_or_default(),
        n: limit.flatten().map(|limit| limit.to_string()).unwrap_or_default(),
        key: (caller.key.reach != Reach::All).then(|| caller.key.id.clone()),
        ..Filter::default()
    };
    let now = app.clock.now();
    let found = search::page(&app.db, &filter, now).await?;
    let health = |found: &search::Found| {
        let application =
            ApplicationName { id: found.mailbox.application_id.to_string(), name: found.application.clone() };
        Health::of(&found.mailbox, application, found.ends, now)
    };
    Ok(Json(List { mailboxes: found.rows.iter().map(health).collect(), next: found.after }))
}

/// `GET /api/v1/mailboxes/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/mailboxes/{id}",
    summary = "How a mailbox is",
    params(("id" = String, Path, description = "The mailbox: its ID or its address")),
    responses(
        (status = 200, description = "How it is", body = Health),
        (status = "default", description = "Why not", body = Sent, content_type = "application/problem+json"),
    ),
)]
pub async fn show(State(app): State<App>, caller: Caller, Path(name): Path<String>) -> Result<Json<Health>, Problem> {
    let Located { mailbox, application } = give::locate(&app, &caller.key, &name).await?;
    let Application { id, name, credential_ends_at, .. } = application;
    let application = ApplicationName { id: id.to_string(), name };
    Ok(Json(Health::of(&mailbox, application, credential_ends_at, app.clock.now())))
}

impl Health {
    fn of(mailbox: &Mailbox, application: ApplicationName, ends: Option<UnixTime>, now: UnixTime) -> Self {
        let shown = mailbox.shown(now, ends);
        Self {
            id: mailbox.id.to_string(),
            address: mailbox.address.clone(),
            display_name: mailbox.display_name.clone(),
            access: mailbox.access.value(),
            application,
            incoming: shown.incoming.value(),
            outgoing: shown.outgoing.value(),
            since: rfc3339(mailbox.health.since),
            checked_at: mailbox.health.checked_at.map(rfc3339),
            good_at: mailbox.health.good_at.map(rfc3339),
            paused_at: mailbox.paused.as_ref().map(|paused| rfc3339(paused.at)),
        }
    }
}
