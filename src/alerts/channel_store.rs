//! All SQL for channels.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::ChannelId;
use crate::secrets::Sealed;

use super::quiet::Quiet;
use super::{Channel, Kind};

const ALL: &str = "
    SELECT id, kind, name, sealed_target, shown, sealed_key, warnings, quiet_from, quiet_until, paused_at, created_by, created_at
    FROM alert_channels ORDER BY created_at, id";

const LIVING: &str = "
    SELECT id, kind, name, sealed_target, shown, sealed_key, warnings, quiet_from, quiet_until, paused_at, created_by, created_at
    FROM alert_channels WHERE paused_at IS NULL ORDER BY created_at, id";

const GET: &str = "
    SELECT id, kind, name, sealed_target, shown, sealed_key, warnings, quiet_from, quiet_until, paused_at, created_by, created_at
    FROM alert_channels WHERE id = $1";

const INSERT: &str = "
    INSERT INTO alert_channels (id, kind, name, sealed_target, shown, sealed_key, warnings, quiet_from, quiet_until, created_by,
        created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const UPDATE: &str = "
    UPDATE alert_channels SET name = $2, sealed_target = $3, shown = $4, warnings = $5, quiet_from = $6, quiet_until = $7
    WHERE id = $1";

const PAUSE: &str = "UPDATE alert_channels SET paused_at = $2 WHERE id = $1";

const DELETE: &str = "DELETE FROM alert_channels WHERE id = $1";

#[derive(FromRow)]
struct Row {
    id: ChannelId,
    kind: String,
    name: String,
    sealed_target: Sealed,
    shown: String,
    sealed_key: Sealed,
    warnings: bool,
    quiet_from: i64,
    quiet_until: i64,
    paused_at: Option<UnixTime>,
    created_by: String,
    created_at: UnixTime,
}

impl TryFrom<Row> for Channel {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = || AppError::internal(anyhow::anyhow!("alert_channels.kind of {} is impossible", row.id));
        Ok(Self {
            kind: Kind::parse(&row.kind).ok_or_else(wrong)?,
            id: row.id,
            name: row.name,
            target: row.sealed_target,
            shown: row.shown,
            key: row.sealed_key,
            warnings: row.warnings,
            quiet: Quiet { from: row.quiet_from, until: row.quiet_until },
            paused_at: row.paused_at,
            created_by: row.created_by,
            created_at: row.created_at,
        })
    }
}

fn all_of(rows: Vec<Row>) -> Result<Vec<Channel>> {
    rows.into_iter().map(Channel::try_from).collect()
}

/// Every channel, in the order in which they were added.
pub async fn all(db: &Db) -> Result<Vec<Channel>> {
    all_of(on_db!(db, |c| sqlx::query_as(ALL).fetch_all(c).await)?)
}

/// Those that are not paused.
pub async fn living(db: &Db) -> Result<Vec<Channel>> {
    all_of(on_db!(db, |c| sqlx::query_as(LIVING).fetch_all(c).await)?)
}

/// One channel.
///
/// # Errors
/// [`AppError::NotFound`] if there is none.
pub async fn get(db: &Db, id: &ChannelId) -> Result<Channel> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(GET).bind(id).fetch_optional(c).await)?;
    row.ok_or(AppError::NotFound)?.try_into()
}

/// Adds one.
pub async fn insert(tx: &mut Tx, channel: &Channel) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&channel.id)
        .bind(channel.kind.value())
        .bind(&channel.name)
        .bind(&channel.target)
        .bind(&channel.shown)
        .bind(&channel.key)
        .bind(channel.warnings)
        .bind(channel.quiet.from)
        .bind(channel.quiet.until)
        .bind(&channel.created_by)
        .bind(channel.created_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Stores its name, address, warnings and quiet hours. `false` if it is gone.
pub async fn update(tx: &mut Tx, channel: &Channel) -> Result<bool> {
    let updated = in_tx!(tx, |c| sqlx::query(UPDATE)
        .bind(&channel.id)
        .bind(&channel.name)
        .bind(&channel.target)
        .bind(&channel.shown)
        .bind(channel.warnings)
        .bind(channel.quiet.from)
        .bind(channel.quiet.until)
        .execute(c)
        .await
        .affected())?;
    Ok(updated > 0)
}

/// Pauses it, or with `None` resumes it. `false` if it is gone.
pub async fn pause(tx: &mut Tx, id: &ChannelId, at: Option<UnixTime>) -> Result<bool> {
    Ok(in_tx!(tx, |c| sqlx::query(PAUSE).bind(id).bind(at).execute(c).await.affected())? > 0)
}

/// Removes it with all its messages. `false` if it is gone.
pub async fn delete(tx: &mut Tx, id: &ChannelId) -> Result<bool> {
    Ok(in_tx!(tx, |c| sqlx::query(DELETE).bind(id).execute(c).await.affected())? > 0)
}
