//! The facts that the sentences are made of. Counts end at a cap, so that a page costs the same however many neighbours there are.

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::Result;
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::words::Cause;

use super::{Everywhere, Peers};

/// Neighbours that are looked at.
const CAP: i64 = 1_000;
/// Seconds that are the same minute.
const TOGETHER: i64 = 60;
/// Sign-ins that are looked back on.
const SIGN_INS: i64 = 4;

// Only what was seen to work after this one began to fail counts as working.
const MAILBOXES: &str = "
    SELECT COUNT(CASE WHEN incoming = 'connected' AND checked_at > $8 THEN 1 END), COUNT(CASE WHEN incoming = $3 THEN 1 END),
        COUNT(CASE WHEN incoming = $3 AND since BETWEEN $4 AND $5 THEN 1 END), COUNT(*)
    FROM (
        SELECT incoming, since, checked_at FROM mailboxes
        WHERE application_id = $1 AND id <> $2 AND deleted_at IS NULL AND paused_at IS NULL AND checked_at >= $6 LIMIT $7) AS others";

const SIGNED_IN: &str = "
    SELECT COUNT(CASE WHEN failures = 0 AND issued_at > $7 THEN 1 END), COUNT(CASE WHEN failures > 0 AND failed_cause = $3 THEN 1 END),
        COUNT(CASE WHEN failures > 0 AND failed_cause = $3 AND failing_since BETWEEN $4 AND $5 THEN 1 END), COUNT(*)
    FROM (
        SELECT failures, failed_cause, failing_since, issued_at FROM delegated_grants WHERE application_id = $1 AND id <> $2 LIMIT $6) AS others";

const EVERYWHERE: &str = "
    SELECT COUNT(*), COUNT(CASE WHEN down THEN 1 END) FROM (
        SELECT EXISTS (SELECT 1 FROM grants g WHERE g.application_id = a.id AND g.failures > 0 AND g.failed_cause = 'provider_down')
            OR EXISTS (SELECT 1 FROM delegated_grants d
                WHERE d.application_id = a.id AND d.failures > 0 AND d.failed_cause = 'provider_down') AS down
        FROM applications a
        WHERE EXISTS (SELECT 1 FROM grants g WHERE g.application_id = a.id)
            OR EXISTS (SELECT 1 FROM delegated_grants d WHERE d.application_id = a.id)) AS each_one";

const SIGNED_IN_AT: &str = "
    SELECT at FROM sign_ins WHERE mailbox_id = $1 AND outcome = 'connected' ORDER BY at DESC, id DESC LIMIT $2";

const LOST_AT: &str = "
    SELECT COALESCE(first_at, finished_at) FROM checks
    WHERE mailbox_id = $1 AND finished_at >= $2 AND incoming = 'needs_sign_in' ORDER BY finished_at, id";

const SIGNED_IN_FIRST: &str = "SELECT signed_in_at FROM delegated_grants WHERE id = $1";

type Counts = (i64, i64, i64, i64);

fn peers((working, same, together, all): Counts) -> Peers {
    Peers { working, same, together, more: all > CAP }
}

/// The other mailboxes of an application that were checked since `proof`, beside one that fails with `cause` since `since`.
pub async fn mailboxes(
    db: &Db,
    (application, mailbox): (&ApplicationId, &MailboxId),
    (cause, since): (Cause, UnixTime),
    proof: UnixTime,
) -> Result<Peers> {
    let counts: Counts = on_db!(db, |c| sqlx::query_as(MAILBOXES)
        .bind(application)
        .bind(mailbox)
        .bind(cause.value())
        .bind(since.plus(-TOGETHER))
        .bind(since.plus(TOGETHER))
        .bind(proof)
        .bind(CAP + 1)
        .bind(since)
        .fetch_one(c)
        .await)?;
    Ok(peers(counts))
}

/// The other saved sign-ins of an application, beside one that fails with `cause` since `since`.
pub async fn sign_ins(
    db: &Db,
    (application, grant): (&ApplicationId, &GrantId),
    (cause, since): (Cause, UnixTime),
) -> Result<Peers> {
    let counts: Counts = on_db!(db, |c| sqlx::query_as(SIGNED_IN)
        .bind(application)
        .bind(grant)
        .bind(cause.value())
        .bind(since.plus(-TOGETHER))
        .bind(since.plus(TOGETHER))
        .bind(CAP + 1)
        .bind(since)
        .fetch_one(c)
        .await)?;
    Ok(peers(counts))
}

/// How many applications have a token, and how many of those get no usable answer for one.
pub async fn everywhere(db: &Db) -> Result<Everywhere> {
    let (applications, unreachable): (i64, i64) = on_db!(db, |c| sqlx::query_as(EVERYWHERE).fetch_one(c).await)?;
    Ok(Everywhere { applications, unreachable })
}

/// Seconds from each of the last sign-ins for a mailbox to the first check that found it lost, the newest first; up to the first one
/// that was not lost before the next.
pub async fn lives(db: &Db, mailbox: &MailboxId) -> Result<Vec<i64>> {
    let signed_in: Vec<UnixTime> =
        on_db!(db, |c| sqlx::query_scalar(SIGNED_IN_AT).bind(mailbox).bind(SIGN_INS).fetch_all(c).await)?;
    let Some(oldest) = signed_in.last() else { return Ok(Vec::new()) };
    let lost: Vec<UnixTime> =
        on_db!(db, |c| sqlx::query_scalar(LOST_AT).bind(mailbox).bind(oldest).fetch_all(c).await)?;
    let mut next = UnixTime::from_seconds(i64::MAX);
    let mut lives = Vec::new();
    for at in signed_in {
        let Some(end) = lost.iter().find(|lost| **lost >= at && **lost < next) else { break };
        lives.push(end.since(at));
        next = at;
    }
    Ok(lives)
}

/// When the person of a grant last signed in.
pub async fn signed_in_at(db: &Db, grant: &GrantId) -> Result<Option<UnixTime>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(SIGNED_IN_FIRST).bind(grant).fetch_optional(c).await)?)
}
