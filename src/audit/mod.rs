//! What happened and who did it, written in the transaction that did it (S-100, S-101).

use sqlx::FromRow;

use crate::app::App;
use crate::chance::hex;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;

const INSERT: &str = "
    INSERT INTO audit (id, at, actor, action, object, detail, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

// What is done in one second has no other order that is always the same.
const ABOUT: &str = "
    SELECT at, actor, action, detail FROM audit WHERE object IN ($1, $2) AND at >= $3 AND at <= $4
    ORDER BY at DESC, action DESC, id DESC LIMIT $5";

/// One thing that was done, as it was written down.
#[derive(Clone, Debug, FromRow)]
pub struct Deed {
    /// When.
    pub at: UnixTime,
    /// The person's name, or `Postkey`.
    pub actor: String,
    /// The verb, for example `mailbox.created`.
    pub action: String,
    /// What a reader wants to know besides, in words.
    pub detail: String,
}

/// What was done to either of two things from the first to the last moment, newest first, at most `limit`.
///
/// # Errors
/// If the database cannot answer.
pub async fn about(
    db: &Db,
    objects: (&str, &str),
    (first, last): (UnixTime, UnixTime),
    limit: i64,
) -> Result<Vec<Deed>> {
    Ok(on_db!(db, |c| sqlx::query_as(ABOUT)
        .bind(objects.0)
        .bind(objects.1)
        .bind(first)
        .bind(last)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// One thing that was done. Field names may be told, secret values never.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The person's name, or `Postkey`.
    pub actor: &'a str,
    /// The verb, for example `mailbox.created`.
    pub action: &'static str,
    /// The identifier of what it was done to.
    pub object: &'a str,
    /// What a reader wants to know besides, in words.
    pub detail: &'a str,
}

/// Records `entry` in the transaction that makes the change, so that neither exists without the other.
///
/// # Errors
/// If the database refuses; then the change must not be kept either.
pub async fn record(tx: &mut Tx, app: &App, entry: Entry<'_>) -> Result<()> {
    let now = app.clock.now();
    let id = format!("aud_{:010x}{}", now.seconds(), hex(&app.chance.bytes::<7>()));
    let request = crate::telemetry::request_id();
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(id)
        .bind(now)
        .bind(entry.actor)
        .bind(entry.action)
        .bind(entry.object)
        .bind(entry.detail)
        .bind(request)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}
