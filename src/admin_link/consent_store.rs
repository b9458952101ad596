//! All SQL for consents under way and for how they ended.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{AdminLinkId, ApplicationId, ConsentId};
use crate::microsoft::Failure;
use crate::words::ConsentResult;

use super::consent::Consent;

/// Seconds over which the consents that a link began are counted.
const TRIES_COUNT: i64 = 60 * 60;
/// Seconds for which it is known how a consent ended.
const KEPT: i64 = 90 * 24 * 60 * 60;

const INSERT: &str = "
    INSERT INTO consent_attempts (id, state_hash, flow_hash, link_id, started_by, application_id, authority, tenant_id, client_id,
        started_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const TRIES: &str = "
    SELECT (SELECT COUNT(*) FROM consent_attempts WHERE link_id = $1) + (SELECT COUNT(*) FROM consents WHERE link_id = $1 AND at > $2)";

const TAKE: &str = "
    DELETE FROM consent_attempts WHERE state_hash = $1
    RETURNING id, flow_hash, link_id, started_by, application_id, authority, tenant_id, client_id, started_at, expires_at";

const SWEEP_ATTEMPTS: &str = "DELETE FROM consent_attempts WHERE expires_at <= $1";

const RECORD: &str = "
    INSERT INTO consents (id, flow_hash, link_id, application_id, outcome, failure, reference, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const FIND: &str = "
    SELECT id, flow_hash, link_id, application_id, outcome, failure, reference, at FROM consents WHERE id = $1";

const NEWEST: &str = "
    SELECT id, flow_hash, link_id, application_id, outcome, failure, reference, at
    FROM consents WHERE application_id = $1 ORDER BY at DESC, id DESC LIMIT $2";

const SWEEP_RESULTS: &str = "DELETE FROM consents WHERE at <= $1";

/// How a consent ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The same as of the attempt.
    pub id: ConsentId,
    /// Hash of the cookie of the browser that began it, which alone may see its page.
    pub flow_hash: String,
    /// The link that began it.
    pub link_id: AdminLinkId,
    /// The application.
    pub application_id: ApplicationId,
    /// How it ended.
    pub outcome: ConsentResult,
    /// Why, if Microsoft said why.
    pub failure: Option<Box<Failure>>,
    /// What a person reads out to whoever helps them.
    pub reference: String,
    /// When it ended.
    pub at: UnixTime,
}

#[derive(FromRow)]
struct ConsentRow {
    id: ConsentId,
    flow_hash: String,
    link_id: AdminLinkId,
    started_by: String,
    application_id: ApplicationId,
    authority: String,
    tenant_id: String,
    client_id: String,
    started_at: UnixTime,
    expires_at: UnixTime,
}

impl From<ConsentRow> for Consent {
    fn from(row: ConsentRow) -> Self {
        Self {
            id: row.id,
            link_id: row.link_id,
            started_by: row.started_by,
            application_id: row.application_id,
            authority: row.authority,
            tenant_id: row.tenant_id,
            client_id: row.client_id,
            flow_hash: row.flow_hash,
            started_at: row.started_at,
            expires_at: row.expires_at,
        }
    }
}

#[derive(FromRow)]
struct Row {
    id: ConsentId,
    flow_hash: String,
    link_id: AdminLinkId,
    application_id: ApplicationId,
    outcome: String,
    failure: String,
    reference: String,
    at: UnixTime,
}

impl TryFrom<Row> for Ended {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = |column: &str| AppError::internal(anyhow::anyhow!("consents.{column} of {} is impossible", row.id));
        let failure = match row.failure.as_str() {
            "" => None,
            json => Some(serde_json::from_str(json).map_err(|_| wrong("failure"))?),
        };
        Ok(Self {
            // A newer release may know more of them, and this one must still show the rest during the update.
            outcome: ConsentResult::parse(&row.outcome).unwrap_or(ConsentResult::Failed),
            failure,
            id: row.id,
            flow_hash: row.flow_hash,
            link_id: row.link_id,
            application_id: row.application_id,
            reference: row.reference,
            at: row.at,
        })
    }
}

/// Adds a consent under way. `state_hash` is all that is kept of its state.
pub async fn insert(tx: &mut Tx, consent: &Consent, state_hash: &str) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&consent.id)
        .bind(state_hash)
        .bind(&consent.flow_hash)
        .bind(&consent.link_id)
        .bind(&consent.started_by)
        .bind(&consent.application_id)
        .bind(&consent.authority)
        .bind(&consent.tenant_id)
        .bind(&consent.client_id)
        .bind(consent.started_at)
        .bind(consent.expires_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// How many consents this link began of late.
pub async fn tries(db: &Db, link: &AdminLinkId, now: UnixTime) -> Result<i64> {
    Ok(on_db!(db, |c| sqlx::query_scalar(TRIES).bind(link).bind(now.plus(-TRIES_COUNT)).fetch_one(c).await)?)
}

/// Takes the consent with this state, so that nobody else ever does, and keeps that even if what follows fails (S-51).
///
/// # Errors
/// If the database cannot answer; then it was not taken.
pub async fn take(db: &Db, state_hash: &str) -> Result<Option<Consent>> {
    let mut tx = db.begin().await?;
    let row: Option<ConsentRow> = in_tx!(&mut tx, |c| sqlx::query_as(TAKE).bind(state_hash).fetch_optional(c).await)?;
    tx.commit().await?;
    Ok(row.map(Consent::from))
}

/// Writes down how a consent ended.
pub async fn record(tx: &mut Tx, ended: &Ended) -> Result<()> {
    let failure = ended.failure.as_ref().map(serde_json::to_string).transpose().map_err(AppError::internal)?;
    in_tx!(tx, |c| sqlx::query(RECORD)
        .bind(&ended.id)
        .bind(&ended.flow_hash)
        .bind(&ended.link_id)
        .bind(&ended.application_id)
        .bind(ended.outcome.value())
        .bind(failure.as_deref().unwrap_or_default())
        .bind(&ended.reference)
        .bind(ended.at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// How this consent ended, if it has.
pub async fn find(db: &Db, id: &ConsentId) -> Result<Option<Ended>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)?;
    row.map(Ended::try_from).transpose()
}

/// How the last consents for an application ended, newest first, at most `limit`.
pub async fn newest(db: &Db, application: &ApplicationId, limit: i64) -> Result<Vec<Ended>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(NEWEST).bind(application).bind(limit).fetch_all(c).await)?;
    rows.into_iter().map(Ended::try_from).collect()
}

/// Removes consents that are too late and results that are old.
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
