//! `GET /applications/{id}/sheet`, what a tenant administrator must do, made for print; `GET /applications/{id}/limit.ps1`.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::when::date;
use crate::web::{Page, Shell};
use crate::words::LinkKind;

use super::credential::State as Said;
use super::script::MOST_ADDRESSES;
use super::show::{Place, place};
use super::{Kind, limit, store, used_by};

#[derive(Template)]
#[template(path = "applications/sheet.html")]
struct Sheet {
    shell: Shell,
    id: String,
    name: String,
    client_id: String,
    tenant: String,
    cloud: String,
    asked: (String, String),
    mailboxes: i64,
    mailboxes_words: String,
    addresses: Vec<String>,
    more: i64,
    certificate: Option<(String, String)>,
    secret_address: String,
    overview: Place,
    permissions: Place,
    credentials: Place,
    script: Option<String>,
}

/// `GET /applications/{id}/sheet`
pub async fn sheet(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let mailboxes = store::mailbox_count(&app.db, &id).await?;
    let addresses = used_by::addresses(&app.db, &id, MOST_ADDRESSES as i64).await?;
    let script = limit::script(&app, &application).await?;
    let all = store::credentials(&app.db, &id).await?;
    let waits = |state| matches!(state, Said::Untested | Said::Refused);
    let certificate =
        all.into_iter().find(|credential| credential.kind == Kind::Certificate && waits(credential.state));
    let page = Sheet {
        shell: me.shell(&app, Section::Applications),
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        cloud: app.microsoft.clouds().label(application.cloud).to_owned(),
        asked: (me.user.name.clone(), date(app.clock.now(), &app.config.time_zone)),
        mailboxes,
        mailboxes_words: used_by::mailboxes(mailboxes),
        more: mailboxes - addresses.len() as i64,
        addresses,
        certificate: certificate.map(|credential| (credential.id.to_string(), credential.hint)),
        secret_address: here(&app, &format!("/applications/{id}/secrets/new")),
        overview: place(&app, &application, LinkKind::Overview),
        permissions: place(&app, &application, LinkKind::ApiPermissions),
        credentials: place(&app, &application, LinkKind::CertificatesAndSecrets),
        script,
        id: id.to_string(),
        name: application.name,
    };
    Ok(Page::new(page).into_response())
}

/// `GET /applications/{id}/limit.ps1`
pub async fn limit(State(app): State<App>, _me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    limit::download(&app, &store::get(&app.db, &id).await?).await
}

fn here(app: &App, path: &str) -> String {
    format!("{}{path}", app.config.public_url.as_str().trim_end_matches('/'))
}
