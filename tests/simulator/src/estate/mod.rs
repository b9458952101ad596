//! What exists in the simulated cloud: tenants, applications, mailboxes, sent mail, and how the servers behave.
//!
//! Everything here may be changed while the simulator runs; the next request sees it.

mod application;
mod certificate;
mod grants;
mod mail;
mod mailbox;
mod mailboxes;
mod permission;
mod person;
mod sample;
mod sample_people;
mod scope;
mod settings;
mod sign_in;

pub(crate) use certificate::{hex, unfold};
pub(crate) use grants::{AuthorizationCode, Method, RefreshToken};
pub(crate) use mailboxes::Place;

pub use application::{Application, Secret, State};
pub use certificate::Certificate;
pub use grants::{Earlier, Family, Grants, Revoked, SignedIn, Why};
pub use mail::{Message, Outbox, Sent};
pub use mailbox::{Mailbox, MailboxKind};
pub use mailboxes::Mailboxes;
pub use permission::Permission;
pub use person::{Home, People, Person};
pub use scope::Scope;
pub use settings::{Lifetime, Rotation, Settings};
pub use sign_in::SignIn;

use std::collections::HashMap;

use jiff::Timestamp;

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
    /// Who may sign in.
    pub people: People,
    sign_ins: HashMap<Uuid, SignIn>,
    /// What people let applications do.
    pub grants: Grants,
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
        self.sign_ins.entry(application.client_id).or_default();
        self.applications.push(application);
    }

    /// Takes an application away; tokens it already has are refused by Graph from then on.
    pub fn remove_application(&mut self, client_id: Uuid) {
        self.applications.retain(|application| application.client_id != client_id);
        self.sign_ins.remove(&client_id);
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

impl Estate {
    /// How people sign in to the application with this name or client ID.
    pub fn sign_in(&self, name: &str) -> Option<&SignIn> {
        self.sign_in_to(self.application(name)?.client_id)
    }

    /// As [`sign_in`](Self::sign_in), to change it.
    pub fn sign_in_mut(&mut self, name: &str) -> Option<&mut SignIn> {
        let client_id = self.application(name)?.client_id;
        self.sign_ins.get_mut(&client_id)
    }

    pub(crate) fn sign_in_to(&self, client_id: Uuid) -> Option<&SignIn> {
        self.sign_ins.get(&client_id)
    }

    /// An administrator's consent to everything the application's registration lists.
    pub fn consent_to_all(&mut self, name: &str) {
        let id = Uuid::try_parse(name).ok();
        if let Some(application) = self.applications.iter_mut().find(|application| application.is_called(name, id)) {
            self.sign_ins.entry(application.client_id).or_default().consent_to_all(application);
        }
    }

    /// Adds a person, who gets the object ID of the mailbox with the same address.
    pub fn add_person(&mut self, mut person: Person) {
        person.object_id = self.mailboxes.object_id(&person.address).unwrap_or(person.object_id);
        self.people.put(person);
    }

    /// The person who signs in with `address`. A mailbox is one too, as soon as somebody tries; the account of a shared
    /// mailbox is disabled.
    pub fn person_mut(&mut self, address: &str) -> Option<&mut Person> {
        if self.people.get(address).is_none() {
            let mailbox = self.mailboxes.get(address).filter(|mailbox| mailbox.kind.has_an_account())?;
            let tenant_id = self.tenant_of(mailbox.address())?.id;
            let mut person = Person::new(tenant_id, mailbox.address(), mailbox.name());
            person.disabled = mailbox.kind == MailboxKind::Shared;
            self.add_person(person);
        }
        let known =
            self.mailboxes.get(address).map_or_else(|| address.to_owned(), |mailbox| mailbox.address().to_owned());
        self.people.get_mut(&known)
    }

    /// Ends every session of a person: remembered sign-ins and refresh tokens, not access tokens.
    pub fn revoke_sessions(&mut self, address: &str, now: Timestamp) {
        self.end_sessions(address, now, Why::SessionsRevoked);
    }

    /// Gives a person another password, as the Entra admin center does it: sessions end.
    pub fn reset_password(&mut self, address: &str, password: &str, now: Timestamp) {
        if let Some(person) = self.person_mut(address) {
            password.clone_into(&mut person.password);
        }
        self.end_sessions(address, now, Why::PasswordReset);
    }

    fn end_sessions(&mut self, address: &str, now: Timestamp, why: Why) {
        if let Some(person) = self.person_mut(address) {
            person.revocations += 1;
            let id = person.object_id;
            self.grants.revoke(id, now, why);
        }
    }
}

impl Application {
    fn is_called(&self, name: &str, id: Option<Uuid>) -> bool {
        id.map_or_else(|| self.name.eq_ignore_ascii_case(name), |id| self.client_id == id)
    }
}
