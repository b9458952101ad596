//! *What happened* on a mailbox' page: changes of its state, what people did, and warnings, newest first. Equal neighbours are one
//! line. No I/O.

use crate::applications::credential::EXPIRING;
use crate::audit::Deed;
use crate::clock::UnixTime;
use crate::web::Badge;
use crate::words::{Status, deed, lasted};

use super::history::{Check, STEADY};

/// Lines that the page has room for.
pub const MOST: usize = 20;

/// A line of the timeline.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// Family of colours.
    pub family: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// What happened.
    pub title: String,
    /// What to know besides; may be empty.
    pub text: String,
    /// When, or when the first time.
    pub at: UnixTime,
    /// How many times in a row.
    pub times: i64,
}

/// Checks in a row that said the same.
struct Run<'a> {
    newest: &'a Check,
    oldest: &'a Check,
    from: UnixTime,
    times: i64,
}

/// What happened, from `checks` and `deeds`, both newest first; `ends` is when the application's credential ends.
pub fn events(checks: &[Check], deeds: &[Deed], ends: Option<UnixTime>, now: UnixTime) -> Vec<Event> {
    let runs = runs(checks);
    let states = (0..runs.len()).map(|at| state(&runs[at], at.checked_sub(1).map(|at| &runs[at]), runs.get(at + 1)));
    let mut all: Vec<Event> = states.chain(deeds.iter().filter_map(done)).chain(warning(ends, now)).collect();
    // In the same second a deed stands above the state that it was done in. Both were in order before.
    all.sort_by_key(|event| std::cmp::Reverse(event.at));
    let mut folded: Vec<Event> = Vec::new();
    for event in all {
        match folded.last_mut() {
            Some(above) if (&above.title, &above.text) == (&event.title, &event.text) => above.times += event.times,
            _ => folded.push(event),
        }
    }
    folded.truncate(MOST);
    folded
}

/// A gap in which nobody looked ends a run, too.
fn runs(checks: &[Check]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for check in checks {
        match runs.last_mut() {
            Some(run)
                if (run.newest.incoming, run.newest.outgoing) == (check.incoming, check.outgoing)
                    && run.from.since(check.finished_at) <= STEADY =>
            {
                run.oldest = check;
                run.from = check.first_at;
                run.times += check.times;
            }
            _ => runs.push(Run { newest: check, oldest: check, from: check.first_at, times: check.times }),
        }
    }
    runs
}

fn state(run: &Run<'_>, after: Option<&Run<'_>>, before: Option<&Run<'_>>) -> Event {
    let status = run.newest.incoming.worse(run.newest.outgoing);
    let badge = Badge::from(status);
    let failed = before.map(|before| before.newest.incoming.worse(before.newest.outgoing)).and_then(Status::cause);
    let title = match (run.newest.ladder.failure(), failed, before) {
        (Some((rung, failure)), ..) => format!("{}: {}", rung.label(), failure.cause.label()),
        (None, Some(cause), Some(before)) => {
            format!("{} again after {}, {}", badge.label, cause.label(), lasted(run.from.since(before.from)))
        }
        _ => badge.label.to_owned(),
    };
    let why = match run.oldest.reason.as_str() {
        "mended" => ", the first because its application works again",
        "signed_in" => ", the first with a sign-in",
        _ => "",
    };
    let checks = match (run.times, why) {
        (1, why) => format!("1 check{}", why.replace("the first ", "")),
        (times, why) => format!("{times} checks{why}"),
    };
    let text = match after {
        Some(after) if after.from.since(run.newest.finished_at) > STEADY => format!("{checks}, then nobody looked"),
        Some(after) if run.times > 1 => format!("{checks} in {}", lasted(after.from.since(run.from))),
        _ => checks,
    };
    Event { family: badge.family, icon: badge.icon, title, text, at: run.from, times: 1 }
}

fn done(it: &Deed) -> Option<Event> {
    let title = format!("{} {}", it.actor, deed(&it.action)?);
    let icon = if it.actor == "Postkey" { "info" } else { "person" };
    Some(Event { family: "info", icon, title, text: String::new(), at: it.at, times: 1 })
}

fn warning(ends: Option<UnixTime>, now: UnixTime) -> Option<Event> {
    let ends = ends?;
    let at = ends.plus(-EXPIRING);
    let badge = Badge::from(Status::Expiring);
    let title = "The credential of the application ends in 30 days".to_owned();
    (at <= now).then(|| Event { family: badge.family, icon: badge.icon, title, text: String::new(), at, times: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::ids::{CheckId, MailboxId};
    use crate::mailboxes::ladder::{Ladder, Rung};
    use crate::microsoft::Failure;
    use crate::words::Cause;

    const HOUR: i64 = 3_600;

    fn at(hours: i64) -> UnixTime {
        UnixTime::from_seconds(hours * HOUR)
    }

    fn check(from: i64, to: i64, times: i64, cause: Option<Cause>) -> Check {
        let chance = Chance::seeded(1);
        let mut ladder = Ladder::new();
        if let Some(cause) = cause {
            ladder.failed(Rung::Credential, Failure::of(cause, "why", at(to)));
        }
        let status = cause.map_or(Status::Connected, Status::Failing);
        Check {
            id: CheckId::new(at(to), &chance),
            mailbox_id: MailboxId::new(at(0), &chance),
            asked_by: "Postkey".to_owned(),
            reason: "round".to_owned(),
            incoming: status,
            outgoing: status,
            started_at: at(to),
            finished_at: at(to),
            ladder,
            times,
            first_at: at(from),
        }
    }

    fn by(hour: i64, actor: &str, action: &str) -> Deed {
        Deed { at: at(hour), actor: actor.to_owned(), action: action.to_owned(), detail: String::new() }
    }

    fn lines(events: &[Event]) -> Vec<String> {
        events.iter().map(|it| format!("{} ×{} {}", it.title, it.times, it.text)).collect()
    }

    #[test]
    fn states_deeds_and_warnings_stand_in_one_order_and_equal_neighbours_are_one() {
        let checks = [check(20, 30, 11, None), check(12, 19, 8, Some(Cause::SecretExpired)), check(1, 11, 11, None)];
        let deeds = [
            by(19, "Tom", "credential.added"),
            by(14, "Ana", "mailbox.check_asked"),
            by(13, "Ana", "mailbox.check_asked"),
            by(13, "Ana", "login.accepted"),
            by(0, "Ana", "mailbox.created"),
        ];
        let told = events(&checks, &deeds, Some(at(15 + 30 * 24)), at(31));
        let expected = [
            "Connected again after Secret expired, 8 h ×1 11 checks",
            "Tom added a credential to the application ×1 ",
            "The credential of the application ends in 30 days ×1 ",
            "Ana asked for a check ×2 ",
            "Credential: Secret expired ×1 8 checks in 8 h",
            "Connected ×1 11 checks in 11 h",
            "Ana added the mailbox ×1 ",
        ];
        assert_eq!(lines(&told), expected);
    }

    #[test]
    fn a_gap_in_which_nobody_looked_is_told() {
        let told = events(&[check(30, 31, 2, None), check(1, 3, 3, None)], &[], None, at(31));
        assert_eq!(lines(&told), ["Connected ×1 2 checks", "Connected ×1 3 checks, then nobody looked"]);
    }
}
