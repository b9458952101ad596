//! `GET /applications`, the list, and `GET /applications.csv`, the same rows for a spreadsheet.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::{Page, Shell, When, lists};

use super::proofs::{self, Proofs};
use super::standing::{Proven, Standing};
use super::store::{self, Listed};

#[derive(Template)]
#[template(path = "applications/index.html")]
struct Index {
    shell: Shell,
    rows: Vec<RowView>,
    caption: String,
    may_edit: bool,
}

struct RowView {
    id: String,
    name: String,
    tenant: String,
    mailboxes: i64,
    credential: Standing,
    used: Option<When>,
}

/// An application with what was said of its credentials.
struct Row {
    listed: Listed,
    proven: Proven,
    used_at: Option<UnixTime>,
}

async fn rows(app: &App) -> Result<Vec<Row>> {
    let now = app.clock.now();
    let proofs = proofs::proofs(&app.db).await?;
    let row = |listed: Listed| {
        let proofs = proofs.get(&listed.application.id).copied().unwrap_or_else(Proofs::default);
        let proven = Proven::of(proofs, listed.application.credential_ends_at, now);
        Row { listed, proven, used_at: proofs.last_used_at }
    };
    Ok(store::list(&app.db).await?.into_iter().map(row).collect())
}

/// `GET /applications`
pub async fn index(State(app): State<App>, me: SignedIn) -> Result<Response> {
    let now = app.clock.now();
    let zone = &app.config.time_zone;
    let rows = rows(&app).await?;
    let count = match rows.len() {
        1 => "1 application".to_owned(),
        count => format!("{count} applications"),
    };
    let view = |row: &Row| RowView {
        id: row.listed.application.id.to_string(),
        name: row.listed.application.name.clone(),
        tenant: row.listed.application.tenant.to_string(),
        mailboxes: row.listed.mailboxes,
        credential: row.proven.badge(now, zone),
        used: row.used_at.map(|at| When::at(at, now, zone)),
    };
    let page = Index {
        shell: me.shell(&app, Section::Applications),
        caption: format!("{count}, as of {}", When::at(now, now, zone).absolute),
        rows: rows.iter().map(view).collect(),
        may_edit: me.may(Role::ApplicationAdministrator),
    };
    Ok(Page::new(page).into_response())
}

const HEAD: [&str; 9] =
    ["id", "name", "cloud", "tenant", "client_id", "mailboxes", "credential", "credential_ends_at", "last_used_at"];

/// `GET /applications.csv`
pub async fn csv(State(app): State<App>, _me: SignedIn) -> Result<Response> {
    lists::csv("applications.csv", HEAD, rows(&app).await?.iter().map(cells))
}

fn cells(row: &Row) -> [String; 9] {
    let application = &row.listed.application;
    [
        application.id.to_string(),
        application.name.clone(),
        application.cloud.value().to_owned(),
        application.tenant.to_string(),
        application.client_id.to_string(),
        row.listed.mailboxes.to_string(),
        row.proven.value().to_owned(),
        iso(application.credential_ends_at),
        iso(row.used_at),
    ]
}

fn iso(at: Option<UnixTime>) -> String {
    let stamp = at.and_then(|at| jiff::Timestamp::from_second(at.seconds()).ok());
    stamp.map(|stamp| stamp.to_string()).unwrap_or_default()
}
