//! What links for people without an account here have in common.

use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;

use super::csrf::FormKey;
use super::forms::Choice;
use super::notice::notice;

/// One day, in seconds.
pub const DAY: i64 = 24 * 60 * 60;

/// Seconds for which a link is good, by the days that were chosen: one, three or seven.
pub fn lasts(days: &str) -> i64 {
    match days {
        "3" => 3 * DAY,
        "7" => 7 * DAY,
        _ => DAY,
    }
}

/// How long a hand-off link may be good.
pub fn lengths(chosen: &str) -> Vec<Choice> {
    let chosen = if matches!(chosen, "3" | "7") { chosen } else { "1" };
    [("1", "1 day"), ("3", "3 days"), ("7", "7 days")].map(|(days, label)| Choice::new(days, label, "", chosen)).into()
}

/// The page of every link that cannot be used, whoever it was for, and whether it ever was there or not.
pub fn no_link(app: &App, key: &FormKey) -> Response {
    let text =
        "It has ended or was withdrawn, or the address is not complete. Ask whoever sent it to you for a new one.";
    closed_link(app, key, "This link does not work any more", text.to_owned())
}

/// The page of a link that has nothing left to do.
pub fn closed_link(app: &App, key: &FormKey, title: &'static str, text: String) -> Response {
    notice(app, key, StatusCode::NOT_FOUND, title, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_offered_lasts_a_day() {
        assert_eq!(["1", "3", "7", "forever"].map(lasts), [DAY, 3 * DAY, 7 * DAY, DAY]);
    }
}
