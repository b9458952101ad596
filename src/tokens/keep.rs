//! What a sign-in or a renewal brought, sealed and ready to be stored over the generation before it.

use secrecy::SecretString;

use crate::app::App;
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::microsoft::{Identity, Issued};
use crate::secrets::Place;

use super::delegated_store::DelegatedGrant;
use super::obtained::renew_at;
use super::pace::{Roll, ahead};

/// Who signed in for which mailbox, to which application.
#[derive(Debug)]
pub struct SignedIn<'a> {
    /// The mailbox.
    pub mailbox: &'a MailboxId,
    /// The application.
    pub application: &'a ApplicationId,
    /// The account, proven.
    pub identity: &'a Identity,
    /// What was granted.
    pub scopes: &'a [String],
}

/// The grant that a sign-in brings, sealed. `before` is what the mailbox had until now: its ID goes on, and its refresh token
/// is kept until the new one was used, if it is the same account's for the same application.
///
/// # Errors
/// If the keyring refuses, or there is no refresh token.
pub async fn signed_in(
    app: &App,
    who: &SignedIn<'_>,
    issued: &Issued,
    before: Option<&DelegatedGrant>,
) -> Result<DelegatedGrant> {
    let id = before.map_or_else(|| GrantId::new(app.clock.now(), &app.chance), |before| before.id.clone());
    let (tenant_id, object_id) = (who.identity.tenant.to_string(), who.identity.object_id.to_string());
    let same = before.filter(|before| {
        (&before.tenant_id, &before.object_id, &before.application_id) == (&tenant_id, &object_id, who.application)
    });
    let previous = match same {
        Some(before) => opened(app, DelegatedGrant::refresh_place(&id), &before.refresh_token).await?,
        None => None,
    };
    let refresh_token = issued.refresh_token.clone();
    let refresh_token =
        refresh_token.ok_or_else(|| AppError::internal(anyhow::anyhow!("a sign-in without a refresh token")))?;
    Ok(DelegatedGrant {
        mailbox_id: who.mailbox.clone(),
        application_id: who.application.clone(),
        tenant_id,
        object_id,
        username: who.identity.username.clone(),
        scopes: who.scopes.join(" "),
        generation: before.map_or(1, |before| before.generation + 1),
        access_token: seal(app, DelegatedGrant::access_place(&id), &access(issued))?,
        refresh_token: seal(app, DelegatedGrant::refresh_place(&id), &refresh_token)?,
        previous_refresh_token: previous
            .map(|token| seal(app, DelegatedGrant::previous_place(&id), &token))
            .transpose()?,
        signed_in_at: app.clock.now(),
        issued_at: issued.issued_at,
        renew_at: renew_at(issued),
        expires_at: issued.expires_at,
        next_at: ahead(issued, Roll::of(&app.chance)),
        attempted_at: None,
        failures: 0,
        failure: String::new(),
        id,
    })
}

/// The next generation of `grant`, sealed. `used` is the refresh token that brought it; it is kept until the new one was
/// used. An answer without a refresh token leaves both as they are (S-62).
pub(super) fn renewed(
    app: &App,
    grant: &DelegatedGrant,
    issued: &Issued,
    used: &SecretString,
) -> Result<DelegatedGrant> {
    let id = &grant.id;
    let (refresh_token, previous_refresh_token) = match &issued.refresh_token {
        Some(new) => (
            seal(app, DelegatedGrant::refresh_place(id), new)?,
            Some(seal(app, DelegatedGrant::previous_place(id), used)?),
        ),
        None => (grant.refresh_token.clone(), grant.previous_refresh_token.clone()),
    };
    Ok(DelegatedGrant {
        generation: grant.generation + 1,
        scopes: issued.scopes.as_ref().map_or_else(|| grant.scopes.clone(), |scopes| scopes.join(" ")),
        access_token: seal(app, DelegatedGrant::access_place(id), &access(issued))?,
        refresh_token,
        previous_refresh_token,
        issued_at: issued.issued_at,
        renew_at: renew_at(issued),
        expires_at: issued.expires_at,
        next_at: ahead(issued, Roll::of(&app.chance)),
        attempted_at: None,
        failures: 0,
        failure: String::new(),
        ..grant.clone()
    })
}

fn access(issued: &Issued) -> SecretString {
    SecretString::from(issued.token.reveal().to_owned())
}

fn seal(app: &App, place: Place<'_>, token: &SecretString) -> Result<crate::secrets::Sealed> {
    app.keyring.seal(place, token).map_err(AppError::internal)
}

/// A stored token, or nothing if it does not open.
pub(super) async fn opened(
    app: &App,
    place: Place<'_>,
    sealed: &crate::secrets::Sealed,
) -> Result<Option<SecretString>> {
    let (row, column) = (place.row.to_owned(), place.column);
    match app.keyring.open_or_reload(&app.db, place, sealed).await? {
        Ok(token) => Ok(Some(token)),
        Err(cause) => {
            tracing::error!(grant = row, column, %cause, "a stored token does not open");
            Ok(None)
        }
    }
}
