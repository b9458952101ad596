//! All SQL for sign-ins under way and for how they ended.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, LinkId, MailboxId, SignInId};
use crate::microsoft::Failure;
use crate::secrets::Sealed;
use crate::words::SignInResult;

use super::attempt::{About, Attempt, Origin, SentTo};

/// Attempts that people with an account here may have under way for one mailbox; the oldest ones go first.
const MOST_AT_ONCE: i64 = 20;
/// Seconds over which the tries of a link are counted.
const TRIES_COUNT: i64 = 60 * 60;
/// Seconds for which it is known how a sign-in ended.
const KEPT: i64 = 90 * 24 * 60 * 60;

const INSERT: &str = "
    INSERT INTO sign_in_attempts (id, state_hash, flow_hash, mailbox_id, link_id, session_hash, started_by, application_id, authority,
        tenant_id, client_id, issuer, names_issuer, address, signs_in_as, verifier, started_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";

const TRIM: &str = "
    DELETE FROM sign_in_attempts WHERE mailbox_id = $1 AND link_id IS NULL AND id <> $3 AND id NOT IN (
        SELECT id FROM sign_in_attempts WHERE mailbox_id = $1 AND link_id IS NULL ORDER BY started_at DESC, id DESC LIMIT $2)";

const TRIES: &str = "
    SELECT (SELECT COUNT(*) FROM sign_in_attempts WHERE link_id = $1)
        + (SELECT COUNT(*) FROM sign_ins WHERE link_id = $1 AND at > $2)";

const DROP: &str = "DELETE FROM sign_in_attempts WHERE mailbox_id = $1";

const TAKE: &str = "
    DELETE FROM sign_in_attempts WHERE state_hash = $1
    RETURNING id, flow_hash, mailbox_id, link_id, session_hash, started_by, application_id, authority, tenant_id, client_id, issuer,
        names_issuer, address, signs_in_as, verifier, started_at, expires_at";

const SWEEP_ATTEMPTS: &str = "DELETE FROM sign_in_attempts WHERE expires_at <= $1";

const RECORD: &str = "
    INSERT INTO sign_ins (id, flow_hash, mailbox_id, link_id, started_by, expected, account, outcome, failure, reference, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const FIND: &str = "
    SELECT id, flow_hash, mailbox_id, link_id, started_by, expected, account, outcome, failure, reference, at
    FROM sign_ins WHERE id = $1";

const NEWEST: &str = "
    SELECT id, flow_hash, mailbox_id, link_id, started_by, expected, account, outcome, failure, reference, at
    FROM sign_ins WHERE mailbox_id = $1 ORDER BY at DESC, id DESC LIMIT $2";

const SWEEP_RESULTS: &str = "DELETE FROM sign_ins WHERE at <= $1";

/// How a sign-in ended.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The same as of the attempt.
    pub id: SignInId,
    /// Hash of the cookie of the browser that began it, which alone may see its page.
    pub flow_hash: String,
    /// The mailbox.
    pub mailbox_id: MailboxId,
    /// The link that it was begun by, if it was.
    pub link_id: Option<LinkId>,
    /// Who began it.
    pub started_by: String,
    /// Who should have signed in.
    pub expected: String,
    /// Who did, as far as it became known.
    pub account: String,
    /// How it ended.
    pub outcome: SignInResult,
    /// Why, as far as it is known.
    pub failure: Option<Box<Failure>>,
    /// What a person reads out to whoever helps them.
    pub reference: String,
    /// When it ended.
    pub at: UnixTime,
}

#[derive(FromRow)]
struct AttemptRow {
    id: SignInId,
    flow_hash: String,
    mailbox_id: MailboxId,
    link_id: Option<LinkId>,
    session_hash: Option<String>,
    started_by: String,
    application_id: ApplicationId,
    authority: String,
    tenant_id: String,
    client_id: String,
    issuer: String,
    names_issuer: bool,
    address: String,
    signs_in_as: String,
    verifier: Sealed,
    started_at: UnixTime,
    expires_at: UnixTime,
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = AppError;

    fn try_from(row: AttemptRow) -> Result<Self> {
        let origin = match (row.link_id, row.session_hash) {
            (Some(link), None) => Origin::Link(link),
            (None, Some(session)) => Origin::Session(session),
            _ => return Err(AppError::internal(anyhow::anyhow!("sign_in_attempts of {} is impossible", row.id))),
        };
        let sent_to = SentTo {
            authority: row.authority,
            tenant_id: row.tenant_id,
            client_id: row.client_id,
            issuer: row.issuer,
            names_issuer: row.names_issuer,
        };
        Ok(Self {
            id: row.id,
            mailbox_id: row.mailbox_id,
            origin,
            started_by: row.started_by,
            about: About { application_id: row.application_id, address: row.address, signs_in_as: row.signs_in_as },
            sent_to,
            flow_hash: row.flow_hash,
            verifier: row.verifier,
            started_at: row.started_at,
            expires_at: row.expires_at,
        })
    }
}

#[derive(FromRow)]
struct Row {
    id: SignInId,
    flow_hash: String,
    mailbox_id: MailboxId,
    link_id: Option<LinkId>,
    started_by: String,
    expected: String,
    account: String,
    outcome: String,
    failure: String,
    reference: String,
    at: UnixTime,
}

impl TryFrom<Row> for SignIn {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = |column: &str| AppError::internal(anyhow::anyhow!("sign_ins.{column} of {} is impossible", row.id));
        let failure = match row.failure.as_str() {
            "" => None,
            json => Some(serde_json::from_str(json).map_err(|_| wrong("failure"))?),
        };
        Ok(Self {
            // A newer release may know more of them, and this one must still show the rest during the update.
            outcome: SignInResult::parse(&row.outcome).unwrap_or(SignInResult::Failed),
            failure,
            id: row.id,
            flow_hash: row.flow_hash,
            mailbox_id: row.mailbox_id,
            link_id: row.link_id,
            started_by: row.started_by,
            expected: row.expected,
            account: row.account,
            reference: row.reference,
            at: row.at,
        })
    }
}

/// Adds an attempt. `state_hash` is all that is kept of its state.
pub async fn insert(tx: &mut Tx, attempt: &Attempt, state_hash: &str) -> Result<()> {
    let (link, session) = match &attempt.origin {
        Origin::Link(link) => (Some(link), None),
        Origin::Session(session) => (None, Some(session)),
    };
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&attempt.id)
        .bind(state_hash)
        .bind(&attempt.flow_hash)
        .bind(&attempt.mailbox_id)
        .bind(link)
        .bind(session)
        .bind(&attempt.started_by)
        .bind(&attempt.about.application_id)
        .bind(&attempt.sent_to.authority)
        .bind(&attempt.sent_to.tenant_id)
        .bind(&attempt.sent_to.client_id)
        .bind(&attempt.sent_to.issuer)
        .bind(attempt.sent_to.names_issuer)
        .bind(&attempt.about.address)
        .bind(&attempt.about.signs_in_as)
        .bind(&attempt.verifier)
        .bind(attempt.started_at)
        .bind(attempt.expires_at)
        .execute(c)
        .await
        .affected())?;
    in_tx!(tx, |c| sqlx::query(TRIM)
        .bind(&attempt.mailbox_id)
        .bind(MOST_AT_ONCE)
        .bind(&attempt.id)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// How many sign-ins this link began of late.
pub async fn tries(db: &Db, link: &LinkId, now: UnixTime) -> Result<i64> {
    Ok(on_db!(db, |c| sqlx::query_scalar(TRIES).bind(link).bind(now.plus(-TRIES_COUNT)).fetch_one(c).await)?)
}

/// Ends all attempts for a mailbox: their answers find nothing.
pub async fn end_all(tx: &mut Tx, mailbox: &MailboxId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(DROP).bind(mailbox).execute(c).await.affected())?;
    Ok(())
}

/// Takes the attempt with this state, so that nobody else ever does, and keeps that even if what follows fails (S-51).
///
/// # Errors
/// If the database cannot answer; then it was not taken.
pub async fn take(db: &Db, state_hash: &str) -> Result<Option<Attempt>> {
    let mut tx = db.begin().await?;
    let row: Option<AttemptRow> = in_tx!(&mut tx, |c| sqlx::query_as(TAKE).bind(state_hash).fetch_optional(c).await)?;
    tx.commit().await?;
    row.map(Attempt::try_from).transpose()
}

/// Writes down how a sign-in ended.
pub async fn record(tx: &mut Tx, ended: &SignIn) -> Result<()> {
    let failure = ended.failure.as_ref().map(serde_json::to_string).transpose().map_err(AppError::internal)?;
    in_tx!(tx, |c| sqlx::query(RECORD)
        .bind(&ended.id)
        .bind(&ended.flow_hash)
        .bind(&ended.mailbox_id)
        .bind(&ended.link_id)
        .bind(&ended.started_by)
        .bind(&ended.expected)
        .bind(&ended.account)
        .bind(ended.outcome.value())
        .bind(failure.as_deref().unwrap_or_default())
        .bind(&ended.reference)
        .bind(ended.at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// How this sign-in ended, if it has.
pub async fn find(db: &Db, id: &SignInId) -> Result<Option<SignIn>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)?;
    row.map(SignIn::try_from).transpose()
}

/// How the last sign-ins for a mailbox ended, newest first, at most `limit`.
pub async fn newest(db: &Db, mailbox: &MailboxId, limit: i64) -> Result<Vec<SignIn>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(NEWEST).bind(mailbox).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(SignIn::try_from).collect()
}

/// Removes attempts that are too late and results that are old.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP_ATTEMPTS).bind(now).execute(c).await.affected())?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP_RESULTS).bind(now.plus(-KEPT)).execute(c).await.affected())?;
    tx.commit().await
}
