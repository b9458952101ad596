//! One run of the ladder for one mailbox, from the request to the row that keeps what came of it. The steps are in
//! `climb.rs`.

use std::time::Duration;

use crate::app::App;
use crate::applications::store as applications;
use crate::audit;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::{CheckId, MailboxId};
use crate::telemetry;
use crate::words::{Cause, Status};

use super::climb::Climb;
use super::history::{self, Check};
use super::ladder::Ladder;
use super::{Mailbox, rounds, store, turn_store};

/// How long a person waits for the outcome before the page says that Microsoft is still being asked.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// How long a check may take in all; shorter than [`super::mailbox::CHECK_ENDS`], so that no second one starts beside it.
const DEADLINE: Duration = Duration::from_secs(100);

/// Why a check runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The mailbox was saved.
    Saved,
    /// Someone asked.
    Asked,
    /// Someone asked for a test message to this address.
    TestMessage(String),
    /// Its application works again.
    Mended,
    /// Somebody signed in for it.
    SignedIn,
    /// Its turn came.
    Round,
}

impl Reason {
    /// Its name in the database.
    pub fn value(&self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Asked => "asked",
            Self::TestMessage(_) => "test_message",
            Self::Mended => "mended",
            Self::SignedIn => "signed_in",
            Self::Round => "round",
        }
    }
}

/// What a person who waited gets to see.
#[derive(Clone, Debug)]
pub enum Progress {
    /// The check has ended.
    Done(Box<Ladder>),
    /// Microsoft is still being asked.
    Asking,
    /// Nothing was started: another check is running.
    Busy,
}

/// Starts a check and waits a little for its end. The check goes on if the person leaves.
///
/// # Errors
/// If the check could not be begun or written down.
pub async fn start(app: &App, id: &MailboxId, by: &str, reason: Reason) -> Result<Progress> {
    let request = telemetry::request_id();
    let work = run(app.clone(), id.clone(), by.to_owned(), reason);
    // Said here too, because after a while nobody is waiting for it any more.
    let work =
        async { work.await.inspect_err(|cause| tracing::warn!(cause = %cause.chain(), "a check came to no end")) };
    let task = app.tasks.spawn(async move { telemetry::with_request_id(request, work).await });
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(ended)) => Ok(ended?.map_or(Progress::Busy, |ladder| Progress::Done(Box::new(ladder)))),
        Ok(Err(cause)) => Err(AppError::internal(cause)),
        Err(_) => Ok(Progress::Asking),
    }
}

/// Runs a check to its end, for a job that waits for it. Says whether the mailbox opens.
///
/// # Errors
/// As [`start`].
pub(super) async fn run_as_postkey(app: &App, id: MailboxId) -> Result<bool> {
    let ended = run(app.clone(), id, "Postkey".to_owned(), Reason::Mended).await?;
    Ok(ended.is_some_and(|ladder| ladder.verdict(false).incoming == Status::Connected))
}

/// Runs the light check of a round to its end.
///
/// # Errors
/// As [`start`].
pub(super) async fn run_in_a_round(app: &App, id: MailboxId) -> Result<()> {
    run(app.clone(), id, "Postkey".to_owned(), Reason::Round).await.map(drop)
}

/// Runs a check to its end. `None` if one was already running or the mailbox is gone.
async fn run(app: App, id: MailboxId, by: String, reason: Reason) -> Result<Option<Ladder>> {
    let started_at = app.clock.now();
    if !begin(&app, &id, &by, &reason, started_at).await? {
        return Ok(None);
    }
    let begun = tokio::time::Instant::now();
    let ended = match tokio::time::timeout(DEADLINE, look(&app, &id, &by, &reason, started_at)).await {
        Ok(ended) => ended,
        Err(_) => {
            Err(AppError::internal(anyhow::anyhow!("Microsoft took longer than {} s in all", DEADLINE.as_secs())))
        }
    };
    count(&app, ended.as_ref().ok().and_then(Option::as_ref), begun.elapsed());
    if ended.is_err()
        && let Err(cause) = abandon(&app, &id, started_at).await
    {
        tracing::warn!(mailbox = %id, cause = %cause.chain(), "a check that broke off still counts as running");
    }
    ended
}

/// Counts a check by what it found. Of a mailbox that was changed meanwhile it found nothing, as when it broke off.
pub(super) fn count(app: &App, found: Option<&Ladder>, took: Duration) {
    let verdict = found.map(|ladder| ladder.verdict(false));
    app.tally.checked(verdict.map(|verdict| verdict.incoming.worse(verdict.outgoing).family()), took);
}

/// Marks that the check runs, and that somebody asked for it. `false` if one already does.
async fn begin(app: &App, id: &MailboxId, by: &str, reason: &Reason, started_at: UnixTime) -> Result<bool> {
    let mut tx = app.db.begin().await?;
    if !store::begin_check(&mut tx, id, started_at).await? {
        return Ok(false);
    }
    let asked = match reason {
        Reason::Saved | Reason::Mended | Reason::SignedIn | Reason::Round => None,
        Reason::Asked => Some("mailbox.check_asked"),
        Reason::TestMessage(_) => Some("mailbox.test_message_asked"),
    };
    if let Some(action) = asked {
        audit::record(&mut tx, app, audit::Entry { actor: by, action, object: id.as_str(), detail: "" }).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn look(app: &App, id: &MailboxId, by: &str, reason: &Reason, started_at: UnixTime) -> Result<Option<Ladder>> {
    let Some(mailbox) = store::find(&app.db, id).await? else { return Ok(None) };
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let climb = Climb { app, mailbox: &mailbox, application: &application, reason };
    let ladder = climb.run().await?;
    let finished = finish(&climb, by, started_at, &ladder).await?;
    Ok(finished.then_some(ladder))
}

/// The check ends without a word on the mailbox, for example because the database went away in between.
async fn abandon(app: &App, id: &MailboxId, started_at: UnixTime) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::abandon_check(&mut tx, id, started_at).await?;
    tx.commit().await
}

/// `false` if the mailbox was changed meanwhile: then what was found is not about it, and a newer check is.
async fn finish(climb: &Climb<'_>, by: &str, started_at: UnixTime, ladder: &Ladder) -> Result<bool> {
    let Climb { app, mailbox, reason, .. } = climb;
    let was = mailbox.health.incoming.cause();
    let now = app.clock.now();
    let sent = matches!(reason, Reason::TestMessage(_)) && ladder.failure().is_none();
    let verdict = ladder.verdict(sent || mailbox.health.sent_at.is_some());
    let mut check = Check {
        id: CheckId::new(now, &app.chance),
        times: 1,
        first_at: now,
        mailbox_id: mailbox.id.clone(),
        asked_by: by.to_owned(),
        reason: reason.value().to_owned(),
        incoming: verdict.incoming,
        outgoing: verdict.outgoing,
        started_at,
        finished_at: now,
        ladder: ladder.clone(),
    };
    let mut tx = app.db.begin().await?;
    let finished = keep(&mut tx, mailbox, &mut check, sent).await?;
    if finished {
        turn_store::plan(&mut tx, &mailbox.id, rounds::next(app, ladder, verdict)).await?;
    }
    if sent {
        let entry = audit::Entry {
            actor: by,
            action: "mailbox.test_message_sent",
            object: mailbox.id.as_str(),
            detail: &mailbox.address,
        };
        audit::record(&mut tx, app, entry).await?;
    }
    tx.commit().await?;
    let works_again = verdict.incoming == Status::Connected && was.is_some_and(Cause::of_application);
    if finished && works_again && **reason != Reason::Mended {
        // What stopped this mailbox stopped the others of its application too.
        let _ = app.mended.send(mailbox.application_id.clone());
    }
    Ok(finished)
}

/// Writes a check into the history and its verdict into the mailbox. Rounds that say the same as the one before are one row.
async fn keep(tx: &mut Tx, mailbox: &Mailbox, check: &mut Check, sent: bool) -> Result<bool> {
    let before = mailbox.health.last_check.as_ref().filter(|_| check.reason == Reason::Round.value());
    if let Some(before) = before
        && history::repeat(tx, before, check).await?
    {
        check.id = before.clone();
        return store::finish_check(tx, mailbox, check, sent).await;
    }
    let finished = store::finish_check(tx, mailbox, check, sent).await?;
    if finished {
        history::insert(tx, check).await?;
    }
    Ok(finished)
}

/// After a start no check runs, whatever the database says.
///
/// # Errors
/// If the database cannot answer.
pub async fn forget_interrupted(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::forget_interrupted_checks(&mut tx, app.clock.now()).await?;
    tx.commit().await
}
