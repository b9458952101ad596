//! All SQL for the grants of applications.

use sqlx::FromRow;

use crate::applications::Application;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::{ApplicationId, CredentialId, GrantId};
use crate::secrets::{Place, Sealed};

/// The audience of every token so far: the Graph root of the application's cloud.
pub const GRAPH: &str = "graph";

const FIND: &str = "
    SELECT id, application_id, audience, generation, credential_id, sealed, roles, issued_at, renew_at, expires_at, next_at, failures, failure
    FROM grants WHERE application_id = $1 AND audience = $2";

const SAVE: &str = "
    INSERT INTO grants (id, application_id, audience, generation, credential_id, sealed, roles, issued_at, renew_at, expires_at,
        next_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (application_id, audience) DO UPDATE SET
        generation = excluded.generation, credential_id = excluded.credential_id, sealed = excluded.sealed,
        roles = excluded.roles, issued_at = excluded.issued_at, renew_at = excluded.renew_at, expires_at = excluded.expires_at,
        next_at = excluded.next_at, leased_until = 0, leased_by = '', failures = 0, failed_at = NULL, failure = '',
        failed_cause = '', failing_since = NULL
    WHERE grants.generation = excluded.generation - 1 AND grants.id = excluded.id
    RETURNING id";

const FORGET: &str = "DELETE FROM grants WHERE application_id = $1";

const STILL_IS: &str = "
    UPDATE applications SET version = version WHERE id = $1 AND cloud = $2 AND tenant = $3 AND client_id = $4 RETURNING id";

/// What Postkey was granted, with the token of its newest generation.
#[derive(Clone, Debug, FromRow)]
pub struct Grant {
    /// Ours.
    pub id: GrantId,
    /// Whose it is.
    pub application_id: ApplicationId,
    /// What it opens.
    pub audience: String,
    /// Counts renewals.
    pub generation: i64,
    /// The credential that got it.
    pub credential_id: CredentialId,
    /// The token, sealed for [`Grant::place`].
    pub sealed: Sealed,
    /// Roles read from the token, as JSON; for diagnosis only.
    pub roles: String,
    /// When Microsoft issued it.
    pub issued_at: UnixTime,
    /// When it should be replaced.
    pub renew_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// When the keeper looks at it next.
    pub next_at: UnixTime,
    /// Tries in a row that brought nothing.
    pub failures: i64,
    /// Why the last one brought nothing, as JSON; else empty.
    pub failure: String,
}

impl Grant {
    /// Where its token is stored.
    pub fn place(id: &GrantId) -> Place<'_> {
        Place { table: "grants", column: "sealed", row: id.as_str() }
    }
}

/// The grant of an application, if it has one.
pub async fn find(db: &Db, application: &ApplicationId, audience: &str) -> Result<Option<Grant>> {
    Ok(on_db!(db, |c| sqlx::query_as(FIND).bind(application).bind(audience).fetch_optional(c).await)?)
}

/// Stores a generation over the one before it. `false` if another replica was faster; its token is as good.
pub async fn save(tx: &mut Tx, grant: &Grant) -> Result<bool> {
    tx.tell(grant.id.as_str());
    let saved: Option<GrantId> = in_tx!(tx, |c| sqlx::query_scalar(SAVE)
        .bind(&grant.id)
        .bind(&grant.application_id)
        .bind(&grant.audience)
        .bind(grant.generation)
        .bind(&grant.credential_id)
        .bind(&grant.sealed)
        .bind(&grant.roles)
        .bind(grant.issued_at)
        .bind(grant.renew_at)
        .bind(grant.expires_at)
        .bind(grant.next_at)
        .fetch_optional(c)
        .await)?;
    Ok(saved.is_some())
}

/// Whether `application` is still the registration in Entra that it was when it was read; what Microsoft said of another
/// one must not be kept. Nobody can change it before the transaction ends.
pub async fn still_is(tx: &mut Tx, application: &Application) -> Result<bool> {
    let found: Option<ApplicationId> = in_tx!(tx, |c| sqlx::query_scalar(STILL_IS)
        .bind(&application.id)
        .bind(application.cloud.value())
        .bind(application.tenant.to_string())
        .bind(application.client_id.to_string())
        .fetch_optional(c)
        .await)?;
    Ok(found.is_some())
}

/// Forgets the tokens of an application, for example because its client ID was changed.
pub async fn forget(tx: &mut Tx, application: &ApplicationId) -> Result<()> {
    tx.tell(application.as_str());
    in_tx!(tx, |c| sqlx::query(FORGET).bind(application).execute(c).await.affected())?;
    Ok(())
}
