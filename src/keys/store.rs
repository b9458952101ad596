//! All SQL for keys.

use std::collections::{HashMap, HashSet};

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, KeyId, MailboxId};
use crate::secrets::Sealed;

use super::key::{Key, Reach, Right};

const ALL: &str = "
    SELECT id, name, lookup, hash, may, reach, made_by, made_at, ends_at, replaces, revoked_at, revoked_by, used_at
    FROM api_keys ORDER BY made_at DESC, id DESC";

const APPLICATIONS: &str = "SELECT key_id, application_id FROM api_key_applications";

const MAILBOXES: &str = "
    SELECT k.key_id, k.mailbox_id, m.address_key FROM api_key_mailboxes k JOIN mailboxes m ON m.id = k.mailbox_id
    WHERE m.address_key IS NOT NULL";

const INSERT: &str = "
    INSERT INTO api_keys (id, name, lookup, hash, may, reach, made_by, made_at, ends_at, replaces)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const INSERT_APPLICATION: &str = "INSERT INTO api_key_applications (key_id, application_id) VALUES ($1, $2)";

const INSERT_MAILBOX: &str = "INSERT INTO api_key_mailboxes (key_id, mailbox_id) VALUES ($1, $2)";

const COPY_APPLICATIONS: &str = "
    INSERT INTO api_key_applications (key_id, application_id) SELECT $1, application_id FROM api_key_applications WHERE key_id = $2";

const COPY_MAILBOXES: &str = "
    INSERT INTO api_key_mailboxes (key_id, mailbox_id) SELECT $1, mailbox_id FROM api_key_mailboxes WHERE key_id = $2";

const END_BY: &str = "
    UPDATE api_keys SET ends_at = CASE WHEN ends_at < $2 THEN ends_at ELSE $2 END
    WHERE id = $1 AND revoked_at IS NULL AND ends_at > $3 RETURNING id";

const REVOKE: &str = "
    UPDATE api_keys SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL RETURNING id";

const USED: &str = "
    UPDATE api_keys SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)";

const SHOW: &str = "INSERT INTO api_key_flashes (key_id, session_hash, sealed, ends_at) VALUES ($1, $2, $3, $4)";

const TAKE: &str = "
    DELETE FROM api_key_flashes WHERE key_id = $1 AND session_hash = $2 AND ends_at > $3 RETURNING sealed";

const SWEEP: &str = "DELETE FROM api_key_flashes WHERE ends_at <= $1";

const REACHED: &str = "
    SELECT m.id FROM mailboxes m JOIN api_key_applications a ON a.application_id = m.application_id
    WHERE a.key_id = $1 AND (m.id = $2 OR m.address_key = $3) AND m.deleted_at IS NULL";

#[derive(FromRow)]
struct Row {
    id: KeyId,
    name: String,
    lookup: String,
    hash: String,
    may: String,
    reach: String,
    made_by: String,
    made_at: UnixTime,
    ends_at: UnixTime,
    replaces: Option<KeyId>,
    revoked_at: Option<UnixTime>,
    revoked_by: Option<String>,
    used_at: Option<UnixTime>,
}

/// Every key that there ever was, the newest first.
pub async fn all(db: &Db) -> Result<Vec<Key>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(ALL).fetch_all(c).await)?;
    let mut applications: HashMap<KeyId, HashSet<ApplicationId>> = HashMap::new();
    let pairs: Vec<(KeyId, ApplicationId)> = on_db!(db, |c| sqlx::query_as(APPLICATIONS).fetch_all(c).await)?;
    for (key, application) in pairs {
        applications.entry(key).or_default().insert(application);
    }
    let mut mailboxes: HashMap<KeyId, HashMap<MailboxId, String>> = HashMap::new();
    let found: Vec<(KeyId, MailboxId, String)> = on_db!(db, |c| sqlx::query_as(MAILBOXES).fetch_all(c).await)?;
    for (key, mailbox, address) in found {
        mailboxes.entry(key).or_default().insert(mailbox, address);
    }
    rows.into_iter()
        .map(|row| {
            let wrong = |column| AppError::internal(anyhow::anyhow!("api_keys.{column} of {} is impossible", row.id));
            let reach = match row.reach.as_str() {
                "all" => Reach::All,
                "applications" => Reach::Applications(applications.remove(&row.id).unwrap_or_default()),
                "mailboxes" => Reach::Mailboxes(mailboxes.remove(&row.id).unwrap_or_default()),
                _ => return Err(wrong("reach")),
            };
            Ok(Key {
                may: Right::parse(&row.may).ok_or_else(|| wrong("may"))?,
                id: row.id,
                name: row.name,
                lookup: row.lookup,
                hash: row.hash,
                reach,
                made_by: row.made_by,
                made_at: row.made_at,
                ends_at: row.ends_at,
                replaces: row.replaces,
                revoked: row.revoked_at.map(|at| (at, row.revoked_by.unwrap_or_default())),
                used_at: row.used_at,
            })
        })
        .collect()
}

/// The key, or 404.
pub async fn get(db: &Db, id: &KeyId) -> Result<Key> {
    all(db).await?.into_iter().find(|key| key.id == *id).ok_or(AppError::NotFound)
}

/// Adds a key with what it reaches.
pub async fn insert(tx: &mut Tx, key: &Key) -> Result<()> {
    tx.tell(key.id.as_str());
    insert_alone(tx, key).await?;
    match &key.reach {
        Reach::All => {}
        Reach::Applications(all) => {
            for application in all {
                in_tx!(tx, |c| sqlx::query(INSERT_APPLICATION)
                    .bind(&key.id)
                    .bind(application)
                    .execute(c)
                    .await
                    .affected())?;
            }
        }
        Reach::Mailboxes(all) => {
            for mailbox in all.keys() {
                in_tx!(tx, |c| sqlx::query(INSERT_MAILBOX).bind(&key.id).bind(mailbox).execute(c).await.affected())?;
            }
        }
    }
    Ok(())
}

/// Adds a key that reaches what `like` reaches at this moment.
pub async fn insert_like(tx: &mut Tx, key: &Key, like: &KeyId) -> Result<()> {
    tx.tell(key.id.as_str());
    insert_alone(tx, key).await?;
    for copy in [COPY_APPLICATIONS, COPY_MAILBOXES] {
        in_tx!(tx, |c| sqlx::query(copy).bind(&key.id).bind(like).execute(c).await.affected())?;
    }
    Ok(())
}

async fn insert_alone(tx: &mut Tx, key: &Key) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&key.id)
        .bind(&key.name)
        .bind(&key.lookup)
        .bind(&key.hash)
        .bind(key.may.value())
        .bind(key.reach.value())
        .bind(&key.made_by)
        .bind(key.made_at)
        .bind(key.ends_at)
        .bind(&key.replaces)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Brings the end of a key that works at `now` forward to `at`, if it is later. `false` if it does not work any more.
pub async fn end_by(tx: &mut Tx, id: &KeyId, at: UnixTime, now: UnixTime) -> Result<bool> {
    tx.tell(id.as_str());
    let ended: Option<KeyId> =
        in_tx!(tx, |c| sqlx::query_scalar(END_BY).bind(id).bind(at).bind(now).fetch_optional(c).await)?;
    Ok(ended.is_some())
}

/// Ends a key for good. `false` if it was already.
pub async fn revoke(tx: &mut Tx, id: &KeyId, by: &str, now: UnixTime) -> Result<bool> {
    tx.tell(id.as_str());
    let revoked: Option<KeyId> =
        in_tx!(tx, |c| sqlx::query_scalar(REVOKE).bind(id).bind(now).bind(by).fetch_optional(c).await)?;
    Ok(revoked.is_some())
}

/// Notes when a key was last used.
pub async fn used(tx: &mut Tx, id: &KeyId, at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(USED).bind(id).bind(at).execute(c).await.affected())?;
    Ok(())
}

/// Keeps the text of a new key, sealed, for the session with this hash, until `ends_at`.
pub async fn show_once(tx: &mut Tx, id: &KeyId, session: &str, sealed: &Sealed, ends_at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SHOW).bind(id).bind(session).bind(sealed).bind(ends_at).execute(c).await.affected())?;
    Ok(())
}

/// Takes the text of a key away, if it is there for the session with this hash. Nobody gets it a second time.
pub async fn take(tx: &mut Tx, id: &KeyId, session: &str, now: UnixTime) -> Result<Option<Sealed>> {
    Ok(in_tx!(tx, |c| sqlx::query_scalar(TAKE).bind(id).bind(session).bind(now).fetch_optional(c).await)?)
}

/// Removes what nobody came to see.
pub async fn sweep(tx: &mut Tx, now: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SWEEP).bind(now).execute(c).await.affected())?;
    Ok(())
}

/// The living mailbox with this ID or, in lower case, this address, if a key that is for applications reaches it. One that it does
/// not reach costs as much as one that is not there.
pub async fn reached(db: &Db, key: &KeyId, id: &str, address_key: &str) -> Result<Option<MailboxId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(REACHED).bind(key).bind(id).bind(address_key).fetch_optional(c).await)?)
}
