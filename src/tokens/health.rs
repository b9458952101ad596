//! How a token stands, in the words of the pages. No I/O.

use crate::clock::UnixTime;
use crate::web::Badge;
use crate::words::{Cause, Family, Icon};

/// How a token stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Good, and the last renewal went well.
    Fresh,
    /// Good, and its renewal waits for trouble that passes by itself.
    Late,
    /// Good for now, and cannot be renewed before somebody mends something.
    Stuck(Cause),
    /// Of no use any more; the cause is not known if nobody tried to renew it.
    Ended(Option<Cause>),
}

impl Standing {
    /// How a token stands at `now`; `cause` is why the last try brought nothing, if it did not.
    pub fn of(expires_at: UnixTime, cause: Option<Cause>, now: UnixTime) -> Self {
        match cause {
            cause if expires_at <= now => Self::Ended(cause),
            None => Self::Fresh,
            Some(cause) if cause.is_transient() => Self::Late,
            Some(cause) => Self::Stuck(cause),
        }
    }

    /// Its name in exports.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Late => "late",
            Self::Stuck(_) => "stuck",
            Self::Ended(_) => "ended",
        }
    }

    /// Its badge.
    pub fn badge(self) -> Badge {
        let (family, icon, label) = match self {
            Self::Fresh => (Family::Ok, Icon::Ok, "Fresh"),
            Self::Late => (Family::Warn, Icon::Clock, "Renewal is late"),
            Self::Stuck(cause) => (cause.family(), cause.icon(), "Cannot be renewed"),
            Self::Ended(_) => (Family::Crit, Icon::OctagonClock, "Ended"),
        };
        Badge { family: family.class(), icon: icon.name(), label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_fresh_only_while_it_is_good_and_its_last_renewal_went_well() {
        let now = UnixTime::from_seconds(1_000);
        let of = |left, cause| Standing::of(now.plus(left), cause, now);
        assert_eq!(of(1, None), Standing::Fresh);
        assert_eq!(of(1, Some(Cause::ProviderDown)), Standing::Late);
        assert_eq!(of(1, Some(Cause::SecretExpired)), Standing::Stuck(Cause::SecretExpired));
        assert_eq!(of(0, None), Standing::Ended(None));
        assert_eq!(of(-9, Some(Cause::ProviderDown)), Standing::Ended(Some(Cause::ProviderDown)));
    }
}
