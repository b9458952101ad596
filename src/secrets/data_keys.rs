//! Data keys in the database: loading, making a new one long before 2^32 uses, and counting uses over restarts.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::SecretString;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};
use zeroize::Zeroizing;

use super::{Keyring, Keys, MasterKey, MasterKeyError, OpenError, Place, Sealed, data_key};
use crate::chance::{Chance, hex};
use crate::clock::UnixTime;
use crate::db::{Affected, Db, in_tx, on_db};
use crate::error::{AppError, Result};

/// Uses that a process takes from a data key at once. What it does not spend is lost, which only costs a key.
const BLOCK: i64 = 1 << 26;
/// NIST SP 800-38D allows 2^32 random nonces under one key; we stop at a sixteenth of that.
const MOST_USES: i64 = 1 << 28;

const ALL: &str = "SELECT id, master_key_id, wrapped FROM data_keys ORDER BY created_at, id";

const RESERVE: &str = "
    UPDATE data_keys SET reserved_uses = reserved_uses + $1
    WHERE reserved_uses + $1 <= $2
      AND id = (SELECT id FROM data_keys ORDER BY created_at DESC, id DESC LIMIT 1)
    RETURNING id";

const INSERT: &str = "
    INSERT INTO data_keys (id, master_key_id, wrapped, reserved_uses, created_at)
    VALUES ($1, $2, $3, $4, $5)";

impl Keyring {
    /// Loads every data key and makes sure that one is there to seal with.
    ///
    /// # Errors
    /// If a data key does not open under this master key; then nothing was written.
    pub async fn load(db: &Db, master: MasterKey, now: UnixTime, chance: &Chance) -> Result<Self> {
        let keyring = Self { keys: Arc::new(RwLock::new(Keys::default())), master: Arc::new(master) };
        keyring.reload(db).await?;
        keyring.tend(db, now, chance).await?;
        Ok(keyring)
    }

    /// Makes sure that enough uses are left for a while: takes a block of the newest key, or makes a new key.
    ///
    /// # Errors
    /// If the database cannot answer. Sealing goes on with what is left.
    pub async fn tend(&self, db: &Db, now: UnixTime, chance: &Chance) -> Result<()> {
        let left = self.read().current.as_ref().map_or(0, |key| key.uses_left.load(Ordering::SeqCst));
        if left > (BLOCK / 2) as u64 {
            return Ok(());
        }
        let mut tx = db.begin().await?;
        let reserved: Option<String> =
            in_tx!(&mut tx, |c| sqlx::query_scalar(RESERVE).bind(BLOCK).bind(MOST_USES).fetch_optional(c).await)?;
        let id = match reserved {
            Some(id) => id,
            None => {
                let id = format!("dk{}", hex(&chance.bytes::<6>()));
                let wrapped = wrap(&self.master, &id, &Zeroizing::new(chance.bytes::<32>()))?;
                in_tx!(&mut tx, |c| sqlx::query(INSERT)
                    .bind(&id)
                    .bind(self.master.id())
                    .bind(wrapped)
                    .bind(BLOCK)
                    .bind(now)
                    .execute(c)
                    .await
                    .affected())?;
                id
            }
        };
        tx.commit().await?;
        self.reload(db).await?;
        let mut keys = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = keys.by_id.get(&id).cloned().ok_or_else(|| missing(&id))?;
        key.uses_left.store(BLOCK as u64, Ordering::SeqCst);
        keys.current = Some(key);
        Ok(())
    }

    /// Opens a cell, and if its key is not known here, looks first whether another replica has made it meanwhile.
    ///
    /// # Errors
    /// The outer one if the database cannot answer; the inner one as [`Keyring::open`].
    pub async fn open_or_reload(
        &self,
        db: &Db,
        place: Place<'_>,
        sealed: &Sealed,
    ) -> Result<Result<SecretString, OpenError>> {
        match self.open(place, sealed) {
            Err(OpenError::KeyUnknown) => {
                self.reload(db).await?;
                Ok(self.open(place, sealed))
            }
            opened => Ok(opened),
        }
    }

    /// Reads keys that this process does not hold yet, so that what another replica sealed opens here too.
    ///
    /// # Errors
    /// If a key does not open under the master key.
    pub async fn reload(&self, db: &Db) -> Result<()> {
        let rows: Vec<(String, String, String)> = on_db!(db, |c| sqlx::query_as(ALL).fetch_all(c).await)?;
        for (id, master_key_id, wrapped) in rows {
            if self.read().by_id.contains_key(&id) {
                continue;
            }
            if master_key_id != self.master.id() {
                let wrong = MasterKeyError::Wrong { expected: master_key_id, given: self.master.id().to_owned() };
                return Err(AppError::internal(wrong));
            }
            let bytes = unwrap(&self.master, &id, &wrapped)?;
            let key = data_key(id.clone(), &bytes, 0)?;
            let mut keys = self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            keys.by_id.insert(id, key);
        }
        Ok(())
    }
}

fn missing(id: &str) -> AppError {
    AppError::internal(anyhow::anyhow!("the data key {id} vanished while it was made"))
}

fn wrapping(master: &MasterKey) -> Result<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, master.bytes())
        .map_err(|_| AppError::internal(anyhow::anyhow!("the master key has a wrong length")))
}

fn wrap(master: &MasterKey, id: &str, key: &[u8; 32]) -> Result<String> {
    let mut cell = key.to_vec();
    let nonce = wrapping(master)?
        .seal_in_place_append_tag(Aad::from(aad(master, id)), &mut cell)
        .map_err(|_| AppError::internal(anyhow::anyhow!("the data key could not be wrapped")))?;
    let mut bytes = nonce.as_ref().to_vec();
    bytes.extend_from_slice(&cell);
    Ok(STANDARD_NO_PAD.encode(bytes))
}

fn unwrap(master: &MasterKey, id: &str, wrapped: &str) -> Result<Zeroizing<Vec<u8>>> {
    let damaged = || {
        AppError::internal(anyhow::anyhow!(
            "secret_integrity: the data key {id} was changed or does not belong to this master key"
        ))
    };
    let bytes = STANDARD_NO_PAD.decode(wrapped).map_err(|_| damaged())?;
    let (nonce, cell) = bytes.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
    let mut cell = Zeroizing::new(cell.to_vec());
    let plain = wrapping(master)?.open_in_place(nonce, Aad::from(aad(master, id)), &mut cell).map_err(|_| damaged())?;
    Ok(Zeroizing::new(plain.to_vec()))
}

fn aad(master: &MasterKey, id: &str) -> String {
    format!("pk1|data_keys|wrapped|{}|{id}", master.id())
}
