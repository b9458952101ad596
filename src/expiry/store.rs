//! What the list of ends reads. All SQL for it.

use sqlx::FromRow;

use crate::applications::Kind;
use crate::applications::credential::State;
use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CredentialId, KeyId, MailboxId};

use super::item::{EndingKey, IDLE, IdleSignIn, Item, Stored, items};

const CREDENTIALS: &str = "
    SELECT c.id, c.kind, c.state, c.hint, c.expires_at, c.application_id, a.name AS application,
        COALESCE(m.mailboxes, 0) AS mailboxes
    FROM credentials c
    JOIN applications a ON a.id = c.application_id
    LEFT JOIN (SELECT application_id, COUNT(*) AS mailboxes FROM mailboxes WHERE deleted_at IS NULL GROUP BY application_id) m
        ON m.application_id = c.application_id
    WHERE c.state <> 'retired'";

const IDLE_SIGN_INS: &str = "
    SELECT g.mailbox_id, m.address, g.issued_at
    FROM delegated_grants g JOIN mailboxes m ON m.id = g.mailbox_id
    WHERE g.issued_at <= $1 AND m.deleted_at IS NULL
    ORDER BY g.issued_at, g.mailbox_id LIMIT $2";

const KEYS: &str = "
    SELECT k.id, k.name, k.ends_at FROM api_keys k
    WHERE k.revoked_at IS NULL AND k.ends_at > $1
        AND NOT EXISTS (SELECT 1 FROM api_keys n WHERE n.replaces = k.id AND n.revoked_at IS NULL)";

/// Seconds for which a key that has ended is told of: perhaps nobody has missed it yet.
const TOLD: i64 = 30 * 24 * 60 * 60;

#[derive(FromRow)]
struct CredentialRow {
    id: CredentialId,
    kind: String,
    state: String,
    hint: String,
    expires_at: Option<UnixTime>,
    application_id: ApplicationId,
    application: String,
    mailboxes: i64,
}

#[derive(FromRow)]
struct SignInRow {
    mailbox_id: MailboxId,
    address: String,
    issued_at: UnixTime,
}

/// Everything that ends, what has ended first: every credential that is not retired, and of the sign-ins that nothing uses
/// the `sign_ins` that end first; and the keys of mail workers.
pub async fn all(db: &Db, now: UnixTime, sign_ins: i64) -> Result<Vec<Item>> {
    let credentials: Vec<CredentialRow> = on_db!(db, |c| sqlx::query_as(CREDENTIALS).fetch_all(c).await)?;
    let idle: Vec<SignInRow> =
        on_db!(db, |c| sqlx::query_as(IDLE_SIGN_INS).bind(now.plus(-IDLE)).bind(sign_ins).fetch_all(c).await)?;
    let credentials: Result<Vec<Stored>> = credentials.into_iter().map(Stored::try_from).collect();
    let keys: Vec<(KeyId, String, UnixTime)> =
        on_db!(db, |c| sqlx::query_as(KEYS).bind(now.plus(-TOLD)).fetch_all(c).await)?;
    let keys = keys.into_iter().map(|(id, name, ends_at)| EndingKey { id, name, ends_at }).collect();
    Ok(items(credentials?, idle.into_iter().map(IdleSignIn::from).collect(), keys, now))
}

impl TryFrom<CredentialRow> for Stored {
    type Error = AppError;

    fn try_from(row: CredentialRow) -> Result<Self> {
        let wrong = || AppError::internal(anyhow::anyhow!("the credential {} holds an impossible word", row.id));
        Ok(Self {
            kind: Kind::parse(&row.kind).ok_or_else(wrong)?,
            state: State::parse(&row.state).ok_or_else(wrong)?,
            id: row.id,
            hint: row.hint,
            ends_at: row.expires_at,
            application_id: row.application_id,
            application: row.application,
            mailboxes: row.mailboxes,
        })
    }
}

impl From<SignInRow> for IdleSignIn {
    fn from(row: SignInRow) -> Self {
        Self { mailbox_id: row.mailbox_id, address: row.address, issued_at: row.issued_at }
    }
}
