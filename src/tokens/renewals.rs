//! How renewals went over time, as bars: of all applications on the page of token health, of one kind of token on a token's page.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::users::SignedIn;
use crate::web::bars::{Bars, Level, Subject, Told};
use crate::web::span::{Slice, Span};
use crate::web::{When, lists};
use crate::words::Cause;

use super::health_store::Token;
use super::renewal_store::{self as store, Counted};
use super::turn_store::Whose;

/// Seconds for which hours are kept.
const KEPT_FOR: i64 = 90 * 24 * 60 * 60;
const HEADS: &[&str] = &["Renewed", "Not renewed", "Why not"];

/// How far to look back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The span's name; a day if it is empty.
    pub window: String,
}

/// How the renewals of one slice went.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Went {
    well: i64,
    not: BTreeMap<Cause, i64>,
}

impl Went {
    fn failed(&self) -> i64 {
        self.not.values().sum()
    }

    fn level(&self) -> Level {
        match (self.well, self.failed()) {
            (0, 0) => Level::Nothing,
            (_, 0) => Level::Good,
            (0, _) => Level::Bad,
            _ => Level::Trouble,
        }
    }

    /// How many went well, in hundredths, if some did not.
    fn share(&self) -> Option<usize> {
        let share = self.well * 100 / (self.well + self.failed()).max(1);
        usize::try_from(share).ok().filter(|_| self.level() == Level::Trouble)
    }

    fn why(&self) -> String {
        let each = self.not.iter().map(|(cause, times)| format!("{} {times} times", cause.label()));
        each.collect::<Vec<_>>().join(", ").replace(" 1 times", " once")
    }
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Good => "renewed",
        Level::Trouble => "with failed tries",
        Level::Bad => "not renewed",
        Level::Nothing => "with nothing due",
    }
}

/// Each slice with what was counted in it.
fn went(counted: &[Counted], slices: &[Slice]) -> Vec<(Slice, Went)> {
    let of = |slice: &Slice| {
        let mut went = Went::default();
        for it in counted.iter().filter(|it| slice.meets(it.hour, it.hour)) {
            match it.cause {
                None => went.well += it.times,
                Some(cause) => *went.not.entry(cause).or_default() += it.times,
            }
        }
        went
    };
    slices.iter().map(|slice| (*slice, of(slice))).collect()
}

fn slices(app: &App, span: Span) -> (Vec<Slice>, UnixTime) {
    let now = app.clock.now();
    let slices = span.slices(now, &app.config.time_zone);
    let from = slices.first().map_or(now, |first| first.from);
    (slices, from)
}

/// The bars of all applications.
pub(super) async fn of_all(app: &App, span: Span, wall: bool) -> Result<Bars> {
    let (slices, from) = slices(app, span);
    let counted = store::all(&app.db, from).await?;
    let subject = Subject {
        id: "renewals",
        title: "Renewals",
        path: "/tokens",
        query: &[("wall", if wall { "1".to_owned() } else { String::new() })],
        csv: format!("/tokens/renewals.csv?window={}", span.value()),
        span,
        heads: HEADS,
        note: "Counts are kept for 90 days.",
    };
    Ok(drawn(app, &subject, &counted, &slices))
}

/// The bars of a token's page: the application's own token, or all tokens of people who sign in to it.
pub(super) async fn of_token(app: &App, token: &Token, span: Span) -> Result<Bars> {
    let (slices, from) = slices(app, span);
    let whose = if token.mailbox_id.is_some() { Whose::Person } else { Whose::Application };
    let counted = store::of(&app.db, &token.application_id, whose, from).await?;
    let (title, note) = match whose {
        Whose::Application => ("Renewals", "Counts are kept for 90 days."),
        Whose::Person => (
            "Renewals of all who sign in to this application",
            "Compare: if the others are renewed, it is this sign-in. Counts are kept for 90 days.",
        ),
    };
    let path = format!("/tokens/{}", token.id);
    let csv = format!("{path}/renewals.csv?window={}", span.value());
    let subject = Subject { id: "renewals", title, path: &path, query: &[], csv, span, heads: HEADS, note };
    Ok(drawn(app, &subject, &counted, &slices))
}

fn drawn(app: &App, subject: &Subject<'_>, counted: &[Counted], slices: &[Slice]) -> Bars {
    let told: Vec<Told> = went(counted, slices)
        .into_iter()
        .map(|(slice, went)| {
            let level = went.level();
            let cells = vec![went.well.to_string(), went.failed().to_string(), went.why()];
            Told { slice, level, share: went.share(), word: word(level), cells }
        })
        .collect();
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let mut bars = Bars::of(subject, &told, |slice| When::at(slice.from, now, zone));
    let sum = |of: fn(&Counted) -> bool| counted.iter().filter(|it| of(it)).map(|it| it.times).sum::<i64>();
    let (well, not) = (sum(|it| it.cause.is_none()), sum(|it| it.cause.is_some()));
    let tries = if not == 1 { "try" } else { "tries" };
    bars.note = format!("{well} renewed, {not} {tries} failed. {}", bars.note);
    bars
}

const HEAD: [&str; 5] = ["from", "to", "renewed", "not_renewed", "why"];

/// `GET /tokens/renewals.csv`
pub async fn csv(State(app): State<App>, _me: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let (slices, from) = slices(&app, Span::parse(&asked.window)?);
    let counted = store::all(&app.db, from).await?;
    lists::csv("renewals.csv", HEAD, went(&counted, &slices).into_iter().map(cells))
}

/// The same of one token, for its page.
pub(super) async fn csv_of(app: &App, token: &Token, span: Span) -> Result<Response> {
    let (slices, from) = slices(app, span);
    let whose = if token.mailbox_id.is_some() { Whose::Person } else { Whose::Application };
    let counted = store::of(&app.db, &token.application_id, whose, from).await?;
    lists::csv("renewals.csv", HEAD, went(&counted, &slices).into_iter().map(cells))
}

fn cells((slice, went): (Slice, Went)) -> [String; 5] {
    let why = went.not.iter().map(|(cause, times)| format!("{}={times}", cause.value()));
    [
        lists::iso(slice.from),
        lists::iso(slice.to),
        went.well.to_string(),
        went.failed().to_string(),
        why.collect::<Vec<_>>().join(" "),
    ]
}

/// Removes what is older than ninety days.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    let before = app.clock.now().plus(-KEPT_FOR);
    loop {
        let mut tx = app.db.begin().await?;
        let more = store::sweep(&mut tx, before).await?;
        tx.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_without_a_renewal_is_nothing_and_one_in_part_is_trouble() {
        let at = |hours: i64| UnixTime::from_seconds(hours * 3_600);
        let slices: Vec<Slice> = (0..4).map(|hour| Slice { from: at(hour), to: at(hour + 1) }).collect();
        let counted = |hour, cause, times| Counted { hour: at(hour), cause, times };
        let all = [
            counted(0, None, 7),
            counted(1, None, 3),
            counted(1, Some(Cause::Throttled), 1),
            counted(3, Some(Cause::SecretExpired), 2),
        ];
        let went = went(&all, &slices);
        let levels: Vec<Level> = went.iter().map(|(_, went)| went.level()).collect();
        assert_eq!(levels, [Level::Good, Level::Trouble, Level::Nothing, Level::Bad]);
        assert_eq!((went[1].1.why(), went[3].1.why()), ("Throttled once".into(), "Secret expired 2 times".into()));
    }
}
