//! One run of the ladder for one mailbox, from the request to the row that keeps what came of it. The steps are in
//! `climb.rs`.

use std::time::Duration;

use crate::app::App;
use crate::applications::store as applications;
use crate::audit;
use crate::clock::UnixTime;
use crate::error::{AppError, Result};
use crate::ids::{CheckId, MailboxId};
use crate::words::{Cause, Status};

use super::climb::Climb;
use super::history::{self, Check};
use super::ladder::Ladder;
use super::store;

/// How long a person waits for the outcome before the page says that Microsoft is still being asked.
pub const PATIENCE: Duration = Duration::from_secs(4);

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
}

impl Reason {
    /// Its name in the database.
    pub fn value(&self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Asked => "asked",
            Self::TestMessage(_) => "test_message",
            Self::Mended => "mended",
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
}

/// Starts a check and waits a little for its end. The check goes on if the person leaves.
///
/// # Errors
/// If the check could not be begun or written down.
pub async fn start(app: &App, id: &MailboxId, by: &str, reason: Reason) -> Result<Progress> {
    let request = crate::telemetry::request_id();
    let work = run(app.clone(), id.clone(), by.to_owned(), reason);
    let task = app.tasks.spawn(async move { crate::telemetry::with_request_id(request, work).await });
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(ended)) => Ok(ended?.map_or(Progress::Asking, |ladder| Progress::Done(Box::new(ladder)))),
        Ok(Err(cause)) => Err(AppError::internal(cause)),
        Err(_) => Ok(Progress::Asking),
    }
}

/// Runs a check to its end, for a job that waits for it.
///
/// # Errors
/// As [`start`].
pub(super) async fn run_as_postkey(app: &App, id: MailboxId) -> Result<()> {
    run(app.clone(), id, "Postkey".to_owned(), Reason::Mended).await.map(|_| ())
}

/// Runs a check to its end. `None` if one was already running or the mailbox is gone.
async fn run(app: App, id: MailboxId, by: String, reason: Reason) -> Result<Option<Ladder>> {
    let started_at = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !store::begin_check(&mut tx, &id, started_at).await? {
        return Ok(None);
    }
    let asked = match reason {
        Reason::Saved | Reason::Mended => None,
        Reason::Asked => Some("mailbox.check_asked"),
        Reason::TestMessage(_) => Some("mailbox.test_message_asked"),
    };
    if let Some(action) = asked {
        audit::record(&mut tx, &app, audit::Entry { actor: &by, action, object: id.as_str(), detail: "" }).await?;
    }
    tx.commit().await?;
    let Some(mailbox) = store::find(&app.db, &id).await? else { return Ok(None) };
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let climb = Climb { app: &app, mailbox: &mailbox, application: &application, reason: &reason };
    let ladder = match climb.run().await {
        Ok(ladder) => ladder,
        Err(cause) => {
            abandon(&app, &id, started_at).await?;
            return Err(cause);
        }
    };
    let finished = finish(&climb, &by, started_at, &ladder).await?;
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
    let check = Check {
        id: CheckId::new(now, &app.chance),
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
    let finished = store::finish_check(&mut tx, mailbox, &check, sent).await?;
    if finished {
        history::insert(&mut tx, &check).await?;
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

/// After a start no check runs, whatever the database says.
///
/// # Errors
/// If the database cannot answer.
pub async fn forget_interrupted(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::forget_interrupted_checks(&mut tx, app.clock.now()).await?;
    tx.commit().await
}
