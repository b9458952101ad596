//! All SQL about the mailboxes that use an application, but their number, which is in `store.rs`.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::words::Status;

const ADDRESSES: &str = "
    SELECT address FROM mailboxes WHERE application_id = $1 AND deleted_at IS NULL ORDER BY sort_key, id LIMIT $2";

const DELETED: &str = "SELECT COUNT(*) FROM mailboxes WHERE application_id = $1 AND deleted_at IS NOT NULL";

const ERASE_DELETED: &str = "DELETE FROM mailboxes WHERE application_id = $1 AND deleted_at IS NOT NULL";

const USES: &str = "
    SELECT access_type, MAX(signs_in_as) AS person, incoming FROM mailboxes WHERE application_id = $1 AND deleted_at IS NULL
    GROUP BY access_type, incoming ORDER BY access_type, incoming";

const SIGNS_PEOPLE_IN_ONLY: &str = "
    SELECT COUNT(*) FROM applications a
    WHERE a.id = $1
        AND EXISTS (SELECT 1 FROM mailboxes m WHERE m.application_id = a.id AND m.deleted_at IS NULL)
        AND NOT EXISTS (
            SELECT 1 FROM mailboxes m WHERE m.application_id = a.id AND m.deleted_at IS NULL AND m.access_type = 'application')";

const CONNECTED: &str = "
    SELECT address FROM mailboxes
    WHERE application_id = $1 AND deleted_at IS NULL AND access_type = 'application' AND incoming = 'connected'
    ORDER BY sort_key, id LIMIT $2";

const OPENS: &str = "
    SELECT COUNT(*) FROM mailboxes WHERE application_id = $1 AND address_key = $2 AND deleted_at IS NULL AND access_type = 'application'";

const UNVERIFY: &str = "
    UPDATE mailboxes SET incoming = $3, outgoing = $3, urgency = $4, since = $5, checked_at = NULL, good_at = NULL, sent_at = NULL,
        checking_since = NULL, last_check_id = NULL
    WHERE application_id = $1 AND access_type = $2 AND deleted_at IS NULL";

/// The first addresses of its living mailboxes, in the order of the list.
pub async fn addresses(db: &Db, id: &ApplicationId, most: i64) -> Result<Vec<String>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(ADDRESSES).bind(id).bind(most).fetch_all(c).await)?)
}

/// One way in which living mailboxes use an application, and one status of their reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Use {
    /// Whether a person signs in for them.
    pub is_delegated: bool,
    /// Whether that person is another than the mailbox, for one of them at least.
    pub is_shared: bool,
    /// What reading them said.
    pub incoming: Status,
}

#[derive(FromRow)]
struct UseRow {
    access_type: String,
    person: String,
    incoming: String,
}

/// Each way in which its living mailboxes use it, with each status that they are in.
pub async fn uses(db: &Db, id: &ApplicationId) -> Result<Vec<Use>> {
    let rows: Vec<UseRow> = on_db!(db, |c| sqlx::query_as(USES).bind(id).fetch_all(c).await)?;
    let read = |row: UseRow| Use {
        is_delegated: row.access_type == "delegated",
        is_shared: !row.person.is_empty(),
        incoming: Status::parse(&row.incoming).unwrap_or(Status::Unknown),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Whether it has mailboxes, and a person signs in for each of them.
pub async fn signs_people_in_only(db: &Db, id: &ApplicationId) -> Result<bool> {
    let found: i64 = on_db!(db, |c| sqlx::query_scalar(SIGNS_PEOPLE_IN_ONLY).bind(id).fetch_one(c).await)?;
    Ok(found > 0)
}

/// The first addresses that it opens without a user, of those that opened at their last check.
pub async fn connected(db: &Db, id: &ApplicationId, most: i64) -> Result<Vec<String>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(CONNECTED).bind(id).bind(most).fetch_all(c).await)?)
}

/// Whether it opens this address, in lower case, without a user for Postkey.
pub async fn opens(db: &Db, id: &ApplicationId, address_key: &str) -> Result<bool> {
    let found: i64 = on_db!(db, |c| sqlx::query_scalar(OPENS).bind(id).bind(address_key).fetch_one(c).await)?;
    Ok(found > 0)
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
