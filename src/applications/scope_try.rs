//! Tries to open every mailbox that is named, reading no more than how many messages are in its inbox.

use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt, stream};

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::microsoft::{ApplicationRef, Failure, Retry};
use crate::tokens::{NoToken, Obtained, Want, obtain};
use crate::words::{Cause, Code, ScopeOutcome};

use super::Application;
use super::scope::{Named, Tried};

/// Mailboxes that are tried at once.
const AT_ONCE: usize = 4;
/// A token older than this, in seconds, may carry what was taken away since, and lack what was granted since.
const TOKEN_MAY_BE_STALE: i64 = 60;
/// What Graph calls a mailbox that is closed to the application.
const ACCESS_DENIED: &str = "ErrorAccessDenied";

/// By whom mailboxes are tried.
pub(super) struct Trial<'a> {
    /// The product.
    pub(super) app: &'a App,
    /// The application.
    pub(super) application: &'a Application,
    /// The same, as Microsoft knows it.
    pub(super) known: &'a ApplicationRef,
}

impl Trial<'_> {
    /// Tries each. In a round the stored token will do; a person who asks wants to know what holds now, and not when that one was
    /// issued.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub(super) async fn of(&self, names: &[Named], in_a_round: bool) -> Result<Vec<Named>> {
        let recent = self.app.clock.now().plus(-TOKEN_MAY_BE_STALE);
        let obtained = match self.token(if in_a_round { Want::Quietly } else { Want::NewerThan(recent) }).await? {
            Ok(obtained) => obtained,
            Err(cause) => return Ok(none(names, &no_token(cause, self.app.clock.now()))),
        };
        let tried = self.with(&obtained, names).await;
        let stale = self.app.clock.now().since(obtained.issued_at) >= TOKEN_MAY_BE_STALE;
        if !tried.iter().any(|named| a_newer_token_may_help(named, stale)) {
            return Ok(tried);
        }
        // All of them once more: what one token opens says nothing of what another one does.
        match self.token(Want::NewerThan(obtained.issued_at)).await? {
            Ok(newer) => Ok(self.with(&newer, names).await),
            Err(_) => Ok(tried),
        }
    }

    /// Tries each with this token. When Microsoft asks to wait or does not answer, the rest is left alone.
    async fn with(&self, obtained: &Obtained, names: &[Named]) -> Vec<Named> {
        let trouble: Mutex<Option<Box<Failure>>> = Mutex::default();
        let one = async |named: &Named| {
            let met = trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let answer = match met {
                Some(failure) => Err(failure),
                None => {
                    self.app.microsoft.read_inbox(self.known.cloud, &obtained.token, &named.address).await.map(drop)
                }
            };
            if let Err(failure) = &answer
                && failure.is_transient()
            {
                *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.clone());
            }
            named.after(tried(answer, self.app.clock.now()))
        };
        stream::iter(names).map(one).buffered(AT_ONCE).collect().await
    }

    async fn token(&self, want: Want) -> Result<Result<Obtained, NoToken>> {
        obtain::application_token(self.app, self.application, self.known, want).await
    }
}

/// Graph sometimes refuses a good token once; and what was granted or taken away a moment ago is only in tokens issued since.
fn a_newer_token_may_help(named: &Named, stale: bool) -> bool {
    let Some(tried) = &named.tried else { return false };
    let refused_once = tried.failure.as_ref().is_some_and(|failure| failure.retry == Retry::OnceNow);
    refused_once || (stale && tried.outcome.proves() && named.is_amiss())
}

fn tried(answer: Result<(), Box<Failure>>, at: UnixTime) -> Tried {
    match answer {
        Ok(()) => Tried { outcome: ScopeOutcome::Opened, at, failure: None },
        Err(failure) => Tried { outcome: outcome(&failure), at, failure: Some(failure) },
    }
}

/// Only a refusal that is about the mailbox or the application's permissions says where the limit is.
fn outcome(failure: &Failure) -> ScopeOutcome {
    match (failure.cause, &failure.code) {
        (Cause::NoAccess, Some(Code::Graph(code))) if code == ACCESS_DENIED => ScopeOutcome::Refused,
        (Cause::NeedsConsent, _) => ScopeOutcome::Refused,
        (Cause::MailboxNotFound, _) => ScopeOutcome::NotFound,
        _ => ScopeOutcome::Unknown,
    }
}

/// None could be tried, for one reason.
pub(super) fn none(names: &[Named], failure: &Failure) -> Vec<Named> {
    let at = failure.at;
    let unknown = || Tried { outcome: ScopeOutcome::Unknown, at, failure: Some(Box::new(failure.clone())) };
    names.iter().map(|named| named.after(unknown())).collect()
}

fn no_token(none: NoToken, at: UnixTime) -> Box<Failure> {
    match none {
        NoToken::Failed(failure) => failure,
        NoToken::NoCredential | NoToken::NotSignedIn => {
            Failure::of(Cause::SecretRefused, "The application has no secret and no certificate. Add one.", at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(cause: Cause, code: &str) -> Failure {
        let code = Some(Code::Graph(code.to_owned()));
        Failure { code, ..*Failure::of(cause, "", UnixTime::from_seconds(0)) }
    }

    #[test]
    fn only_a_refusal_of_the_mailbox_is_one() {
        for (cause, code, expected) in [
            (Cause::NoAccess, "ErrorAccessDenied", ScopeOutcome::Refused),
            (Cause::NeedsConsent, "NoPermissionsInAccessToken", ScopeOutcome::Refused),
            (Cause::NoAccess, "ErrorSomethingElse", ScopeOutcome::Unknown),
            (Cause::MailboxNotFound, "ErrorInvalidUser", ScopeOutcome::NotFound),
            (Cause::Throttled, "ApplicationThrottled", ScopeOutcome::Unknown),
            (Cause::Blocked, "InvalidAuthenticationToken", ScopeOutcome::Unknown),
            (Cause::SetupFault, "InvalidAuthenticationToken", ScopeOutcome::Unknown),
        ] {
            assert_eq!(outcome(&failure(cause, code)), expected, "{cause:?} {code}");
        }
    }
}
