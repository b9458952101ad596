//! Once a second: writes down what was handed out, and hears what other processes have changed.

use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;
use crate::error::Result;
use crate::keys::store as keys;
use crate::tokens::handed_store;

use super::Desk;

/// How often.
const TICK: Duration = Duration::from_secs(1);
/// Copies are trusted for so long while other processes cannot be heard.
const TRUST: Duration = Duration::from_secs(10);
/// Seconds for which hand-outs are told of.
const KEPT: i64 = 90 * 24 * 60 * 60;
/// How long a stop waits for requests that are being answered.
const LAST: Duration = Duration::from_secs(15);

/// Goes on until Postkey stops, and then writes down the last of it.
pub async fn keep(app: App, desk: Desk) {
    let shared = app.config.database.postgres_url().is_some();
    let mut ear = Ear { heard: None, at: Instant::now() };
    loop {
        if shared {
            ear.hear(&app, &desk).await;
        }
        tokio::select! {
            () = app.stopping.cancelled() => break,
            () = tokio::time::sleep(TICK) => {}
        }
        write_down(&app, &desk).await;
    }
    // Whoever is being answered now has a place.
    let all = u32::try_from(app.config.places.api).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(LAST, desk.places().acquire_many(all)).await;
    write_down(&app, &desk).await;
}

async fn write_down(app: &App, desk: &Desk) {
    if let Err(cause) = desk.ledger().write_down(app).await {
        tracing::warn!(cause = %cause.chain(), "what was handed out is not written down yet");
    }
}

struct Ear {
    /// The number of the last change that was heard; none while nothing can be.
    heard: Option<i64>,
    at: Instant,
}

impl Ear {
    async fn hear(&mut self, app: &App, desk: &Desk) {
        let heard = match self.heard {
            Some(after) => further(app, desk, after).await,
            None => app.db.newest_change().await.inspect(|_| desk.begin_anew(true)),
        };
        match heard {
            Ok(number) => (self.heard, self.at) = (Some(number), Instant::now()),
            Err(cause) if self.heard.is_some() && self.at.elapsed() > TRUST => {
                tracing::warn!(cause = %cause.chain(), "other processes cannot be heard, so nothing is kept at hand");
                self.heard = None;
                desk.begin_anew(false);
            }
            Err(_) => {}
        }
    }
}

/// Tells this process of what was changed after the change with that number. Gives the number of the last one.
async fn further(app: &App, desk: &Desk, mut after: i64) -> Result<i64> {
    loop {
        let changes = app.db.changes_after(after).await?;
        let Some(first) = changes.first() else { return Ok(after) };
        if first.n > after + 1 {
            // Some were removed before they were heard.
            desk.begin_anew(true);
        }
        for change in &changes {
            app.db.news().spread(change.subjects.split(' '));
            after = change.n;
        }
    }
}

/// Removes what is not told of any more.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    handed_store::forget(&mut tx, now.plus(-KEPT)).await?;
    keys::sweep(&mut tx, now).await?;
    tx.commit().await?;
    app.db.forget_changes().await
}
