//! All SQL for whose turn it is to be checked.

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::{ApplicationId, MailboxId};

// What is due is found first, by the index of turns, and asked about only then. Without the limit, which is none, SQLite would go
// through all mailboxes of each application instead.
const DUE: &str = "
    SELECT application_id FROM (
        SELECT application_id, check_at FROM mailboxes
        WHERE check_at <= $1 AND deleted_at IS NULL AND paused_at IS NULL AND incoming <> 'sign_in_pending'
        ORDER BY check_at LIMIT 1000000000) AS due
    GROUP BY application_id ORDER BY MIN(check_at), application_id";

// The time is asked for twice, inside to choose and outside for good: between the two another process may have been faster.
const CLAIM: &str = "
    UPDATE mailboxes SET check_at = $3
    WHERE check_at <= $2 AND id IN (
        SELECT m.id FROM (
            SELECT id, application_id, check_at FROM mailboxes WHERE check_at <= $2 ORDER BY check_at, id LIMIT 1000000000) AS due
        JOIN mailboxes m ON m.id = due.id
        WHERE due.application_id = $1 AND m.deleted_at IS NULL AND m.paused_at IS NULL AND m.incoming <> 'sign_in_pending'
        ORDER BY due.check_at, due.id LIMIT $4)
    RETURNING id";

const PLANNED: &str = "SELECT check_at FROM mailboxes WHERE id = $1";

const PLAN: &str = "UPDATE mailboxes SET check_at = $2 WHERE id = $1";

const HURRY: &str = "UPDATE mailboxes SET check_at = $2 WHERE id = $1 AND check_at > $2";

const HURRY_ALL: &str = "
    UPDATE mailboxes SET check_at = $2
    WHERE application_id = $1 AND access_type = 'application' AND deleted_at IS NULL AND incoming = 'connected' AND check_at > $2";

// Spread over an interval, as they were.
const BRING_BACK: &str = "UPDATE mailboxes SET check_at = $1 + check_at % $2 WHERE check_at > $1 + 2 * $2";

/// The applications that have mailboxes whose turn it is, the one that waits longest first. One that waits for somebody to sign in
/// has none.
pub async fn due(db: &Db, now: UnixTime) -> Result<Vec<ApplicationId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(DUE).bind(now).fetch_all(c).await)?)
}

/// Takes at most `most` mailboxes of an application whose turn it is at `now`. They come again at `again`, whatever becomes of the
/// checks.
pub async fn claim(
    tx: &mut Tx,
    application: &ApplicationId,
    most: i64,
    (now, again): (UnixTime, UnixTime),
) -> Result<Vec<MailboxId>> {
    Ok(in_tx!(tx, |c| sqlx::query_scalar(CLAIM).bind(application).bind(now).bind(again).bind(most).fetch_all(c).await)?)
}

/// The turn of a mailbox comes at `at`, if it would not come sooner.
pub async fn hurry(tx: &mut Tx, mailbox: &MailboxId, at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(HURRY).bind(mailbox).bind(at).execute(c).await.affected())?;
    Ok(())
}

/// The turn of all mailboxes that an application opens without a user, and that still count as connected, comes at `at`, if it
/// would not come sooner.
pub async fn hurry_all(tx: &mut Tx, application: &ApplicationId, at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(HURRY_ALL).bind(application).bind(at).execute(c).await.affected())?;
    Ok(())
}

/// What would come later than two intervals after `now` comes within one: the clock was put back.
pub async fn bring_back(tx: &mut Tx, now: UnixTime, interval: i64) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(BRING_BACK).bind(now).bind(interval).execute(c).await.affected())?;
    Ok(())
}

/// When the turn of a mailbox comes, if it is there.
pub async fn planned(db: &Db, mailbox: &MailboxId) -> Result<Option<UnixTime>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(PLANNED).bind(mailbox).fetch_optional(c).await)?)
}

/// Sets the turn of a mailbox.
pub async fn plan(tx: &mut Tx, mailbox: &MailboxId, at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(PLAN).bind(mailbox).bind(at).execute(c).await.affected())?;
    Ok(())
}
