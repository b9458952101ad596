//! Sessions in our own table: only a hash of the ID, an idle and an absolute end on the server, and a save that never
//! brings back what a logout removed (S-20 to S-27).

use async_trait::async_trait;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use crate::chance::hash_of;
use crate::clock::{Clock, UnixTime};
use crate::db::{Affected, Db, in_tx, on_db};
use crate::error::AppError;

use super::session::Person;

/// Seconds without a request after which a session is dead.
pub const IDLE: i64 = 30 * 60;
/// Seconds after which a session is dead however busy it was.
pub const ABSOLUTE: i64 = 12 * 60 * 60;
/// Seconds by which the clocks of two processes may differ.
const APART: i64 = 5 * 60;
/// How stale the last-seen time may get, so that not each page view is a write.
const TOUCH_AFTER: i64 = 60;

const INSERT: &str = "
    INSERT INTO sessions (id_hash, data, seen_at, ends_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id_hash) DO NOTHING RETURNING id_hash";

const UPDATE: &str =
    "UPDATE sessions SET data = $2 WHERE id_hash = $1 AND seen_at > $3 AND ends_at > $4 AND ends_at <= $5";

const SELECT: &str = "SELECT data, seen_at, ends_at FROM sessions WHERE id_hash = $1 AND seen_at > $2 AND ends_at > $3 AND ends_at <= $4";

const TOUCH: &str = "UPDATE sessions SET seen_at = $2 WHERE id_hash = $1 AND seen_at < $2";

const DELETE: &str = "DELETE FROM sessions WHERE id_hash = $1";

const SWEEP: &str = "DELETE FROM sessions WHERE ends_at <= $1 OR seen_at <= $2";

/// The table `sessions` as tower-sessions sees it.
#[derive(Clone, Debug)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

impl Sessions {
    /// Sessions in `db`, which end by `clock`.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Removes sessions that have ended.
    pub async fn sweep(&self) -> crate::error::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(now).bind(now.plus(-IDLE)).execute(c).await.affected())?;
        tx.commit().await
    }

    async fn insert(&self, id: &Id, data: &str) -> crate::error::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let made: Option<String> = in_tx!(&mut tx, |c| sqlx::query_scalar(INSERT)
            .bind(hash(id))
            .bind(data)
            .bind(now)
            .bind(now.plus(ABSOLUTE))
            .fetch_optional(c)
            .await)?;
        tx.commit().await?;
        Ok(made.is_some())
    }

    async fn update(&self, id: &Id, data: &str) -> crate::error::Result<()> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        in_tx!(&mut tx, |c| sqlx::query(UPDATE)
            .bind(hash(id))
            .bind(data)
            .bind(now.plus(-IDLE))
            .bind(now)
            .bind(latest_end(now))
            .execute(c)
            .await
            .affected())?;
        tx.commit().await
    }

    async fn select(&self, id: &Id) -> crate::error::Result<Option<(String, UnixTime, UnixTime)>> {
        let now = self.clock.now();
        Ok(on_db!(&self.db, |c| sqlx::query_as(SELECT)
            .bind(hash(id))
            .bind(now.plus(-IDLE))
            .bind(now)
            .bind(latest_end(now))
            .fetch_optional(c)
            .await)?)
    }

    async fn touch(&self, id: &Id, seen_at: UnixTime) -> crate::error::Result<()> {
        let now = self.clock.now();
        if now.since(seen_at) < TOUCH_AFTER {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        in_tx!(&mut tx, |c| sqlx::query(TOUCH).bind(hash(id)).bind(now).execute(c).await.affected())?;
        tx.commit().await
    }

    async fn remove(&self, id: &Id) -> crate::error::Result<()> {
        let mut tx = self.db.begin().await?;
        in_tx!(&mut tx, |c| sqlx::query(DELETE).bind(hash(id)).execute(c).await.affected())?;
        tx.commit().await
    }
}

/// Who signed in with the session that has this hash, while it is alive.
pub async fn person(db: &Db, hash: &str, now: UnixTime) -> crate::error::Result<Option<Person>> {
    let found: Option<(String, UnixTime, UnixTime)> = on_db!(db, |c| sqlx::query_as(SELECT)
        .bind(hash)
        .bind(now.plus(-IDLE))
        .bind(now)
        .bind(latest_end(now))
        .fetch_optional(c)
        .await)?;
    Ok(found.and_then(|(data, ..)| Person::read(&data)))
}

/// No session that was begun by `now` ends later. One that does was begun before the clock was put back, and would live too long
///
fn latest_end(now: UnixTime) -> UnixTime {
    now.plus(ABSOLUTE + APART)
}

/// What the database keeps of a session's ID: a copy of it must not hold a usable session (S-25).
pub fn hash(id: &Id) -> String {
    hash_of(&format!("postkey session|{id}"))
}

fn backend(cause: AppError) -> Error {
    Error::Backend(cause.chain())
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let data = serde_json::to_string(&record.data).map_err(|cause| Error::Encode(cause.to_string()))?;
        while !self.insert(&record.id, &data).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    /// Changes a session that is there. One that a logout has removed meanwhile stays removed (S-26).
    async fn save(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_string(&record.data).map_err(|cause| Error::Encode(cause.to_string()))?;
        self.update(&record.id, &data).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some((data, seen_at, ends_at)) = self.select(id).await.map_err(backend)? else { return Ok(None) };
        if let Err(cause) = self.touch(id, seen_at).await {
            // The page can still be shown; the session only ages as if this request had not been.
            tracing::warn!(cause = %cause.chain(), "a session's last use could not be noted");
        }
        let data = serde_json::from_str(&data).map_err(|cause| Error::Decode(cause.to_string()))?;
        let expiry_date = time::OffsetDateTime::from_unix_timestamp(ends_at.seconds())
            .map_err(|cause| Error::Decode(cause.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.remove(id).await.map_err(backend)
    }
}
