//! What checks said over time, as bars and as a file. A stretch in which nobody looked is unknown, never good.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::users::SignedIn;
use crate::web::bars::{Bars, Level, Subject, Told};
use crate::web::span::{Slice, Span};
use crate::web::{When, lists};
use crate::words::{Family, Status};

use super::history::{self, STEADY, Seen};
use super::{Mailbox, store};

/// How far to look back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    window: String,
}

impl Asked {
    /// The span that is asked for.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn span(&self) -> Result<Span> {
        Span::parse(&self.window)
    }
}

/// What one slice of time shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Found {
    /// The slice.
    pub slice: Slice,
    /// The most serious thing that a check in it said; nothing if nobody looked.
    pub status: Option<Status>,
}

/// What each slice shows. `seen` is oldest first. From one check to the next counts as looked at while they are as close together
/// as rounds are; beyond that a check speaks for its own moment only.
pub fn found(seen: &[Seen], slices: &[Slice], now: UnixTime) -> Vec<Found> {
    let reaches: Vec<(UnixTime, UnixTime, Status)> = (0..seen.len())
        .map(|at| {
            let it = &seen[at];
            let next = seen.get(at + 1).map_or(now, |next| next.first_at.plus(-1));
            let last = if next.since(it.last_at) <= STEADY { next.max(it.last_at) } else { it.last_at };
            (it.first_at, last, it.status)
        })
        .collect();
    let worst = |slice: &Slice| {
        let met = reaches.iter().filter(|(first, last, _)| slice.meets(*first, *last)).map(|(.., status)| *status);
        met.reduce(|a, b| if rank(b) < rank(a) { b } else { a })
    };
    slices.iter().map(|slice| Found { slice: *slice, status: worst(slice) }).collect()
}

/// Lower is more serious; what says nothing comes last.
fn rank(status: Status) -> (bool, u8) {
    (level(Some(status)) == Level::Nothing, status.rank())
}

fn level(status: Option<Status>) -> Level {
    match status {
        Some(Status::Connected | Status::Ready | Status::NotTested | Status::Expiring) => Level::Good,
        Some(status @ Status::Failing(_)) if status.family() == Family::Warn => Level::Trouble,
        Some(Status::Degraded) => Level::Trouble,
        Some(Status::Failing(_)) => Level::Bad,
        _ => Level::Nothing,
    }
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Good => "passed",
        Level::Trouble => "in trouble",
        Level::Bad => "failed",
        Level::Nothing => "not checked",
    }
}

/// The bars of a mailbox' page.
pub(super) async fn bars(app: &App, mailbox: &Mailbox, span: Span) -> Result<Bars> {
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let found = look_back(app, &mailbox.id, span).await?;
    let told: Vec<Told> = found.into_iter().map(tell).collect();
    let path = format!("/mailboxes/{}", mailbox.id);
    let subject = Subject {
        id: "history",
        title: "Checks",
        path: &path,
        query: &[],
        csv: format!("{path}/history.csv?window={}", span.value()),
        span,
        heads: &["Result", "Status"],
        note: "A bar is as bad as the worst check in it. Checks are kept for 90 days.",
    };
    Ok(Bars::of(&subject, &told, |slice| When::at(slice.from, now, zone)))
}

fn tell(found: Found) -> Told {
    let level = level(found.status);
    let status = found.status.map_or("–", Status::label);
    Told {
        slice: found.slice,
        level,
        share: None,
        word: word(level),
        cells: vec![word(level).to_owned(), status.to_owned()],
    }
}

async fn look_back(app: &App, mailbox: &MailboxId, span: Span) -> Result<Vec<Found>> {
    let now = app.clock.now();
    let slices = span.slices(now, &app.config.time_zone);
    let from = slices.first().map_or(now, |first| first.from).plus(-STEADY);
    Ok(found(&history::seen(&app.db, mailbox, from).await?, &slices, now))
}

const HEAD: [&str; 4] = ["from", "to", "result", "status"];

/// `GET /mailboxes/{id}/history.csv`
pub async fn csv(
    State(app): State<App>,
    _me: SignedIn,
    Path(id): Path<MailboxId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let rows = look_back(&app, &mailbox.id, asked.span()?).await?;
    lists::csv("history.csv", HEAD, rows.into_iter().map(cells))
}

fn cells(found: Found) -> [String; 4] {
    let status = found.status.unwrap_or(Status::Unknown);
    let Slice { from, to } = found.slice;
    [lists::iso(from), lists::iso(to), level(found.status).value().to_owned(), status.value().to_owned()]
}

/// Removes what is older than ninety days.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    let before = app.clock.now().plus(-history::KEPT_FOR);
    loop {
        let mut tx = app.db.begin().await?;
        let more = history::sweep(&mut tx, before).await?;
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Cause;

    const HOUR: i64 = 3_600;
    const OK: Status = Status::Connected;
    const EXPIRED: Status = Status::Failing(Cause::SecretExpired);
    const SLOW: Status = Status::Failing(Cause::ProviderDown);

    fn at(minutes: i64) -> UnixTime {
        UnixTime::from_seconds(minutes * 60)
    }

    fn seen(first: i64, last: i64, status: Status) -> Seen {
        Seen { first_at: at(first), last_at: at(last), status }
    }

    /// What the hours before `now`, in minutes, show.
    fn hours(all: &[Seen], now: i64) -> Vec<Level> {
        let count = (now + 59) / 60;
        let slices: Vec<Slice> = (0..count).map(|hour| Slice { from: at(hour * 60), to: at(hour * 60 + 60) }).collect();
        found(all, &slices, UnixTime::from_seconds(now * 60)).iter().map(|found| level(found.status)).collect()
    }

    #[test]
    fn an_hour_in_which_nobody_looked_is_unknown_and_never_good() {
        use Level::{Bad, Good, Nothing, Trouble};
        assert_eq!(hours(&[], 180), [Nothing, Nothing, Nothing]);
        assert_eq!(hours(&[seen(90, 90, OK)], 300), [Nothing, Good, Nothing, Nothing, Nothing]);
        let stopped = [seen(0, 60, OK), seen(300, 300, OK)];
        assert_eq!(hours(&stopped, 301), [Good, Good, Nothing, Nothing, Nothing, Good]);
        let alternating = [seen(10, 70, OK), seen(130, 130, EXPIRED), seen(190, 250, SLOW)];
        assert_eq!(hours(&alternating, 260), [Good, Good, Bad, Bad, Trouble]);
        assert_eq!(hours(&[seen(10, 10, Status::SignInPending)], 20), [Nothing]);
    }

    #[test]
    fn between_two_rounds_there_is_no_gap_and_the_worst_of_an_hour_counts() {
        use Level::{Bad, Good};
        // 66 minutes apart, so that no check ended in the second hour.
        assert_eq!(hours(&[seen(58, 58, OK), seen(124, 124, OK)], 125), [Good, Good, Good]);
        assert_eq!(hours(&[seen(10, 10, OK), seen(20, 20, EXPIRED), seen(30, 30, OK)], 40), [Bad]);
        assert_eq!(hours(&[seen(10, 10, SLOW), seen(20, 20, EXPIRED)], 40), [Bad]);
        assert_eq!(STEADY, HOUR + HOUR / 2);
    }
}
