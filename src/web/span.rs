//! The stretches of time that a page looks back on, cut into slices. No I/O.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::clock::UnixTime;
use crate::error::{AppError, Result};

const HOUR: i64 = 60 * 60;

/// How far a page looks back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Span {
    /// 24 slices of an hour.
    Day,
    /// 56 slices of three hours.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
}

/// One slice of a span; the last one of a span ends after the moment that is looked back from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slice {
    /// Its first second.
    pub from: UnixTime,
    /// The first second after it.
    pub to: UnixTime,
}

impl Slice {
    /// Whether anything from `first` to `last`, both included, lies in it.
    pub fn meets(&self, first: UnixTime, last: UnixTime) -> bool {
        first < self.to && last >= self.from
    }
}

impl Span {
    /// Every span, the shortest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// Its name in addresses.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    /// The span of this name; a day if there is none.
    ///
    /// # Errors
    /// If the name is another one.
    pub fn parse(value: &str) -> Result<Self> {
        if value.is_empty() {
            return Ok(Self::Day);
        }
        let known = Self::ALL.into_iter().find(|span| span.value() == value);
        known.ok_or(AppError::BadRequest("There is no such stretch of time. Choose 24h, 7d, 30d or 90d."))
    }

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Quarter => "90 days",
        }
    }

    /// How long a slice is, in words.
    pub const fn each(self) -> &'static str {
        match self {
            Self::Day => "one hour",
            Self::Week => "three hours",
            Self::Month | Self::Quarter => "one day",
        }
    }

    /// Its slices as seen at `now`, oldest first. Days begin at midnight in `zone`.
    pub fn slices(self, now: UnixTime, zone: &TimeZone) -> Vec<Slice> {
        match self {
            Self::Day => even(now, 0, HOUR, 24),
            Self::Week => even(now, offset(now, zone), 3 * HOUR, 56),
            Self::Month => days(now, zone, 30),
            Self::Quarter => days(now, zone, 90),
        }
    }
}

/// Seconds by which whole hours of `zone` differ from those of UTC.
fn offset(now: UnixTime, zone: &TimeZone) -> i64 {
    let stamp = Timestamp::from_second(now.seconds()).unwrap_or_default();
    let offset = i64::from(zone.to_offset(stamp).seconds());
    offset - offset.rem_euclid(HOUR)
}

fn even(now: UnixTime, offset: i64, step: i64, count: i64) -> Vec<Slice> {
    let local = now.seconds() + offset;
    let newest = UnixTime::from_seconds(local - local.rem_euclid(step) - offset);
    (0..count).rev().map(|back| newest.plus(-back * step)).map(|from| Slice { from, to: from.plus(step) }).collect()
}

fn days(now: UnixTime, zone: &TimeZone, count: i64) -> Vec<Slice> {
    let today = Timestamp::from_second(now.seconds()).unwrap_or_default().to_zoned(zone.clone()).date();
    // A day that has no midnight, or is none that the calendar knows, is left out.
    let midnight = |back: i64| {
        let begins = today.checked_sub(back.days()).ok()?.to_zoned(zone.clone()).ok()?;
        Some(UnixTime::from_seconds(begins.timestamp().as_second()))
    };
    (0..count).rev().filter_map(|back| Some(Slice { from: midnight(back)?, to: midnight(back - 1)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday, 25 October 2026, 12:20 in Madrid, where that day has 25 hours.
    const LONG_DAY: i64 = 1_792_927_200;

    #[test]
    fn slices_join_and_the_last_one_holds_the_present() {
        let now = UnixTime::from_seconds(LONG_DAY);
        for zone in ["Europe/Madrid", "Asia/Kolkata", "America/New_York", "UTC"] {
            let zone = TimeZone::get(zone).unwrap();
            for span in Span::ALL {
                let slices = span.slices(now, &zone);
                assert!(slices.windows(2).all(|two| two[0].to == two[1].from), "{span:?}");
                assert!(slices.last().unwrap().meets(now, now), "{span:?}");
                assert!(slices.len() <= 96, "{span:?} has more bars than a page has room for");
                assert_eq!(Span::parse(span.value()).unwrap(), span);
            }
        }
        assert_eq!(Span::parse("").unwrap(), Span::Day);
        assert!(Span::parse("1y").is_err());
    }

    #[test]
    fn a_day_begins_at_midnight_where_the_reader_is_and_may_have_25_hours() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let days = Span::Month.slices(UnixTime::from_seconds(LONG_DAY), &zone);
        let hours: Vec<i64> = days.iter().map(|day| day.to.since(day.from) / HOUR).collect();
        assert_eq!((hours[28], hours[29]), (24, 25));
    }
}
