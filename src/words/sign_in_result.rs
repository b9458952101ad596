//! How a sign-in with Microsoft ended, and what the person who tried it reads. They have no account here and cannot change
//! anything but try again, so no code and no name of a setting stands in these words.

use super::{Family, Icon, text_form};

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignInResult {
    /// The right person signed in, and the mailbox opened.
    Connected,
    /// The right person signed in and it was stored, but the mailbox did not open.
    Closed,
    /// Somebody else signed in; nothing was stored.
    WrongAccount,
    /// The person pressed Cancel.
    Declined,
    /// The organisation lets only its administrators allow this.
    NeedsAdministrator,
    /// A rule of the organisation forbids it.
    Blocked,
    /// It took longer than ten minutes.
    Expired,
    /// Less was granted than is needed; nothing was stored.
    MissingPermission,
    /// The mailbox, its application or the starting session changed meanwhile; nothing was stored.
    Changed,
    /// Anything else; nothing was stored.
    Failed,
}

impl SignInResult {
    /// Every way to end.
    pub const ALL: &[Self] = &[
        Self::Connected,
        Self::Closed,
        Self::WrongAccount,
        Self::Declined,
        Self::NeedsAdministrator,
        Self::Blocked,
        Self::Expired,
        Self::MissingPermission,
        Self::Changed,
        Self::Failed,
    ];

    /// The stable name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Closed => "closed",
            Self::WrongAccount => "wrong_account",
            Self::Declined => "declined",
            Self::NeedsAdministrator => "needs_administrator",
            Self::Blocked => "blocked",
            Self::Expired => "expired",
            Self::MissingPermission => "missing_permission",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }

    /// The result with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|result| result.value() == value)
    }

    /// In a word or two, for a list.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Closed => "Signed in, mailbox closed",
            Self::WrongAccount => "Wrong account",
            Self::Declined => "Declined",
            Self::NeedsAdministrator => "Needs an administrator",
            Self::Blocked => "Blocked by policy",
            Self::Expired => "Took too long",
            Self::MissingPermission => "Permission missing",
            Self::Changed => "Changed meanwhile",
            Self::Failed => "Failed",
        }
    }

    /// The headline on the page that ends it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Connected => "The mailbox is connected",
            Self::Closed => "You are signed in, but the mailbox does not open yet",
            Self::WrongAccount => "You signed in with a different account",
            Self::Declined => "You chose not to allow access",
            Self::NeedsAdministrator => "Your organisation must approve this first",
            Self::Blocked => "A rule of your organisation blocked it",
            Self::Expired => "This took too long",
            Self::MissingPermission => "Something that is needed was not allowed",
            Self::Changed => "This changed while you were signing in",
            Self::Failed => "Signing in did not work",
        }
    }

    /// What that means for the person, in at most three sentences.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Connected => "Postkey may now read and send its mail. You can close this page.",
            Self::Closed => {
                "Your sign-in is stored, so you need not do it again. Whoever asked you for it sees why the mailbox is still closed."
            }
            Self::WrongAccount => "Nothing was saved: Postkey dropped the access it got.",
            Self::Declined => "Nothing was saved. If it was a mistake, try again and choose Accept.",
            Self::NeedsAdministrator => {
                "Nothing was saved. Only an administrator of your organisation can allow Postkey, once and for everybody."
            }
            Self::Blocked => "Nothing was saved, and there is nothing here that you can change.",
            Self::Expired => "Nothing was saved. A sign-in must end within ten minutes of its start.",
            Self::MissingPermission => {
                "Nothing was saved. Postkey needs to read and to send this mailbox's mail, and not all of it was granted."
            }
            Self::Changed => {
                "Nothing was saved, because the settings of the mailbox are not the ones that you signed in for any more."
            }
            Self::Failed => "Nothing was saved. Try again in a few minutes.",
        }
    }

    /// Whether the same person can mend it by trying again.
    pub const fn may_try_again(self) -> bool {
        !matches!(self, Self::Connected | Self::Closed)
    }

    /// Whether whoever helps needs to be told the reference.
    pub const fn needs_help(self) -> bool {
        matches!(
            self,
            Self::Closed
                | Self::NeedsAdministrator
                | Self::Blocked
                | Self::MissingPermission
                | Self::Changed
                | Self::Failed
        )
    }

    /// How serious it is.
    pub const fn family(self) -> Family {
        match self {
            Self::Connected => Family::Ok,
            Self::Closed | Self::Blocked | Self::Failed | Self::MissingPermission => Family::Crit,
            Self::WrongAccount | Self::NeedsAdministrator => Family::Act,
            Self::Declined | Self::Expired | Self::Changed => Family::Warn,
        }
    }

    /// Its icon.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Connected => Icon::Ok,
            Self::Closed => Icon::OctagonLock,
            Self::WrongAccount => Icon::PersonUnequal,
            Self::NeedsAdministrator => Icon::PersonShield,
            Self::Blocked => Icon::OctagonBar,
            Self::Expired => Icon::Clock,
            Self::MissingPermission => Icon::OctagonKey,
            Self::Declined | Self::Changed => Icon::Warn,
            Self::Failed => Icon::Octagon,
        }
    }
}

text_form!(SignInResult, "result of a sign-in");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_and_its_words_are_for_people() {
        for result in SignInResult::ALL {
            assert_eq!(SignInResult::parse(result.value()), Some(*result));
            let words = format!("{} {}", result.title(), result.text());
            assert!(!words.contains("AADSTS") && !words.contains('!') && !words.contains('_'), "{words}");
            assert!(result.text().matches(". ").count() < 3, "{words}");
        }
        assert_eq!(SignInResult::ALL.len(), SignInResult::Failed as usize + 1, "ALL lists every result");
    }
}
