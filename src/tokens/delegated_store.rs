//! All SQL for the grants of people.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::secrets::{Place, Sealed};

const FIND: &str = "
    SELECT id, mailbox_id, application_id, tenant_id, object_id, username, scopes, generation, access_token, refresh_token,
        previous_refresh_token, signed_in_at, issued_at, renew_at, expires_at, next_at, attempted_at, failures, failure
    FROM delegated_grants WHERE mailbox_id = $1";

const SAVE_SIGNED_IN: &str = "
    INSERT INTO delegated_grants (id, mailbox_id, application_id, tenant_id, object_id, username, scopes, generation, access_token,
        refresh_token, previous_refresh_token, signed_in_at, issued_at, renew_at, expires_at, next_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ON CONFLICT (mailbox_id) DO UPDATE SET
        application_id = excluded.application_id, tenant_id = excluded.tenant_id, object_id = excluded.object_id,
        username = excluded.username, scopes = excluded.scopes, generation = excluded.generation,
        access_token = excluded.access_token, refresh_token = excluded.refresh_token,
        previous_refresh_token = excluded.previous_refresh_token, signed_in_at = excluded.signed_in_at,
        issued_at = excluded.issued_at, renew_at = excluded.renew_at, expires_at = excluded.expires_at, next_at = excluded.next_at,
        attempted_at = NULL, leased_until = 0, leased_by = '', failures = 0, failed_at = NULL, failure = '',
        failed_cause = '', failing_since = NULL
    WHERE delegated_grants.generation = excluded.generation - 1 AND delegated_grants.id = excluded.id
    RETURNING id";

const SAVE_RENEWED: &str = "
    UPDATE delegated_grants SET generation = $3, scopes = $4, access_token = $5, refresh_token = $6, previous_refresh_token = $7,
        issued_at = $8, renew_at = $9, expires_at = $10, next_at = $11, attempted_at = NULL, leased_until = 0, leased_by = '', failures = 0,
        failed_at = NULL, failure = '', failed_cause = '', failing_since = NULL
    WHERE id = $1 AND generation = $2 RETURNING id";

const FORGET_ALL: &str = "DELETE FROM delegated_grants WHERE application_id = $1";

const FORGET: &str = "DELETE FROM delegated_grants WHERE mailbox_id = $1 RETURNING id";

/// What a person granted for one mailbox, with the tokens of its newest generation.
#[derive(Clone, Debug, FromRow)]
pub struct DelegatedGrant {
    /// Ours.
    pub id: GrantId,
    /// Whose it is.
    pub mailbox_id: MailboxId,
    /// The application that the person signed in to.
    pub application_id: ApplicationId,
    /// The tenant of the account that signed in.
    pub tenant_id: String,
    /// The account that signed in.
    pub object_id: String,
    /// What the account was called then.
    pub username: String,
    /// What was granted, separated by spaces.
    pub scopes: String,
    /// Counts renewals and sign-ins.
    pub generation: i64,
    /// Sealed for the column of its name.
    pub access_token: Sealed,
    /// Sealed for the column of its name.
    pub refresh_token: Sealed,
    /// The one before, until the newer one was used.
    pub previous_refresh_token: Option<Sealed>,
    /// When the person last signed in.
    pub signed_in_at: UnixTime,
    /// When Microsoft issued the access token.
    pub issued_at: UnixTime,
    /// When it should be replaced.
    pub renew_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// When the keeper looks at it next.
    pub next_at: UnixTime,
    /// When a renewal began whose answer is not stored.
    pub attempted_at: Option<UnixTime>,
    /// Tries in a row that brought nothing.
    pub failures: i64,
    /// Why the last one brought nothing, as JSON; else empty.
    pub failure: String,
}

impl DelegatedGrant {
    /// Where its access token is stored.
    pub fn access_place(id: &GrantId) -> Place<'_> {
        Place { table: "delegated_grants", column: "access_token", row: id.as_str() }
    }

    /// Where its refresh token is stored.
    pub fn refresh_place(id: &GrantId) -> Place<'_> {
        Place { table: "delegated_grants", column: "refresh_token", row: id.as_str() }
    }

    /// Where the refresh token of the generation before is stored.
    pub fn previous_place(id: &GrantId) -> Place<'_> {
        Place { table: "delegated_grants", column: "previous_refresh_token", row: id.as_str() }
    }
}

/// What a person granted for this mailbox, if somebody has signed in.
pub async fn find(db: &Db, mailbox: &MailboxId) -> Result<Option<DelegatedGrant>> {
    Ok(on_db!(db, |c| sqlx::query_as(FIND).bind(mailbox).fetch_optional(c).await)?)
}

/// Stores what a sign-in brought over the generation before it. `false` if that one was replaced meanwhile.
pub async fn save_signed_in(tx: &mut Tx, grant: &DelegatedGrant) -> Result<bool> {
    tx.tell(grant.id.as_str());
    tx.tell(grant.mailbox_id.as_str());
    let saved: Option<GrantId> = in_tx!(tx, |c| sqlx::query_scalar(SAVE_SIGNED_IN)
        .bind(&grant.id)
        .bind(&grant.mailbox_id)
        .bind(&grant.application_id)
        .bind(&grant.tenant_id)
        .bind(&grant.object_id)
        .bind(&grant.username)
        .bind(&grant.scopes)
        .bind(grant.generation)
        .bind(&grant.access_token)
        .bind(&grant.refresh_token)
        .bind(&grant.previous_refresh_token)
        .bind(grant.signed_in_at)
        .bind(grant.issued_at)
        .bind(grant.renew_at)
        .bind(grant.expires_at)
        .bind(grant.next_at)
        .fetch_optional(c)
        .await)?;
    Ok(saved.is_some())
}

/// Stores a renewal over the generation it renews. `false` if that one was replaced meanwhile.
pub async fn save_renewed(tx: &mut Tx, renewed: &DelegatedGrant) -> Result<bool> {
    tx.tell(renewed.id.as_str());
    let saved: Option<GrantId> = in_tx!(tx, |c| sqlx::query_scalar(SAVE_RENEWED)
        .bind(&renewed.id)
        .bind(renewed.generation - 1)
        .bind(renewed.generation)
        .bind(&renewed.scopes)
        .bind(&renewed.access_token)
        .bind(&renewed.refresh_token)
        .bind(&renewed.previous_refresh_token)
        .bind(renewed.issued_at)
        .bind(renewed.renew_at)
        .bind(renewed.expires_at)
        .bind(renewed.next_at)
        .fetch_optional(c)
        .await)?;
    Ok(saved.is_some())
}

/// Erases what a person granted for this mailbox. `false` if there was nothing.
pub async fn forget(tx: &mut Tx, mailbox: &MailboxId) -> Result<bool> {
    tx.tell(mailbox.as_str());
    let gone: Option<GrantId> = in_tx!(tx, |c| sqlx::query_scalar(FORGET).bind(mailbox).fetch_optional(c).await)?;
    Ok(gone.is_some())
}

/// Erases what people granted to this application, because it is another one now and Microsoft would refuse it.
pub async fn forget_all(tx: &mut Tx, application: &ApplicationId) -> Result<()> {
    tx.tell(application.as_str());
    in_tx!(tx, |c| sqlx::query(FORGET_ALL).bind(application).execute(c).await.affected())?;
    Ok(())
}
