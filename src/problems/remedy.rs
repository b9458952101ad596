//! Where a problem is mended in the console, for this person.

use crate::ids::{ApplicationId, MailboxId};
use crate::users::{Role, SignedIn};
use crate::words::{Cause, ProblemKind};

/// A link to where one goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remedy {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: &'static str,
}

/// Where `me` goes on with a problem of `kind`: the one mailbox it is about, if it is only one.
pub fn remedy(
    me: &SignedIn,
    kind: ProblemKind,
    application: Option<&ApplicationId>,
    mailboxes: i64,
    only: Option<&MailboxId>,
) -> Remedy {
    let there = |href: String, label| Remedy { href, label };
    let by_sign_in = matches!(kind, ProblemKind::SignInPending | ProblemKind::Failing(Cause::NeedsSignIn));
    match (kind, application, only) {
        (_, _, Some(mailbox)) if by_sign_in && mailboxes == 1 => {
            there(format!("/mailboxes/{mailbox}/sign-in"), "Sign in, or make a link")
        }
        (ProblemKind::Failing(Cause::SecretExpired | Cause::SecretRefused), Some(application), _)
            if me.may(Role::ApplicationAdministrator) =>
        {
            there(format!("/applications/{application}/secrets/new"), "Add the new secret")
        }
        (ProblemKind::ScopeTooWide | ProblemKind::ScopeTooNarrow, Some(application), _) => {
            there(format!("/applications/{application}/scope-check"), "Open the scope check")
        }
        (ProblemKind::Failing(cause), Some(application), _) if cause.is_of_credential() => {
            there(format!("/applications/{application}"), "Open the application")
        }
        (_, _, Some(mailbox)) if mailboxes == 1 => there(format!("/mailboxes/{mailbox}"), "Open the mailbox"),
        _ if mailboxes > 0 => there(mailboxes_of(kind, application), "Open the mailboxes"),
        _ => there("/tokens".to_owned(), "Open token health"),
    }
}

/// The list of what suffers from it.
pub fn mailboxes_of(kind: ProblemKind, application: Option<&ApplicationId>) -> String {
    let status = kind.status().map_or("action", |status| status.value());
    match application {
        Some(application) => format!("/mailboxes?status={status}&app={application}"),
        None => format!("/mailboxes?status={status}"),
    }
}
