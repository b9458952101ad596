//! How an attempt ended, and how that is written down.

use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::microsoft::Failure;
use crate::web::flow;
use crate::words::{Cause, SignInResult};

use super::attempt::{Attempt, Origin};
use super::store::{self, SignIn};

/// How it ended, before it is written down.
pub(super) struct End {
    pub(super) outcome: SignInResult,
    pub(super) account: String,
    pub(super) failure: Option<Box<Failure>>,
}

impl End {
    pub(super) fn plain(outcome: SignInResult) -> Self {
        Self { outcome, account: String::new(), failure: None }
    }

    pub(super) fn because(outcome: SignInResult, failure: Box<Failure>) -> Self {
        Self { outcome, account: String::new(), failure: Some(failure) }
    }

    /// What a refusal of Microsoft's means for the person.
    pub(super) fn refused(failure: Box<Failure>) -> Self {
        let outcome = match failure.cause {
            Cause::NeedsConsent => SignInResult::NeedsAdministrator,
            Cause::Blocked => SignInResult::Blocked,
            Cause::WrongAccount => SignInResult::WrongAccount,
            _ => SignInResult::Failed,
        };
        Self::because(outcome, failure)
    }

    /// As the end of this attempt.
    pub(super) fn of(self, app: &App, attempt: &Attempt) -> SignIn {
        let link_id = match &attempt.origin {
            Origin::Link(link) => Some(link.clone()),
            Origin::Session(_) => None,
        };
        SignIn {
            id: attempt.id.clone(),
            flow_hash: attempt.flow_hash.clone(),
            mailbox_id: attempt.mailbox_id.clone(),
            link_id,
            started_by: attempt.started_by.clone(),
            expected: attempt.expected().to_owned(),
            account: self.account,
            outcome: self.outcome,
            failure: self.failure,
            reference: flow::reference(app),
            at: app.clock.now(),
        }
    }

    /// Writes down an end that stores nothing else.
    pub(super) async fn write(self, app: &App, attempt: &Attempt) -> Result<()> {
        write(app, &self.of(app, attempt)).await
    }
}

/// Writes down a sign-in that ended without anything to be stored.
pub(super) async fn write(app: &App, ended: &SignIn) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::record(&mut tx, ended).await?;
    let detail = format!("{} ({})", ended.outcome.label(), ended.reference);
    let entry = audit::Entry {
        actor: &ended.started_by,
        action: "sign_in.refused",
        object: ended.mailbox_id.as_str(),
        detail: &detail,
    };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}
