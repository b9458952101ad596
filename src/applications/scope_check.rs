//! One scope check of an application, from the request to the rows that keep what came of it. The mailboxes are tried in
//! `scope_try.rs`.

use std::time::Duration;

use crate::app::App;
use crate::audit;
use crate::clock::UnixTime;
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, ScopeCheckId};
use crate::telemetry;
use crate::words::ScopeVerdict;

use super::scope::{self, INTERVAL, Named, Scope};
use super::scope_try::{self, Trial};
use super::scope_turn_store::{self as turns, ScopeCheck};
use super::{Application, scope_store, store, trial};

/// How long a person waits for the outcome before the page says that Microsoft is still being asked.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long a check may take in all; shorter than [`ENDS`], so that no second one starts beside it.
const DEADLINE: Duration = Duration::from_secs(100);
/// Seconds after which a check that did not end counts as dead.
const ENDS: i64 = 2 * 60;
/// Seconds until the next check while the trouble is of a kind that passes by itself.
const WHILE_TROUBLED: i64 = 60 * 60;

/// Why a check runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The names were saved.
    Saved,
    /// Someone asked.
    Asked,
    /// Its turn came.
    Round,
}

impl Reason {
    /// Its name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Asked => "asked",
            Self::Round => "round",
        }
    }
}

/// What a person who waited gets to see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// The check has ended.
    Done(ScopeVerdict),
    /// Microsoft is still being asked.
    Asking,
    /// Nothing was started: another check is running, or nothing is named.
    Busy,
}

/// Starts a check and waits a little for its end. The check goes on if the person leaves.
///
/// # Errors
/// If the check could not be begun or written down.
pub async fn start(app: &App, id: &ApplicationId, by: &str, reason: Reason) -> Result<Progress> {
    let request = telemetry::request_id();
    let work = run(app.clone(), id.clone(), by.to_owned(), reason);
    // Said here too, because after a while nobody is waiting for it any more.
    let work = async {
        work.await.inspect_err(|cause| tracing::warn!(cause = %cause.chain(), "a scope check came to no end"))
    };
    let task = app.tasks.spawn(telemetry::with_request_id(request, work));
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(ended)) => Ok(ended?.map_or(Progress::Busy, Progress::Done)),
        Ok(Err(cause)) => Err(AppError::internal(cause)),
        Err(_) => Ok(Progress::Asking),
    }
}

/// Runs the check of a round to its end.
///
/// # Errors
/// As [`start`].
pub(super) async fn run_in_a_round(app: &App, id: ApplicationId) -> Result<()> {
    run(app.clone(), id, "Postkey".to_owned(), Reason::Round).await.map(drop)
}

/// Runs a check to its end. `None` if one was already running, nothing is named, or the names were changed meanwhile.
async fn run(app: App, id: ApplicationId, by: String, reason: Reason) -> Result<Option<ScopeVerdict>> {
    let started_at = app.clock.now();
    let check = ScopeCheckId::new(started_at, &app.chance);
    if !begin(&app, &id, &check, &by, reason).await? {
        return Ok(None);
    }
    let begun = Begun { app: &app, id: &check, by: &by, reason, started_at };
    let ended = match tokio::time::timeout(DEADLINE, begun.look(&id)).await {
        Ok(ended) => ended,
        Err(_) => {
            Err(AppError::internal(anyhow::anyhow!("Microsoft took longer than {} s in all", DEADLINE.as_secs())))
        }
    };
    if ended.is_err()
        && let Err(cause) = abandon(&app, &id, &check).await
    {
        tracing::warn!(application = %id, cause = %cause.chain(), "a scope check that broke off still counts as running");
    }
    ended
}

/// Marks that the check runs, and that somebody asked for it. `false` if one already does.
async fn begin(app: &App, id: &ApplicationId, check: &ScopeCheckId, by: &str, reason: Reason) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !turns::begin(&mut tx, id, check, (now, now.plus(ENDS))).await? {
        return Ok(false);
    }
    if reason == Reason::Asked {
        let entry = audit::Entry { actor: by, action: "scope.check_asked", object: id.as_str(), detail: "" };
        audit::record(&mut tx, app, entry).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn abandon(app: &App, id: &ApplicationId, check: &ScopeCheckId) -> Result<()> {
    let mut tx = app.db.begin().await?;
    turns::abandon(&mut tx, id, check).await?;
    tx.commit().await
}

/// A check that runs.
struct Begun<'a> {
    app: &'a App,
    id: &'a ScopeCheckId,
    by: &'a str,
    reason: Reason,
    started_at: UnixTime,
}

impl Begun<'_> {
    async fn look(&self, id: &ApplicationId) -> Result<Option<ScopeVerdict>> {
        let Some(scope) = scope_store::find(&self.app.db, id).await? else { return Ok(None) };
        let application = store::get(&self.app.db, id).await?;
        let names = match trial::known(self.app, &application).await? {
            Ok(known) => {
                let trial = Trial { app: self.app, application: &application, known: &known };
                trial.of(&scope.names, self.reason == Reason::Round).await?
            }
            Err(failure) => scope_try::none(&scope.names, &failure),
        };
        self.finish(&application, &scope, &names).await
    }

    /// `None` if the names were changed meanwhile: then what was found is not about them, and a newer check is.
    async fn finish(&self, application: &Application, scope: &Scope, names: &[Named]) -> Result<Option<ScopeVerdict>> {
        let (app, now) = (self.app, self.app.clock.now());
        let verdict = scope::verdict(names);
        let check = ScopeCheck {
            id: self.id.clone(),
            application_id: application.id.clone(),
            asked_by: self.by.to_owned(),
            reason: self.reason.value().to_owned(),
            verdict,
            found: scope::found(names),
            started_at: self.started_at,
            finished_at: now,
            times: 1,
        };
        let mut tx = app.db.begin().await?;
        if !scope_store::finish(&mut tx, &application.id, self.id, names, (now, next(app, names))).await? {
            return Ok(None);
        }
        turns::keep(&mut tx, &check).await?;
        tx.commit().await?;
        if verdict == ScopeVerdict::TooWide && scope::verdict(&scope.names) != verdict {
            tracing::warn!(application = %application.id, "an application opens a mailbox that must stay closed to it");
        }
        Ok(Some(verdict))
    }
}

/// When the next check is due: after a day, give or take a tenth of it, so that they stay spread; sooner while the trouble is of
/// a kind that passes by itself.
fn next(app: &App, names: &[Named]) -> UnixTime {
    let failures = names.iter().filter_map(|named| named.tried.as_ref()?.failure.as_ref());
    let pause = if failures.into_iter().any(|failure| failure.is_transient()) { WHILE_TROUBLED } else { INTERVAL };
    let roll = i64::from(u16::from_be_bytes(app.chance.bytes::<2>()));
    app.clock.now().plus(pause * 9 / 10 + (pause / 5) * roll / 0x1_0000)
}
