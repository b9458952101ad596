//! All SQL for applications and their credentials.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, is_taken, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CredentialId};
use crate::microsoft::{ClientId, Cloud, Guid, Tenant};
use crate::secrets::Sealed;

use super::application::Application;
use super::credential::{Credential, State};
use super::rows::{CredentialRow, Row};

const INSERT: &str = "
    INSERT INTO applications (id, name, name_key, cloud, tenant, tenant_id, client_id, created_by, created_at, updated_at, version)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1)";

const UPDATE: &str = "
    UPDATE applications
    SET name = $3, name_key = $4, cloud = $5, tenant = $6, tenant_id = $7, client_id = $8, updated_at = $9, version = version + 1
    WHERE id = $1 AND version = $2
    RETURNING id";

const SET_TENANT_ID: &str = "UPDATE applications SET tenant_id = $2 WHERE id = $1 AND tenant = $3";

const DELETE: &str = "DELETE FROM applications WHERE id = $1";

const COLUMNS_BY_ID: &str = "
    SELECT id, name, cloud, tenant, tenant_id, client_id, credential_ends_at, created_by, created_at, version
    FROM applications WHERE id = $1";

const BY_IDENTITY: &str = "
    SELECT id, name, cloud, tenant, tenant_id, client_id, credential_ends_at, created_by, created_at, version
    FROM applications WHERE cloud = $1 AND client_id = $2 AND (tenant = $3 OR tenant_id = $3)";

const BY_NAME: &str = "SELECT id FROM applications WHERE name_key = $1";

const LIST: &str = "
    SELECT a.id, a.name, a.cloud, a.tenant, a.tenant_id, a.client_id, a.credential_ends_at, a.created_by, a.created_at, a.version,
        (SELECT COUNT(*) FROM mailboxes m WHERE m.application_id = a.id AND m.deleted_at IS NULL) AS mailboxes
    FROM applications a ORDER BY a.name_key, a.id LIMIT 1000";

const NAMES: &str = "SELECT id, name FROM applications ORDER BY name_key, id LIMIT 1000";

const HOLD: &str = "UPDATE applications SET version = version WHERE id = $1";

const MAILBOXES: &str = "SELECT COUNT(*) FROM mailboxes WHERE application_id = $1 AND deleted_at IS NULL";

const INSERT_CREDENTIAL: &str = "
    INSERT INTO credentials (id, application_id, kind, state, sealed, hint, thumbprint_sha256, certificate_pem, expires_at,
        created_by, created_at)
    VALUES ($1, $2, $3, 'untested', $4, $5, $6, $7, $8, $9, $10)";

const CREDENTIALS: &str = "
    SELECT id, application_id, kind, state, hint, thumbprint_sha256, certificate_pem, expires_at, created_by, created_at,
        answered_at, last_used_at, retired_at
    FROM credentials WHERE application_id = $1 ORDER BY created_at DESC, id DESC";

const CREDENTIAL: &str = "
    SELECT id, application_id, kind, state, hint, thumbprint_sha256, certificate_pem, expires_at, created_by, created_at,
        answered_at, last_used_at, retired_at
    FROM credentials WHERE application_id = $1 AND id = $2";

const OTHERS_WORK: &str = "
    SELECT COUNT(*) FROM credentials
    WHERE application_id = $1 AND id <> $2 AND state = 'accepted' AND (expires_at IS NULL OR expires_at > $3)";

const SEALED: &str = "SELECT sealed FROM credentials WHERE id = $1 AND state <> 'retired'";

const ANSWERED: &str = "
    UPDATE credentials SET state = $2, answered_at = $3, last_used_at = CASE WHEN $2 = 'accepted' THEN $3 ELSE last_used_at END
    WHERE id = $1 AND state <> 'retired'";

const RETIRE: &str = "
    UPDATE credentials SET state = 'retired', sealed = '', retired_at = $2 WHERE id = $1 AND state <> 'retired' RETURNING id";

const UNTEST: &str = "
    UPDATE credentials SET state = 'untested', answered_at = NULL WHERE application_id = $1 AND state IN ('accepted', 'refused')";

const SET_END: &str = "UPDATE credentials SET expires_at = $2 WHERE id = $1 AND kind = 'secret' AND state <> 'retired'";

const NOTE_END: &str = "
    UPDATE applications SET credential_ends_at = (
        SELECT CASE WHEN COUNT(c.id) > COUNT(c.expires_at) THEN NULL ELSE MAX(c.expires_at) END
        FROM credentials c WHERE c.application_id = $1 AND c.state = 'accepted')
    WHERE id = $1";

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    row: Row,
    mailboxes: i64,
}

/// An application in the list, with how many mailboxes use it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The application.
    pub application: Application,
    /// Living mailboxes that use it.
    pub mailboxes: i64,
}

/// What a write found in its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// It was written.
    Done,
    /// The name, or the same client ID in the same tenant, is already there. The transaction must be dropped.
    Taken,
    /// Someone else changed it meanwhile, or it is gone.
    Changed,
}

/// Adds an application.
pub async fn insert(tx: &mut Tx, application: &Application) -> Result<Written> {
    let done = in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&application.id)
        .bind(&application.name)
        .bind(application.name.to_lowercase())
        .bind(application.cloud.value())
        .bind(application.tenant.to_string())
        .bind(application.tenant_id.map(|id| id.to_string()))
        .bind(application.client_id.to_string())
        .bind(&application.created_by)
        .bind(application.created_at)
        .execute(c)
        .await
        .affected());
    match done {
        Ok(_) => Ok(Written::Done),
        Err(cause) if is_taken(&cause) => Ok(Written::Taken),
        Err(cause) => Err(cause.into()),
    }
}

/// Changes name, cloud, tenant and client ID, if nobody else has changed anything since `application.version`.
pub async fn update(tx: &mut Tx, application: &Application, now: UnixTime) -> Result<Written> {
    let done: sqlx::Result<Option<ApplicationId>> = in_tx!(tx, |c| sqlx::query_scalar(UPDATE)
        .bind(&application.id)
        .bind(application.version)
        .bind(&application.name)
        .bind(application.name.to_lowercase())
        .bind(application.cloud.value())
        .bind(application.tenant.to_string())
        .bind(application.tenant_id.map(|id| id.to_string()))
        .bind(application.client_id.to_string())
        .bind(now)
        .fetch_optional(c)
        .await);
    match done {
        Ok(Some(_)) => Ok(Written::Done),
        Ok(None) => Ok(Written::Changed),
        Err(cause) if is_taken(&cause) => Ok(Written::Taken),
        Err(cause) => Err(cause.into()),
    }
}

/// Keeps the GUID that Microsoft named for the tenant, unless the tenant was changed meanwhile.
pub async fn set_tenant_id(tx: &mut Tx, id: &ApplicationId, tenant: &Tenant, tenant_id: Guid) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SET_TENANT_ID)
        .bind(id)
        .bind(tenant_id.to_string())
        .bind(tenant.to_string())
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Keeps others from changing what belongs to the application until the transaction ends.
pub async fn hold(tx: &mut Tx, id: &ApplicationId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(HOLD).bind(id).execute(c).await.affected())?;
    Ok(())
}

/// Removes an application with its credentials and tokens. `false`, and the transaction must be dropped, if a mailbox
/// still names it, even a deleted one.
pub async fn delete(tx: &mut Tx, id: &ApplicationId) -> Result<bool> {
    match in_tx!(tx, |c| sqlx::query(DELETE).bind(id).execute(c).await.affected()) {
        Ok(_) => Ok(true),
        Err(cause) if cause.as_database_error().is_some_and(|database| database.is_foreign_key_violation()) => {
            Ok(false)
        }
        Err(cause) => Err(cause.into()),
    }
}

/// The application, if it is there.
pub async fn find(db: &Db, id: &ApplicationId) -> Result<Option<Application>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(COLUMNS_BY_ID).bind(id).fetch_optional(c).await)?;
    row.map(Application::try_from).transpose()
}

/// The application, or 404.
pub async fn get(db: &Db, id: &ApplicationId) -> Result<Application> {
    find(db, id).await?.ok_or(AppError::NotFound)
}

/// The stored application that is the same registration in Entra, if there is one.
pub async fn same_registration(
    db: &Db,
    cloud: Cloud,
    tenant: &Tenant,
    client_id: ClientId,
) -> Result<Option<Application>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(BY_IDENTITY)
        .bind(cloud.value())
        .bind(client_id.to_string())
        .bind(tenant.to_string())
        .fetch_optional(c)
        .await)?;
    row.map(Application::try_from).transpose()
}

/// Which application has this name, in whatever case.
pub async fn named(db: &Db, name: &str) -> Result<Option<ApplicationId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(BY_NAME).bind(name.to_lowercase()).fetch_optional(c).await)?)
}

/// All applications by name, at most a thousand.
pub async fn list(db: &Db) -> Result<Vec<Listed>> {
    let rows: Vec<ListedRow> = on_db!(db, |c| sqlx::query_as(LIST).fetch_all(c).await)?;
    rows.into_iter()
        .map(|listed| Ok(Listed { application: listed.row.try_into()?, mailboxes: listed.mailboxes }))
        .collect()
}

/// Names of all applications, at most a thousand, for a list to choose from.
pub async fn names(db: &Db) -> Result<Vec<(ApplicationId, String)>> {
    Ok(on_db!(db, |c| sqlx::query_as(NAMES).fetch_all(c).await)?)
}

/// How many living mailboxes use the application.
pub async fn mailbox_count(db: &Db, id: &ApplicationId) -> Result<i64> {
    Ok(on_db!(db, |c| sqlx::query_scalar(MAILBOXES).bind(id).fetch_one(c).await)?)
}

/// Adds a credential, untested. Its secret part must be sealed for [`Credential::place`].
pub async fn insert_credential(tx: &mut Tx, credential: &Credential, sealed: &Sealed) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT_CREDENTIAL)
        .bind(&credential.id)
        .bind(&credential.application_id)
        .bind(credential.kind.value())
        .bind(sealed)
        .bind(&credential.hint)
        .bind(&credential.thumbprint_sha256)
        .bind(&credential.certificate_pem)
        .bind(credential.expires_at)
        .bind(&credential.created_by)
        .bind(credential.created_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// All credentials of an application, newest first, retired ones included.
pub async fn credentials(db: &Db, id: &ApplicationId) -> Result<Vec<Credential>> {
    let rows: Vec<CredentialRow> = on_db!(db, |c| sqlx::query_as(CREDENTIALS).bind(id).fetch_all(c).await)?;
    rows.into_iter().map(Credential::try_from).collect()
}

/// One credential of an application, retired or not; or 404.
pub async fn credential(db: &Db, application: &ApplicationId, id: &CredentialId) -> Result<Credential> {
    let row: Option<CredentialRow> =
        on_db!(db, |c| sqlx::query_as(CREDENTIAL).bind(application).bind(id).fetch_optional(c).await)?;
    row.ok_or(AppError::NotFound)?.try_into()
}

/// Whether Microsoft accepts another credential of the same application, one that has not ended at `now`. Nobody else
/// can retire that one before the transaction ends.
pub async fn others_work(tx: &mut Tx, credential: &Credential, now: UnixTime) -> Result<bool> {
    hold(tx, &credential.application_id).await?;
    let others: i64 = in_tx!(tx, |c| sqlx::query_scalar(OTHERS_WORK)
        .bind(&credential.application_id)
        .bind(&credential.id)
        .bind(now)
        .fetch_one(c)
        .await)?;
    Ok(others > 0)
}

/// The sealed part of a credential that is not retired.
pub async fn sealed(db: &Db, id: &CredentialId) -> Result<Option<Sealed>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(SEALED).bind(id).fetch_optional(c).await)?)
}

/// Notes what Microsoft said of a credential.
pub async fn answered(tx: &mut Tx, credential: &Credential, state: State, now: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(ANSWERED)
        .bind(&credential.id)
        .bind(state.value())
        .bind(now)
        .execute(c)
        .await
        .affected())?;
    note_end(tx, &credential.application_id).await
}

/// Retires a credential and erases its secret part. `false` if it already was.
pub async fn retire(tx: &mut Tx, credential: &Credential, now: UnixTime) -> Result<bool> {
    let done: Option<CredentialId> =
        in_tx!(tx, |c| sqlx::query_scalar(RETIRE).bind(&credential.id).bind(now).fetch_optional(c).await)?;
    note_end(tx, &credential.application_id).await?;
    Ok(done.is_some())
}

/// Sets the end of a secret, which only people know.
pub async fn set_end(tx: &mut Tx, credential: &Credential, end: Option<UnixTime>) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SET_END).bind(&credential.id).bind(end).execute(c).await.affected())?;
    note_end(tx, &credential.application_id).await
}

/// What Microsoft said of the credentials no longer holds, because the application is another one now.
pub async fn untest(tx: &mut Tx, id: &ApplicationId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(UNTEST).bind(id).execute(c).await.affected())?;
    note_end(tx, id).await
}

/// An accepted credential without a known end makes the application's end unknown.
async fn note_end(tx: &mut Tx, id: &ApplicationId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(NOTE_END).bind(id).execute(c).await.affected())?;
    Ok(())
}
