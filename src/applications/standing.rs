//! How a credential, or an application with all of its credentials, stands: family, icon and words. No I/O.

use jiff::tz::TimeZone;

use crate::clock::UnixTime;
use crate::ids::CredentialId;
use crate::web::when::date;
use crate::words::{Family, Icon};

use super::credential::{Credential, EXPIRING, Kind, State, in_order_of_use};
use super::proofs::Proofs;

const DAY: i64 = 24 * 60 * 60;

/// What a badge shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The family's class.
    pub family: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// The words.
    pub label: String,
}

impl Standing {
    /// A badge of this family, with this icon and these words.
    pub fn new(family: Family, icon: Icon, label: impl Into<String>) -> Self {
        Self { family: family.class(), icon: icon.name(), label: label.into() }
    }
}

/// How an application stands, by all of its credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proven {
    /// It has no credential.
    Nothing,
    /// Microsoft was not asked about any.
    Untested,
    /// Microsoft refused them.
    Refused,
    /// Microsoft accepts one; nobody knows until when.
    EndUnknown,
    /// Microsoft accepted one that has ended since.
    Ended(UnixTime),
    /// Microsoft accepts one that ends soon.
    EndsSoon(UnixTime),
    /// Microsoft accepts one that lasts.
    Lasts(UnixTime),
}

impl Proven {
    /// How it stands at `now`; `ends` is when the last accepted credential ends.
    pub fn of(proofs: Proofs, ends: Option<UnixTime>, now: UnixTime) -> Self {
        match (proofs, ends) {
            (Proofs { accepted: 1.., .. }, None) => Self::EndUnknown,
            (Proofs { accepted: 1.., .. }, Some(end)) if end <= now => Self::Ended(end),
            (Proofs { accepted: 1.., .. }, Some(end)) if end.since(now) < EXPIRING => Self::EndsSoon(end),
            (Proofs { accepted: 1.., .. }, Some(end)) => Self::Lasts(end),
            (Proofs { untested: 1.., .. }, _) => Self::Untested,
            (Proofs { refused: 1.., .. }, _) => Self::Refused,
            _ => Self::Nothing,
        }
    }

    /// Its name in exports.
    pub fn value(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Untested => "untested",
            Self::Refused => "refused",
            Self::EndUnknown => "end_unknown",
            Self::Ended(_) => "expired",
            Self::EndsSoon(_) => "expiring",
            Self::Lasts(_) => "good",
        }
    }

    /// Its badge.
    pub fn badge(self, now: UnixTime, zone: &TimeZone) -> Standing {
        match self {
            Self::Nothing => Standing::new(Family::Crit, Icon::OctagonKey, "None"),
            Self::Untested => Standing::new(Family::Idle, Icon::Ring, "Not tested yet"),
            Self::Refused => Standing::new(Family::Crit, Icon::OctagonKey, "Refused by Microsoft"),
            Self::EndUnknown => Standing::new(Family::Info, Icon::Unknown, "End not known"),
            Self::Ended(end) => Standing::new(Family::Crit, Icon::OctagonClock, format!("Expired {}", date(end, zone))),
            Self::EndsSoon(end) => Standing::new(Family::Warn, Icon::Clock, format!("Ends {}", in_days(end, now))),
            Self::Lasts(end) => Standing::new(Family::Ok, Icon::Ok, format!("Ends {}", in_days(end, now))),
        }
    }
}

/// What Microsoft says of a credential. `in_use`: it is the one that Postkey shows to Microsoft.
pub fn of_credential(credential: &Credential, in_use: bool, zone: &TimeZone) -> Standing {
    match credential.state {
        State::Untested => Standing::new(Family::Idle, Icon::Ring, "Not tested yet"),
        State::Accepted if in_use => Standing::new(Family::Ok, Icon::Ok, "In use"),
        State::Accepted => Standing::new(Family::Info, Icon::Ok, "Accepted"),
        State::Refused => Standing::new(Family::Crit, Icon::OctagonKey, "Refused by Microsoft"),
        State::Retired => {
            let day = credential.retired_at.map(|at| date(at, zone)).unwrap_or_default();
            Standing::new(Family::Idle, Icon::Pause, format!("Retired {day}").trim_end())
        }
    }
}

/// When a credential ends, as a badge; the day stands beside it.
pub fn end_of(credential: &Credential, now: UnixTime) -> Standing {
    let Some(end) = credential.expires_at else {
        return Standing::new(Family::Info, Icon::Unknown, "Not known");
    };
    if end <= now {
        return Standing::new(Family::Crit, Icon::OctagonClock, "Has ended");
    }
    let (family, icon) = if end.since(now) < EXPIRING { (Family::Warn, Icon::Clock) } else { (Family::Ok, Icon::Ok) };
    Standing::new(family, icon, format!("Ends {}", in_days(end, now)))
}

/// Whether the last token carried a permission that Postkey needs.
pub fn of_permission(carried: bool) -> Standing {
    if carried {
        Standing::new(Family::Ok, Icon::Ok, "Granted")
    } else {
        Standing::new(Family::Warn, Icon::Warn, "Not in the token")
    }
}

/// The accepted credential that Postkey shows to Microsoft, if there is one.
pub fn in_use(credentials: &[Credential], now: UnixTime) -> Option<&Credential> {
    let first = in_order_of_use(credentials.to_vec(), now).into_iter().next()?;
    credentials.iter().find(|credential| credential.id == first.id && credential.state == State::Accepted)
}

/// What people call a credential: nothing secret, and no two of one application alike.
pub fn called(credential: &Credential) -> String {
    name_of(&credential.id, credential.kind, &credential.hint)
}

/// The same, of what a list reads of it.
pub fn name_of(id: &CredentialId, kind: Kind, hint: &str) -> String {
    let start: String = hint.chars().take(8).collect();
    match kind {
        Kind::Secret if hint.is_empty() => format!("secret {}", &id.as_str()[5..15]),
        Kind::Secret => format!("secret …{hint}"),
        Kind::Certificate => format!("certificate {start}…"),
    }
}

/// The same at the beginning of a line.
pub fn titled(credential: &Credential) -> String {
    let called = called(credential);
    format!("{}{}", called[..1].to_uppercase(), &called[1..])
}

/// How far away `end` is, in words that go on after a verb.
pub fn in_days(end: UnixTime, now: UnixTime) -> String {
    match end.since(now) / DAY {
        0 => "within a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_442_700);

    fn proven(accepted: i64, untested: i64, refused: i64, days: Option<i64>) -> Standing {
        let proofs = Proofs { accepted, untested, refused, last_used_at: None };
        let ends = days.map(|days| NOW.plus(days * DAY));
        Proven::of(proofs, ends, NOW).badge(NOW, &TimeZone::UTC)
    }

    #[test]
    fn an_application_stands_as_its_best_credential() {
        assert_eq!(proven(1, 1, 1, Some(214)).label, "Ends in 214 days");
        assert_eq!(proven(1, 0, 0, Some(29)), Standing::new(Family::Warn, Icon::Clock, "Ends in 29 days"));
        assert_eq!(proven(1, 0, 0, Some(1)).label, "Ends in 1 day");
        assert_eq!(proven(1, 0, 0, Some(0)).family, "crit");
        assert_eq!(proven(2, 0, 0, None).label, "End not known");
        assert_eq!(proven(0, 1, 1, None).label, "Not tested yet");
        assert_eq!(proven(0, 0, 1, None).label, "Refused by Microsoft");
        assert_eq!(proven(0, 0, 0, None).label, "None");
    }
}
