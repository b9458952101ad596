//! All SQL for whose turn it is to be scope checked, which check runs, and what the earlier ones found.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, ScopeCheckId};
use crate::words::ScopeVerdict;

/// Seconds for which a check is kept.
const KEPT: i64 = 90 * 24 * 60 * 60;

const DUE: &str = "
    SELECT s.application_id FROM scopes s
    WHERE s.check_at <= $1 AND s.running_until <= $1
    ORDER BY s.check_at, s.application_id LIMIT 100";

const CLAIM: &str =
    "UPDATE scopes SET check_at = $3 WHERE application_id = $1 AND check_at <= $2 RETURNING application_id";

const BEGIN: &str = "
    UPDATE scopes SET running = $2, running_until = $4 WHERE application_id = $1 AND running_until <= $3 RETURNING application_id";

const ABANDON: &str = "UPDATE scopes SET running = '', running_until = 0 WHERE application_id = $1 AND running = $2";

const INSERT: &str = "
    INSERT INTO scope_checks (id, application_id, asked_by, reason, verdict, found, started_at, finished_at, times)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";

// Only what a round found may stand for many, and only the newest one.
const REPEAT: &str = "
    UPDATE scope_checks SET started_at = $4, finished_at = $5, times = times + 1
    WHERE id = (
        SELECT id FROM scope_checks WHERE application_id = $1 ORDER BY finished_at DESC, id DESC LIMIT 1)
        AND reason = 'round' AND verdict = $2 AND found = $3
    RETURNING id";

const NEWEST: &str = "
    SELECT id, application_id, asked_by, reason, verdict, found, started_at, finished_at, times FROM scope_checks
    WHERE application_id = $1 ORDER BY finished_at DESC, id DESC LIMIT $2";

const SWEEP: &str = "DELETE FROM scope_checks WHERE finished_at < $1";

/// One check of an application, or many in a row that found the same.
#[derive(Clone, Debug)]
pub struct ScopeCheck {
    /// Ours.
    pub id: ScopeCheckId,
    /// The application.
    pub application_id: ApplicationId,
    /// Who asked for it.
    pub asked_by: String,
    /// Why it ran, as [`super::scope_check::Reason::value`] names it.
    pub reason: String,
    /// Whether the limit held.
    pub verdict: ScopeVerdict,
    /// What it found, in words.
    pub found: String,
    /// When it began.
    pub started_at: UnixTime,
    /// When it ended.
    pub finished_at: UnixTime,
    /// How many in a row found this; the times are those of the last one.
    pub times: i64,
}

#[derive(FromRow)]
struct Row {
    id: ScopeCheckId,
    application_id: ApplicationId,
    asked_by: String,
    reason: String,
    verdict: String,
    found: String,
    started_at: UnixTime,
    finished_at: UnixTime,
    times: i64,
}

impl TryFrom<Row> for ScopeCheck {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = || AppError::internal(anyhow::anyhow!("scope_checks.verdict of {} is impossible", row.id));
        Ok(Self {
            verdict: ScopeVerdict::parse(&row.verdict).ok_or_else(wrong)?,
            id: row.id,
            application_id: row.application_id,
            asked_by: row.asked_by,
            reason: row.reason,
            found: row.found,
            started_at: row.started_at,
            finished_at: row.finished_at,
            times: row.times,
        })
    }
}

/// The applications whose turn it is, the one that waits longest first, at most a hundred.
pub async fn due(db: &Db, now: UnixTime) -> Result<Vec<ApplicationId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(DUE).bind(now).fetch_all(c).await)?)
}

/// Takes the turn of an application, which comes again at `again` whatever becomes of the check. `false` if another process was
/// faster.
pub async fn claim(tx: &mut Tx, application: &ApplicationId, (now, again): (UnixTime, UnixTime)) -> Result<bool> {
    let claimed: Option<ApplicationId> =
        in_tx!(tx, |c| sqlx::query_scalar(CLAIM).bind(application).bind(now).bind(again).fetch_optional(c).await)?;
    Ok(claimed.is_some())
}

/// Marks that the check `id` runs, until `until` at most. `false` if another one does, in whichever process, or nothing is named.
pub async fn begin(
    tx: &mut Tx,
    application: &ApplicationId,
    id: &ScopeCheckId,
    (now, until): (UnixTime, UnixTime),
) -> Result<bool> {
    let begun: Option<ApplicationId> = in_tx!(tx, |c| sqlx::query_scalar(BEGIN)
        .bind(application)
        .bind(id)
        .bind(now)
        .bind(until)
        .fetch_optional(c)
        .await)?;
    Ok(begun.is_some())
}

/// The check `id` ends without having found anything.
pub async fn abandon(tx: &mut Tx, application: &ApplicationId, id: &ScopeCheckId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(ABANDON).bind(application).bind(id).execute(c).await.affected())?;
    Ok(())
}

/// Writes a check into the history. A round that found the same as the one before becomes one row with it.
pub async fn keep(tx: &mut Tx, check: &ScopeCheck) -> Result<()> {
    if check.reason == "round" {
        let repeated: Option<ScopeCheckId> = in_tx!(tx, |c| sqlx::query_scalar(REPEAT)
            .bind(&check.application_id)
            .bind(check.verdict.value())
            .bind(&check.found)
            .bind(check.started_at)
            .bind(check.finished_at)
            .fetch_optional(c)
            .await)?;
        if repeated.is_some() {
            return Ok(());
        }
    }
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&check.id)
        .bind(&check.application_id)
        .bind(&check.asked_by)
        .bind(&check.reason)
        .bind(check.verdict.value())
        .bind(&check.found)
        .bind(check.started_at)
        .bind(check.finished_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// The newest checks of an application, at most `limit`.
pub async fn newest(db: &Db, application: &ApplicationId, limit: i64) -> Result<Vec<ScopeCheck>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(NEWEST).bind(application).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(ScopeCheck::try_from).collect()
}

/// Removes checks that are older than ninety days. What is known of each mailbox stays.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(app.clock.now().plus(-KEPT)).execute(c).await.affected())?;
    tx.commit().await
}
