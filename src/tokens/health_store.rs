//! What the pages of token health read, from both tables of grants. Nothing here counts what is well beyond a cap, so that the
//! pages cost the same for a hundred tokens and for a hundred thousand.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::words::Cause;

const TOTAL: &str = "
    SELECT COUNT(*) FROM (SELECT id FROM grants UNION ALL SELECT id FROM delegated_grants LIMIT $1) AS listed";

const FAILING: &str = "
    SELECT f.failed_cause, f.application_id, a.name AS application, CAST(SUM(f.tokens) AS BIGINT) AS tokens,
        CAST(SUM(f.ended) AS BIGINT) AS ended, CAST(SUM(f.shared) AS BIGINT) AS shared, MIN(f.ends_at) AS ends_at,
        MIN(f.since) AS since, MIN(f.example) AS example
    FROM (
        SELECT failed_cause, application_id, COUNT(*) AS tokens, COUNT(CASE WHEN expires_at <= $1 THEN 1 END) AS ended,
            COUNT(*) AS shared, MIN(expires_at) AS ends_at, MIN(failing_since) AS since, MIN(id) AS example
        FROM grants WHERE failures > 0 GROUP BY failed_cause, application_id
        UNION ALL
        SELECT failed_cause, application_id, COUNT(*) AS tokens, COUNT(CASE WHEN expires_at <= $1 THEN 1 END) AS ended,
            0 AS shared, MIN(expires_at) AS ends_at, MIN(failing_since) AS since, MIN(id) AS example
        FROM delegated_grants WHERE failures > 0 GROUP BY failed_cause, application_id) AS f
    JOIN applications a ON a.id = f.application_id
    GROUP BY f.failed_cause, f.application_id, a.name";

const FORGOTTEN: &str = "
    SELECT COUNT(*) FROM (
        SELECT id FROM grants WHERE expires_at <= $1 AND failures = 0
        UNION ALL SELECT id FROM delegated_grants WHERE expires_at <= $1 AND failures = 0 LIMIT $2) AS listed";

const ONE: &str = "
    SELECT g.id, NULL AS mailbox_id, NULL AS mailbox, NULL AS username, g.application_id, a.name AS application, g.roles AS permissions,
        g.generation, g.issued_at, g.expires_at, g.next_at, g.failures, g.failing_since, g.failed_at, g.failure
    FROM grants g JOIN applications a ON a.id = g.application_id WHERE g.id = $1
    UNION ALL
    SELECT d.id, d.mailbox_id, m.address AS mailbox, d.username, d.application_id, a.name AS application, d.scopes AS permissions,
        d.generation, d.issued_at, d.expires_at, d.next_at, d.failures, d.failing_since, d.failed_at, d.failure
    FROM delegated_grants d JOIN applications a ON a.id = d.application_id JOIN mailboxes m ON m.id = d.mailbox_id WHERE d.id = $1";

const PAGE: &str = "
    SELECT * FROM (SELECT * FROM (
        SELECT g.id, NULL AS mailbox_id, NULL AS mailbox, NULL AS username, g.application_id, a.name AS application,
            g.roles AS permissions, g.generation, g.issued_at, g.expires_at, g.next_at, g.failures, g.failing_since, g.failed_at,
            g.failure
        FROM grants g JOIN applications a ON a.id = g.application_id WHERE g.id > $1 ORDER BY g.id LIMIT $2) AS of_applications
        UNION ALL SELECT * FROM (
        SELECT d.id, d.mailbox_id, m.address AS mailbox, d.username, d.application_id, a.name AS application,
            d.scopes AS permissions, d.generation, d.issued_at, d.expires_at, d.next_at, d.failures, d.failing_since, d.failed_at,
            d.failure
        FROM delegated_grants d JOIN applications a ON a.id = d.application_id JOIN mailboxes m ON m.id = d.mailbox_id
        WHERE d.id > $1 ORDER BY d.id LIMIT $2) AS of_persons) AS either
    ORDER BY id LIMIT $2";

/// One cause with all tokens of one application that suffer from it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failing {
    /// Why they cannot be renewed.
    pub cause: Cause,
    /// The application.
    pub application_id: ApplicationId,
    /// What it is called.
    pub application: String,
    /// How many there are.
    pub tokens: i64,
    /// How many of them have ended.
    pub ended: i64,
    /// How many of them are an application's own, which all its mailboxes share.
    pub shared: i64,
    /// When the first of them ends or has ended.
    pub ends_at: UnixTime,
    /// Since when the first of them fails.
    pub since: UnixTime,
    /// One of them.
    pub example: GrantId,
}

#[derive(FromRow)]
struct FailingRow {
    failed_cause: String,
    application_id: ApplicationId,
    application: String,
    tokens: i64,
    ended: i64,
    shared: i64,
    ends_at: UnixTime,
    since: UnixTime,
    example: GrantId,
}

/// A token as its page shows it; never the token itself.
#[derive(Clone, Debug, FromRow)]
pub struct Token {
    /// The grant that it was got from.
    pub id: GrantId,
    /// The mailbox, if it is a person's.
    pub mailbox_id: Option<MailboxId>,
    /// That mailbox's address.
    pub mailbox: Option<String>,
    /// Who signed in, if it is a person's.
    pub username: Option<String>,
    /// The application that it was got with.
    pub application_id: ApplicationId,
    /// What that is called.
    pub application: String,
    /// What it carries: roles as JSON, or a person's scopes with spaces between them.
    pub permissions: String,
    /// Counts renewals and sign-ins.
    pub generation: i64,
    /// When it was issued.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// When the keeper looks at it next.
    pub next_at: UnixTime,
    /// Tries in a row that brought nothing.
    pub failures: i64,
    /// When the first of them failed.
    pub failing_since: Option<UnixTime>,
    /// When the last of them failed.
    pub failed_at: Option<UnixTime>,
    /// Why, as JSON; empty if the last one went well.
    pub failure: String,
}

/// How many tokens there are, counted up to `cap`.
pub async fn total(db: &Db, cap: i64) -> Result<i64> {
    Ok(on_db!(db, |c| sqlx::query_scalar(TOTAL).bind(cap).fetch_one(c).await)?)
}

/// What cannot be renewed, by cause and application.
pub async fn failing(db: &Db, now: UnixTime) -> Result<Vec<Failing>> {
    let rows: Vec<FailingRow> = on_db!(db, |c| sqlx::query_as(FAILING).bind(now).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            let wrong = || AppError::internal(anyhow::anyhow!("failed_cause of {} is impossible", row.example));
            Ok(Failing {
                cause: Cause::parse(&row.failed_cause).ok_or_else(wrong)?,
                application_id: row.application_id,
                application: row.application,
                tokens: row.tokens,
                ended: row.ended,
                shared: row.shared,
                ends_at: row.ends_at,
                since: row.since,
                example: row.example,
            })
        })
        .collect()
}

/// How many tokens have ended without anybody having tried to renew them, counted up to `cap`.
pub async fn forgotten(db: &Db, now: UnixTime, cap: i64) -> Result<i64> {
    Ok(on_db!(db, |c| sqlx::query_scalar(FORGOTTEN).bind(now).bind(cap).fetch_one(c).await)?)
}

/// One token.
pub async fn token(db: &Db, id: &GrantId) -> Result<Option<Token>> {
    Ok(on_db!(db, |c| sqlx::query_as(ONE).bind(id).fetch_optional(c).await)?)
}

/// The next tokens after `after`, in the order of their IDs.
pub async fn page(db: &Db, after: &str, most: i64) -> Result<Vec<Token>> {
    Ok(on_db!(db, |c| sqlx::query_as(PAGE).bind(after).bind(most).fetch_all(c).await)?)
}
