//! The control page.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::presets::{self, Preset};
use crate::{
    estate::{Application, Estate, Lifetime, MailboxKind, Permission, Secret, Tenant},
    faults::{Failure, Fault, FaultId},
    requests::Recorded,
    world::World,
};

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "control.html")]
struct Control {
    authority: String,
    graph: String,
    now: String,
    lifetime: String,
    latency_ms: u64,
    skew_seconds: i64,
    tenants: Vec<Tenant>,
    applications: Vec<Registration>,
    faults: Vec<Switched>,
    presets: Vec<Preset>,
    places: [(&'static str, &'static str); 12],
    q: String,
    mailbox_count: usize,
    mailboxes: Vec<Line>,
    mailbox_kinds: [&'static str; 7],
    requests: Vec<Recorded>,
    sent_count: u64,
    sent: Vec<Letter>,
}

struct Registration {
    name: String,
    state: &'static str,
    tenant: String,
    tenant_id: Uuid,
    client_id: Uuid,
    enabled: bool,
    blocked: bool,
    permissions: String,
    secrets: Vec<ShownSecret>,
    certificates: Vec<ShownCertificate>,
}

struct ShownSecret {
    value: String,
    id: Uuid,
    validity: String,
}

struct ShownCertificate {
    thumbprint: String,
    subject: String,
    until: String,
}

struct Switched {
    number: u64,
    what: String,
    who: String,
}

struct Line {
    address: String,
    name: String,
    kind: &'static str,
    unread: u32,
    total: u32,
}

struct Letter {
    at: String,
    mailbox: String,
    recipients: String,
    subject: String,
}

const PLACES: [(&str, &str); 12] = [
    ("", "where it fits"),
    (r#""anywhere""#, "Entra and Graph"),
    (r#""entra""#, "Entra"),
    (r#""discovery""#, "Entra: discovery"),
    (r#""keys""#, "Entra: keys"),
    (r#""token""#, "Entra: token"),
    (r#""graph""#, "Graph"),
    (r#"{"call":"inbox"}"#, "Graph: read the inbox"),
    (r#"{"call":"messages"}"#, "Graph: list messages"),
    (r#"{"call":"create_draft"}"#, "Graph: create a draft"),
    (r#"{"call":"permanent_delete"}"#, "Graph: delete for good"),
    (r#"{"call":"send_mail"}"#, "Graph: send"),
];

/// `GET /_control?q=…`
pub(super) async fn index(
    State(world): State<Arc<World>>,
    Query(search): Query<Search>,
) -> Response {
    let page = Control::of(&world, search.q);
    match page.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!(%error, "the control page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Control {
    fn of(world: &World, q: String) -> Self {
        let requests = world.requests.newest(100);
        let now = world.clock.now();
        let estate = world.estate();
        let shown = |application| Registration::of(application, &estate, now);
        Self {
            authority: world.origin.clone(),
            graph: format!("{}/graph", world.origin),
            now: minutes(now),
            lifetime: match estate.settings.lifetime {
                Lifetime::Random => String::new(),
                Lifetime::Fixed { seconds } => seconds.to_string(),
            },
            latency_ms: estate.settings.latency_ms,
            skew_seconds: estate.settings.skew_seconds,
            tenants: estate.tenants().to_vec(),
            applications: estate.applications().iter().map(shown).collect(),
            faults: estate
                .faults
                .iter()
                .map(|(id, fault)| Switched::of(id, fault, &estate))
                .collect(),
            presets: presets::all(),
            places: PLACES,
            mailbox_count: estate.mailboxes.len(),
            mailboxes: lines(&estate, &q),
            q,
            mailbox_kinds: MailboxKind::ALL.map(MailboxKind::as_str),
            requests,
            sent_count: estate.outbox.total(),
            sent: letters(&estate),
        }
    }
}

impl Registration {
    fn of(application: &Application, estate: &Estate, now: Timestamp) -> Self {
        let tenant = estate
            .tenants()
            .iter()
            .find(|tenant| tenant.id == application.tenant_id);
        Self {
            name: application.name.clone(),
            state: application.state(now).as_str(),
            tenant: tenant.map(|tenant| tenant.name.clone()).unwrap_or_default(),
            tenant_id: application.tenant_id,
            client_id: application.client_id,
            enabled: application.enabled,
            blocked: application.blocked,
            permissions: permissions(application),
            secrets: application
                .secrets
                .iter()
                .map(|secret| ShownSecret::of(secret, now))
                .collect(),
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
    fn of(secret: &Secret, now: Timestamp) -> Self {
        let end = minutes(secret.end);
        Self {
            value: secret.value.clone(),
            id: secret.id,
            validity: if secret.end <= now {
                format!("expired {end}")
            } else {
                format!("until {end}")
            },
        }
    }
}

impl Switched {
    fn of(FaultId(number): FaultId, fault: &Fault, estate: &Estate) -> Self {
        let what = match &fault.failure {
            Failure::Aadsts(number) => format!("AADSTS{number}"),
            other => format!("{other:?}"),
        };
        let application = fault.application.map(|id| {
            let known = estate.application(&id.to_string());
            known.map_or_else(|| id.to_string(), |application| application.name.clone())
        });
        let times = fault.times.map(|times| format!("next {times} requests"));
        let tenant = fault.tenant.map(|id| format!("tenant {id}"));
        let place = Some(format!("{:?}", fault.place));
        let who = [place, tenant, application, fault.mailbox.clone(), times];
        Self {
            number,
            what,
            who: who.into_iter().flatten().collect::<Vec<_>>().join(", "),
        }
    }
}

fn permissions(application: &Application) -> String {
    let names = |all: &mut dyn Iterator<Item = &Permission>| {
        all.map(|it| it.as_str()).collect::<Vec<_>>().join(", ")
    };
    let list = |addresses: &std::collections::BTreeSet<String>| {
        addresses.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    let mut said = Vec::new();
    if !application.roles.is_empty() {
        said.push(format!(
            "consented: {}",
            names(&mut application.roles.iter())
        ));
    }
    for (permission, scope) in &application.exchange_roles {
        said.push(format!("RBAC {permission} on {}", list(scope)));
    }
    if let Some(policy) = &application.access_policy {
        said.push(format!("access policy: only {}", list(policy)));
    }
    if said.is_empty() {
        "no permissions".to_owned()
    } else {
        said.join("; ")
    }
}

fn lines(estate: &Estate, q: &str) -> Vec<Line> {
    let wanted = q.trim().to_lowercase();
    let found = estate
        .mailboxes
        .iter()
        .filter(|mailbox| mailbox.address().contains(&wanted))
        .take(50);
    let line = |mailbox: &crate::estate::Mailbox| Line {
        address: mailbox.address().to_owned(),
        name: mailbox.name().to_owned(),
        kind: mailbox.kind.as_str(),
        unread: mailbox.unread,
        total: mailbox.total,
    };
    found.map(line).collect()
}

fn letters(estate: &Estate) -> Vec<Letter> {
    let newest_first = estate.outbox.iter().rev().take(50);
    let letter = |sent: &crate::estate::Sent| Letter {
        at: minutes(sent.at),
        mailbox: sent.mailbox.clone(),
        recipients: sent.recipients.join(", "),
        subject: sent.subject.clone(),
    };
    newest_first.map(letter).collect()
}

fn minutes(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
