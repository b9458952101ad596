//! An Entra app registration as Postkey knows it. No I/O.

use crate::clock::UnixTime;
use crate::ids::ApplicationId;
use crate::microsoft::{ApplicationRef, ClientId, Cloud, Guid, Tenant};

/// An Entra app registration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Application {
    /// Ours, not Microsoft's.
    pub id: ApplicationId,
    /// What people here call it.
    pub name: String,
    /// The cloud it is registered in.
    pub cloud: Cloud,
    /// The tenant as it was entered: a GUID, or a verified domain.
    pub tenant: Tenant,
    /// The tenant's GUID, once Microsoft has named it.
    pub tenant_id: Option<Guid>,
    /// Application (client) ID.
    pub client_id: ClientId,
    /// When the last accepted credential ends, if that is known.
    pub credential_ends_at: Option<UnixTime>,
    /// Who added it.
    pub created_by: String,
    /// When it was added.
    pub created_at: UnixTime,
    /// Counts changes, so that two people who edit at once do not undo each other.
    pub version: i64,
}

impl Application {
    /// What Microsoft needs to know of it, once the tenant's GUID is known.
    pub fn known_to_microsoft(&self) -> Option<ApplicationRef> {
        let tenant = self.tenant_id?;
        Some(ApplicationRef { cloud: self.cloud, tenant, client_id: self.client_id })
    }
}
