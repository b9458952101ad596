//! What exists in the simulated cloud: tenants, applications, mailboxes, sent mail, and how the servers behave.
//!
//! Everything here may be changed while the simulator runs; the next request sees it.

mod application;
mod certificate;
mod mail;
mod mailbox;
mod mailboxes;
mod permission;
mod sample;
mod settings;

pub(crate) use certificate::{hex, unfold};
pub(crate) use mailboxes::Place;

pub use application::{Application, Secret, State};
pub use certificate::Certificate;
pub use mail::{Message, Outbox, Sent};
pub use mailbox::{Mailbox, MailboxKind};
pub use mailboxes::Mailboxes;
pub use permission::Permission;
pub use settings::{Lifetime, Settings};

use serde::Serialize;
use uuid::Uuid;

use crate::faults::Faults;

/// A directory.
#[derive(Clone, Debug, Serialize)]
pub struct Tenant {
    /// Directory (tenant) ID.
    pub id: Uuid,
    /// The organisation's name.
    pub name: String,
    /// Verified domains, the main one first.
    pub domains: Vec<String>,
}

/// The simulated cloud.
#[derive(Default)]
pub struct Estate {
    tenants: Vec<Tenant>,
    applications: Vec<Application>,
    /// Mailboxes of every tenant; an address belongs to the tenant that verified its domain.
    pub mailboxes: Mailboxes,
    /// What was sent.
    pub outbox: Outbox,
    /// What goes wrong.
    pub faults: Faults,
    /// Lifetimes, latency and the servers' clock.
    pub settings: Settings,
}

impl Estate {
    /// An estate with nothing in it.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a tenant.
    pub fn add_tenant(&mut self, tenant: Tenant) {
        self.tenants.push(tenant);
    }

    /// Adds an application.
    pub fn add_application(&mut self, application: Application) {
        self.applications.push(application);
    }

    /// Takes an application away; tokens it already has are refused by Graph from then on.
    pub fn remove_application(&mut self, client_id: Uuid) {
        self.applications.retain(|application| application.client_id != client_id);
    }

    /// Adds `count` ordinary mailboxes in `domain`; `name` gives the part before the `@` for each number from 0.
    pub fn add_mailboxes(&mut self, domain: &str, count: usize, mut name: impl FnMut(usize) -> String) {
        self.mailboxes.reserve(count);
        for number in 0..count {
            let address = format!("{}@{domain}", name(number));
            self.mailboxes.put(Mailbox::new(&address, MailboxKind::User));
        }
    }

    /// Every tenant.
    pub fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    /// The tenant with this GUID or verified domain.
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        let id = Uuid::try_parse(name).ok();
        self.tenants.iter().find(|tenant| match id {
            Some(id) => tenant.id == id,
            None => tenant.domains.iter().any(|domain| domain.eq_ignore_ascii_case(name)),
        })
    }

    /// The tenant an address belongs to.
    pub fn tenant_of(&self, address: &str) -> Option<&Tenant> {
        let (_, domain) = address.rsplit_once('@')?;
        self.tenant(domain)
    }

    /// Every application.
    pub fn applications(&self) -> &[Application] {
        &self.applications
    }

    /// The application with this name (as the sample estate names it) or client ID, in any tenant.
    pub fn application(&self, name: &str) -> Option<&Application> {
        let id = Uuid::try_parse(name).ok();
        self.applications.iter().find(|application| application.is_called(name, id))
    }

    /// As [`application`](Self::application), to change it.
    pub fn application_mut(&mut self, name: &str) -> Option<&mut Application> {
        let id = Uuid::try_parse(name).ok();
        self.applications.iter_mut().find(|application| application.is_called(name, id))
    }

    /// The application as `tenant` knows it.
    pub fn application_in(&self, tenant: Uuid, client_id: Uuid) -> Option<&Application> {
        let mut all = self.applications.iter();
        all.find(|application| application.tenant_id == tenant && application.client_id == client_id)
    }
}

impl Application {
    fn is_called(&self, name: &str, id: Option<Uuid>) -> bool {
        id.map_or_else(|| self.name.eq_ignore_ascii_case(name), |id| self.client_id == id)
    }
}
