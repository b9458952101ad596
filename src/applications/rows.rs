//! Rows of the tables `applications`, `credentials` and `scope_names` to what they mean. An impossible row is an error.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CredentialId};
use crate::microsoft::{ClientId, Cloud, Guid, Tenant};
use crate::words::{Must, ScopeOutcome};

use super::application::Application;
use super::credential::{Credential, Kind, State};
use super::scope::{Named, Tried};

#[derive(FromRow)]
pub(super) struct Row {
    id: ApplicationId,
    name: String,
    cloud: String,
    tenant: String,
    tenant_id: Option<String>,
    client_id: String,
    credential_ends_at: Option<UnixTime>,
    created_by: String,
    created_at: UnixTime,
    version: i64,
}

#[derive(FromRow)]
pub(super) struct CredentialRow {
    id: CredentialId,
    application_id: ApplicationId,
    kind: String,
    state: String,
    hint: String,
    thumbprint_sha256: String,
    certificate_pem: String,
    expires_at: Option<UnixTime>,
    created_by: String,
    created_at: UnixTime,
    answered_at: Option<UnixTime>,
    last_used_at: Option<UnixTime>,
    retired_at: Option<UnixTime>,
}

#[derive(FromRow)]
pub(super) struct NameRow {
    address: String,
    must: String,
    outcome: Option<String>,
    tried_at: Option<UnixTime>,
    failure: String,
    proven: Option<String>,
    proven_since: Option<UnixTime>,
}

fn impossible(id: &str, column: &str) -> AppError {
    AppError::internal(anyhow::anyhow!("the row {id} holds an impossible {column}"))
}

impl TryFrom<Row> for Application {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = |column| impossible(row.id.as_str(), column);
        Ok(Self {
            cloud: Cloud::parse(&row.cloud).ok_or_else(|| wrong("cloud"))?,
            tenant: Tenant::parse(&row.tenant).ok_or_else(|| wrong("tenant"))?,
            tenant_id: match &row.tenant_id {
                Some(text) => Some(Guid::parse(text).ok_or_else(|| wrong("tenant_id"))?),
                None => None,
            },
            client_id: ClientId::parse(&row.client_id).ok_or_else(|| wrong("client_id"))?,
            id: row.id,
            name: row.name,
            credential_ends_at: row.credential_ends_at,
            created_by: row.created_by,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

impl TryFrom<CredentialRow> for Credential {
    type Error = AppError;

    fn try_from(row: CredentialRow) -> Result<Self> {
        let wrong = |column| impossible(row.id.as_str(), column);
        Ok(Self {
            kind: Kind::parse(&row.kind).ok_or_else(|| wrong("kind"))?,
            state: State::parse(&row.state).ok_or_else(|| wrong("state"))?,
            id: row.id,
            application_id: row.application_id,
            hint: row.hint,
            certificate_pem: row.certificate_pem,
            thumbprint_sha256: row.thumbprint_sha256,
            expires_at: row.expires_at,
            created_by: row.created_by,
            created_at: row.created_at,
            answered_at: row.answered_at,
            last_used_at: row.last_used_at,
            retired_at: row.retired_at,
        })
    }
}

impl TryFrom<NameRow> for Named {
    type Error = AppError;

    fn try_from(row: NameRow) -> Result<Self> {
        let wrong = || impossible(&row.address, "outcome");
        let outcome = |value: Option<&String>| match value {
            Some(value) => ScopeOutcome::parse(value).map(Some).ok_or_else(wrong),
            None => Ok(None),
        };
        let tried = outcome(row.outcome.as_ref())?.zip(row.tried_at);
        Ok(Self {
            must: Must::parse(&row.must).ok_or_else(|| impossible(&row.address, "must"))?,
            tried: tried.map(|(outcome, at)| Tried { outcome, at, failure: serde_json::from_str(&row.failure).ok() }),
            proven: outcome(row.proven.as_ref())?.zip(row.proven_since),
            address: row.address,
        })
    }
}
