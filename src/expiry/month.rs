//! A month as weeks from Monday to Sunday. No I/O.

use jiff::civil::Date;

use crate::error::{AppError, Result};

/// The first day of the month that the address names, for example `2026-03`; that of `today` if it names none.
///
/// # Errors
/// If there is no such month.
pub fn parse(text: &str, today: Date) -> Result<Date> {
    if text.is_empty() {
        return Ok(today.first_of_month());
    }
    let plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let first = if plain { format!("{text}-01").parse().ok() } else { None };
    first.ok_or(AppError::BadRequest(
        "There is no such month. Write it as year and month, for example 2026-03, or open Expiry again.",
    ))
}

/// Its name in the address.
pub fn value(month: Date) -> String {
    month.strftime("%Y-%m").to_string()
}

/// The weeks that `month` touches; days of other months are left out.
pub fn weeks(month: Date) -> Vec<[Option<Date>; 7]> {
    let mut weeks = vec![[None; 7]];
    let first = month.first_of_month();
    let mut at = usize::from(first.weekday().to_monday_zero_offset().unsigned_abs());
    for day in first.series(jiff::Span::new().days(1)).take(usize::from(first.days_in_month().unsigned_abs())) {
        if at == 7 {
            weeks.push([None; 7]);
            at = 0;
        }
        if let Some(place) = weeks.last_mut().and_then(|week| week.get_mut(at)) {
            *place = Some(day);
        }
        at += 1;
    }
    weeks
}

/// The month before and the month after, if something ends there or further on that way. Today's month is always led back to.
pub fn neighbours(month: Date, today: Date, days: impl Iterator<Item = Date>) -> (Option<Date>, Option<Date>) {
    let months: Vec<Date> = days.chain([today]).map(Date::first_of_month).collect();
    let before = months.iter().any(|other| *other < month).then(|| month.yesterday().ok()).flatten();
    let after = months.iter().any(|other| *other > month).then(|| month.last_of_month().tomorrow().ok()).flatten();
    (before.map(Date::first_of_month), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn shown(month: &str) -> Vec<String> {
        let line = |week: [Option<Date>; 7]| week.map(|day| day.map_or(".".to_owned(), |day| day.day().to_string()));
        weeks(date(month)).into_iter().map(|week| line(week).join(" ")).collect()
    }

    #[test]
    fn weeks_begin_on_monday_and_hold_every_day_once() {
        assert_eq!(
            shown("2026-03-01"),
            [
                ". . . . . . 1",
                "2 3 4 5 6 7 8",
                "9 10 11 12 13 14 15",
                "16 17 18 19 20 21 22",
                "23 24 25 26 27 28 29",
                "30 31 . . . . ."
            ]
        );
        assert_eq!(shown("2027-02-01").len(), 4);
        assert_eq!(shown("2028-02-01").last().unwrap(), "28 29 . . . . .");
        let december = weeks(date("9999-12-01")).into_iter().flatten().flatten().count();
        assert_eq!(december, 31);
    }

    #[test]
    fn a_month_reads_back_and_another_is_refused() {
        let today = date("2026-11-23");
        assert_eq!(parse("2026-03", today).unwrap(), date("2026-03-01"));
        assert_eq!(parse("", today).unwrap(), date("2026-11-01"));
        assert_eq!(value(date("2026-03-14")), "2026-03");
        for other in ["2026-13", "2026-3", "-999-01", "2026-00", "2026/03", "2026-03-01", "☃☃"] {
            assert!(parse(other, today).is_err(), "{other}");
        }
    }

    #[test]
    fn one_leafs_only_where_something_is() {
        let (today, ends) = (date("2026-11-23"), [date("2027-01-14")]);
        let beside = |month: &str| neighbours(date(month), today, ends.into_iter());
        assert_eq!(beside("2026-11-01"), (None, Some(date("2026-12-01"))));
        assert_eq!(beside("2026-12-01"), (Some(date("2026-11-01")), Some(date("2027-01-01"))));
        assert_eq!(beside("2027-01-01"), (Some(date("2026-12-01")), None));
        assert_eq!(beside("9999-12-01"), (Some(date("9999-11-01")), None));
        assert_eq!(beside("0000-01-01").1, Some(date("0000-02-01")));
    }
}
