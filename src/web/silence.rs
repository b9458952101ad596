//! The banner over every page of the console while nothing is renewed or checked, so that nobody takes what is old for true.

use crate::app::App;

use super::shell::Banner;
use super::when;

/// The banner, if this process renews and checks and has not for a minute. Another process on the same database tells of itself.
pub fn banner(app: &App) -> Option<Banner> {
    let now = app.clock.now();
    let renewals = app.beat.borrow().silent_since(now);
    let checks = app.checks_beat.borrow().silent_since(now);
    let (what, since) = match (renewals, checks) {
        (None, None) => return None,
        (Some(renewals), Some(checks)) => ("renewed or checked anything", renewals.max(checks)),
        (Some(renewals), None) => ("renewed any token", renewals),
        (None, Some(checks)) => ("checked any mailbox", checks),
    };
    let since = when::time(since, now, &app.config.time_zone);
    Some(Banner {
        family: "crit",
        icon: "octagon-clock",
        title: format!("Postkey has not {what} since {since}. What you see may be old."),
        text: "Tell whoever runs Postkey: its log says why.".to_owned(),
        href: None,
        link: String::new(),
    })
}
