//! One renewal of a grant at a time, whichever process of several does it. Within a process `App::single` comes first.
//!
//! The lease keeps others from spending the same refresh token; the generation keeps a process that was stopped for so long that
//! its lease has ended from overwriting what another one stored meanwhile.

use std::time::Duration;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::{ApplicationId, GrantId};
use crate::microsoft::Failure;
use crate::words::Cause;

use super::NoToken;
use super::obtained::MARGIN;
use super::pace::{self, Roll};
use super::renewal_store;
use super::turn_store::{self, Lease, Missed, Whose};

/// Seconds for which a process has a grant for itself; longer than any renewal takes, its confirmation included.
const LASTS: i64 = 150;
/// How long one process waits for what another one is doing.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What came of asking for a grant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Begun {
    /// This process may renew it.
    Ours,
    /// Somebody has renewed, replaced or erased it meanwhile.
    Replaced,
    /// Another process has it and takes its time.
    Elsewhere,
}

/// Takes the grant for this process, after waiting for another one that has it if `waits`.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn begin(app: &App, whose: Whose, grant: (&GrantId, i64), waits: bool) -> Result<Begun> {
    let give_up = tokio::time::Instant::now() + PATIENCE;
    loop {
        let mut tx = app.db.begin().await?;
        let begun = turn_store::begin(&mut tx, whose, grant, of_this_process(app)).await?;
        tx.commit().await?;
        if begun {
            return Ok(Begun::Ours);
        }
        if turn_store::generation(&app.db, whose, grant.0).await? != Some(grant.1) {
            return Ok(Begun::Replaced);
        }
        if !waits || tokio::time::Instant::now() >= give_up {
            return Ok(Begun::Elsewhere);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What is due by the clock as it is now, after it was put back. Each is renewed once, in its line.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn bring_back(app: &App, now: UnixTime) -> Result<()> {
    let mut tx = app.db.begin().await?;
    turn_store::bring_back(&mut tx, now, now.plus(MARGIN), now.plus(LASTS + MARGIN)).await?;
    tx.commit().await
}

/// A lease for this process from now on.
pub(super) fn of_this_process(app: &App) -> Lease<'_> {
    let now = app.clock.now();
    Lease { by: &app.instance, now, until: now.plus(LASTS) }
}

/// Writes down that a renewal brought nothing, gives the grant back, and sets the time of the next try.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn missed(
    app: &App,
    (whose, application): (Whose, &ApplicationId),
    grant: (&GrantId, i64),
    failures: i64,
    none: &NoToken,
) -> Result<()> {
    let at = app.clock.now();
    let failure = match none {
        NoToken::Failed(failure) => failure.clone(),
        NoToken::NoCredential | NoToken::NotSignedIn => {
            let text = "The application has no secret and no certificate. Add one.";
            Failure::of(Cause::SecretRefused, text, at)
        }
    };
    let next_at = pace::after(&failure, failures.saturating_add(1), at, Roll::of(&app.chance));
    let mut tx = app.db.begin().await?;
    turn_store::miss(&mut tx, whose, grant, &Missed { failure: &failure, at, next_at }).await?;
    renewal_store::count(&mut tx, application, whose, at, Some(failure.cause)).await?;
    tx.commit().await
}

/// Why there is no token while another process renews it.
pub(super) fn elsewhere(app: &App) -> Box<Failure> {
    Failure::of(
        Cause::ProviderDown,
        "Another process of Postkey is renewing this token. Try again in a moment.",
        app.clock.now(),
    )
}
