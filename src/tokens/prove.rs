//! Proves the application to Microsoft by its credentials, in order of use, whatever a token is asked for.

use secrecy::SecretString;
use tokio::time::Instant;

use crate::app::App;
use crate::applications::credential::{Credential, State, in_order_of_use};
use crate::applications::{Application, Kind, store as applications};
use crate::error::Result;
use crate::microsoft::{self, ApplicationRef, Failure, GrantType, Issued, Thumbprint};
use crate::tally::Outcome;
use crate::words::Cause;

use super::NoToken;
use super::store;

/// Most credentials tried for one token, so that a row of dead ones does not hammer Microsoft.
const MOST_TRIES: usize = 3;

/// Asks for a token, showing one credential after the other until one is accepted. The outer error is ours.
///
/// # Errors
/// If the database cannot answer.
pub async fn ask(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    all: Vec<Credential>,
    grant: &GrantType,
) -> Result<Result<(Issued, Credential), NoToken>> {
    if let Some(failure) = app.gate.closed(known, app.clock.now()) {
        return Ok(Err(NoToken::Failed(failure)));
    }
    let mut first: Option<Box<Failure>> = None;
    for credential in in_order_of_use(all, app.clock.now()).into_iter().take(MOST_TRIES) {
        match show(app, application, known, &credential, grant).await? {
            Ok(issued) => return Ok(Ok((issued, credential))),
            Err(failure) => {
                let next_may_work = failure.cause.is_of_credential();
                first.get_or_insert(failure);
                if !next_may_work {
                    break;
                }
            }
        }
    }
    Ok(Err(first.map_or(NoToken::NoCredential, NoToken::Failed)))
}

/// Shows one credential to Microsoft and notes the answer. A fault of the network is no answer, and neither is a refusal of
/// the person's grant.
///
/// # Errors
/// If the database cannot answer.
pub async fn show(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    credential: &Credential,
    grant: &GrantType,
) -> Result<Result<Issued, Box<Failure>>> {
    let Some(shown) = opened(app, credential).await? else {
        let text = "A stored secret was changed or moved and cannot be used. Store it again.";
        return Ok(Err(Failure::of(Cause::SecretUnreadable, text, app.clock.now())));
    };
    let begun = Instant::now();
    let answer = app.microsoft.token(known, &shown, grant).await;
    let outcome = answer.as_ref().err().map_or(Outcome::Ok, |failure| Outcome::of(failure.cause));
    app.tally.asked(outcome, begun.elapsed());
    app.gate.answered(known, answer.as_ref().map(drop).map_err(|failure| &**failure), app.clock.now());
    let state = match &answer {
        Ok(_) => State::Accepted,
        Err(failure) if failure.cause.is_of_credential() => State::Refused,
        Err(_) => return Ok(answer),
    };
    let mut tx = app.db.begin().await?;
    if store::still_is(&mut tx, application).await? {
        applications::answered(&mut tx, credential, state, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(answer)
}

async fn opened(app: &App, credential: &Credential) -> Result<Option<microsoft::Credential>> {
    let Some(sealed) = applications::sealed(&app.db, &credential.id).await? else { return Ok(None) };
    let place = Credential::place(&credential.id);
    let plain: SecretString = match app.keyring.open_or_reload(&app.db, place, &sealed).await? {
        Ok(plain) => plain,
        Err(cause) => {
            tracing::error!(credential = %credential.id, %cause, "a stored secret does not open");
            return Ok(None);
        }
    };
    Ok(match credential.kind {
        Kind::Secret => Some(microsoft::Credential::Secret(plain)),
        Kind::Certificate => Thumbprint::parse(&credential.thumbprint_sha256)
            .map(|thumbprint| microsoft::Credential::Certificate { private_key_pem: plain, thumbprint }),
    })
}
