//! All SQL about the mailboxes that use an application, but their number, which is in `store.rs`.

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::words::Status;

const ADDRESSES: &str = "
    SELECT address FROM mailboxes WHERE application_id = $1 AND deleted_at IS NULL ORDER BY sort_key, id LIMIT $2";

const DELETED: &str = "SELECT COUNT(*) FROM mailboxes WHERE application_id = $1 AND deleted_at IS NOT NULL";

const ERASE_DELETED: &str = "DELETE FROM mailboxes WHERE application_id = $1 AND deleted_at IS NOT NULL";

const UNVERIFY: &str = "
    UPDATE mailboxes SET incoming = $3, outgoing = $3, urgency = $4, since = $5, checked_at = NULL, good_at = NULL, sent_at = NULL,
        checking_since = NULL, last_check_id = NULL
    WHERE application_id = $1 AND access_type = $2 AND deleted_at IS NULL";

/// The first addresses of its living mailboxes, in the order of the list.
pub async fn addresses(db: &Db, id: &ApplicationId, most: i64) -> Result<Vec<String>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(ADDRESSES).bind(id).bind(most).fetch_all(c).await)?)
}

/// How many mailboxes in the bin name it.
pub async fn deleted_count(db: &Db, id: &ApplicationId) -> Result<i64> {
    Ok(on_db!(db, |c| sqlx::query_scalar(DELETED).bind(id).fetch_one(c).await)?)
}

/// Removes the mailboxes in the bin that name it.
pub async fn erase_deleted(tx: &mut Tx, id: &ApplicationId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(ERASE_DELETED).bind(id).execute(c).await.affected())?;
    Ok(())
}

/// What checks said of its mailboxes no longer holds, because the application is another one now; and where a person signs
/// in, somebody must do so again.
pub async fn unverify(tx: &mut Tx, id: &ApplicationId, now: UnixTime) -> Result<()> {
    for (access, status) in [("application", Status::Unverified), ("delegated", Status::SignInPending)] {
        in_tx!(tx, |c| sqlx::query(UNVERIFY)
            .bind(id)
            .bind(access)
            .bind(status.value())
            .bind(i64::from(status.rank()))
            .bind(now)
            .execute(c)
            .await
            .affected())?;
    }
    Ok(())
}

/// How many mailboxes, in words.
pub fn mailboxes(count: i64) -> String {
    match count {
        0 => "no mailboxes".to_owned(),
        1 => "1 mailbox".to_owned(),
        count => format!("{count} mailboxes"),
    }
}
