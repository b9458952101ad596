//! How far the list looks ahead. No I/O.

use crate::clock::UnixTime;
use crate::error::{AppError, Result};

use super::Item;

const DAY: i64 = 24 * 60 * 60;

/// How far the list looks ahead. What has ended and what has no date is always in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Window {
    /// So many days.
    Days(i64),
    /// However far.
    All,
}

/// What can be chosen.
pub const OFFERED: [Window; 5] =
    [Window::Days(30), Window::Days(90), Window::Days(180), Window::Days(365), Window::All];

impl Window {
    /// The window that the address names; ninety days if it names none.
    ///
    /// # Errors
    /// If it names another than those that are offered.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::Days(90));
        }
        let wrong = AppError::BadRequest("Expiry looks ahead 30, 90, 180 or 365 days, or to the end (all).");
        OFFERED.into_iter().find(|window| window.value() == text).ok_or(wrong)
    }

    /// Its name in the address.
    pub fn value(self) -> String {
        match self {
            Self::Days(days) => days.to_string(),
            Self::All => "all".to_owned(),
        }
    }

    /// What the page calls it.
    pub fn label(self) -> String {
        match self {
            Self::Days(365) => "1 year".to_owned(),
            Self::Days(days) => format!("{days} days"),
            Self::All => "All".to_owned(),
        }
    }

    /// Whether `item` is in it.
    pub fn holds(self, item: &Item, now: UnixTime) -> bool {
        match (self, item.ends_at) {
            (Self::All, _) | (_, None) => true,
            (Self::Days(days), Some(end)) => end <= now.plus(days * DAY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_offered_can_be_asked_for() {
        for window in OFFERED {
            assert_eq!(Window::parse(&window.value()).unwrap(), window);
        }
        assert_eq!(Window::parse("").unwrap(), Window::Days(90));
        for other in ["91", "-1", "ALL", "9999999999999999999"] {
            assert!(Window::parse(other).is_err(), "{other}");
        }
    }
}
