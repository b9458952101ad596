//! Checks that nobody asks for: every mailbox is opened once in an interval, so that what the pages say stays true.
//!
//! A check of a round is a light one: it takes the stored token, asks for the number of messages in the inbox, and writes nothing.

use std::time::Duration;

use crate::app::{App, Unrenewed};
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::{ApplicationId, MailboxId};
use crate::lines::{Breadth, Lines, Place};

use super::ladder::{Ladder, Verdict};
use super::mailbox::CHECK_INTERVAL;
use super::{check, turn_store};

/// How often the database is asked.
const TICK: Duration = Duration::from_secs(1);
/// Checks under way at once. Microsoft lets four into one mailbox; this is one for each, and few of one application.
const BREADTH: Breadth = Breadth { all: 32, each: 4, longest: 20 };
/// Seconds until a mailbox comes again whose check came to no end.
const AGAIN: i64 = 10 * 60;
/// Seconds between two checks while the trouble is of a kind that passes by itself.
const WHILE_TROUBLED: i64 = 5 * 60;

/// Goes round until Postkey stops.
pub async fn go(app: App) {
    let mut lines = Lines::new(BREADTH);
    let mut last = None;
    let mut unrenewed = app.unrenewed.subscribe();
    loop {
        let at = app.clock.now();
        match round(&app, &mut lines, &mut last).await {
            Ok(()) => app.checks_beat.send_modify(|beat| beat.round(at)),
            Err(cause) => {
                tracing::warn!(cause = %cause.chain(), "whose turn it is to be checked could not be seen");
            }
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
            () = app.checks.notified() => {}
            heard = unrenewed.recv() => hurry(&app, heard.ok()).await,
        }
    }
}

/// What is about to lose its token is looked at when it has lost it, and not when its turn comes.
async fn hurry(app: &App, heard: Option<Unrenewed>) {
    let Some(Unrenewed { application, mailbox, ends_at }) = heard else { return };
    let at = ends_at.max(app.clock.now());
    let hurried = async {
        let mut tx = app.db.begin().await?;
        match &mailbox {
            None => turn_store::hurry_all(&mut tx, &application, at).await?,
            Some(mailbox) => turn_store::hurry(&mut tx, mailbox, at).await?,
        }
        tx.commit().await
    };
    if let Err(cause) = hurried.await {
        tracing::warn!(%application, ?mailbox, cause = %cause.chain(), "what lost its token is only looked at when its turn comes");
    }
}

async fn round(app: &App, lines: &mut Lines, last: &mut Option<UnixTime>) -> Result<()> {
    let now = app.clock.now();
    if last.is_none_or(|last| now < last) {
        let mut tx = app.db.begin().await?;
        turn_store::bring_back(&mut tx, now, CHECK_INTERVAL).await?;
        tx.commit().await?;
    }
    *last = Some(now);
    lines.tidy();
    for application in turn_store::due(&app.db, now).await? {
        for mailbox in claim(app, &application, lines.free(&application)).await? {
            app.tasks.spawn(take_turn(app.clone(), mailbox, lines.join(&application)));
        }
    }
    Ok(())
}

async fn claim(app: &App, application: &ApplicationId, free: usize) -> Result<Vec<MailboxId>> {
    if free == 0 {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let most = i64::try_from(free).unwrap_or(i64::MAX);
    let mut tx = app.db.begin().await?;
    let claimed = turn_store::claim(&mut tx, application, most, (now, now.plus(AGAIN))).await?;
    tx.commit().await?;
    Ok(claimed)
}

async fn take_turn(app: App, mailbox: MailboxId, place: Place) {
    let begun = tokio::select! {
        () = app.stopping.cancelled() => None,
        turn = place.turn() => turn,
    };
    if begun.is_some()
        && let Err(cause) = check::run_in_a_round(&app, mailbox.clone()).await
    {
        tracing::warn!(%mailbox, cause = %cause.chain(), "a check came to no end");
    }
}

/// When a mailbox is checked next: after an interval, give or take a tenth of it, so that they stay spread; sooner while the
/// trouble is of a kind that passes by itself.
pub(super) fn next(app: &App, ladder: &Ladder, verdict: Verdict) -> UnixTime {
    let passes = verdict.incoming.cause().is_some_and(crate::words::Cause::is_transient)
        || ladder.failure().is_some_and(|(_, failure)| failure.is_transient());
    let pause = if passes { WHILE_TROUBLED } else { CHECK_INTERVAL };
    let roll = i64::from(u16::from_be_bytes(app.chance.bytes::<2>()));
    app.clock.now().plus(pause * 9 / 10 + (pause / 5) * roll / 0x1_0000)
}
