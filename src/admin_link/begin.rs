//! `POST /a/{code}/consent`: on to Microsoft's page on which an administrator consents for the organisation.

use axum::extract::{Path, State};
use axum::response::Response;
use secrecy::SecretString;

use crate::app::App;
use crate::applications::{Application, trial};
use crate::audit;
use crate::chance::hash_of;
use crate::error::{AppError, Result};
use crate::ids::ConsentId;
use crate::microsoft::{ApplicationRef, Failure};
use crate::web::csrf::FormKey;
use crate::web::redirect_uri::RedirectUri;
use crate::web::{flow, see_other};
use crate::words::ConsentResult;

use super::consent_store::{self, Ended};
use super::{AdminLink, Consent, callback, door};

/// Most consents that one link begins in an hour, so that whoever has it cannot fill the database or keep Microsoft busy.
const MOST_TRIES: i64 = 30;

/// The address of the page that says how a consent ended, for the browser that began it.
pub(super) fn result_path(id: &ConsentId) -> String {
    format!("/consent/{id}")
}

/// `POST /a/{code}/consent`
pub async fn start(
    State(app): State<App>,
    key: FormKey,
    redirect: RedirectUri,
    Path(code): Path<String>,
) -> Result<Response> {
    let (link, application) = match door::open(&app, &key, &code).await? {
        Ok(open) => open,
        Err(ended) => return Ok(*ended),
    };
    if !redirect.is_same_host {
        // The cookie that binds the consent to this browser would stay with this host, and Microsoft leads back to the other.
        return Ok(see_other(&format!("{}/a/{code}", redirect.origin)));
    }
    if link.consented_at.is_some() {
        return Ok(see_other(&format!("/a/{code}")));
    }
    if consent_store::tries(&app.db, &link.id, app.clock.now()).await? >= MOST_TRIES {
        return Err(AppError::TooMany);
    }
    begin(&app, &link, &application).await
}

/// Begins, and sends the browser to Microsoft; or, if the tenant cannot be found, to the page that says so.
async fn begin(app: &App, link: &AdminLink, application: &Application) -> Result<Response> {
    let id = ConsentId::new(app.clock.now(), &app.chance);
    let secret = app.chance.code();
    // First of all, so that nobody is asked for anything that is not written down (S-101).
    note(app, link, application).await?;
    let address = match trial::known(app, application).await? {
        Ok(known) => noted(app, link, &known, &id, &hash_of(&secret)).await?,
        Err(failure) => Err(failure),
    };
    let to = match address {
        Ok(address) => address,
        Err(failure) => {
            refused(app, link, &id, &hash_of(&secret), failure).await?;
            result_path(&id)
        }
    };
    Ok(flow::bind(&app.config, &id, secret, see_other(&to)))
}

async fn note(app: &App, link: &AdminLink, application: &Application) -> Result<()> {
    let entry = audit::Entry {
        actor: &link.actor(),
        action: "consent.started",
        object: application.id.as_str(),
        detail: &application.name,
    };
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}

/// Notes the consent. Gives the address at Microsoft.
async fn noted(
    app: &App,
    link: &AdminLink,
    known: &ApplicationRef,
    id: &ConsentId,
    flow_hash: &str,
) -> Result<Result<String, Box<Failure>>> {
    let state = SecretString::from(app.chance.code());
    let address = match app.microsoft.admin_consent_address(known, &app.config.redirect_uri(), &state) {
        Ok(address) => address,
        Err(failure) => return Ok(Err(failure)),
    };
    let now = app.clock.now();
    let consent = Consent {
        id: id.clone(),
        link_id: link.id.clone(),
        started_by: link.actor(),
        application_id: link.application_id.clone(),
        authority: app.microsoft.clouds().authority(known.cloud).map(ToString::to_string).unwrap_or_default(),
        tenant_id: known.tenant.to_string(),
        client_id: known.client_id.to_string(),
        flow_hash: flow_hash.to_owned(),
        started_at: now,
        expires_at: now.plus(flow::LASTS),
    };
    let mut tx = app.db.begin().await?;
    consent_store::insert(&mut tx, &consent, &hash_of(secrecy::ExposeSecret::expose_secret(&state))).await?;
    tx.commit().await?;
    Ok(Ok(address.to_string()))
}

/// It ended before it began.
async fn refused(app: &App, link: &AdminLink, id: &ConsentId, flow_hash: &str, failure: Box<Failure>) -> Result<()> {
    let ended = Ended {
        id: id.clone(),
        flow_hash: flow_hash.to_owned(),
        link_id: link.id.clone(),
        application_id: link.application_id.clone(),
        outcome: ConsentResult::Failed,
        failure: Some(failure),
        reference: flow::reference(app),
        at: app.clock.now(),
    };
    let mut tx = app.db.begin().await?;
    callback::record(&mut tx, app, &ended, &link.actor()).await?;
    tx.commit().await
}
