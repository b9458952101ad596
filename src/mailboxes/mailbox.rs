//! A mailbox, and which status it shows at a given moment. No I/O.

use crate::applications::credential;
use crate::clock::UnixTime;
use crate::ids::{ApplicationId, CheckId, MailboxId};
use crate::words::Status;

/// Seconds between two checks of a mailbox. One that is three intervals old proves nothing any more.
pub const CHECK_INTERVAL: i64 = 60 * 60;
const PROOF_LASTS: i64 = 3 * CHECK_INTERVAL;
/// Seconds after which a check that did not end is taken for dead.
pub const CHECK_ENDS: i64 = 2 * 60;
/// Seconds for which a deleted mailbox can be restored.
pub const BIN_LASTS: i64 = 30 * 24 * 60 * 60;

/// Who did something, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stamp {
    /// The person's name.
    pub by: String,
    /// When.
    pub at: UnixTime,
}

/// How Postkey proves that it may open a mailbox: the Access Type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Access {
    /// *Without a user*: an application with its own credential.
    WithoutUser,
    /// *On behalf of a user*: a person signs in with Microsoft.
    OnBehalfOfUser {
        /// The address of the person who signs in, if it is another than the mailbox itself: a shared mailbox.
        person: Option<String>,
    },
}

impl Access {
    /// Its name in the database and in forms.
    pub const fn value(&self) -> &'static str {
        match self {
            Self::WithoutUser => "application",
            Self::OnBehalfOfUser { .. } => "delegated",
        }
    }

    /// What it is called.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::WithoutUser => "Without a user",
            Self::OnBehalfOfUser { .. } => "On behalf of a user",
        }
    }

    /// The access type of this name; `person` is empty if nobody but the mailbox itself signs in.
    pub fn parse(value: &str, person: &str) -> Option<Self> {
        match value {
            "application" => Some(Self::WithoutUser),
            "delegated" => {
                Some(Self::OnBehalfOfUser { person: Some(person.to_owned()).filter(|person| !person.is_empty()) })
            }
            _ => None,
        }
    }

    /// The address of the person who signs in, if it is another than the mailbox itself; else empty.
    pub fn person(&self) -> &str {
        match self {
            Self::OnBehalfOfUser { person: Some(person) } => person,
            _ => "",
        }
    }
}

/// An address that mail is read from and sent from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mailbox {
    /// Ours.
    pub id: MailboxId,
    /// Its e-mail address, as it was typed.
    pub address: String,
    /// What people here call it; may be empty.
    pub display_name: String,
    /// How it is opened.
    pub access: Access,
    /// The application that opens it.
    pub application_id: ApplicationId,
    /// Counts changes of its settings.
    pub version: i64,
    /// Who added it, and when.
    pub created: Stamp,
    /// Who paused it, if it is paused.
    pub paused: Option<Stamp>,
    /// Who deleted it, if it is in the bin.
    pub deleted: Option<Stamp>,
    /// What the last checks said.
    pub health: Health,
}

/// What the last checks said of a mailbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Health {
    /// The verdict on reading.
    pub incoming: Status,
    /// The verdict on sending.
    pub outgoing: Status,
    /// Since when both are what they are.
    pub since: UnixTime,
    /// When the check that runs now began.
    pub checking_since: Option<UnixTime>,
    /// When the last check ended.
    pub checked_at: Option<UnixTime>,
    /// When a check last opened the mailbox.
    pub good_at: Option<UnixTime>,
    /// When Microsoft last accepted a test message.
    pub sent_at: Option<UnixTime>,
    /// The last check.
    pub last_check: Option<CheckId>,
}

/// What the two columns of the list show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shown {
    /// Reading.
    pub incoming: Status,
    /// Sending.
    pub outgoing: Status,
}

impl Mailbox {
    /// The name to call it by.
    pub fn called(&self) -> &str {
        if self.display_name.is_empty() { &self.address } else { &self.display_name }
    }

    /// Whether a person signs in for it.
    pub fn is_delegated(&self) -> bool {
        self.access != Access::WithoutUser
    }

    /// Whether the person who signs in is another than the mailbox itself.
    pub fn is_shared(&self) -> bool {
        !self.access.person().is_empty()
    }

    /// The address of the person who must sign in, if anybody must.
    pub fn signs_in(&self) -> Option<&str> {
        match &self.access {
            Access::WithoutUser => None,
            Access::OnBehalfOfUser { person } => Some(person.as_deref().unwrap_or(&self.address)),
        }
    }

    /// Whether what was granted for this mailbox is of no use for `other`, which is the same mailbox with other settings.
    pub fn needs_other_grant(&self, other: &Self) -> bool {
        self.application_id != other.application_id
            || self.signs_in().map(str::to_lowercase) != other.signs_in().map(str::to_lowercase)
            || self.is_shared() != other.is_shared()
    }

    /// What it shows at `now`, its application's credential ending at `ends`.
    pub fn shown(&self, now: UnixTime, ends: Option<UnixTime>) -> Shown {
        if self.paused.is_some() {
            return Shown { incoming: Status::Paused, outgoing: Status::Paused };
        }
        self.health.shown(now, ends)
    }
}

impl Health {
    /// Nothing is known of a mailbox that was never checked.
    pub fn unverified(now: UnixTime) -> Self {
        Self {
            incoming: Status::Unverified,
            outgoing: Status::Unverified,
            since: now,
            checking_since: None,
            checked_at: None,
            good_at: None,
            sent_at: None,
            last_check: None,
        }
    }

    /// What is known of a new mailbox: nothing, or that somebody has to sign in first.
    pub fn new(access: &Access, now: UnixTime) -> Self {
        let status = match access {
            Access::WithoutUser => Status::Unverified,
            Access::OnBehalfOfUser { .. } => Status::SignInPending,
        };
        Self { incoming: status, outgoing: status, ..Self::unverified(now) }
    }

    /// Whether a check runs at `now`.
    pub fn is_checking(&self, now: UnixTime) -> bool {
        self.checking_since.is_some_and(|since| now.since(since) < CHECK_ENDS)
    }

    fn shown(&self, now: UnixTime, ends: Option<UnixTime>) -> Shown {
        if self.is_checking(now) {
            return Shown { incoming: Status::Checking, outgoing: Status::Checking };
        }
        // Not checked yet, or waiting for somebody to sign in: neither gets old.
        let Some(checked_at) = self.checked_at else {
            return Shown { incoming: self.incoming, outgoing: self.outgoing };
        };
        if now.since(checked_at) > PROOF_LASTS {
            return Shown { incoming: Status::Unknown, outgoing: Status::Unknown };
        }
        let ends_soon = ends.is_some_and(|ends| ends.since(now) < credential::EXPIRING);
        let with_end = |status| match status {
            Status::Connected | Status::Ready if ends_soon => Status::Expiring,
            status => status,
        };
        Shown { incoming: with_end(self.incoming), outgoing: with_end(self.outgoing) }
    }
}

/// The moment before which a check proves nothing at `now`.
pub fn proof_from(now: UnixTime) -> UnixTime {
    now.plus(-PROOF_LASTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Cause;

    fn health(now: UnixTime) -> Health {
        let connected = Health { incoming: Status::Connected, outgoing: Status::Ready, ..Health::unverified(now) };
        Health { checked_at: Some(now), ..connected }
    }

    #[test]
    fn a_saved_mailbox_is_not_checked_yet_and_never_green() {
        let now = UnixTime::from_seconds(1_000_000);
        assert_eq!(Health::unverified(now).shown(now, None).incoming, Status::Unverified);
        let delegated = Access::OnBehalfOfUser { person: None };
        let waiting = Health::new(&delegated, now);
        assert_eq!(waiting.shown(now.plus(PROOF_LASTS + 1), None).incoming, Status::SignInPending);
    }

    #[test]
    fn an_access_type_reads_back_with_its_person() {
        let olga = Access::OnBehalfOfUser { person: Some("olga@contoso.example".to_owned()) };
        for access in [Access::WithoutUser, Access::OnBehalfOfUser { person: None }, olga] {
            assert_eq!(Access::parse(access.value(), access.person()), Some(access));
        }
        assert_eq!(Access::parse("shared", ""), None);
    }

    #[test]
    fn green_decays_after_three_intervals() {
        let now = UnixTime::from_seconds(1_000_000);
        let health = health(now);
        assert_eq!(health.shown(now.plus(PROOF_LASTS), None).incoming, Status::Connected);
        assert_eq!(health.shown(now.plus(PROOF_LASTS + 1), None).incoming, Status::Unknown);
        let failed = Health { incoming: Status::Failing(Cause::NoAccess), ..health };
        assert_eq!(failed.shown(now.plus(PROOF_LASTS + 1), None).incoming, Status::Unknown);
    }

    #[test]
    fn a_credential_that_ends_soon_shows_on_what_works_only() {
        let now = UnixTime::from_seconds(1_000_000);
        let soon = Some(now.plus(12 * 24 * 60 * 60));
        assert_eq!(health(now).shown(now, soon).incoming, Status::Expiring);
        let failed = Health { incoming: Status::Failing(Cause::NoAccess), ..health(now) };
        assert_eq!(failed.shown(now, soon).incoming, Status::Failing(Cause::NoAccess));
    }

    #[test]
    fn a_check_that_never_ended_does_not_show_for_ever() {
        let now = UnixTime::from_seconds(1_000_000);
        let stuck = Health { checking_since: Some(now), ..health(now) };
        assert_eq!(stuck.shown(now.plus(1), None).incoming, Status::Checking);
        assert_eq!(stuck.shown(now.plus(CHECK_ENDS), None).incoming, Status::Connected);
    }
}
