//! What happened and who did it, written in the transaction that did it (S-100, S-101).

use crate::app::App;
use crate::chance::hex;
use crate::db::{Affected, Tx, in_tx};
use crate::error::Result;

const INSERT: &str = "
    INSERT INTO audit (id, at, actor, action, object, detail, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

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
