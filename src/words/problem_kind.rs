//! What a problem is: a cause, or what a check of an application's scope found.

use super::{Cause, Family, Icon, Status, Who, text_form};

/// What is the matter.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ProblemKind {
    /// Mailboxes do not work, or soon will not.
    Failing(Cause),
    /// A person has been asked to sign in and has not done it yet.
    SignInPending,
    /// An application opens a mailbox that it must not open.
    ScopeTooWide,
    /// An application does not open a mailbox that it must open.
    ScopeTooNarrow,
}

impl ProblemKind {
    /// Every kind that is not a cause.
    pub const PLAIN: &[Self] = &[Self::SignInPending, Self::ScopeTooWide, Self::ScopeTooNarrow];

    /// What a mailbox that needs a person suffers from; nothing if it needs nobody.
    pub const fn of(status: Status) -> Option<Self> {
        match status {
            Status::Failing(cause) => Some(Self::Failing(cause)),
            Status::SignInPending => Some(Self::SignInPending),
            _ => None,
        }
    }

    /// The stable name in the API and in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Failing(cause) => cause.value(),
            Self::SignInPending => Status::SignInPending.value(),
            Self::ScopeTooWide => "scope_too_wide",
            Self::ScopeTooNarrow => "scope_too_narrow",
        }
    }

    /// The kind with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        let plain = Self::PLAIN.iter().copied().find(|kind| kind.value() == value);
        plain.or_else(|| Cause::parse(value).map(Self::Failing))
    }

    /// The words on its badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Failing(cause) => cause.label(),
            Self::SignInPending => Status::SignInPending.label(),
            Self::ScopeTooWide => "Opens too much",
            Self::ScopeTooNarrow => "Opens too little",
        }
    }

    /// How serious it is.
    pub const fn family(self) -> Family {
        match self {
            Self::Failing(cause) => cause.family(),
            Self::SignInPending => Status::SignInPending.family(),
            Self::ScopeTooWide => Family::Crit,
            Self::ScopeTooNarrow => Family::Warn,
        }
    }

    /// Its icon.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Failing(cause) => cause.icon(),
            Self::SignInPending => Status::SignInPending.icon(),
            Self::ScopeTooWide => Icon::OctagonLock,
            Self::ScopeTooNarrow => Icon::Warn,
        }
    }

    /// The mailboxes that suffer from it show this.
    pub const fn status(self) -> Option<Status> {
        match self {
            Self::Failing(cause) => Some(Status::Failing(cause)),
            Self::SignInPending => Some(Status::SignInPending),
            Self::ScopeTooWide | Self::ScopeTooNarrow => None,
        }
    }

    /// Why, if it is a failure.
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Failing(cause) => Some(cause),
            _ => None,
        }
    }

    /// Who can put it right.
    pub const fn who(self) -> Who {
        match self {
            Self::Failing(cause) => cause.who(),
            Self::SignInPending => Who::MailboxOwner,
            Self::ScopeTooWide | Self::ScopeTooNarrow => Who::ExchangeAdministrator,
        }
    }

    /// The place in a list that shows the most serious first; lower comes first.
    pub const fn rank(self) -> u8 {
        match self.family() {
            Family::Crit => 0,
            Family::Act => 1,
            _ => 2,
        }
    }

    /// Whether one person's delay, of which nobody needs to be told.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::SignInPending)
    }
}

text_form!(ProblemKind, "kind of problem");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_and_is_unique() {
        let causes = Cause::ALL.iter().copied().map(ProblemKind::Failing);
        for kind in ProblemKind::PLAIN.iter().copied().chain(causes) {
            assert_eq!(ProblemKind::parse(kind.value()), Some(kind));
        }
        assert_eq!(ProblemKind::parse("connected"), None);
    }

    #[test]
    fn a_mailbox_that_needs_nobody_is_no_problem() {
        assert_eq!(ProblemKind::of(Status::Connected), None);
        assert_eq!(ProblemKind::of(Status::Failing(Cause::NoAccess)), Some(ProblemKind::Failing(Cause::NoAccess)));
        for status in Status::PLAIN {
            assert_eq!(ProblemKind::of(*status).is_some(), status.rank() < 2, "{status:?}");
        }
    }
}
