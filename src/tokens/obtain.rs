//! Gets an application's token: the stored one while it is good, else a new one, asked for once however many wait.

use secrecy::SecretString;

use crate::app::App;
use crate::applications::credential::{Credential, State, in_order_of_use};
use crate::applications::{Application, Kind, store as applications};
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::{CredentialId, GrantId};
use crate::microsoft::{self, AccessToken, ApplicationRef, Failure, Issued, Roles, Thumbprint};
use crate::words::Cause;

use super::store::{self, GRAPH, Grant};

/// A token counts as ended this many seconds before Microsoft's end, as in Microsoft's own libraries.
const MARGIN: i64 = 5 * 60;
/// Most credentials tried for one token, so that a row of dead ones does not hammer Microsoft.
const MOST_TRIES: usize = 3;

/// Whether the stored token will do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Want {
    /// The stored one while it is good.
    Good,
    /// One that was issued later than this, because the stored one did not open what it should.
    NewerThan(UnixTime),
}

/// A token and what is known of it.
#[derive(Clone, Debug)]
pub struct Obtained {
    /// The token itself.
    pub token: AccessToken,
    /// Roles read from it, for diagnosis.
    pub roles: Roles,
    /// When Microsoft issued it.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// Whether it was stored before.
    pub cached: bool,
}

/// Why there is no token.
#[derive(Clone, Debug)]
pub enum NoToken {
    /// Microsoft refused or could not be asked.
    Failed(Box<Failure>),
    /// The application has no credential that could be shown to Microsoft.
    NoCredential,
}

/// The application's token. The outer error is ours; the inner one is what Microsoft said.
///
/// # Errors
/// If the database cannot answer.
pub async fn application_token(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    want: Want,
) -> Result<Result<Obtained, NoToken>> {
    let mut flight = app.single.flight(&format!("token {}", application.id)).await;
    let stored = store::find(&app.db, &application.id, GRAPH).await?;
    let opened = match &stored {
        Some(grant) => open(app, grant).await?,
        None => None,
    };
    let now = app.clock.now();
    if let Some(obtained) = &opened {
        let good = match want {
            Want::Good => true,
            Want::NewerThan(moment) => obtained.issued_at > moment,
        };
        if good && stored.as_ref().is_some_and(|grant| now < grant.renew_at) {
            return Ok(Ok(obtained.clone()));
        }
    }
    let all = applications::credentials(&app.db, &application.id).await?;
    let tried = (*known, all.iter().map(|credential| credential.id.clone()).collect::<Vec<_>>());
    // Who waited while the same credentials were refused for somebody else gets the same answer.
    let same = flight.as_ref().and_then(|left| left.downcast_ref::<Left>()).filter(|left| left.tried == tried);
    let answer = match same.cloned() {
        Some(left) => Err(left.none),
        None => ask(app, application, known, all).await?,
    };
    *flight = answer.as_ref().err().map(|none| Box::new(Left { tried, none: none.clone() }) as Box<_>);
    match answer {
        Ok((issued, credential)) => keep(app, application, stored.as_ref(), issued, &credential).await.map(Ok),
        Err(NoToken::Failed(failure)) if failure.is_transient() && want == Want::Good => {
            // Trouble at Microsoft is no reason to withhold a token that is still good.
            let alive = opened.filter(|obtained| now.plus(MARGIN) < obtained.expires_at);
            Ok(alive.ok_or(NoToken::Failed(failure)))
        }
        Err(none) => Ok(Err(none)),
    }
}

/// Why there was no token for one, for those who waited behind it.
#[derive(Clone)]
struct Left {
    tried: (ApplicationRef, Vec<CredentialId>),
    none: NoToken,
}

/// Tests one credential, whatever the others are. Keeps the token if it is accepted.
///
/// # Errors
/// If the database cannot answer.
pub async fn test_credential(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    credential: &Credential,
) -> Result<Result<(), Box<Failure>>> {
    let _flight = app.single.flight(&format!("token {}", application.id)).await;
    let stored = store::find(&app.db, &application.id, GRAPH).await?;
    match show(app, application, known, credential).await? {
        Ok(issued) => {
            keep(app, application, stored.as_ref(), issued, credential).await?;
            Ok(Ok(()))
        }
        Err(failure) => Ok(Err(failure)),
    }
}

async fn open(app: &App, grant: &Grant) -> Result<Option<Obtained>> {
    let token = match app.keyring.open_or_reload(&app.db, Grant::place(&grant.id), &grant.sealed).await? {
        Ok(token) => AccessToken::new(token),
        Err(cause) => {
            // A token can be asked for again, so this is no dead end; but somebody should know.
            tracing::error!(grant = %grant.id, %cause, "a stored token does not open");
            return Ok(None);
        }
    };
    let roles = serde_json::from_str(&grant.roles).unwrap_or(Roles::Unreadable);
    let (issued_at, expires_at) = (grant.issued_at, grant.expires_at);
    Ok(Some(Obtained { token, roles, issued_at, expires_at, cached: true }))
}

async fn ask(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    all: Vec<Credential>,
) -> Result<Result<(Issued, Credential), NoToken>> {
    let mut first: Option<Box<Failure>> = None;
    for credential in in_order_of_use(all, app.clock.now()).into_iter().take(MOST_TRIES) {
        match show(app, application, known, &credential).await? {
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

/// Shows one credential to Microsoft and notes the answer. A fault of the network is no answer.
async fn show(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    credential: &Credential,
) -> Result<Result<Issued, Box<Failure>>> {
    let Some(shown) = opened(app, credential).await? else {
        let text = "A stored secret was changed or moved and cannot be used. Store it again.";
        return Ok(Err(Failure::of(Cause::SecretUnreadable, text, app.clock.now())));
    };
    let answer = app.microsoft.application_token(known, &shown).await;
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

async fn keep(
    app: &App,
    application: &Application,
    before: Option<&Grant>,
    issued: Issued,
    credential: &Credential,
) -> Result<Obtained> {
    let id = before.map_or_else(|| GrantId::new(app.clock.now(), &app.chance), |grant| grant.id.clone());
    let secret = SecretString::from(issued.token.reveal().to_owned());
    let sealed = app.keyring.seal(Grant::place(&id), &secret).map_err(crate::error::AppError::internal)?;
    let grant = Grant {
        id,
        application_id: application.id.clone(),
        audience: GRAPH.to_owned(),
        generation: before.map_or(1, |grant| grant.generation + 1),
        credential_id: credential.id.clone(),
        sealed,
        roles: serde_json::to_string(&issued.roles).unwrap_or_default(),
        issued_at: issued.issued_at,
        renew_at: renew_at(&issued),
        expires_at: issued.expires_at,
    };
    let mut tx = app.db.begin().await?;
    let saved = store::still_is(&mut tx, application).await? && store::save(&mut tx, &grant).await?;
    tx.commit().await?;
    if !saved {
        tracing::debug!(application = %application.id, "a token was not kept: a replica was first, or the application was changed");
    }
    Ok(Obtained {
        token: issued.token,
        roles: issued.roles,
        issued_at: issued.issued_at,
        expires_at: issued.expires_at,
        cached: false,
    })
}

/// When Microsoft says so, else in time; a very short token at half its life.
fn renew_at(issued: &Issued) -> UnixTime {
    let life = issued.expires_at.since(issued.issued_at);
    let margin = MARGIN.min(life / 2);
    issued.refresh_at.unwrap_or_else(|| issued.expires_at.plus(-margin))
}
