//! All SQL for accounts and the set-up code.

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::UserId;

use super::user::{Role, User, email_key};

const SET_UP: &str = "SELECT COUNT(*) FROM instance WHERE set_up_at IS NOT NULL";

const MARK_SET_UP: &str = "UPDATE instance SET set_up_at = $1 WHERE set_up_at IS NULL RETURNING id";

const FORGET_CODES: &str = "DELETE FROM setup_codes";

const INSERT_CODE: &str = "INSERT INTO setup_codes (code_hash, expires_at) VALUES ($1, $2)";

const TAKE_CODE: &str = "DELETE FROM setup_codes WHERE code_hash = $1 AND expires_at > $2 RETURNING code_hash";

const CODE_IS_GOOD: &str = "SELECT COUNT(*) FROM setup_codes WHERE code_hash = $1 AND expires_at > $2";

const INSERT: &str = "
    INSERT INTO users (id, email, email_key, name, role, password_hash, session_epoch, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, 1, $7)";

const BY_SESSION: &str = "
    SELECT id, email, name, role FROM users WHERE id = $1 AND session_epoch = $2 AND disabled_at IS NULL";

const FOR_LOGIN: &str = "
    SELECT id, email, name, role, password_hash, session_epoch FROM users
    WHERE email_key = $1 AND disabled_at IS NULL";

const SET_HASH: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";

const SET_PASSWORD: &str = "
    UPDATE users SET password_hash = $2, session_epoch = session_epoch + 1 WHERE email_key = $1 RETURNING id";

const ALL: &str = "SELECT id, email, name, role FROM users WHERE disabled_at IS NULL ORDER BY email_key LIMIT 1000";

type Row = (UserId, String, String, String);

fn user((id, email, name, role): Row) -> Result<User> {
    let role =
        Role::parse(&role).ok_or_else(|| AppError::internal(anyhow::anyhow!("users.role of {id} holds {role}")))?;
    Ok(User { id, email, name, role })
}

/// What a login compares and begins a session with.
#[derive(Debug)]
pub struct LoginRow {
    /// The person.
    pub user: User,
    /// The stored hash.
    pub password_hash: String,
    /// The epoch that the new session belongs to.
    pub session_epoch: i64,
}

/// Whether the first account was ever made.
pub async fn is_set_up(db: &Db) -> Result<bool> {
    let count: i64 = on_db!(db, |c| sqlx::query_scalar(SET_UP).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Marks that the first account was made. `false` if it was already.
pub async fn mark_set_up(tx: &mut Tx, now: UnixTime) -> Result<bool> {
    let marked: Option<String> = in_tx!(tx, |c| sqlx::query_scalar(MARK_SET_UP).bind(now).fetch_optional(c).await)?;
    Ok(marked.is_some())
}

/// Makes `code_hash` the only set-up code.
pub async fn replace_code(tx: &mut Tx, code_hash: &str, expires_at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(FORGET_CODES).execute(c).await.affected())?;
    in_tx!(tx, |c| sqlx::query(INSERT_CODE).bind(code_hash).bind(expires_at).execute(c).await.affected())?;
    Ok(())
}

/// Uses the code up. `false` if it is not the code, or no longer.
pub async fn take_code(tx: &mut Tx, code_hash: &str, now: UnixTime) -> Result<bool> {
    let taken: Option<String> =
        in_tx!(tx, |c| sqlx::query_scalar(TAKE_CODE).bind(code_hash).bind(now).fetch_optional(c).await)?;
    Ok(taken.is_some())
}

/// Whether the code would be taken, without using it up.
pub async fn code_is_good(db: &Db, code_hash: &str, now: UnixTime) -> Result<bool> {
    let count: i64 = on_db!(db, |c| sqlx::query_scalar(CODE_IS_GOOD).bind(code_hash).bind(now).fetch_one(c).await)?;
    Ok(count > 0)
}

/// Adds an account. `false` if the address already has one; then the transaction must be dropped.
pub async fn insert(tx: &mut Tx, user: &User, password_hash: &str, now: UnixTime) -> Result<bool> {
    let done = in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&user.id)
        .bind(&user.email)
        .bind(email_key(&user.email))
        .bind(&user.name)
        .bind(user.role.value())
        .bind(password_hash)
        .bind(now)
        .execute(c)
        .await
        .affected());
    match done {
        Ok(_) => Ok(true),
        Err(cause) if crate::db::is_taken(&cause) => Ok(false),
        Err(cause) => Err(cause.into()),
    }
}

/// The person of a session, unless the account was disabled or its sessions ended meanwhile.
pub async fn by_session(db: &Db, id: &UserId, epoch: i64) -> Result<Option<User>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(BY_SESSION).bind(id).bind(epoch).fetch_optional(c).await)?;
    row.map(user).transpose()
}

/// The account that signs in with `email`, if there is one.
pub async fn for_login(db: &Db, email: &str) -> Result<Option<LoginRow>> {
    let row: Option<(UserId, String, String, String, String, i64)> =
        on_db!(db, |c| sqlx::query_as(FOR_LOGIN).bind(email_key(email)).fetch_optional(c).await)?;
    let Some((id, email, name, role, password_hash, session_epoch)) = row else { return Ok(None) };
    Ok(Some(LoginRow { user: user((id, email, name, role))?, password_hash, session_epoch }))
}

/// Replaces a weak hash of the same password; sessions stay.
pub async fn upgrade_hash(tx: &mut Tx, id: &UserId, password_hash: &str) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SET_HASH).bind(id).bind(password_hash).execute(c).await.affected())?;
    Ok(())
}

/// Sets a new password and ends every session of the account. `false` if there is no such account.
pub async fn set_password(tx: &mut Tx, email: &str, password_hash: &str) -> Result<bool> {
    let found: Option<UserId> = in_tx!(tx, |c| sqlx::query_scalar(SET_PASSWORD)
        .bind(email_key(email))
        .bind(password_hash)
        .fetch_optional(c)
        .await)?;
    Ok(found.is_some())
}

/// Everybody with an account.
pub async fn all(db: &Db) -> Result<Vec<User>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(ALL).fetch_all(c).await)?;
    rows.into_iter().map(user).collect()
}
