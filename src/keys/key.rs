//! A key: what it may, for which mailboxes, and until when. No I/O.

use std::collections::{HashMap, HashSet};

use crate::clock::UnixTime;
use crate::ids::{ApplicationId, KeyId, MailboxId};
use crate::web::Badge;
use crate::words::{Family, Icon};

/// One day, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// A key that ends within so many seconds is marked.
const SOON: i64 = 14 * DAY;
/// A key that nobody has used for so many seconds is marked.
const UNUSED: i64 = 30 * DAY;

/// What a key may be used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Right {
    /// To be handed access tokens, and to see how mailboxes are.
    Tokens,
    /// To see how mailboxes are.
    Status,
}

impl Right {
    /// Its name in the database and in forms.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Status => "status",
        }
    }

    /// The right of this name.
    pub fn parse(value: &str) -> Option<Self> {
        [Self::Tokens, Self::Status].into_iter().find(|right| right.value() == value)
    }

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tokens => "Tokens and status",
            Self::Status => "Status only",
        }
    }
}

/// Which mailboxes a key is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    /// All, those that are added later included.
    All,
    /// Those of these applications.
    Applications(HashSet<ApplicationId>),
    /// These, with their addresses in lower case. One in the bin is not among them.
    Mailboxes(HashMap<MailboxId, String>),
}

impl Reach {
    /// Its kind, in the database and in forms.
    pub const fn value(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Applications(_) => "applications",
            Self::Mailboxes(_) => "mailboxes",
        }
    }

    /// It in words, for example `2 applications`.
    pub fn label(&self) -> String {
        let count = |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        match self {
            Self::All => "All mailboxes".to_owned(),
            Self::Applications(all) => count(all.len(), "application", "applications"),
            Self::Mailboxes(all) => count(all.len(), "mailbox", "mailboxes"),
        }
    }
}

/// What a mail worker presents. The text of it is not known any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// Ours.
    pub id: KeyId,
    /// What people here call it.
    pub name: String,
    /// The part of its text that tells which one it is.
    pub lookup: String,
    /// SHA-256 of its text.
    pub hash: String,
    /// What it may be used for.
    pub may: Right,
    /// Which mailboxes it is for.
    pub reach: Reach,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: UnixTime,
    /// When it stops working by itself.
    pub ends_at: UnixTime,
    /// The key that it takes the place of.
    pub replaces: Option<KeyId>,
    /// When it was revoked, and by whom.
    pub revoked: Option<(UnixTime, String)>,
    /// When it was last used.
    pub used_at: Option<UnixTime>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// It works, and is used.
    Working,
    /// It works, and nobody has used it for long.
    Unused,
    /// It works, and ends soon.
    EndsSoon,
    /// Its time is over.
    Ended,
    /// Somebody ended it.
    Revoked,
}

impl Key {
    /// How it stands at `now`.
    pub fn standing(&self, now: UnixTime) -> Standing {
        match self.ends_at.since(now) {
            _ if self.revoked.is_some() => Standing::Revoked,
            ..=0 => Standing::Ended,
            left if left < SOON => Standing::EndsSoon,
            _ if now.since(self.used_at.unwrap_or(self.made_at)) >= UNUSED => Standing::Unused,
            _ => Standing::Working,
        }
    }

    /// Whether it is good at `now`.
    pub fn works(&self, now: UnixTime) -> bool {
        self.revoked.is_none() && now < self.ends_at
    }
}

impl Standing {
    /// Its name in exports.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Unused => "unused",
            Self::EndsSoon => "ends_soon",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }

    /// Its badge.
    pub fn badge(self) -> Badge {
        let (family, icon, label) = match self {
            Self::Working => (Family::Ok, Icon::Ok, "Works"),
            Self::Unused => (Family::Warn, Icon::Warn, "Unused for 30 days"),
            Self::EndsSoon => (Family::Warn, Icon::Clock, "Ends soon"),
            Self::Ended => (Family::Idle, Icon::OctagonClock, "Ended"),
            Self::Revoked => (Family::Idle, Icon::OctagonBar, "Revoked"),
        };
        Badge { family: family.class(), icon: icon.name(), label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn a_key_works_until_it_ends_or_is_revoked_and_is_marked_when_nobody_uses_it() {
        let now = UnixTime::from_seconds(1_000_000_000);
        let key = Key {
            id: KeyId::new(now, &Chance::seeded(1)),
            name: "worker-eu-1".to_owned(),
            lookup: "0".repeat(12),
            hash: String::new(),
            may: Right::Tokens,
            reach: Reach::All,
            made_by: "Ana".to_owned(),
            made_at: now,
            ends_at: now.plus(90 * DAY),
            replaces: None,
            revoked: None,
            used_at: None,
        };
        let at = |days: i64| key.standing(now.plus(days * DAY));
        assert_eq!([at(0), at(29)], [Standing::Working; 2]);
        assert_eq!([at(30), at(76)], [Standing::Unused; 2]);
        assert_eq!([at(77), at(90)], [Standing::EndsSoon, Standing::Ended]);
        let used = Key { used_at: Some(now.plus(20 * DAY)), ..key.clone() };
        assert_eq!(used.standing(now.plus(49 * DAY)), Standing::Working);
        let revoked = Key { revoked: Some((now, "Ana".to_owned())), ..key.clone() };
        assert_eq!((revoked.standing(now), revoked.works(now)), (Standing::Revoked, false));
        assert!(key.works(now.plus(90 * DAY - 1)) && !key.works(now.plus(90 * DAY)));
    }
}
