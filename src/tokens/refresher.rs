//! The token keeper: renews whatever is due, ahead of need, so that nobody ever waits for a token.
//!
//! Once a second it asks the database whose turn it is and takes a few grants of each application for itself. One application whose
//! tenant is broken or slow has only so many places, so that it cannot keep the others waiting; nothing is ever given up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;

use crate::app::{App, Unrenewed};
use crate::applications::{Application, store as applications};
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::lines::{Breadth, Lines, Place};
use crate::tally::Outcome;

use super::obtained::MARGIN;
use super::turn_store::{self, Turn, Whose};
use super::{NoToken, Want, lease, obtain, refresh};

/// How often the database is asked.
const TICK: Duration = Duration::from_secs(1);
/// Renewals under way at once; the last is an application's budget of token calls in one tick.
const BREADTH: Breadth = Breadth { all: 64, each: 8, longest: 50 };
/// Seconds until a grant is looked at again of which nothing is known, because the database did not answer.
const PAUSE: i64 = 60;

/// After a start on SQLite no process has a grant for itself, whatever the database says; there is no other one.
///
/// # Errors
/// If the database cannot answer.
pub async fn free_interrupted(app: &App) -> Result<()> {
    if app.config.database.postgres_url().is_some() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    turn_store::release_all(&mut tx).await?;
    tx.commit().await
}

/// Keeps tokens until Postkey stops.
pub async fn keep(app: App) {
    let mut mended = app.mended.subscribe();
    let mut lines = Lines::new(BREADTH);
    let mut last = None;
    loop {
        let at = app.clock.now();
        let done = round(&app, &mut lines, &mut last).await;
        app.tally.round(done.is_ok());
        match done {
            Ok(()) => app.beat.send_modify(|beat| beat.round(at)),
            Err(cause) => tracing::warn!(cause = %cause.chain(), "the token keeper could not see what is due"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
            () = app.wake.notified() => {}
            heard = mended.recv() => hurry(&app, heard).await,
        }
    }
}

/// What failed because of an application that works again is tried at once.
async fn hurry(app: &App, heard: Result<ApplicationId, RecvError>) {
    let Ok(application) = heard else { return };
    let hurried = async {
        let mut tx = app.db.begin().await?;
        turn_store::hurry(&mut tx, &application, app.clock.now()).await?;
        tx.commit().await
    };
    if let Err(cause) = hurried.await {
        tracing::warn!(%application, cause = %cause.chain(), "renewals of a mended application were not brought forward");
    }
}

/// Begins what is due and has a place. `last` is when it last did.
async fn round(app: &App, lines: &mut Lines, last: &mut Option<UnixTime>) -> Result<()> {
    let now = app.clock.now();
    if last.is_none_or(|last| now < last) {
        lease::bring_back(app, now).await?;
    }
    *last = Some(now);
    lines.tidy();
    for id in turn_store::due(&app.db, app.clock.now()).await? {
        let Some(application) = applications::find(&app.db, &id).await? else { continue };
        if rests(app, &application) {
            continue;
        }
        let application = Arc::new(application);
        for whose in [Whose::Application, Whose::Person] {
            for turn in claim(app, whose, &id, lines.free(&id)).await? {
                let place = lines.join(&id);
                app.tasks.spawn(take_turn(app.clone(), application.clone(), whose, turn, place));
            }
        }
    }
    Ok(())
}

/// Whether there is no sense in asking for this application now.
fn rests(app: &App, application: &Application) -> bool {
    application.known_to_microsoft().is_some_and(|known| app.gate.rests(&known, app.clock.now()))
}

async fn claim(app: &App, whose: Whose, application: &ApplicationId, free: usize) -> Result<Vec<Turn>> {
    if free == 0 {
        return Ok(Vec::new());
    }
    let most = i64::try_from(free).unwrap_or(i64::MAX);
    let mut tx = app.db.begin().await?;
    let turns = turn_store::claim(&mut tx, whose, application, most, lease::of_this_process(app)).await?;
    tx.commit().await?;
    let now = app.clock.now();
    // What was never planned, as after an update, is not late.
    for turn in turns.iter().filter(|turn| turn.next_at.seconds() > 0) {
        app.tally.taken(now.since(turn.next_at));
    }
    Ok(turns)
}

async fn take_turn(app: App, application: Arc<Application>, whose: Whose, turn: Turn, place: Place) {
    let begun = tokio::select! {
        () = app.stopping.cancelled() => None,
        turn = place.turn() => turn,
    };
    let now = app.clock.now();
    // What was only stopped is still due; another process, or the next start, takes it.
    let next_at = if begun.is_some() { now.plus(PAUSE) } else { now };
    // Another one of the line may have found out meanwhile that there is no sense in asking.
    if begun.is_some()
        && !rests(&app, &application)
        && let Err(cause) = renew(&app, &application, &turn).await
    {
        tracing::warn!(grant = %turn.id, cause = %cause.chain(), "a token was not renewed");
    }
    if let Err(cause) = give_back(&app, whose, &turn, next_at).await {
        tracing::warn!(grant = %turn.id, cause = %cause.chain(), "a grant was not given back");
    }
}

/// Renews one grant once. What comes of it is written down where it is found out.
async fn renew(app: &App, application: &Application, turn: &Turn) -> Result<()> {
    let Some(known) = application.known_to_microsoft() else { return Ok(()) };
    let under_way = app.tally.renewing();
    let want = Want::NewerThan(turn.issued_at);
    let answer = match &turn.mailbox_id {
        Some(mailbox) => refresh::delegated_token(app, mailbox, application, &known, want).await,
        None => obtain::application_token(app, application, &known, want).await,
    };
    drop(under_way);
    app.tally.renewed(match &answer {
        Ok(Ok(_)) => Outcome::Ok,
        Ok(Err(NoToken::Failed(failure))) => Outcome::of(failure.cause),
        Ok(Err(NoToken::NoCredential)) => Outcome::Credential,
        Ok(Err(NoToken::NotSignedIn)) => Outcome::SignIn,
        Err(_) => Outcome::Fault,
    });
    let answer = answer?;
    if answer.is_err() {
        let (application, mailbox) = (application.id.clone(), turn.mailbox_id.clone());
        // Nobody may be listening.
        let _ = app.unrenewed.send(Unrenewed { application, mailbox, ends_at: turn.expires_at.plus(-MARGIN) });
    }
    match answer {
        Ok(_) => tracing::debug!(grant = %turn.id, application = %application.id, "a token was renewed"),
        Err(NoToken::Failed(failure)) => {
            tracing::warn!(grant = %turn.id, application = %application.id, cause = failure.cause.value(), code = ?failure.code, "a token was not renewed");
        }
        Err(none) => tracing::warn!(grant = %turn.id, application = %application.id, ?none, "a token was not renewed"),
    }
    Ok(())
}

/// The turn is over. Whatever was not written down is tried again in a minute, and never in a tight loop.
async fn give_back(app: &App, whose: Whose, turn: &Turn, next_at: UnixTime) -> Result<()> {
    let mut tx = app.db.begin().await?;
    turn_store::put_off(&mut tx, whose, &turn.id, (app.clock.now(), next_at), &app.instance).await?;
    tx.commit().await
}
