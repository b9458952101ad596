//! The control page.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    people_rows::{self, Account, Grant},
    presets::{self, Preset},
    rows::{Letter, Line, Registration, Switched, letters, lines, minutes},
};
use crate::{
    estate::{Lifetime, MailboxKind, Rotation, Tenant},
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
    is_strict: bool,
    tenants: Vec<Tenant>,
    applications: Vec<Registration>,
    people: Vec<Account>,
    grants: Vec<Grant>,
    faults: Vec<Switched>,
    presets: Vec<Preset>,
    places: [(&'static str, &'static str); 14],
    q: String,
    mailbox_count: usize,
    mailboxes: Vec<Line>,
    mailbox_kinds: [&'static str; 7],
    requests: Vec<Recorded>,
    sent_count: u64,
    sent: Vec<Letter>,
}

/// `GET /_control?q=…`
pub(super) async fn index(State(world): State<Arc<World>>, Query(search): Query<Search>) -> Response {
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
            is_strict: estate.settings.rotation == Rotation::Strict,
            tenants: estate.tenants().to_vec(),
            applications: estate.applications().iter().map(shown).collect(),
            people: people_rows::accounts(&estate),
            grants: people_rows::grants(&estate),
            faults: estate.faults.iter().map(|(id, fault)| Switched::of(id, fault, &estate)).collect(),
            presets: presets::all(),
            places: presets::PLACES,
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
