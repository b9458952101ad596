//! Hours of the day in which only what is urgent goes out. No I/O.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use crate::clock::UnixTime;

const DAY_MINUTES: i64 = 24 * 60;

/// Two times of the day, in the zone of the console. Equal ones stand for no such hours.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Quiet {
    /// Minutes after midnight at which it begins.
    pub from: i64,
    /// Minutes after midnight at which it ends; of the next day if that is earlier.
    pub until: i64,
}

impl Quiet {
    /// What was typed as `HH:MM`, twice, or nothing twice.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(from: &str, until: &str) -> Result<Self, &'static str> {
        match (from.trim(), until.trim()) {
            ("", "") => Ok(Self::default()),
            ("", _) | (_, "") => Err("Enter both times, or neither."),
            (from, until) => match (minutes(from), minutes(until)) {
                (Some(from), Some(until)) if from != until => Ok(Self { from, until }),
                (Some(_), Some(_)) => Err("The two times are the same. Leave both empty for no quiet hours."),
                _ => Err("Enter times as hours and minutes, for example 22:00 and 06:30."),
            },
        }
    }

    /// Whether there are such hours.
    pub fn is_set(self) -> bool {
        self.from != self.until
    }

    /// The two times as they are typed; empty if there are none.
    pub fn words(self) -> (String, String) {
        let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        if self.is_set() { (time(self.from), time(self.until)) } else { Default::default() }
    }

    /// When the quiet hours end that `now` lies in; nothing if it lies in none.
    pub fn ends(self, now: UnixTime, zone: &TimeZone) -> Option<UnixTime> {
        let local = Timestamp::from_second(now.seconds()).ok()?.to_zoned(zone.clone());
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let inside = (minute - self.from).rem_euclid(DAY_MINUTES) < (self.until - self.from).rem_euclid(DAY_MINUTES);
        if !inside {
            return None;
        }
        let time = Time::new((self.until / 60).try_into().ok()?, (self.until % 60).try_into().ok()?, 0, 0).ok()?;
        let days = [local.date(), local.date().tomorrow().ok()?];
        // When the clocks go back, the same time comes twice.
        let ends = days.into_iter().map(|day| zone.to_ambiguous_zoned(day.to_datetime(time)));
        let mut ends = ends.flat_map(|end| [end.clone().earlier(), end.later()]).filter_map(Result::ok);
        let end = ends.find(|end| *end > local)?;
        Some(UnixTime::from_seconds(end.timestamp().as_second()))
    }
}

fn minutes(text: &str) -> Option<i64> {
    let time = Time::strptime("%H:%M", text).ok()?;
    Some(i64::from(time.hour()) * 60 + i64::from(time.minute()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixTime {
        UnixTime::from_seconds(text.parse::<Timestamp>().unwrap().as_second())
    }

    #[test]
    fn quiet_hours_end_in_the_morning_of_the_zone_also_over_midnight_and_a_change_of_clocks() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let night = Quiet::parse("22:00", "06:30").unwrap();
        assert_eq!(night.ends(at("2026-11-23T20:59:00Z"), &zone), None);
        assert_eq!(night.ends(at("2026-11-23T21:00:00Z"), &zone), Some(at("2026-11-24T05:30:00Z")));
        assert_eq!(night.ends(at("2026-11-24T05:29:59Z"), &zone), Some(at("2026-11-24T05:30:00Z")));
        assert_eq!(night.ends(at("2026-11-24T05:30:00Z"), &zone), None);
        // Clocks go back on 25 October 2026 at 03:00.
        assert_eq!(night.ends(at("2026-10-24T21:00:00Z"), &zone), Some(at("2026-10-25T05:30:00Z")));
        let early = Quiet::parse("22:00", "02:30").unwrap();
        assert_eq!(early.ends(at("2026-10-25T01:15:00Z"), &zone), Some(at("2026-10-25T01:30:00Z")));
        let noon = Quiet::parse("12:00", "13:00").unwrap();
        assert_eq!(noon.ends(at("2026-11-23T11:30:00Z"), &zone), Some(at("2026-11-23T12:00:00Z")));
        assert_eq!(Quiet::default().ends(at("2026-11-23T11:30:00Z"), &zone), None);
    }

    #[test]
    fn two_times_or_none_are_typed() {
        assert_eq!(Quiet::parse(" 22:00", "06:30 ").unwrap().words(), ("22:00".to_owned(), "06:30".to_owned()));
        assert!(!Quiet::parse("", "").unwrap().is_set());
        for (from, until) in [("22:00", ""), ("", "06:00"), ("25:00", "06:00"), ("22", "6"), ("06:00", "06:00")] {
            assert!(Quiet::parse(from, until).is_err(), "{from} {until}");
        }
    }
}
