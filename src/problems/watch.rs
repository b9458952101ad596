//! Looks every few seconds at what is wrong, keeps the story of each problem, and has people told.

use std::collections::HashMap;
use std::time::Duration;

use crate::alerts::{self, Channel};
use crate::app::App;
use crate::chance::hex;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::ProblemId;

use super::problem::News;
use super::store::{self, Event};
use super::{Problem, Seen, seen, tell};

/// How often is looked. People are told within a minute.
const EVERY: Duration = Duration::from_secs(10);
/// Seconds for which one of several processes has the watch for itself.
const LEASE: i64 = 45;

/// Goes on until Postkey stops.
pub async fn go(app: App) {
    loop {
        let at = app.clock.now();
        match look(&app).await {
            Ok(()) => app.watch_beat.send_modify(|beat| beat.round(at)),
            Err(cause) => {
                tracing::warn!(cause = %cause.chain(), "what is wrong could not be compared with what was known");
            }
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
            () = app.watch.notified() => {}
        }
    }
}

/// Compares once what is wrong with what was known.
///
/// # Errors
/// If the database cannot answer; then nothing was changed.
pub async fn look(app: &App) -> Result<()> {
    let now = app.clock.now();
    let seen = seen::now(&app.db, now).await?.into_iter().filter(|it| !it.kind.is_waiting());
    let mut seen: HashMap<String, Seen> = seen.map(|it| (it.key(), it)).collect();
    let channels = alerts::channel_store::all(&app.db).await?;
    let mut tx = app.db.begin().await?;
    if !store::take(&mut tx, &app.instance, now, now.plus(LEASE)).await? {
        return Ok(());
    }
    for before in store::open_now(&mut tx).await? {
        let mut problem = before.clone();
        problem.look(seen.remove(&problem.key()).as_ref(), now);
        let news = tell(&mut tx, app, &channels, &mut problem).await?;
        if problem != before {
            store::save(&mut tx, &problem).await?;
        }
        let solved = problem.solved_at.map(|_| News::Solved);
        if let Some(news) = news.filter(|news| *news != News::Opened).or(solved) {
            note(&mut tx, app, &problem, news.value(), now).await?;
        }
    }
    for new in seen.values().filter(|it| !it.young && !it.is_unproven()) {
        open(&mut tx, app, new).await?;
    }
    tx.commit().await?;
    app.alerts.notify_one();
    Ok(())
}

/// Has people told, if there is something to tell and somebody to be told.
async fn tell(tx: &mut Tx, app: &App, channels: &[Channel], problem: &mut Problem) -> Result<Option<News>> {
    let Some(news) = problem.news(app.clock.now()) else { return Ok(None) };
    if alerts::outbox::put(tx, app, channels, &tell::alert(app, problem, news)).await? == 0 {
        return Ok(None);
    }
    problem.tell(app.clock.now());
    Ok(Some(news))
}

async fn open(tx: &mut Tx, app: &App, seen: &Seen) -> Result<()> {
    let now = app.clock.now();
    let problem = Problem::new(ProblemId::new(now, &app.chance), seen, now);
    if store::insert(tx, &problem).await? {
        tracing::info!(problem = %problem.id, kind = problem.kind.value(), mailboxes = problem.mailboxes, "a problem began");
        note(tx, app, &problem, News::Opened.value(), now).await?;
    }
    Ok(())
}

async fn note(tx: &mut Tx, app: &App, problem: &Problem, what: &str, at: UnixTime) -> Result<()> {
    let event = Event { at, what: what.to_owned(), actor: "Postkey".to_owned(), mailboxes: problem.mailboxes };
    store::note(tx, &problem.id, &entry(app), &event).await
}

/// An ID for an entry of a story.
pub(super) fn entry(app: &App) -> String {
    format!("pev_{:010x}{}", app.clock.now().seconds(), hex(&app.chance.bytes::<7>()))
}
