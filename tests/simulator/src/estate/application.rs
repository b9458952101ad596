//! Applications (app registrations with their service principal) and their credentials.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Certificate, Permission};

/// An application as one tenant sees it.
#[derive(Clone, Debug, Serialize)]
pub struct Application {
    /// The display name.
    pub name: String,
    /// Directory (tenant) ID.
    pub tenant_id: Uuid,
    /// Application (client) ID.
    pub client_id: Uuid,
    /// Object ID of the enterprise application (service principal); `oid` and `sub` of its tokens.
    pub object_id: Uuid,
    /// Client secrets, newest last.
    pub secrets: Vec<Secret>,
    /// Certificates whose keys may sign assertions.
    pub certificates: Vec<Certificate>,
    /// Application permissions with admin consent; become the token's `roles` and hold for every mailbox.
    pub roles: BTreeSet<Permission>,
    /// Exchange "RBAC for Applications": for each permission the addresses in its scope. Adds to `roles`.
    pub exchange_roles: BTreeMap<Permission, BTreeSet<String>>,
    /// Application access policy (RestrictAccess): when there is one, only these addresses. Subtracts from `roles`.
    pub access_policy: Option<BTreeSet<String>>,
    /// "Enabled for users to sign-in" of the enterprise application.
    pub enabled: bool,
    /// Whether Conditional Access for workload identities blocks every token.
    pub blocked: bool,
}

/// A client secret.
#[derive(Clone, Debug, Serialize)]
pub struct Secret {
    /// The Secret ID, which people paste by mistake.
    pub id: Uuid,
    /// Its description in the portal.
    pub name: String,
    /// The secret Value.
    pub value: String,
    /// Valid from.
    pub start: Timestamp,
    /// Valid until.
    pub end: Timestamp,
}

impl Secret {
    /// The first three characters, which is all that the portal goes on showing.
    pub fn hint(&self) -> &str {
        self.value.get(..3).unwrap_or_default()
    }

    /// Whether it may be used at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.end
    }
}

/// The one thing worth saying about an application; worked out from its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Reads and sends for every mailbox.
    Healthy,
    /// Every secret has expired.
    ExpiredSecret,
    /// Gets tokens, but nobody consented to anything.
    NoConsent,
    /// Conditional Access refuses it tokens.
    Blocked,
    /// Has no secret and no certificate yet, or only a certificate.
    Certificate,
    /// May not send.
    ReadOnly,
    /// Has RBAC for Applications instead of consent.
    Limited,
    /// Has an application access policy.
    Policy,
    /// Is switched off in the tenant.
    Disabled,
}

impl State {
    /// The word in the JSON API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::ExpiredSecret => "expired_secret",
            Self::NoConsent => "no_consent",
            Self::Blocked => "blocked",
            Self::Certificate => "certificate",
            Self::ReadOnly => "read_only",
            Self::Limited => "limited",
            Self::Policy => "policy",
            Self::Disabled => "disabled",
        }
    }
}

impl Application {
    /// What is special about this application at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if !self.enabled {
            State::Disabled
        } else if self.blocked {
            State::Blocked
        } else if self.secrets.is_empty() {
            State::Certificate
        } else if self.secrets.iter().all(|secret| secret.end <= now) {
            State::ExpiredSecret
        } else if self.access_policy.is_some() {
            State::Policy
        } else if self.roles.is_empty() && !self.exchange_roles.is_empty() {
            State::Limited
        } else if self.roles.is_empty() {
            State::NoConsent
        } else if !self.roles.contains(&Permission::MailSend) {
            State::ReadOnly
        } else {
            State::Healthy
        }
    }

    /// The newest secret's Value; empty where there is none.
    pub fn secret(&self) -> &str {
        self.secrets.last().map_or("", |secret| &secret.value)
    }

    /// The newest secret's ID.
    pub fn secret_id(&self) -> Option<Uuid> {
        self.secrets.last().map(|secret| secret.id)
    }

    /// Grants RBAC for Applications: `permission` on `addresses`.
    pub fn assign<'a>(&mut self, permission: Permission, addresses: impl IntoIterator<Item = &'a str>) {
        let scope = self.exchange_roles.entry(permission).or_default();
        scope.extend(addresses.into_iter().map(str::to_lowercase));
    }

    /// Restricts the application to `addresses` by an application access policy.
    pub fn restrict<'a>(&mut self, addresses: impl IntoIterator<Item = &'a str>) {
        self.access_policy = Some(addresses.into_iter().map(str::to_lowercase).collect());
    }
    /// Limits the application to `addresses` as Microsoft advises: RBAC for Applications in Exchange in place of consent to
    /// permissions that Exchange knows. Tokens that were issued before still carry that consent.
    pub fn limit_to<'a>(&mut self, addresses: impl IntoIterator<Item = &'a str>) {
        let scope: BTreeSet<String> = addresses.into_iter().map(str::to_lowercase).collect();
        let mut permissions = self.mail_permissions();
        if permissions.is_empty() {
            permissions = BTreeSet::from([Permission::MailReadWrite, Permission::MailSend]);
        }
        self.roles.retain(|permission| !permission.is_of_exchange());
        self.exchange_roles = permissions.into_iter().map(|permission| (permission, scope.clone())).collect();
        self.access_policy = None;
    }

    /// Lifts every limit: what the application may do it may do with every mailbox of the tenant.
    pub fn lift_limit(&mut self) {
        self.roles.append(&mut self.mail_permissions());
        self.exchange_roles.clear();
        self.access_policy = None;
    }

    fn mail_permissions(&self) -> BTreeSet<Permission> {
        let all = self.roles.iter().chain(self.exchange_roles.keys()).copied();
        all.filter(|permission| permission.is_of_exchange()).collect()
    }
}
