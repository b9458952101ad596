//! What Postkey shows for one direction of a mailbox, and how two of them become one.

use super::{Cause, Family, Icon, text_form};

/// The state of one direction of a mailbox, or of the mailbox as a whole.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Status {
    /// Proven by an answer of the mailbox.
    Connected,
    /// The token carries the permission; not proven by a message.
    Ready,
    /// Nothing speaks against it, nothing proves it.
    NotTested,
    /// Saved, Microsoft has not been asked.
    Unverified,
    /// Microsoft is being asked now.
    Checking,
    /// Works, but its credential ends soon.
    Expiring,
    /// Works, but slowly.
    Degraded,
    /// Stopped by a person.
    Paused,
    /// The last result is too old to be believed.
    Unknown,
    /// A sign-in link is out and not used yet.
    SignInPending,
    /// Does not work, and why.
    Failing(Cause),
}

impl Status {
    /// Every status that is not a failure; each [`Cause`] is one more.
    pub const PLAIN: &[Self] = &[
        Self::Connected,
        Self::Ready,
        Self::NotTested,
        Self::Unverified,
        Self::Checking,
        Self::Expiring,
        Self::Degraded,
        Self::Paused,
        Self::Unknown,
        Self::SignInPending,
    ];

    /// The stable name in the API and in the database; for a failure that of its cause.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Ready => "ready",
            Self::NotTested => "not_tested",
            Self::Unverified => "unverified",
            Self::Checking => "checking",
            Self::Expiring => "expiring",
            Self::Degraded => "degraded",
            Self::Paused => "paused",
            Self::Unknown => "unknown",
            Self::SignInPending => "sign_in_pending",
            Self::Failing(cause) => cause.value(),
        }
    }

    /// The status with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::PLAIN
            .iter()
            .copied()
            .find(|status| status.value() == value)
            .or_else(|| Cause::parse(value).map(Self::Failing))
    }

    /// The words on the badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Ready => "Ready",
            Self::NotTested => "Not tested",
            Self::Unverified => "Not checked yet",
            Self::Checking => "Checking",
            Self::Expiring => "Expiring",
            Self::Degraded => "Slow",
            Self::Paused => "Paused",
            Self::Unknown => "Unknown",
            Self::SignInPending => "Waiting for sign-in",
            Self::Failing(cause) => cause.label(),
        }
    }

    /// How serious it is.
    pub const fn family(self) -> Family {
        match self {
            Self::Connected | Self::Ready => Family::Ok,
            Self::NotTested => Family::Info,
            Self::Unverified | Self::Checking | Self::Paused | Self::Unknown => Family::Idle,
            Self::Expiring | Self::Degraded => Family::Warn,
            Self::SignInPending => Family::Act,
            Self::Failing(cause) => cause.family(),
        }
    }

    /// Its icon.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Connected | Self::Ready => Icon::Ok,
            Self::NotTested | Self::Unverified => Icon::Ring,
            Self::Checking => Icon::RingDot,
            Self::Expiring => Icon::Clock,
            Self::Degraded => Icon::Warn,
            Self::Paused => Icon::Pause,
            Self::Unknown => Icon::Unknown,
            Self::SignInPending => Icon::PersonClock,
            Self::Failing(cause) => cause.icon(),
        }
    }

    /// Why it fails, if it does.
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Failing(cause) => Some(cause),
            _ => None,
        }
    }

    /// The place in a list that shows first what needs a person; lower comes first.
    ///
    /// Unknown stands before a mailbox that is new, because there something that worked has gone silent. Not tested
    /// ranks with what works: under an Exchange limit it is the normal, lasting state of outgoing mail, and must not
    /// hide that incoming mail is connected.
    pub const fn rank(self) -> u8 {
        match (self, self.family()) {
            (_, Family::Crit) => 0,
            (_, Family::Act) => 1,
            (_, Family::Warn) => 2,
            (Self::Unknown, _) => 3,
            (Self::Unverified | Self::Checking, _) => 4,
            (Self::Paused, _) => 5,
            _ => 6,
        }
    }

    /// The more serious of two; this one when they are equally serious, so ask incoming first:
    /// `incoming.worse(outgoing)`.
    pub const fn worse(self, other: Self) -> Self {
        if other.rank() < self.rank() { other } else { self }
    }
}

text_form!(Status, "status");

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Status> {
        let failing = Cause::ALL.iter().copied().map(Status::Failing);
        Status::PLAIN.iter().copied().chain(failing)
    }

    #[test]
    fn every_value_reads_back_and_is_unique() {
        for status in all() {
            assert_eq!(Status::parse(status.value()), Some(status));
            assert!(!status.label().is_empty());
        }
        assert_eq!(Status::parse("Connected"), None);
    }

    #[test]
    fn the_roll_up_is_the_more_serious_one_whatever_the_order() {
        for a in all() {
            for b in all() {
                let rolled = a.worse(b);
                assert_eq!(rolled.rank(), a.rank().min(b.rank()));
                assert_eq!(rolled.rank(), b.worse(a).rank());
            }
            assert_eq!(a.worse(a), a);
        }
    }

    #[test]
    fn the_roll_up_follows_the_order_of_families() {
        let order = [
            Status::Failing(Cause::SecretExpired),
            Status::Failing(Cause::NeedsSignIn),
            Status::Failing(Cause::Throttled),
            Status::Unknown,
            Status::Unverified,
            Status::Paused,
            Status::Connected,
        ];
        assert!(order.windows(2).all(|pair| pair[0].rank() < pair[1].rank()));
        assert_eq!(Status::Connected.worse(Status::Ready), Status::Connected);
        assert_eq!(Status::Connected.worse(Status::NotTested), Status::Connected);
    }

    #[test]
    fn json_form_is_the_stable_name() {
        let json = serde_json::to_string(&Status::Failing(Cause::SecretExpired)).unwrap();
        assert_eq!(json, r#""secret_expired""#);
        assert_eq!(serde_json::from_str::<Status>(&json).unwrap().cause(), Some(Cause::SecretExpired));
        assert!(serde_json::from_str::<Status>(r#""nonsense""#).is_err());
    }
}
