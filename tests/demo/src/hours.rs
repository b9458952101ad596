//! The clock of both, and what must keep up with it when it runs fast.

use std::time::Duration;

use postkey::app::App;
use postkey::clock::{Clock, UnixTime};
use postkey::db::Db;
use postkey_simulator::SimClock;
use tokio::task::JoinHandle;

/// How often Postkey's clock is set by the simulator's.
const BEAT: Duration = Duration::from_millis(100);

/// Nobody comes back from the coffee to be asked for a password because an hour has passed in a minute.
const STAY: &str = "UPDATE sessions SET seen_at = $1, ends_at = $1 + 43200";

/// Postkey's clock follows the simulator's, so that whoever moves that one sees what time does to both.
pub(crate) fn follow(clock: &SimClock) -> (Clock, JoinHandle<()>) {
    let (theirs, ours) = (clock.clone(), Clock::standing_at(UnixTime::from_seconds(clock.now().as_second())));
    let moved = ours.clone();
    let following = tokio::spawn(async move {
        let mut beat = tokio::time::interval(BEAT);
        loop {
            beat.tick().await;
            moved.advance(theirs.now().as_second() - moved.now().seconds());
        }
    });
    (ours, following)
}

/// Makes the rounds that wait for real seconds go round with the clock, and keeps people signed in.
pub(crate) async fn keep_up(app: App) {
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            () = app.stopping.cancelled() => return,
        }
        for round in [&app.wake, &app.checks, &app.alerts] {
            round.notify_one();
        }
        app.watch.notify_waiters();
        let now = app.clock.now();
        let Db::Sqlite { write, .. } = &app.db else { continue };
        if let Err(cause) = sqlx::query(STAY).bind(now).execute(write).await {
            tracing::warn!(%cause, "people may have to sign in again");
        }
    }
}
