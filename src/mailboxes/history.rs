//! The checks of a mailbox, newest first.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{CheckId, MailboxId};
use crate::words::Status;

use super::ladder::Ladder;

/// Checks that are kept of one mailbox.
const KEPT: i64 = 200;

const INSERT: &str = "
    INSERT INTO checks (id, mailbox_id, asked_by, reason, incoming, outgoing, started_at, finished_at, ladder)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

// Only what a round found may stand for many.
const REPEAT: &str = "
    UPDATE checks SET finished_at = $2, started_at = $3, ladder = $4, times = times + 1
    WHERE id = $1 AND reason = 'round' AND incoming = $5 AND outgoing = $6";

const TRIM: &str = "
    DELETE FROM checks WHERE mailbox_id = $1 AND id NOT IN (
        SELECT id FROM checks WHERE mailbox_id = $1 ORDER BY finished_at DESC, id DESC LIMIT $2)";

const NEWEST: &str = "
    SELECT id, mailbox_id, asked_by, reason, incoming, outgoing, started_at, finished_at, ladder, times
    FROM checks WHERE mailbox_id = $1 ORDER BY finished_at DESC, id DESC LIMIT $2";

/// One run of the ladder for one mailbox.
#[derive(Clone, Debug)]
pub struct Check {
    /// Ours.
    pub id: CheckId,
    /// The mailbox.
    pub mailbox_id: MailboxId,
    /// Who asked for it.
    pub asked_by: String,
    /// Why it ran, as [`super::check::Reason::value`] names it.
    pub reason: String,
    /// What it said of reading.
    pub incoming: Status,
    /// What it said of sending.
    pub outgoing: Status,
    /// When it began.
    pub started_at: UnixTime,
    /// When it ended.
    pub finished_at: UnixTime,
    /// The steps.
    pub ladder: Ladder,
    /// How many checks in a row said this; times and steps are those of the last one.
    pub times: i64,
}

#[derive(FromRow)]
struct Row {
    id: CheckId,
    mailbox_id: MailboxId,
    asked_by: String,
    reason: String,
    incoming: String,
    outgoing: String,
    started_at: UnixTime,
    finished_at: UnixTime,
    ladder: String,
    times: i64,
}

impl TryFrom<Row> for Check {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = |column: &str| AppError::internal(anyhow::anyhow!("checks.{column} of {} is impossible", row.id));
        Ok(Self {
            incoming: Status::parse(&row.incoming).ok_or_else(|| wrong("incoming"))?,
            outgoing: Status::parse(&row.outgoing).ok_or_else(|| wrong("outgoing"))?,
            ladder: serde_json::from_str(&row.ladder).map_err(|_| wrong("ladder"))?,
            id: row.id,
            mailbox_id: row.mailbox_id,
            asked_by: row.asked_by,
            reason: row.reason,
            started_at: row.started_at,
            finished_at: row.finished_at,
            times: row.times,
        })
    }
}

/// Adds a check and forgets the oldest ones.
pub async fn insert(tx: &mut Tx, check: &Check) -> Result<()> {
    let ladder = serde_json::to_string(&check.ladder).map_err(AppError::internal)?;
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&check.id)
        .bind(&check.mailbox_id)
        .bind(&check.asked_by)
        .bind(&check.reason)
        .bind(check.incoming.value())
        .bind(check.outgoing.value())
        .bind(check.started_at)
        .bind(check.finished_at)
        .bind(ladder)
        .execute(c)
        .await
        .affected())?;
    in_tx!(tx, |c| sqlx::query(TRIM).bind(&check.mailbox_id).bind(KEPT).execute(c).await.affected())?;
    Ok(())
}

/// Lets the row `before` stand for `check` as well. `false`, and nothing is changed, if that one is no round or said something else.
pub async fn repeat(tx: &mut Tx, before: &CheckId, check: &Check) -> Result<bool> {
    let ladder = serde_json::to_string(&check.ladder).map_err(AppError::internal)?;
    let repeated = in_tx!(tx, |c| sqlx::query(REPEAT)
        .bind(before)
        .bind(check.finished_at)
        .bind(check.started_at)
        .bind(ladder)
        .bind(check.incoming.value())
        .bind(check.outgoing.value())
        .execute(c)
        .await
        .affected())?;
    Ok(repeated > 0)
}

/// The newest checks of a mailbox, at most `limit`.
pub async fn newest(db: &Db, mailbox: &MailboxId, limit: i64) -> Result<Vec<Check>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(NEWEST).bind(mailbox).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(Check::try_from).collect()
}
