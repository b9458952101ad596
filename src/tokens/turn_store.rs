//! All SQL for whose turn it is, in both tables of grants: what is due, who has it now, and when it is tried again.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::microsoft::Failure;

/// Which table a grant is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// An application's: `grants`.
    Application,
    /// A person's: `delegated_grants`.
    Person,
}

/// A grant that this process has for itself, to renew it.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Turn {
    /// The grant.
    pub id: GrantId,
    /// The mailbox, if it is a person's.
    pub mailbox_id: Option<MailboxId>,
    /// When the newest token was issued.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// Since when it was due.
    pub next_at: UnixTime,
}

/// For whom a grant is taken, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// The process.
    pub by: &'a str,
    /// When it asks.
    pub now: UnixTime,
    /// When others may take it.
    pub until: UnixTime,
}

/// A try that brought nothing.
#[derive(Debug)]
pub struct Missed<'a> {
    /// Why.
    pub failure: &'a Failure,
    /// When it ended.
    pub at: UnixTime,
    /// When the next one is due.
    pub next_at: UnixTime,
}

const DUE: &str = "
    SELECT application_id FROM (
        SELECT application_id, next_at FROM grants WHERE next_at <= $1 AND leased_until <= $1
        UNION ALL SELECT application_id, next_at FROM delegated_grants WHERE next_at <= $1 AND leased_until <= $1) AS due
    GROUP BY application_id ORDER BY MIN(next_at), application_id";

// The lease is asked for twice, inside to choose and outside for good: between the two another process may have been faster.
const CLAIM: [&str; 2] = [
    "UPDATE grants SET leased_until = $3, leased_by = $4
    WHERE leased_until <= $2 AND id IN (
        SELECT id FROM grants WHERE application_id = $1 AND next_at <= $2 AND leased_until <= $2 ORDER BY next_at, id LIMIT $5)
    RETURNING id, NULL AS mailbox_id, issued_at, expires_at, next_at",
    "UPDATE delegated_grants SET leased_until = $3, leased_by = $4
    WHERE leased_until <= $2 AND id IN (
        SELECT id FROM delegated_grants WHERE application_id = $1 AND next_at <= $2 AND leased_until <= $2
        ORDER BY next_at, id LIMIT $5)
    RETURNING id, mailbox_id, issued_at, expires_at, next_at",
];

const BEGIN: [&str; 2] = [
    "UPDATE grants SET leased_until = $4, leased_by = $5
    WHERE id = $1 AND generation = $2 AND (leased_until <= $3 OR leased_by = $5) RETURNING id",
    "UPDATE delegated_grants SET leased_until = $4, leased_by = $5, attempted_at = $3
    WHERE id = $1 AND generation = $2 AND (leased_until <= $3 OR leased_by = $5) RETURNING id",
];

const GENERATION: [&str; 2] =
    ["SELECT generation FROM grants WHERE id = $1", "SELECT generation FROM delegated_grants WHERE id = $1"];

const MISS: [&str; 2] = [
    "UPDATE grants SET leased_until = 0, leased_by = '', failures = failures + 1, failed_at = $3, failure = $4, next_at = $5,
        failed_cause = $6, failing_since = COALESCE(failing_since, $3)
    WHERE id = $1 AND generation = $2",
    "UPDATE delegated_grants SET leased_until = 0, leased_by = '', failures = failures + 1, failed_at = $3, failure = $4, next_at = $5,
        failed_cause = $6, failing_since = COALESCE(failing_since, $3), attempted_at = NULL
    WHERE id = $1 AND generation = $2",
];

const PUT_OFF: [&str; 2] = [
    "UPDATE grants SET leased_until = 0, leased_by = '', next_at = CASE WHEN next_at <= $3 THEN $4 ELSE next_at END
    WHERE id = $1 AND leased_by = $2",
    "UPDATE delegated_grants SET leased_until = 0, leased_by = '', next_at = CASE WHEN next_at <= $3 THEN $4 ELSE next_at END
    WHERE id = $1 AND leased_by = $2",
];

const HURRY: [&str; 2] = [
    "UPDATE grants SET next_at = $2 WHERE application_id = $1 AND failures > 0 AND next_at > $2",
    "UPDATE delegated_grants SET next_at = $2 WHERE application_id = $1 AND failures > 0 AND next_at > $2",
];

const RELEASE: [&str; 2] = [
    "UPDATE grants SET leased_until = 0, leased_by = '' WHERE leased_until > 0",
    "UPDATE delegated_grants SET leased_until = 0, leased_by = '' WHERE leased_until > 0",
];

const BRING_BACK: [&str; 2] = [
    "UPDATE grants SET next_at = $1, leased_until = 0, leased_by = '' WHERE issued_at > $2 OR failed_at > $2 OR leased_until > $3",
    "UPDATE delegated_grants SET next_at = $1, leased_until = 0, leased_by = ''
    WHERE issued_at > $2 OR failed_at > $2 OR leased_until > $3",
];

/// The applications that have something due, the one that waits longest first.
pub async fn due(db: &Db, now: UnixTime) -> Result<Vec<ApplicationId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(DUE).bind(now).fetch_all(c).await)?)
}

/// Takes at most `most` due grants of an application.
pub async fn claim(
    tx: &mut Tx,
    whose: Whose,
    application: &ApplicationId,
    most: i64,
    lease: Lease<'_>,
) -> Result<Vec<Turn>> {
    Ok(in_tx!(tx, |c| sqlx::query_as(CLAIM[whose as usize])
        .bind(application)
        .bind(lease.now)
        .bind(lease.until)
        .bind(lease.by)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// Takes one grant of this generation. `false` if another process has it, or the generation is not the newest.
pub async fn begin(tx: &mut Tx, whose: Whose, (id, generation): (&GrantId, i64), lease: Lease<'_>) -> Result<bool> {
    let begun: Option<GrantId> = in_tx!(tx, |c| sqlx::query_scalar(BEGIN[whose as usize])
        .bind(id)
        .bind(generation)
        .bind(lease.now)
        .bind(lease.until)
        .bind(lease.by)
        .fetch_optional(c)
        .await)?;
    Ok(begun.is_some())
}

/// The newest generation of a grant; `None` if it is gone.
pub async fn generation(db: &Db, whose: Whose, id: &GrantId) -> Result<Option<i64>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(GENERATION[whose as usize]).bind(id).fetch_optional(c).await)?)
}

/// Writes down a try that brought nothing, and when the next is due.
pub async fn miss(tx: &mut Tx, whose: Whose, (id, generation): (&GrantId, i64), missed: &Missed<'_>) -> Result<()> {
    let json = serde_json::to_string(missed.failure).map_err(AppError::internal)?;
    in_tx!(tx, |c| sqlx::query(MISS[whose as usize])
        .bind(id)
        .bind(generation)
        .bind(missed.at)
        .bind(&json)
        .bind(missed.next_at)
        .bind(missed.failure.cause.value())
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Gives back a grant that the process `by` still has; if it is still due at `now`, its next turn is at `next_at`.
pub async fn put_off(
    tx: &mut Tx,
    whose: Whose,
    id: &GrantId,
    (now, next_at): (UnixTime, UnixTime),
    by: &str,
) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(PUT_OFF[whose as usize])
        .bind(id)
        .bind(by)
        .bind(now)
        .bind(next_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// What failed for an application is due at once, because something was mended.
pub async fn hurry(tx: &mut Tx, application: &ApplicationId, now: UnixTime) -> Result<()> {
    for whose in HURRY {
        in_tx!(tx, |c| sqlx::query(whose).bind(application).bind(now).execute(c).await.affected())?;
    }
    Ok(())
}

/// What was issued or failed later than `happened`, or is taken for longer than `taken`, is due at `now`: the clock was put back,
/// and the turn of these, planned before that, would come too late.
pub async fn bring_back(tx: &mut Tx, now: UnixTime, happened: UnixTime, taken: UnixTime) -> Result<()> {
    for whose in BRING_BACK {
        in_tx!(tx, |c| sqlx::query(whose).bind(now).bind(happened).bind(taken).execute(c).await.affected())?;
    }
    Ok(())
}

/// Frees what a process that is gone had for itself; only where there can be no other one.
pub async fn release_all(tx: &mut Tx) -> Result<()> {
    for whose in RELEASE {
        in_tx!(tx, |c| sqlx::query(whose).execute(c).await.affected())?;
    }
    Ok(())
}
