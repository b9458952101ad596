//! Gets an application's token: the stored one while it is good, else a new one, asked for once however many wait.

use secrecy::SecretString;

use crate::app::App;
use crate::applications::credential::Credential;
use crate::applications::{Application, store as applications};
use crate::error::Result;
use crate::ids::{CredentialId, GrantId};
use crate::microsoft::{AccessToken, ApplicationRef, Failure, GrantType, Issued, Roles};
use crate::words::Cause;

use super::lease::{self, Begun};
use super::obtained::renew_at;
use super::pace::{Roll, ahead};
use super::store::{self, GRAPH, Grant};
use super::turn_store::Whose;
use super::{NoToken, Obtained, Want};
use super::{prove, renewal_store};

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
    if let (Some(obtained), Some(grant)) = (&opened, &stored)
        && want.takes(obtained, grant.renew_at, now)
        && !obtained.is_of_the_future(now)
    {
        return Ok(Ok(obtained.clone()));
    }
    if want.is_patient()
        && let Some(failure) = pausing(app, known, stored.as_ref())
    {
        return Ok(Err(NoToken::Failed(failure)));
    }
    let all = applications::credentials(&app.db, &application.id).await?;
    let tried = (*known, all.iter().map(|credential| credential.id.clone()).collect::<Vec<_>>());
    // Who waited while the same credentials were refused for somebody else gets the same answer.
    let same = flight.as_ref().and_then(|left| left.downcast_ref::<Left>()).filter(|left| left.tried == tried);
    if want.is_quiet()
        && let Some(failure) = app.gate.refused(known, &shown(&all), now)
    {
        return Ok(Err(NoToken::Failed(failure)));
    }
    let answer = match same.cloned() {
        Some(left) => Err(left.none),
        None => {
            // Who has a token that will do need not wait for another process.
            let waits = !want.is_content() || !opened.as_ref().is_some_and(|obtained| obtained.is_alive(now));
            renew(app, application, known, all, (stored.as_ref(), waits)).await?
        }
    };
    *flight = answer.as_ref().err().map(|none| Box::new(Left { tried, none: none.clone() }) as Box<_>);
    match answer {
        Err(NoToken::Failed(failure)) if failure.is_transient() && want.is_content() => {
            Ok(opened.filter(|obtained| obtained.is_alive(now)).ok_or(NoToken::Failed(failure)))
        }
        answer => Ok(answer),
    }
}

/// Asks for the next token; one process at a time where there was one before.
async fn renew(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    all: Vec<Credential>,
    (stored, waits): (Option<&Grant>, bool),
) -> Result<Result<Obtained, NoToken>> {
    if let Some(grant) = stored {
        match lease::begin(app, Whose::Application, (&grant.id, grant.generation), waits).await? {
            Begun::Ours => {}
            Begun::Replaced => return replaced(app, application).await,
            Begun::Elsewhere => return Ok(Err(NoToken::Failed(lease::elsewhere(app)))),
        }
    }
    let shown = shown(&all);
    match prove::ask(app, application, known, all, &GrantType::ClientCredentials).await? {
        Ok((issued, credential)) => keep(app, application, stored, issued, &credential).await.map(Ok),
        Err(none) => {
            if let NoToken::Failed(failure) = &none {
                app.gate.refuse(known, shown, failure);
            }
            if let Some(grant) = stored {
                let whose = (Whose::Application, &application.id);
                lease::missed(app, whose, (&grant.id, grant.generation), grant.failures, &none).await?;
            }
            Ok(Err(none))
        }
    }
}

/// Why Microsoft is not asked before the pause after the last try is over.
fn pausing(app: &App, known: &ApplicationRef, stored: Option<&Grant>) -> Option<Box<Failure>> {
    let now = app.clock.now();
    match stored {
        Some(grant) if grant.failures > 0 && now < grant.next_at => serde_json::from_str(&grant.failure).ok(),
        None if app.gate.rests(known, now) => {
            Some(Failure::of(Cause::ProviderDown, "Microsoft has not answered the last tries.", now))
        }
        _ => None,
    }
}

/// The credentials by which something was refused; with others it may be granted.
fn shown(all: &[Credential]) -> String {
    all.iter().map(|credential| credential.id.as_str()).collect::<Vec<_>>().join(" ")
}

/// Another process has renewed or forgotten it meanwhile: what is stored now holds.
async fn replaced(app: &App, application: &Application) -> Result<Result<Obtained, NoToken>> {
    let newest = match store::find(&app.db, &application.id, GRAPH).await? {
        Some(grant) => open(app, &grant).await?,
        None => None,
    };
    Ok(newest.ok_or_else(|| NoToken::Failed(lease::elsewhere(app))))
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
    match prove::show(app, application, known, credential, &GrantType::ClientCredentials).await? {
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
        next_at: ahead(&issued, Roll::of(&app.chance)),
        failures: 0,
        failure: String::new(),
    };
    let mut tx = app.db.begin().await?;
    let saved = store::still_is(&mut tx, application).await? && store::save(&mut tx, &grant).await?;
    if saved && before.is_some() {
        renewal_store::count(&mut tx, &application.id, Whose::Application, app.clock.now(), None).await?;
    }
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
