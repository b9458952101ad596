//! A hand-off link: lets the owner of a mailbox sign in without an account here. No I/O.

use crate::clock::UnixTime;
use crate::ids::{LinkId, MailboxId};
use crate::secrets::{Place, Sealed};

const DAY: i64 = 24 * 60 * 60;

/// A link for the owner of a mailbox.
#[derive(Clone, Debug)]
pub struct Link {
    /// Ours.
    pub id: LinkId,
    /// The mailbox to sign in for.
    pub mailbox_id: MailboxId,
    /// Its code, sealed for [`Link::place`]; empty once it is no longer open.
    pub sealed: Sealed,
    /// Who made it.
    pub made_by: String,
    /// The e-mail address of whoever made it.
    pub contact: String,
    /// When it was made.
    pub made_at: UnixTime,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// When a sign-in used it up, and which account that was.
    pub used: Option<(UnixTime, String)>,
    /// When it was withdrawn, and by whom.
    pub withdrawn: Option<(UnixTime, String)>,
}

/// What a link can do at a moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It can be used.
    Open,
    /// A sign-in has used it up.
    Used,
    /// It ended by itself.
    Expired,
    /// Somebody ended it.
    Withdrawn,
}

impl Link {
    /// Where its code is stored.
    pub fn place(id: &LinkId) -> Place<'_> {
        Place { table: "sign_in_links", column: "sealed", row: id.as_str() }
    }

    /// What it can do at `now`.
    pub fn state(&self, now: UnixTime) -> State {
        if self.used.is_some() {
            State::Used
        } else if self.withdrawn.is_some() {
            State::Withdrawn
        } else if now >= self.expires_at {
            State::Expired
        } else {
            State::Open
        }
    }
}

/// Seconds for which a link is good, by the days that were chosen: one, three or seven.
pub fn lasts(days: &str) -> i64 {
    match days {
        "3" => 3 * DAY,
        "7" => 7 * DAY,
        _ => DAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn a_link_ends_by_use_by_withdrawal_or_by_itself() {
        let (now, chance) = (UnixTime::from_seconds(1_000), Chance::seeded(1));
        let open = Link {
            id: LinkId::new(now, &chance),
            mailbox_id: MailboxId::new(now, &chance),
            sealed: Sealed::nothing(),
            made_by: "Ana".to_owned(),
            contact: "ana@contoso.example".to_owned(),
            made_at: now,
            expires_at: now.plus(lasts("1")),
            used: None,
            withdrawn: None,
        };
        assert_eq!(open.state(now.plus(DAY - 1)), State::Open);
        assert_eq!(open.state(now.plus(DAY)), State::Expired);
        let by = |name: &str| Some((now, name.to_owned()));
        let used = Link { used: by("olga"), ..open.clone() };
        assert_eq!(used.state(now.plus(2 * DAY)), State::Used);
        assert_eq!(Link { withdrawn: by("Ana"), ..open.clone() }.state(now), State::Withdrawn);
        assert_eq!((lasts("7"), lasts("forever")), (7 * DAY, DAY));
    }
}
