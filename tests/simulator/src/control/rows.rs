//! What the control page shows of each thing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{people_rows::SigningIn, presets};
use crate::{
    estate::{Application, Estate, Mailbox, Permission, Secret, Sent},
    faults::{Failure, Fault, FaultId},
};

pub(super) struct Registration {
    pub(super) name: String,
    /// The state's word as the API writes it.
    pub(super) state: &'static str,
    pub(super) state_label: String,
    pub(super) tenant: String,
    pub(super) tenant_id: Uuid,
    pub(super) client_id: Uuid,
    pub(super) enabled: bool,
    pub(super) blocked: bool,
    pub(super) permissions: String,
    pub(super) signing_in: SigningIn,
    pub(super) secrets: Vec<ShownSecret>,
    pub(super) certificates: Vec<ShownCertificate>,
}

pub(super) struct ShownSecret {
    pub(super) value: String,
    pub(super) id: Uuid,
    pub(super) validity: String,
}

pub(super) struct ShownCertificate {
    pub(super) thumbprint: String,
    pub(super) subject: String,
    pub(super) until: String,
}

pub(super) struct Switched {
    pub(super) number: u64,
    pub(super) what: String,
    pub(super) who: String,
}

pub(super) struct Line {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) unread: u32,
    pub(super) total: u32,
}

pub(super) struct Letter {
    pub(super) at: String,
    pub(super) mailbox: String,
    pub(super) recipients: String,
    pub(super) subject: String,
}

impl Registration {
    pub(super) fn of(application: &Application, estate: &Estate, now: Timestamp) -> Self {
        let tenant = estate.tenants().iter().find(|tenant| tenant.id == application.tenant_id);
        Self {
            name: application.name.clone(),
            state: application.state(now).as_str(),
            state_label: application.state(now).as_str().replace('_', " "),
            tenant: tenant.map(|tenant| tenant.name.clone()).unwrap_or_default(),
            tenant_id: application.tenant_id,
            client_id: application.client_id,
            enabled: application.enabled,
            blocked: application.blocked,
            permissions: permissions(application),
            signing_in: SigningIn::of(application, estate),
            secrets: application.secrets.iter().map(|secret| ShownSecret::of(secret, now)).collect(),
            certificates: application
                .certificates
                .iter()
                .map(|certificate| ShownCertificate {
                    thumbprint: certificate.thumbprint(),
                    subject: certificate.subject.clone(),
                    until: minutes(certificate.end),
                })
                .collect(),
        }
    }
}

impl ShownSecret {
    pub(super) fn of(secret: &Secret, now: Timestamp) -> Self {
        let end = minutes(secret.end);
        Self {
            value: secret.value.clone(),
            id: secret.id,
            validity: if secret.end <= now { format!("expired {end}") } else { format!("until {end}") },
        }
    }
}

impl Switched {
    pub(super) fn of(FaultId(number): FaultId, fault: &Fault, estate: &Estate) -> Self {
        let what = match &fault.failure {
            Failure::Aadsts(number) => format!("AADSTS{number}"),
            other => presets::words(other),
        };
        let application = fault.application.map(|id| {
            let known = estate.application(&id.to_string());
            known.map_or_else(|| id.to_string(), |application| application.name.clone())
        });
        let times = fault.times.map(|times| format!("next {times} requests"));
        let tenant = fault.tenant.map(|id| {
            let known = estate.tenant(&id.to_string());
            known.map_or_else(|| id.to_string(), |tenant| tenant.name.clone())
        });
        let place = Some(presets::place_words(fault.place));
        let (mailbox, person, grant_type) = (fault.mailbox.clone(), fault.person.clone(), fault.grant_type.clone());
        let who = [place, tenant, application, mailbox, person, grant_type, times];
        Self { number, what, who: who.into_iter().flatten().collect::<Vec<_>>().join(", ") }
    }
}

fn permissions(application: &Application) -> String {
    let names = |all: &mut dyn Iterator<Item = &Permission>| all.map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    let list = |addresses: &BTreeSet<String>| addresses.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    if !application.roles.is_empty() {
        said.push(format!("consented: {}", names(&mut application.roles.iter())));
    }
    for (permission, scope) in &application.exchange_roles {
        said.push(format!("RBAC {permission} on {}", list(scope)));
    }
    if let Some(policy) = &application.access_policy {
        said.push(format!("access policy: only {}", list(policy)));
    }
    if said.is_empty() { "no permissions".to_owned() } else { said.join("; ") }
}

pub(super) fn lines(estate: &Estate, q: &str) -> Vec<Line> {
    let wanted = q.trim().to_lowercase();
    let found = estate.mailboxes.iter().filter(|mailbox| mailbox.address().contains(&wanted)).take(50);
    let line = |mailbox: &Mailbox| Line {
        address: mailbox.address().to_owned(),
        name: mailbox.name().to_owned(),
        kind: mailbox.kind.as_str(),
        unread: mailbox.unread,
        total: mailbox.total,
    };
    found.map(line).collect()
}

pub(super) fn letters(estate: &Estate) -> Vec<Letter> {
    let newest_first = estate.outbox.iter().rev().take(50);
    let letter = |sent: &Sent| Letter {
        at: minutes(sent.at),
        mailbox: sent.mailbox.clone(),
        recipients: sent.recipients.join(", "),
        subject: sent.subject.clone(),
    };
    newest_first.map(letter).collect()
}

pub(super) fn minutes(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
