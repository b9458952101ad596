//! All SQL for links for tenant administrators.

use sqlx::FromRow;

use crate::app::App;
use crate::applications::credential;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{AdminLinkId, ApplicationId, CredentialId};
use crate::secrets::Sealed;

use super::AdminLink;
use super::link::{Given, Registration};

/// Secrets that may be given through one link.
const MOST_GIVEN: i64 = 20;

const INSERT: &str = "
    INSERT INTO admin_links (id, application_id, cloud, tenant, client_id, code_hash, sealed, made_by, contact, made_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const BY_CODE: &str = "
    SELECT l.id, l.application_id, l.cloud, l.tenant, l.client_id, l.sealed, l.made_by, l.contact, l.made_at, l.expires_at, l.consented_at, l.withdrawn_at,
        l.withdrawn_by, c.id AS credential_id, c.state AS credential_state, c.created_at AS given_at, c.last_used_at AS accepted_at
    FROM admin_links l LEFT JOIN credentials c ON c.id = l.credential_id WHERE l.code_hash = $1";

const BY_ID: &str = "
    SELECT l.id, l.application_id, l.cloud, l.tenant, l.client_id, l.sealed, l.made_by, l.contact, l.made_at, l.expires_at, l.consented_at, l.withdrawn_at,
        l.withdrawn_by, c.id AS credential_id, c.state AS credential_state, c.created_at AS given_at, c.last_used_at AS accepted_at
    FROM admin_links l LEFT JOIN credentials c ON c.id = l.credential_id WHERE l.id = $1";

const NEWEST: &str = "
    SELECT l.id, l.application_id, l.cloud, l.tenant, l.client_id, l.sealed, l.made_by, l.contact, l.made_at, l.expires_at, l.consented_at, l.withdrawn_at,
        l.withdrawn_by, c.id AS credential_id, c.state AS credential_state, c.created_at AS given_at, c.last_used_at AS accepted_at
    FROM admin_links l LEFT JOIN credentials c ON c.id = l.credential_id
    WHERE l.application_id = $1
    ORDER BY l.made_at DESC, CASE WHEN l.withdrawn_at IS NULL THEN 0 ELSE 1 END, l.id DESC LIMIT 1";

const CONSENTED: &str = "
    UPDATE admin_links SET consented_at = $2
    WHERE id = $1 AND consented_at IS NULL AND withdrawn_at IS NULL AND expires_at > $2";

const GIVEN: &str = "
    UPDATE admin_links SET credential_id = $2, given = given + 1
    WHERE id = $1 AND withdrawn_at IS NULL AND expires_at > $3 AND given < $4 AND COALESCE(credential_id, '') = $5
        AND NOT EXISTS (SELECT 1 FROM credentials c WHERE c.id = admin_links.credential_id AND c.last_used_at IS NOT NULL)";

const WITHDRAW: &str = "
    UPDATE admin_links SET withdrawn_at = $2, withdrawn_by = $3, sealed = ''
    WHERE application_id = $1 AND withdrawn_at IS NULL AND expires_at > $2";

const WITHDRAW_OF: &str = "
    UPDATE admin_links SET withdrawn_at = $2, withdrawn_by = $3, sealed = ''
    WHERE contact = $1 AND withdrawn_at IS NULL AND expires_at > $2";

const SWEEP: &str = "UPDATE admin_links SET sealed = '' WHERE expires_at <= $1 AND sealed <> ''";

#[derive(FromRow)]
struct Row {
    id: AdminLinkId,
    application_id: ApplicationId,
    cloud: String,
    tenant: String,
    client_id: String,
    sealed: Sealed,
    made_by: String,
    contact: String,
    made_at: UnixTime,
    expires_at: UnixTime,
    consented_at: Option<UnixTime>,
    withdrawn_at: Option<UnixTime>,
    withdrawn_by: Option<String>,
    credential_id: Option<CredentialId>,
    credential_state: Option<String>,
    given_at: Option<UnixTime>,
    accepted_at: Option<UnixTime>,
}

impl TryFrom<Row> for AdminLink {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let given = match (row.credential_id, row.credential_state, row.given_at) {
            (Some(credential_id), Some(state), Some(at)) => {
                let state = credential::State::parse(&state).ok_or_else(|| {
                    AppError::internal(anyhow::anyhow!("credentials.state of {credential_id}: {state}"))
                })?;
                Some(Given { credential_id, at, state, accepted: row.accepted_at.is_some() })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id,
            application_id: row.application_id,
            about: Registration { cloud: row.cloud, tenant: row.tenant, client_id: row.client_id },
            sealed: row.sealed,
            made_by: row.made_by,
            contact: row.contact,
            made_at: row.made_at,
            expires_at: row.expires_at,
            consented_at: row.consented_at,
            given,
            withdrawn: row.withdrawn_at.map(|at| (at, row.withdrawn_by.unwrap_or_default())),
        })
    }
}

/// Adds a link. `code_hash` finds it.
pub async fn insert(tx: &mut Tx, link: &AdminLink, code_hash: &str) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&link.id)
        .bind(&link.application_id)
        .bind(&link.about.cloud)
        .bind(&link.about.tenant)
        .bind(&link.about.client_id)
        .bind(code_hash)
        .bind(&link.sealed)
        .bind(&link.made_by)
        .bind(&link.contact)
        .bind(link.made_at)
        .bind(link.expires_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// The link with this code, in whatever state.
pub async fn by_code(db: &Db, code_hash: &str) -> Result<Option<AdminLink>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(BY_CODE).bind(code_hash).fetch_optional(c).await)?;
    row.map(AdminLink::try_from).transpose()
}

/// The link, in whatever state.
pub async fn by_id(db: &Db, id: &AdminLinkId) -> Result<Option<AdminLink>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(BY_ID).bind(id).fetch_optional(c).await)?;
    row.map(AdminLink::try_from).transpose()
}

/// The link of an application that matters: the newest, as only that one can be open.
pub async fn newest_of(db: &Db, application: &ApplicationId) -> Result<Option<AdminLink>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(NEWEST).bind(application).fetch_optional(c).await)?;
    row.map(AdminLink::try_from).transpose()
}

/// Notes that an administrator consented. `false`, and nothing is noted, if the link has ended or that was done before.
pub async fn consented(tx: &mut Tx, id: &AdminLinkId, now: UnixTime) -> Result<bool> {
    let noted = in_tx!(tx, |c| sqlx::query(CONSENTED).bind(id).bind(now).execute(c).await.affected())?;
    Ok(noted > 0)
}

/// Notes the secret that was given through `link`, as it was when it was read. `false`, and the transaction must be dropped,
/// if the link has ended, its secret was accepted, somebody else gave one meanwhile, or too many were given.
pub async fn given(tx: &mut Tx, link: &AdminLink, credential: &CredentialId, now: UnixTime) -> Result<bool> {
    let before = link.given.as_ref().map_or("", |given| given.credential_id.as_str());
    let noted = in_tx!(tx, |c| sqlx::query(GIVEN)
        .bind(&link.id)
        .bind(credential)
        .bind(now)
        .bind(MOST_GIVEN)
        .bind(before)
        .execute(c)
        .await
        .affected())?;
    Ok(noted > 0)
}

/// Ends the open link of an application. `false` if there is none.
pub async fn withdraw(tx: &mut Tx, application: &ApplicationId, by: &str, now: UnixTime) -> Result<bool> {
    let ended = in_tx!(tx, |c| sqlx::query(WITHDRAW).bind(application).bind(now).bind(by).execute(c).await.affected())?;
    Ok(ended > 0)
}

/// Ends the open links of whoever has this e-mail address. Gives how many there were.
pub async fn withdraw_of(tx: &mut Tx, contact: &str, by: &str, now: UnixTime) -> Result<u64> {
    Ok(in_tx!(tx, |c| sqlx::query(WITHDRAW_OF).bind(contact).bind(now).bind(by).execute(c).await.affected())?)
}

/// Erases the codes of links that have ended by themselves.
///
/// # Errors
/// If the database cannot answer.
pub async fn erase_expired(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(app.clock.now()).execute(c).await.affected())?;
    tx.commit().await
}
