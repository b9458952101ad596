//! Makes a key: once as text for whoever made it, for good as a hash.

use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::audit;
use crate::chance::hash_of;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::KeyId;
use crate::secrets::Place;

use super::form::NewKey;
use super::key::Key;
use super::{store, text};

/// Seconds for which the text of a new key waits to be shown.
const SHOWN_FOR: i64 = 10 * 60;

/// Where the text of a new key waits, sealed.
pub(super) fn place(id: &KeyId) -> Place<'_> {
    Place { table: "api_key_flashes", column: "sealed", row: id.as_str() }
}

/// Makes the key that was asked for, and gives it with its text.
///
/// # Errors
/// If the database cannot answer.
pub async fn add(app: &App, new: NewKey, by: &str) -> Result<(Key, SecretString)> {
    let (key, text) = make(app, new, by);
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &key).await?;
    note(&mut tx, app, by, "api_key.made", &key).await?;
    tx.commit().await?;
    Ok((key, text))
}

/// A key that is not stored yet, and its text.
pub(super) fn make(app: &App, new: NewKey, by: &str) -> (Key, SecretString) {
    let now = app.clock.now();
    let (lookup, text) = text::make(&app.chance);
    let key = Key {
        id: KeyId::new(now, &app.chance),
        name: new.name,
        lookup,
        hash: hash_of(text.expose_secret()),
        may: new.may,
        reach: new.reach,
        made_by: by.to_owned(),
        made_at: now,
        ends_at: now.plus(new.lasts),
        replaces: None,
        revoked: None,
        used_at: None,
    };
    (key, text)
}

/// Keeps the text of a new key for the page that comes next, in this session alone.
pub(super) async fn show_once(tx: &mut Tx, app: &App, id: &KeyId, text: &SecretString, session: &str) -> Result<()> {
    let sealed = app.keyring.seal(place(id), text).map_err(AppError::internal)?;
    store::show_once(tx, id, session, &sealed, app.clock.now().plus(SHOWN_FOR)).await
}

/// Writes into the audit log what was done to a key.
pub(super) async fn note(tx: &mut Tx, app: &App, actor: &str, action: &'static str, key: &Key) -> Result<()> {
    audit::record(tx, app, audit::Entry { actor, action, object: key.id.as_str(), detail: &key.name }).await
}
