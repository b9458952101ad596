//! Encryption at rest. Knows no feature.
//!
//! A master key, which lives outside the database, wraps data keys; a data key seals single cells with AES-256-GCM.
//! What is sealed is bound to its [`Place`], so that a cell that was copied to another row does not open (S-02), and
//! whatever does not open is an error, never plain text (S-03).

mod data_keys;
mod master_key;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

pub use master_key::{MasterKey, MasterKeyError};

const VERSION: &str = "pk1";

/// Where a sealed cell belongs. Part of what is authenticated.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The row's identifier.
    pub row: &'a str,
}

/// A sealed secret as the database holds it. Holding one tells nothing.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Nothing is sealed here any more. It never opens.
    pub fn nothing() -> Self {
        Self(String::new())
    }
}

/// Why a sealed cell did not open. Neither says anything about its content.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OpenError {
    /// Changed, moved from its place, or not sealed by Postkey at all.
    #[error("secret_integrity: a stored secret was changed or moved and cannot be used")]
    Integrity,
    /// Sealed under a data key that this database does not hold.
    #[error("key_unknown: a stored secret was sealed under a key that is not here")]
    KeyUnknown,
}

/// A seal was refused because the data key has been used as often as is safe and no newer one is there yet.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the data key is used up; a new one is made within the hour")]
pub struct KeyUsedUp;

struct DataKey {
    id: String,
    key: RandomizedNonceKey,
    uses_left: AtomicU64,
}

/// Seals and opens secrets. Cheap to clone; all clones share the same keys.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<RwLock<Keys>>,
    master: Arc<MasterKey>,
}

#[derive(Default)]
struct Keys {
    by_id: BTreeMap<String, Arc<DataKey>>,
    current: Option<Arc<DataKey>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("master", &self.master.id()).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Seals `secret` for `place`.
    ///
    /// # Errors
    /// [`KeyUsedUp`] rather than risking a repeated nonce (S-06).
    pub fn seal(&self, place: Place<'_>, secret: &SecretString) -> Result<Sealed, KeyUsedUp> {
        let key = self.read().current.clone().ok_or(KeyUsedUp)?;
        key.uses_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .map_err(|_| KeyUsedUp)?;
        let mut cell = Zeroizing::new(secret.expose_secret().as_bytes().to_vec());
        let aad = Aad::from(bound_to(&key.id, place));
        let nonce = key.key.seal_in_place_append_tag(aad, &mut *cell).map_err(|_| KeyUsedUp)?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.extend_from_slice(&cell);
        Ok(Sealed(format!("{VERSION}.{}.{}", key.id, STANDARD_NO_PAD.encode(bytes))))
    }

    /// Opens what [`Keyring::seal`] sealed for the same place.
    ///
    /// # Errors
    /// If anything about it is not exactly as it was sealed.
    pub fn open(&self, place: Place<'_>, sealed: &Sealed) -> Result<SecretString, OpenError> {
        let mut parts = sealed.0.splitn(3, '.');
        let (Some(VERSION), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(OpenError::Integrity);
        };
        let key = self.read().by_id.get(id).cloned().ok_or(OpenError::KeyUnknown)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| OpenError::Integrity)?;
        let (nonce, cell) = bytes.split_at_checked(NONCE_LEN).ok_or(OpenError::Integrity)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Integrity)?;
        let mut cell = Zeroizing::new(cell.to_vec());
        let plain = key
            .key
            .open_in_place(nonce, Aad::from(bound_to(id, place)), &mut cell)
            .map_err(|_| OpenError::Integrity)?;
        let text = std::str::from_utf8(plain).map_err(|_| OpenError::Integrity)?;
        Ok(SecretString::from(text.to_owned()))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Keys> {
        self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Lengths are written out so that no two places give the same bytes.
fn bound_to(key: &str, place: Place<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(96);
    for part in [VERSION, key, place.table, place.column, place.row] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

fn data_key(id: String, bytes: &[u8], uses: u64) -> anyhow::Result<Arc<DataKey>> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, bytes)
        .map_err(|_| anyhow::anyhow!("the data key {id} has a wrong length"))?;
    Ok(Arc::new(DataKey { id, key, uses_left: AtomicU64::new(uses) }))
}
