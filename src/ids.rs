//! Typed identifiers with a readable prefix, so that a mailbox's ID cannot be taken for an application's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::chance::{Chance, hex};
use crate::clock::UnixTime;

/// The text is not an identifier of the kind that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct NotAnId;

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, sqlx::Type)]
        #[serde(try_from = "String", into = "String")]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new identifier. Later ones sort after earlier ones.
            pub fn new(now: UnixTime, chance: &Chance) -> Self {
                Self(fresh($prefix, now, chance))
            }

            /// The identifier as text, prefix included.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let rest = text.strip_prefix($prefix).ok_or(NotAnId)?;
                let plain = rest.len() == LENGTH && rest.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
                plain.then(|| Self(text.to_owned())).ok_or(NotAnId)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

const LENGTH: usize = 24;

/// Ten digits of seconds, then 56 random bits: sorts by time, tells nobody how many there are.
fn fresh(prefix: &str, now: UnixTime, chance: &Chance) -> String {
    let seconds = now.seconds().clamp(0, 0xff_ffff_ffff);
    format!("{prefix}{seconds:010x}{}", hex(&chance.bytes::<7>()))
}

typed_id!(
    /// A mailbox.
    MailboxId, "mb_"
);
typed_id!(
    /// An Entra app registration that Postkey knows.
    ApplicationId, "app_"
);
typed_id!(
    /// A secret or certificate of an application.
    CredentialId, "cred_"
);
typed_id!(
    /// What Postkey was granted: one for each application and audience.
    GrantId, "tok_"
);
typed_id!(
    /// One run of the ladder for one mailbox.
    CheckId, "chk_"
);
typed_id!(
    /// One try of what an application opens and what not.
    ScopeCheckId, "scp_"
);
typed_id!(
    /// One sign-in with Microsoft, from its start to its end.
    SignInId, "si_"
);
typed_id!(
    /// A link for somebody without an account here.
    LinkId, "lnk_"
);
typed_id!(
    /// A link for a tenant administrator without an account here.
    AdminLinkId, "adm_"
);
typed_id!(
    /// One consent of a tenant administrator at Microsoft, from its start to its end.
    ConsentId, "con_"
);
typed_id!(
    /// An address at which calendars read what ends when.
    FeedId, "feed_"
);
typed_id!(
    /// One cause with everything that suffers from it.
    ProblemId, "prb_"
);
typed_id!(
    /// A way to tell people what is broken.
    ChannelId, "chan_"
);
typed_id!(
    /// One message to one channel.
    AlertId, "alr_"
);
typed_id!(
    /// A key that a mail worker presents.
    KeyId, "key_"
);
typed_id!(
    /// A person with an account in Postkey.
    UserId, "usr_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_another_kind_does_not() {
        let id = MailboxId::new(UnixTime::from_seconds(1_764_000_000), &Chance::seeded(1));
        assert_eq!(id.as_str().parse::<MailboxId>().unwrap(), id);
        assert!(id.as_str().parse::<ApplicationId>().is_err());
        assert!("mb_../../etc/passwd".parse::<MailboxId>().is_err());
        assert!("mb_".parse::<MailboxId>().is_err());
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let chance = Chance::seeded(1);
        let early = MailboxId::new(UnixTime::from_seconds(1_764_000_000), &chance);
        let late = MailboxId::new(UnixTime::from_seconds(1_764_000_001), &chance);
        assert!(early < late);
    }
}
