//! Begins a sign-in: finds the tenant, notes the attempt, and gives the address at Microsoft and the cookie that binds the
//! attempt to this browser. Called by every POST that leads a person to sign in.

use axum::response::Response;
use secrecy::SecretString;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::audit;
use crate::chance::hash_of;
use crate::error::{AppError, Result};
use crate::ids::SignInId;
use crate::mailboxes::{Mailbox, history};
use crate::microsoft::{ApplicationRef, Failure, Prompt, SignInRequest, TenantFound, scopes};
use crate::web::{flow, see_other};
use crate::words::SignInResult;

use super::attempt::{About, Attempt, Origin, SentTo, nonce_of};
use super::ending;
use super::store::{self, SignIn};

/// Most sign-ins that one link begins in an hour, so that whoever has it cannot fill the database or keep Microsoft busy.
const MOST_TRIES: i64 = 30;

/// What is about to begin.
#[derive(Debug)]
pub struct Begin<'a> {
    /// The mailbox to sign in for.
    pub mailbox: &'a Mailbox,
    /// Its application.
    pub application: &'a Application,
    /// By whom, for the audit.
    pub by: &'a str,
    /// How.
    pub origin: Origin,
    /// How Microsoft chooses the account.
    pub prompt: Prompt,
}

/// The address of the page that says how a sign-in ended, for the browser that began it.
pub fn result_path(id: &SignInId) -> String {
    format!("/sign-in/{id}")
}

/// Begins, and sends the browser to Microsoft; or, if Microsoft cannot be asked for the tenant, to the page that says so.
///
/// # Errors
/// If the attempt could not be noted.
pub async fn begin(app: &App, begin: Begin<'_>) -> Result<Response> {
    let id = SignInId::new(app.clock.now(), &app.chance);
    let secret = app.chance.code();
    let application = begin.application;
    if let Origin::Link(link) = &begin.origin
        && store::tries(&app.db, link, app.clock.now()).await? >= MOST_TRIES
    {
        return Err(AppError::TooMany);
    }
    // First of all, so that nobody is asked for anything that is not written down (S-101).
    note(app, &begin).await?;
    let address = match app.microsoft.tenant(application.cloud, &application.tenant).await {
        Ok(found) => noted(app, &begin, &id, &hash_of(&secret), found).await?,
        Err(failure) => Err(failure),
    };
    let to = match address {
        Ok(address) => address,
        Err(failure) => {
            refused(app, &begin, &id, &hash_of(&secret), failure).await?;
            result_path(&id)
        }
    };
    Ok(flow::bind(&app.config, &id, secret, see_other(&to)))
}

/// Notes the attempt. Gives the address at Microsoft.
async fn noted(
    app: &App,
    begin: &Begin<'_>,
    id: &SignInId,
    flow_hash: &str,
    found: TenantFound,
) -> Result<Result<String, Box<Failure>>> {
    let Begin { mailbox, application, .. } = begin;
    let known = ApplicationRef { cloud: application.cloud, tenant: found.id, client_id: application.client_id };
    let (state, verifier) = (app.chance.code(), SecretString::from(app.chance.code()));
    let address = match address(app, begin, &known, &state, &verifier).await? {
        Ok(address) => address,
        Err(failure) => return Ok(Err(failure)),
    };
    let now = app.clock.now();
    let attempt = Attempt {
        id: id.clone(),
        mailbox_id: mailbox.id.clone(),
        origin: begin.origin.clone(),
        started_by: begin.by.to_owned(),
        about: About::of(mailbox),
        sent_to: sent_to(app, &known, found),
        flow_hash: flow_hash.to_owned(),
        verifier: app.keyring.seal(Attempt::place(id), &verifier).map_err(AppError::internal)?,
        started_at: now,
        expires_at: now.plus(flow::LASTS),
    };
    let mut tx = app.db.begin().await?;
    if application.tenant_id != Some(known.tenant) {
        applications::set_tenant_id(&mut tx, &application.id, &application.tenant, known.tenant).await?;
    }
    store::insert(&mut tx, &attempt, &hash_of(&state)).await?;
    tx.commit().await?;
    Ok(Ok(address))
}

async fn note(app: &App, begin: &Begin<'_>) -> Result<()> {
    let entry = audit::Entry {
        actor: begin.by,
        action: "sign_in.started",
        object: begin.mailbox.id.as_str(),
        detail: begin.mailbox.signs_in().unwrap_or_default(),
    };
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}

/// Where a browser is sent, to be compared when it comes back.
pub(super) fn sent_to(app: &App, known: &ApplicationRef, found: TenantFound) -> SentTo {
    SentTo {
        authority: app.microsoft.clouds().authority(known.cloud).map(ToString::to_string).unwrap_or_default(),
        tenant_id: known.tenant.to_string(),
        client_id: known.client_id.to_string(),
        issuer: found.issuer,
        names_issuer: found.names_issuer,
    }
}

async fn address(
    app: &App,
    begin: &Begin<'_>,
    known: &ApplicationRef,
    state: &str,
    verifier: &SecretString,
) -> Result<Result<String, Box<Failure>>> {
    use secrecy::ExposeSecret;
    let mailbox = begin.mailbox;
    // What Entra wanted to be told when it last refused is passed on unchanged.
    let last = history::newest(&app.db, &mailbox.id, 1).await?;
    let claims = last.first().and_then(|check| check.ladder.failure()).and_then(|(_, failure)| failure.claims.clone());
    let request = SignInRequest {
        application: known,
        redirect_uri: &app.config.redirect_uri(),
        scopes: &scopes::asked(mailbox.is_shared()),
        state: &SecretString::from(state),
        nonce: &nonce_of(verifier.expose_secret()),
        verifier,
        prompt: begin.prompt,
        login_hint: mailbox.signs_in().unwrap_or_default(),
        claims: claims.as_deref(),
    };
    Ok(app.microsoft.sign_in_address(&request).map(|address| address.to_string()))
}

/// It ended before it began.
async fn refused(app: &App, begin: &Begin<'_>, id: &SignInId, flow_hash: &str, failure: Box<Failure>) -> Result<()> {
    let link_id = match &begin.origin {
        Origin::Link(link) => Some(link.clone()),
        Origin::Session(_) => None,
    };
    let ended = SignIn {
        id: id.clone(),
        flow_hash: flow_hash.to_owned(),
        mailbox_id: begin.mailbox.id.clone(),
        link_id,
        started_by: begin.by.to_owned(),
        expected: begin.mailbox.signs_in().unwrap_or_default().to_owned(),
        account: String::new(),
        outcome: SignInResult::Failed,
        failure: Some(failure),
        reference: flow::reference(app),
        at: app.clock.now(),
    };
    ending::write(app, &ended).await
}
