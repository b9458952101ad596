//! Why there is no token, in the API's words.

use crate::app::App;
use crate::error::Result;
use crate::microsoft::{Failure, Retry};
use crate::tokens::NoToken;
use crate::tokens::health_store;
use crate::tokens::store::GRAPH;
use crate::tokens::{delegated_store, store as grants};
use crate::words::{Cause, Facts, Who};

use super::give::Located;
use super::{Code, Problem};

/// The longest time, in seconds, that a worker is sent away for.
const LONGEST: i64 = 5 * 60;

/// The problem that is `none`.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn of(app: &App, located: &Located, none: &NoToken) -> Result<Problem> {
    let (mailbox, application) = (&located.mailbox, &located.application);
    Ok(match none {
        NoToken::NotSignedIn => {
            let text = format!("Nobody has signed in for {} yet.", mailbox.address);
            let problem = Problem::new(Code::NeedsSignIn, text).caused(Cause::NeedsSignIn, Who::MailboxOwner);
            problem.since(mailbox.health.since)
        }
        NoToken::NoCredential => {
            let text = format!("{} has no secret and no certificate. Add one.", application.name);
            let problem = Problem::new(Code::ApplicationBroken, text);
            problem.caused(Cause::SecretRefused, Who::ApplicationAdministrator).since(mailbox.health.since)
        }
        NoToken::Failed(failure) => failed(app, located, failure).await?,
    })
}

async fn failed(app: &App, located: &Located, failure: &Failure) -> Result<Problem> {
    let facts = Facts {
        application: Some(located.application.name.clone()),
        mailbox: Some(located.mailbox.address.clone()),
        host: failure.host.clone(),
        ..Facts::default()
    };
    let article = failure.article();
    let problem = Problem::new(code(failure.cause), format!("{}.", article.fill(&facts).title.trim_end_matches('.')));
    let problem = problem.caused(failure.cause, article.who);
    let now = app.clock.now();
    let standing = standing(app, located).await?;
    let since = standing.as_ref().and_then(|token| token.failing_since).unwrap_or(failure.at);
    let problem = problem.since(since);
    if !failure.is_transient() {
        return Ok(problem);
    }
    let named = match failure.retry {
        Retry::After(seconds) => i64::from(seconds) - now.since(failure.at),
        _ => 0,
    };
    let planned = standing.map_or(0, |token| token.next_at.since(now));
    Ok(problem.retry_after(named.max(planned).clamp(1, LONGEST)))
}

/// What is known of the token, if there was ever one.
async fn standing(app: &App, located: &Located) -> Result<Option<health_store::Token>> {
    let grant = match located.mailbox.is_delegated() {
        true => delegated_store::find(&app.db, &located.mailbox.id).await?.map(|grant| grant.id),
        false => grants::find(&app.db, &located.application.id, GRAPH).await?.map(|grant| grant.id),
    };
    match grant {
        Some(grant) => health_store::token(&app.db, &grant).await,
        None => Ok(None),
    }
}

/// The part of the API's vocabulary that a cause belongs to.
const fn code(cause: Cause) -> Code {
    match cause {
        Cause::Throttled | Cause::ProviderDown => Code::TryLater,
        Cause::NeedsSignIn | Cause::WrongAccount => Code::NeedsSignIn,
        Cause::SecretExpired
        | Cause::SecretRefused
        | Cause::CertificateRefused
        | Cause::SecretUnreadable
        | Cause::AppNotFound
        | Cause::TenantNotFound
        | Cause::SetupFault
        | Cause::ClockSkew => Code::ApplicationBroken,
        Cause::NeedsConsent | Cause::Blocked | Cause::NoAccess | Cause::MailboxNotFound | Cause::Other => {
            Code::NotConnected
        }
    }
}
