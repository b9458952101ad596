//! The key of a mail worker, the same at each start with the same seed.

use postkey::app::App;
use postkey::chance::{Chance, hash_of};
use postkey::ids::KeyId;
use postkey::keys::{Key, Reach, Right, store, text};
use secrecy::{ExposeSecret, SecretString};

use crate::people::APPLICATION_ADMINISTRATOR;

/// Seconds for which it is good.
const LASTS: i64 = 90 * 24 * 60 * 60;

/// The key of this seed: what tells which one it is, and the whole.
pub(crate) fn of(seed: u64) -> (String, SecretString) {
    // Another row of chance than the password's.
    text::make(&Chance::seeded(seed.wrapping_add(1 << 20)))
}

/// Stores it, for the tokens of all mailboxes.
pub(crate) async fn make(app: &App, seed: u64) -> anyhow::Result<()> {
    let now = app.clock.now();
    let (lookup, text) = of(seed);
    let key = Key {
        id: KeyId::new(now, &app.chance),
        name: "worker-eu-1".to_owned(),
        lookup,
        hash: hash_of(text.expose_secret()),
        may: Right::Tokens,
        reach: Reach::All,
        made_by: APPLICATION_ADMINISTRATOR.to_owned(),
        made_at: now,
        ends_at: now.plus(LASTS),
        replaces: None,
        revoked: None,
        used_at: None,
    };
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &key).await?;
    Ok(tx.commit().await?)
}
