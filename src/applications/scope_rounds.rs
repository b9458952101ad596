//! Scope checks that nobody asks for: once a day for each application that has mailboxes named, so that a limit that was taken
//! away is noticed.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::app::App;
use crate::error::Result;
use crate::ids::ApplicationId;

use super::{scope_check, scope_turn_store as turns, store, used_by};

/// How often the database is asked.
const TICK: Duration = Duration::from_secs(1);
/// Applications that are checked at once.
const AT_ONCE: usize = 4;
/// Seconds until an application comes again whose check came to no end.
const AGAIN: i64 = 10 * 60;

/// Goes round until Postkey stops.
pub async fn go(app: App) {
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            done = round(&app) => if let Err(cause) = done {
                tracing::warn!(cause = %cause.chain(), "whose turn it is to be scope checked could not be seen");
            },
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Checks every application whose turn it is, and waits for the ends.
///
/// # Errors
/// If the database cannot say whose turn it is.
pub async fn round(app: &App) -> Result<()> {
    let due = turns::due(&app.db, app.clock.now()).await?;
    let one = async |id: ApplicationId| {
        if let Err(cause) = take_turn(app, &id).await {
            tracing::warn!(application = %id, cause = %cause.chain(), "a scope check came to no end");
        }
    };
    stream::iter(due).map(one).buffer_unordered(AT_ONCE).collect::<()>().await;
    Ok(())
}

async fn take_turn(app: &App, id: &ApplicationId) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !turns::claim(&mut tx, id, (now, now.plus(AGAIN))).await? {
        return Ok(());
    }
    tx.commit().await?;
    if rests(app, id).await? || used_by::signs_people_in_only(&app.db, id).await? {
        return Ok(());
    }
    scope_check::run_in_a_round(app, id.clone()).await
}

/// Whether there is no sense in asking for this application now.
async fn rests(app: &App, id: &ApplicationId) -> Result<bool> {
    let Some(application) = store::find(&app.db, id).await? else { return Ok(true) };
    Ok(application.known_to_microsoft().is_some_and(|known| app.gate.rests(&known, app.clock.now())))
}
