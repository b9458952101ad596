//! One thing that ends: what it is, what stops with it, and how it stands. No I/O.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::applications::Kind;
use crate::applications::credential::{EXPIRING, State};
use crate::applications::standing::{Standing, in_days, name_of};
use crate::clock::UnixTime;
use crate::ids::{ApplicationId, CredentialId, KeyId, MailboxId};
use crate::words::{Family, Icon};

const DAY: i64 = 24 * 60 * 60;
/// Seconds after which Microsoft ends a sign-in that nothing has used.
pub const IDLE_ENDS: i64 = 90 * DAY;
/// Seconds without a renewal from which a sign-in counts as unused. A mailbox in use renews within hours.
pub const IDLE: i64 = 7 * DAY;

/// A credential of an application as the store reads it; not retired.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The credential.
    pub id: CredentialId,
    /// Secret or certificate.
    pub kind: Kind,
    /// Microsoft's last word on it.
    pub state: State,
    /// What tells it from others of the application.
    pub hint: String,
    /// When it ends, if anybody told Postkey.
    pub ends_at: Option<UnixTime>,
    /// Whose it is.
    pub application_id: ApplicationId,
    /// What that is called.
    pub application: String,
    /// Living mailboxes of that application.
    pub mailboxes: i64,
}

/// A person's sign-in that nothing has renewed for a week or more.
#[derive(Clone, Debug)]
pub struct IdleSignIn {
    /// The mailbox it opens.
    pub mailbox_id: MailboxId,
    /// That mailbox' address.
    pub address: String,
    /// When it was last renewed.
    pub issued_at: UnixTime,
}

/// A key of a mail worker that no other one has taken the place of.
#[derive(Clone, Debug)]
pub struct EndingKey {
    /// The key.
    pub id: KeyId,
    /// What it is called.
    pub name: String,
    /// When it ends.
    pub ends_at: UnixTime,
}

/// What it is.
#[derive(Clone, Debug)]
pub enum What {
    /// A secret or certificate.
    Credential(Stored),
    /// A sign-in, if nothing uses it before.
    SignIn(IdleSignIn),
    /// A key.
    Key(EndingKey),
}

/// How it stands at a moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standpoint {
    /// Microsoft accepts another credential of the same application that lasts longer: nothing stops.
    Replaced,
    /// Microsoft refuses it already.
    Refused,
    /// Nobody told Postkey when it ends.
    Unknown,
    /// It has ended.
    Ended,
    /// It ends within thirty days.
    EndsSoon,
    /// It lasts longer.
    Lasts,
}

/// One thing that ends.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub what: What,
    /// When it ends, if that is known.
    pub ends_at: Option<UnixTime>,
    /// How it stands.
    pub standpoint: Standpoint,
    /// Mailboxes that stop when it ends.
    pub stops: i64,
}

/// All of it at `now`: what has ended first, what has no date last.
pub fn items(stored: Vec<Stored>, idle: Vec<IdleSignIn>, keys: Vec<EndingKey>, now: UnixTime) -> Vec<Item> {
    let mut lasts: HashMap<ApplicationId, Vec<(CredentialId, UnixTime)>> = HashMap::new();
    for one in stored.iter().filter(|one| one.state == State::Accepted) {
        // One without a known end works as far as anybody knows.
        let end = one.ends_at.unwrap_or(UnixTime::from_seconds(i64::MAX));
        lasts.entry(one.application_id.clone()).or_default().push((one.id.clone(), end));
    }
    let replaced = |one: &Stored| {
        // A refused one stops nothing more when it ends.
        let own = if one.state == State::Refused { Some(now) } else { one.ends_at };
        let end = own.unwrap_or(UnixTime::from_seconds(i64::MAX)).max(now);
        let others = lasts.get(&one.application_id).into_iter().flatten();
        others.into_iter().any(|(id, other)| *id != one.id && *other > end)
    };
    let mut items: Vec<Item> = stored.iter().map(|one| Item::of_credential(one.clone(), replaced(one), now)).collect();
    items.extend(idle.into_iter().map(|sign_in| Item::of_sign_in(sign_in, now)));
    items.extend(keys.into_iter().map(|key| Item::of_key(key, now)));
    // To the end, so that two rows do not change places when the page is loaded again.
    items.sort_by_key(|item| (item.ends_at.is_none(), item.ends_at, item.name().to_lowercase(), item.key().to_owned()));
    items
}

impl Item {
    fn of_credential(stored: Stored, replaced: bool, now: UnixTime) -> Self {
        let standpoint = match stored.ends_at {
            _ if replaced => Standpoint::Replaced,
            _ if stored.state == State::Refused => Standpoint::Refused,
            None => Standpoint::Unknown,
            Some(end) => Standpoint::of(end, now),
        };
        let stops = if replaced { 0 } else { stored.mailboxes };
        Self { ends_at: stored.ends_at, standpoint, stops, what: What::Credential(stored) }
    }

    fn of_sign_in(sign_in: IdleSignIn, now: UnixTime) -> Self {
        let end = sign_in.issued_at.plus(IDLE_ENDS);
        Self { ends_at: Some(end), standpoint: Standpoint::of(end, now), stops: 1, what: What::SignIn(sign_in) }
    }

    fn of_key(key: EndingKey, now: UnixTime) -> Self {
        let standpoint = Standpoint::of(key.ends_at, now);
        Self { ends_at: Some(key.ends_at), standpoint, stops: 0, what: What::Key(key) }
    }

    /// Its identifier, which is also the place of its row on the page.
    pub fn key(&self) -> &str {
        match &self.what {
            What::Credential(stored) => stored.id.as_str(),
            What::SignIn(sign_in) => sign_in.mailbox_id.as_str(),
            What::Key(key) => key.id.as_str(),
        }
    }

    /// The application or mailbox it belongs to.
    pub fn name(&self) -> &str {
        match &self.what {
            What::Credential(stored) => &stored.application,
            What::SignIn(sign_in) => &sign_in.address,
            What::Key(key) => &key.name,
        }
    }

    /// What of that it is, for people with an account.
    pub fn part(&self) -> String {
        match &self.what {
            What::Credential(stored) => name_of(&stored.id, stored.kind, &stored.hint),
            What::SignIn(_) => "unused sign-in".to_owned(),
            What::Key(_) => "API key".to_owned(),
        }
    }

    /// What it is, in exports.
    pub fn kind(&self) -> &'static str {
        match &self.what {
            What::Credential(stored) => stored.kind.value(),
            What::SignIn(_) => "sign_in",
            What::Key(_) => "api_key",
        }
    }

    /// The day on which it ends, in `zone`.
    pub fn day(&self, zone: &TimeZone) -> Option<Date> {
        day_of(self.ends_at?, zone)
    }

    /// What stops with it, in words.
    pub fn stops_words(&self) -> String {
        match self.stops {
            _ if matches!(self.what, What::Key(_)) => "its workers".to_owned(),
            0 => "none".to_owned(),
            1 => "1 mailbox".to_owned(),
            count => format!("{count} mailboxes"),
        }
    }

    /// Its badge.
    pub fn badge(&self, now: UnixTime) -> Standing {
        let words = |verb: &str| self.ends_at.map(|end| format!("{verb} {}", in_days(end, now))).unwrap_or_default();
        match (self.standpoint, &self.what) {
            // Microsoft does not say whether it has, and other apps may have used it.
            (Standpoint::Ended, What::SignIn(_)) => Standing::new(Family::Act, Icon::PersonClock, "Has probably ended"),
            (_, What::SignIn(_)) => Standing::new(Family::Act, Icon::PersonClock, words("Ends")),
            (Standpoint::Replaced, _) => Standing::new(Family::Idle, Icon::Ok, "Another takes over"),
            (Standpoint::Refused, _) => Standing::new(Family::Crit, Icon::OctagonKey, "Refused by Microsoft"),
            (Standpoint::Unknown, _) => Standing::new(Family::Info, Icon::Unknown, "End not known"),
            (Standpoint::Ended, _) => Standing::new(Family::Crit, Icon::OctagonClock, "Has ended"),
            (Standpoint::EndsSoon, _) => Standing::new(Family::Warn, Icon::Clock, words("Ends")),
            (Standpoint::Lasts, _) => Standing::new(Family::Ok, Icon::Ok, words("Ends")),
        }
    }
}

impl Standpoint {
    fn of(end: UnixTime, now: UnixTime) -> Self {
        match end.since(now) {
            ..=0 => Self::Ended,
            1..EXPIRING => Self::EndsSoon,
            _ => Self::Lasts,
        }
    }

    /// Its name in exports.
    pub fn value(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Refused => "refused",
            Self::Unknown => "end_unknown",
            Self::Ended => "expired",
            Self::EndsSoon => "expiring",
            Self::Lasts => "good",
        }
    }
}

/// The day of `moment` in `zone`.
pub fn day_of(moment: UnixTime, zone: &TimeZone) -> Option<Date> {
    let stamp = Timestamp::from_second(moment.seconds()).ok()?;
    Some(stamp.to_zoned(zone.clone()).date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn stored(application: &ApplicationId, seed: u64, state: State, days: Option<i64>) -> Stored {
        Stored {
            id: CredentialId::new(NOW, &Chance::seeded(seed)),
            kind: Kind::Secret,
            state,
            hint: "Q4a".to_owned(),
            ends_at: days.map(|days| NOW.plus(days * DAY)),
            application_id: application.clone(),
            application: "Contoso Mail".to_owned(),
            mailboxes: 12,
        }
    }

    fn standpoints(of: &[(State, Option<i64>)]) -> Vec<(Standpoint, i64)> {
        let application = ApplicationId::new(NOW, &Chance::seeded(99));
        let all = (1..).zip(of).map(|(seed, (state, days))| stored(&application, seed, *state, *days)).collect();
        items(all, Vec::new(), Vec::new(), NOW).iter().map(|item| (item.standpoint, item.stops)).collect()
    }

    #[test]
    fn what_another_takes_over_stops_nothing() {
        use Standpoint::{Ended, EndsSoon, Lasts, Refused, Replaced, Unknown};
        let accepted = |days| (State::Accepted, days);
        assert_eq!(standpoints(&[accepted(Some(-3))]), [(Ended, 12)]);
        assert_eq!(standpoints(&[accepted(Some(-3)), accepted(Some(200))]), [(Replaced, 0), (Lasts, 12)]);
        assert_eq!(standpoints(&[accepted(Some(-3)), accepted(Some(-2))]), [(Ended, 12), (Ended, 12)]);
        assert_eq!(standpoints(&[accepted(Some(29)), accepted(None)]), [(Replaced, 0), (Unknown, 12)]);
        // What Microsoft was not asked about, or refuses, takes nothing over.
        assert_eq!(standpoints(&[accepted(Some(29)), (State::Untested, Some(200))]), [(EndsSoon, 12), (Lasts, 12)]);
        assert_eq!(standpoints(&[accepted(Some(29)), (State::Refused, Some(200))]), [(EndsSoon, 12), (Replaced, 0)]);
        assert_eq!(standpoints(&[accepted(Some(-1)), (State::Refused, Some(200))]), [(Ended, 12), (Refused, 12)]);
        assert_eq!(standpoints(&[(State::Refused, None)]), [(Refused, 12)]);
        assert_eq!(standpoints(&[(State::Untested, Some(3)), accepted(Some(30))]), [(Replaced, 0), (Lasts, 12)]);
    }

    #[test]
    fn a_sign_in_ends_ninety_days_after_its_last_renewal() {
        let mailbox_id = MailboxId::new(NOW, &Chance::seeded(1));
        let idle = |days: i64| {
            let address = "olga@contoso.example".to_owned();
            let sign_in = IdleSignIn { mailbox_id: mailbox_id.clone(), address, issued_at: NOW.plus(-days * DAY) };
            items(Vec::new(), vec![sign_in], Vec::new(), NOW).remove(0).badge(NOW).label
        };
        assert_eq!([idle(7), idle(89), idle(90)], ["Ends in 83 days", "Ends in 1 day", "Has probably ended"]);
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let late = UnixTime::from_seconds(1_795_435_200 + 11 * 60 * 60 + 30 * 60);
        assert_eq!(day_of(late, &zone).unwrap().to_string(), "2026-11-24");
        assert_eq!(day_of(late, &TimeZone::UTC).unwrap().to_string(), "2026-11-23");
    }
}
