//! All SQL for the address that calendars read.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::FeedId;
use crate::secrets::Sealed;

use super::feed::Feed;

const FIND: &str = "SELECT id, sealed, made_by, made_at FROM expiry_feeds WHERE slot = 'only'";

const KNOWS: &str = "SELECT id FROM expiry_feeds WHERE code_hash = $1";

const PUT: &str = "
    INSERT INTO expiry_feeds (slot, id, code_hash, sealed, made_by, made_at) VALUES ('only', $1, $2, $3, $4, $5)
    ON CONFLICT (slot) DO UPDATE SET id = excluded.id, code_hash = excluded.code_hash, sealed = excluded.sealed,
        made_by = excluded.made_by, made_at = excluded.made_at
    WHERE expiry_feeds.id = $6
    RETURNING id";

const REMOVE: &str = "DELETE FROM expiry_feeds WHERE id = $1";

#[derive(FromRow)]
struct Row {
    id: FeedId,
    sealed: Sealed,
    made_by: String,
    made_at: UnixTime,
}

/// The address, if there is one.
pub async fn find(db: &Db) -> Result<Option<Feed>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(FIND).fetch_optional(c).await)?;
    Ok(row.map(|row| Feed { id: row.id, sealed: row.sealed, made_by: row.made_by, made_at: row.made_at }))
}

/// Whether this is the hash of the code of the address.
pub async fn knows(db: &Db, code_hash: &str) -> Result<bool> {
    let known: Option<FeedId> = on_db!(db, |c| sqlx::query_scalar(KNOWS).bind(code_hash).fetch_optional(c).await)?;
    Ok(known.is_some())
}

/// Puts `feed` in the place of the one called `there`, or where none is. `false`, and nothing was changed, if there is another.
pub async fn put(tx: &mut Tx, feed: &Feed, code_hash: &str, there: &str) -> Result<bool> {
    let done: Option<FeedId> = in_tx!(tx, |c| sqlx::query_scalar(PUT)
        .bind(&feed.id)
        .bind(code_hash)
        .bind(&feed.sealed)
        .bind(&feed.made_by)
        .bind(feed.made_at)
        .bind(there)
        .fetch_optional(c)
        .await)?;
    Ok(done.is_some())
}

/// Removes the address called `there`. `false` if it is gone already.
pub async fn remove(tx: &mut Tx, there: &str) -> Result<bool> {
    Ok(in_tx!(tx, |c| sqlx::query(REMOVE).bind(there).execute(c).await.affected())? > 0)
}
