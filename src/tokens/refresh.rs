//! Gets the token of a person's grant: the stored one while it is good, else a renewal of the saved sign-in, asked for once
//! however many wait.
//!
//! A renewal may bring a new refresh token, and from then on the old one may be worthless. So the order is: note the attempt,
//! ask, store everything in one transaction over the generation that was renewed, and only then hand out the access token
//! . The old refresh token stays beside the new one until that was used. Postkey never throws one away because of what
//! Microsoft says: it may say another thing tomorrow.

use secrecy::SecretString;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::microsoft::{AccessToken, ApplicationRef, Failure, GrantType, Issued, Roles, scopes};
use crate::words::Cause;

use super::delegated_store::{self as store, DelegatedGrant};
use super::keep::{self, opened};
use super::lease::{self, Begun};
use super::turn_store::Whose;
use super::{NoToken, Obtained, Want};
use super::{prove, renewal_store};

/// The token of the person who signed in for `mailbox`. The outer error is ours; the inner one is what Microsoft said.
///
/// # Errors
/// If the database cannot answer.
pub async fn delegated_token(
    app: &App,
    mailbox: &MailboxId,
    application: &Application,
    known: &ApplicationRef,
    want: Want,
) -> Result<Result<Obtained, NoToken>> {
    let mut flight = app.single.flight(&format!("grant {mailbox}")).await;
    let Some(grant) = store::find(&app.db, mailbox).await? else { return Ok(Err(NoToken::NotSignedIn)) };
    let elsewhere = grant.tenant_id != known.tenant.to_string();
    if grant.application_id != application.id || elsewhere {
        return Ok(Err(NoToken::NotSignedIn));
    }
    let stored = stored(app, &grant).await?;
    let now = app.clock.now();
    if let Some(obtained) = stored.as_ref().filter(|obtained| want.takes(obtained, grant.renew_at, now))
        && !obtained.is_of_the_future(now)
    {
        return Ok(Ok(obtained.clone()));
    }
    // Who waited while the same generation was refused for somebody else gets the same answer.
    let same = flight.as_ref().and_then(|left| left.downcast_ref::<Left>());
    if want.is_quiet()
        && let Some(failure) = refused_before(&grant, now)
        && (want.is_patient() || !failure.is_transient())
    {
        return Ok(Err(NoToken::Failed(failure)));
    }
    let answer = match same.filter(|left| left.generation == grant.generation).cloned() {
        Some(left) => Err(left.none),
        None => {
            // Who has a token that will do need not wait for another process.
            let waits = !want.is_content() || !stored.as_ref().is_some_and(|obtained| obtained.is_alive(now));
            renew(app, application, known, &grant, waits).await?
        }
    };
    let left = |none: &NoToken| Box::new(Left { generation: grant.generation, none: none.clone() }) as Box<_>;
    *flight = answer.as_ref().err().map(left);
    match answer {
        Err(NoToken::Failed(failure)) if failure.is_transient() && want.is_content() => {
            Ok(stored.filter(|obtained| obtained.is_alive(now)).ok_or(NoToken::Failed(failure)))
        }
        answer => Ok(answer),
    }
}

/// Why the last renewal of this generation brought nothing, if nothing was mended since and it is not yet time to try again.
fn refused_before(grant: &DelegatedGrant, now: UnixTime) -> Option<Box<Failure>> {
    if now < grant.next_at { serde_json::from_str(&grant.failure).ok() } else { None }
}

/// Why there was no token for one, for those who waited behind it.
#[derive(Clone)]
struct Left {
    generation: i64,
    none: NoToken,
}

/// What is stored, as a token to use; nothing if it does not open.
async fn stored(app: &App, grant: &DelegatedGrant) -> Result<Option<Obtained>> {
    let token = opened(app, DelegatedGrant::access_place(&grant.id), &grant.access_token).await?;
    Ok(token.map(|token| obtained(AccessToken::new(token), grant, true)))
}

fn obtained(token: AccessToken, grant: &DelegatedGrant, cached: bool) -> Obtained {
    let granted = grant.scopes.split_whitespace().map(|scope| scopes::bare(scope).to_owned()).collect();
    let (issued_at, expires_at) = (grant.issued_at, grant.expires_at);
    Obtained { token, roles: Roles::Listed(granted), issued_at, expires_at, cached }
}

/// Renews `grant` once. A refusal is confirmed by a second one before it is believed: with the refresh token of the
/// generation before if there is one, else with the same again.
async fn renew(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    grant: &DelegatedGrant,
    waits: bool,
) -> Result<Result<Obtained, NoToken>> {
    match lease::begin(app, Whose::Person, (&grant.id, grant.generation), waits).await? {
        Begun::Ours => {}
        Begun::Replaced => return replaced(app, grant).await,
        Begun::Elsewhere => return Ok(Err(NoToken::Failed(lease::elsewhere(app)))),
    }
    let Some(current) = opened(app, DelegatedGrant::refresh_place(&grant.id), &grant.refresh_token).await? else {
        let text = "A stored sign-in was changed or moved and cannot be used. Sign in again.";
        let unreadable = Failure::of(Cause::SecretUnreadable, text, app.clock.now());
        return unchanged(app, grant, NoToken::Failed(unreadable)).await;
    };
    let refused = match ask(app, application, known, &current).await? {
        Ok(issued) => return keep(app, grant, issued, &current).await,
        Err(NoToken::Failed(failure)) if failure.is_of_grant() => failure,
        Err(none) => return unchanged(app, grant, none).await,
    };
    if is_replaced(app, grant).await? {
        return replaced(app, grant).await;
    }
    let second = match &grant.previous_refresh_token {
        Some(previous) => opened(app, DelegatedGrant::previous_place(&grant.id), previous).await?,
        None => None,
    };
    let second = second.unwrap_or(current);
    match ask(app, application, known, &second).await? {
        Ok(issued) => keep(app, grant, issued, &second).await,
        Err(NoToken::Failed(failure)) if !failure.is_of_grant() => {
            unchanged(app, grant, NoToken::Failed(failure)).await
        }
        Err(_) => unchanged(app, grant, NoToken::Failed(refused)).await,
    }
}

async fn ask(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    token: &SecretString,
) -> Result<Result<Issued, NoToken>> {
    let all = applications::credentials(&app.db, &application.id).await?;
    let grant = GrantType::RefreshToken(token.clone());
    Ok(prove::ask(app, application, known, all, &grant).await?.map(|(issued, _)| issued))
}

async fn keep(
    app: &App,
    grant: &DelegatedGrant,
    issued: Issued,
    used: &SecretString,
) -> Result<Result<Obtained, NoToken>> {
    let renewed = keep::renewed(app, grant, &issued, used)?;
    let mut tx = app.db.begin().await?;
    let saved = store::save_renewed(&mut tx, &renewed).await?;
    if saved {
        renewal_store::count(&mut tx, &grant.application_id, Whose::Person, app.clock.now(), None).await?;
    }
    tx.commit().await?;
    if !saved {
        return replaced(app, grant).await;
    }
    Ok(Ok(obtained(issued.token, &renewed, false)))
}

/// The attempt is over, and what is stored stays as it is.
async fn unchanged(app: &App, grant: &DelegatedGrant, none: NoToken) -> Result<Result<Obtained, NoToken>> {
    let whose = (Whose::Person, &grant.application_id);
    lease::missed(app, whose, (&grant.id, grant.generation), grant.failures, &none).await?;
    Ok(Err(none))
}

async fn is_replaced(app: &App, grant: &DelegatedGrant) -> Result<bool> {
    let newest = store::find(&app.db, &grant.mailbox_id).await?;
    Ok(newest.is_none_or(|newest| newest.generation != grant.generation))
}

/// Somebody else has renewed it, signed in anew or forgotten it meanwhile: what is stored now holds.
async fn replaced(app: &App, grant: &DelegatedGrant) -> Result<Result<Obtained, NoToken>> {
    let newest = store::find(&app.db, &grant.mailbox_id).await?;
    let Some(newest) = newest.filter(|newest| newest.application_id == grant.application_id) else {
        return Ok(Err(NoToken::NotSignedIn));
    };
    Ok(stored(app, &newest).await?.ok_or(NoToken::NotSignedIn))
}
