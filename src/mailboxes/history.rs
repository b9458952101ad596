//! The checks of a mailbox: the newest ones, and what they said over time.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{CheckId, MailboxId};
use crate::words::Status;

use super::ladder::Ladder;
use super::mailbox::CHECK_INTERVAL;

/// Seconds for which checks are kept; the last one of a mailbox stays for as long as the mailbox.
pub const KEPT_FOR: i64 = 90 * 24 * 60 * 60;
/// Rows that are kept of one mailbox at most: one an hour for ninety days, and some to spare.
const KEPT: i64 = 2_500;
/// Rows that one transaction removes at most, so that nobody waits long for it.
const SWEPT: i64 = 5_000;
/// Seconds between two checks that are no gap: rounds come once an hour, give or take.
pub const STEADY: i64 = CHECK_INTERVAL * 3 / 2;

const INSERT: &str = "
    INSERT INTO checks (id, mailbox_id, asked_by, reason, incoming, outgoing, started_at, finished_at, ladder, first_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)";

// Only what a round found may stand for many, and only if none was left out in between: a row says that all the time was looked.
const REPEAT: &str = "
    UPDATE checks SET finished_at = $2, started_at = $3, ladder = $4, times = times + 1, first_at = COALESCE(first_at, finished_at)
    WHERE id = $1 AND reason = 'round' AND incoming = $5 AND outgoing = $6 AND finished_at >= $7";

const TRIM: &str = "
    DELETE FROM checks WHERE mailbox_id = $1 AND finished_at < (
        SELECT finished_at FROM checks WHERE mailbox_id = $1 ORDER BY finished_at DESC, id DESC LIMIT 1 OFFSET $2)";

const NEWEST: &str = "
    SELECT id, mailbox_id, asked_by, reason, incoming, outgoing, started_at, finished_at, ladder, times,
        COALESCE(first_at, finished_at) AS first_at
    FROM checks WHERE mailbox_id = $1 ORDER BY finished_at DESC, id DESC LIMIT $2";

const SEEN: &str = "
    SELECT COALESCE(first_at, finished_at) AS first_at, finished_at AS last_at, incoming, outgoing
    FROM checks WHERE mailbox_id = $1 AND finished_at >= $2 ORDER BY finished_at, id";

const SWEEP: &str = "
    DELETE FROM checks WHERE id IN (
        SELECT c.id FROM checks c WHERE c.finished_at < $1
            AND NOT EXISTS (SELECT 1 FROM mailboxes m WHERE m.id = c.mailbox_id AND m.last_check_id = c.id)
        LIMIT $2)";

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
    /// When the first of them ended.
    pub first_at: UnixTime,
}

/// What checks in a row said, without their steps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seen {
    /// When the first of them ended.
    pub first_at: UnixTime,
    /// When the last of them ended.
    pub last_at: UnixTime,
    /// What they said of the mailbox as a whole.
    pub status: Status,
}

#[derive(FromRow)]
struct SeenRow {
    first_at: UnixTime,
    last_at: UnixTime,
    incoming: String,
    outgoing: String,
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
    first_at: UnixTime,
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
            first_at: row.first_at,
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

/// Lets the row `before` stand for `check` as well. `false`, and nothing is changed, if that one is no round, said something else or
/// is so old that a check was left out in between.
pub async fn repeat(tx: &mut Tx, before: &CheckId, check: &Check) -> Result<bool> {
    let ladder = serde_json::to_string(&check.ladder).map_err(AppError::internal)?;
    let repeated = in_tx!(tx, |c| sqlx::query(REPEAT)
        .bind(before)
        .bind(check.finished_at)
        .bind(check.started_at)
        .bind(ladder)
        .bind(check.incoming.value())
        .bind(check.outgoing.value())
        .bind(check.started_at.plus(-STEADY))
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

/// What checks since `from` said, oldest first.
pub async fn seen(db: &Db, mailbox: &MailboxId, from: UnixTime) -> Result<Vec<Seen>> {
    let rows: Vec<SeenRow> = on_db!(db, |c| sqlx::query_as(SEEN).bind(mailbox).bind(from).fetch_all(c).await)?;
    let wrong = || AppError::internal(anyhow::anyhow!("a check of {mailbox} holds an impossible status"));
    let seen = rows.into_iter().map(|row| {
        let incoming = Status::parse(&row.incoming).ok_or_else(wrong)?;
        let outgoing = Status::parse(&row.outgoing).ok_or_else(wrong)?;
        Ok(Seen { first_at: row.first_at, last_at: row.last_at, status: incoming.worse(outgoing) })
    });
    seen.collect()
}

/// Removes checks that ended before `before`, but not a mailbox' last one. `true` if there may be more.
pub async fn sweep(tx: &mut Tx, before: UnixTime) -> Result<bool> {
    let swept = in_tx!(tx, |c| sqlx::query(SWEEP).bind(before).bind(SWEPT).execute(c).await.affected())?;
    Ok(i64::try_from(swept).is_ok_and(|swept| swept >= SWEPT))
}
