//! How people sign in to an application: where they are sent back to, and what was consented to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::{Application, Permission, Scope};

/// The part of an application's registration, and of its enterprise application, that concerns people.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    /// Where the browser may be sent back to. Equal in every character; but the port does not matter for
    /// `http://localhost`, nor for an `http://127.0.0.1` that is written without one.
    pub redirect_uris: BTreeSet<String>,
    /// Delegated permissions the registration lists, which is what `.default` means.
    pub delegated: BTreeSet<Scope>,
    /// Application permissions the registration lists; admin consent turns them into roles.
    pub configured_roles: BTreeSet<Permission>,
    /// Whether people may consent for themselves; otherwise they need an administrator's approval.
    pub user_consent: bool,
    /// "Assignment required?" of the enterprise application.
    pub assignment_required: bool,
    /// Object IDs of the people assigned to it.
    pub assigned: BTreeSet<Uuid>,
    /// What an administrator consented to for everybody.
    pub tenant_consent: BTreeSet<Scope>,
    /// What people consented to for themselves, by object ID.
    pub consents: BTreeMap<Uuid, BTreeSet<Scope>>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            redirect_uris: BTreeSet::new(),
            delegated: BTreeSet::new(),
            configured_roles: BTreeSet::new(),
            user_consent: true,
            assignment_required: false,
            assigned: BTreeSet::new(),
            tenant_consent: BTreeSet::new(),
            consents: BTreeMap::new(),
        }
    }
}

impl SignIn {
    /// Whether the browser may be sent to `uri`.
    pub fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri || without_port(registered, uri))
    }

    /// What `person` and the administrators consented to, taken together.
    pub fn consented(&self, person: Uuid) -> BTreeSet<Scope> {
        let own = self.consents.get(&person).into_iter().flatten();
        self.tenant_consent.iter().chain(own).copied().collect()
    }

    /// Whether `person` may enter.
    pub fn admits(&self, person: Uuid) -> bool {
        !self.assignment_required || self.assigned.contains(&person)
    }

    /// An administrator's consent to everything the registration lists.
    pub(crate) fn consent_to_all(&mut self, application: &mut Application) {
        application.roles.extend(&self.configured_roles);
        self.tenant_consent.extend(&self.delegated);
    }
}

/// Whether both name this machine and differ in nothing but a port that does not matter.
fn without_port(registered: &str, asked: &str) -> bool {
    let (Ok(mut registered), Ok(mut asked)) = (Url::parse(registered), Url::parse(asked)) else {
        return false;
    };
    let any_port = match registered.host_str() {
        Some("localhost") => true,
        Some("127.0.0.1") => registered.port().is_none(),
        _ => false,
    };
    let ignored = registered.set_port(None).is_ok() && asked.set_port(None).is_ok();
    any_port && ignored && registered.scheme() == "http" && registered == asked
}
