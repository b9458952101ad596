//! A moment as a page shows it: exact, in the reader's zone, and how long ago.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::UnixTime;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment in three forms. `static/app.js` makes the same relative words; change both or neither.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct When {
    /// RFC 3339 with offset, for `<time datetime>`.
    pub iso: String,
    /// For people, for example `23 Nov 2026, 14:05`.
    pub absolute: String,
    /// For people in a hurry, for example `2 min ago`.
    pub relative: String,
}

impl When {
    /// `moment` as seen at `now` in `zone`.
    pub fn at(moment: UnixTime, now: UnixTime, zone: &TimeZone) -> Self {
        let Ok(stamp) = Timestamp::from_second(moment.seconds()) else { return Self::default() };
        let local = stamp.to_zoned(zone.clone());
        let absolute = local.strftime("%-d %b %Y, %H:%M").to_string();
        let date = local.strftime("%-d %b %Y").to_string();
        Self {
            iso: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            relative: relative(moment.since(now), date),
            absolute,
        }
    }
}

fn relative(seconds: i64, date: String) -> String {
    let far = seconds.unsigned_abs() as i64;
    let amount = |unit: i64| ((far + unit / 2) / unit).max(1);
    let (count, unit) = match far {
        0..45 => return if seconds > 0 { "in a moment" } else { "just now" }.to_owned(),
        45..2700 => (amount(MINUTE), "min"),
        2700..79_200 => (amount(HOUR), "h"),
        79_200..2_246_400 => (amount(DAY), "days"),
        _ => return date,
    };
    match (seconds > 0, unit, count) {
        (false, "days", 1) => "yesterday".to_owned(),
        (true, "days", 1) => "tomorrow".to_owned(),
        (false, ..) => format!("{count} {unit} ago"),
        (true, ..) => format!("in {count} {unit}"),
    }
}

/// `moment` as a time of day in `zone`, for example `14:05`; with its date if that is not today's.
pub fn time(moment: UnixTime, now: UnixTime, zone: &TimeZone) -> String {
    let When { absolute, .. } = When::at(moment, now, zone);
    let today = format!("{}, ", date(now, zone));
    absolute.strip_prefix(&today).map(str::to_owned).unwrap_or(absolute)
}

/// A length of time in seconds in words, for example `22 min`.
pub fn span(seconds: i64) -> String {
    let amount = |unit: i64| (seconds + unit / 2) / unit;
    match seconds {
        ..60 => "less than a minute".to_owned(),
        60..5_400 => format!("{} min", amount(MINUTE)),
        5_400..172_800 => format!("{} h", amount(HOUR)),
        _ => format!("{} days", amount(DAY)),
    }
}

/// `moment` as a bare date in `zone`, for example `14 Mar 2027`.
pub fn date(moment: UnixTime, zone: &TimeZone) -> String {
    Timestamp::from_second(moment.seconds())
        .map(|stamp| stamp.to_zoned(zone.clone()).strftime("%-d %b %Y").to_string())
        .unwrap_or_default()
}

/// How the footer names the zone, for example `Europe/Madrid (UTC+01:00)`.
pub fn zone_name(zone: &TimeZone, now: UnixTime) -> String {
    let Ok(stamp) = Timestamp::from_second(now.seconds()) else { return "UTC".to_owned() };
    let offset = stamp.to_zoned(zone.clone()).strftime("UTC%:z").to_string();
    match zone.iana_name() {
        Some("UTC") | None => offset,
        Some(name) => format!("{name} ({offset})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_exactly_and_relative_to_now() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let now = UnixTime::from_seconds(1_795_442_700);
        let at = |seconds: i64| When::at(now.plus(seconds), now, &zone).relative;
        assert_eq!(at(-44), "just now");
        assert_eq!(at(-120), "2 min ago");
        assert_eq!(at(-3 * HOUR), "3 h ago");
        assert_eq!(at(-DAY), "yesterday");
        assert_eq!(at(-5 * DAY), "5 days ago");
        assert_eq!(at(12 * DAY), "in 12 days");
        assert_eq!(at(90), "in 2 min");
        let far = When::at(now.plus(-100 * DAY), now, &zone);
        assert!(far.absolute.starts_with(&far.relative));
        assert!(far.iso.ends_with("+02:00"), "{}", far.iso);
        assert_eq!(
            [span(59), span(1_320), span(86_400), span(10 * DAY)],
            ["less than a minute", "22 min", "24 h", "10 days"]
        );
        assert_eq!(time(now.plus(-HOUR), now, &zone), "14:05");
        assert_eq!(time(now.plus(-DAY), now, &zone), "22 Nov 2026, 15:05");
    }
}
