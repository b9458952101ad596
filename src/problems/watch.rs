//! Looks every few seconds at what is wrong, keeps the story of each problem, and has people told.

use std::collections::HashMap;
use std::time::Duration;

use crate::alerts::{self, Channel};
use crate::app::App;
use crate::chance::hex;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{ApplicationId, ProblemId};
use crate::words::Cause;

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

/// Frees the watch of a process that was killed. Only where no other process can be.
///
/// # Errors
/// If the database cannot answer.
pub async fn free_interrupted(app: &App) -> Result<()> {
    if app.config.database.postgres_url().is_some() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    store::release(&mut tx).await?;
    tx.commit().await
}

/// Compares once what is wrong with what was known.
///
/// # Errors
/// If the database cannot answer; then nothing was changed.
pub async fn look(app: &App) -> Result<()> {
    let now = app.clock.now();
    let seen = seen::now(&app.db, now).await?.into_iter().filter(|it| !it.kind.is_waiting());
    let mut seen: HashMap<String, Seen> = seen.map(|it| (it.key(), it)).collect();
    let causes: Vec<(ApplicationId, Cause)> = seen.values().flat_map(stopping).collect();
    let channels = alerts::channel_store::all(&app.db).await?;
    let mut tx = app.db.begin().await?;
    if !store::take(&mut tx, &app.instance, now, now.plus(LEASE)).await? {
        return Ok(());
    }
    for before in store::open_now(&mut tx).await? {
        let mut problem = before.clone();
        let own = seen.remove(&problem.key());
        if own.is_some() || !is_veiled(&problem, &causes) {
            problem.look(own.as_ref(), now);
        }
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

/// The applications that a cause stops, with that cause.
fn stopping(seen: &Seen) -> impl Iterator<Item = (ApplicationId, Cause)> + '_ {
    let cause = seen.kind.cause().filter(|_| seen.mailboxes > 0);
    cause.into_iter().flat_map(|cause| seen.applications.keys().map(move |id| (id.clone(), cause)))
}

/// Whether an earlier failure keeps everybody from knowing how it stands with the problem.
fn is_veiled(problem: &Problem, causes: &[(ApplicationId, Cause)]) -> bool {
    let (Some(id), Some(own)) = (&problem.application_id, problem.kind.cause()) else { return false };
    causes.iter().any(|(application, cause)| application == id && cause.veils(own))
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
