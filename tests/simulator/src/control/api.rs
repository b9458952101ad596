//! The JSON API.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    change::{self, Refused},
    people_api::SignInChanges,
};
use crate::{
    estate::{Application, Certificate, Estate, Mailbox, MailboxKind, Permission, Secret, Settings, SignIn},
    faults::{Fault, FaultId},
    requests::Recorded,
    world::World,
};

type App = State<Arc<World>>;

#[derive(Serialize)]
struct ShownApplication<'a> {
    state: &'static str,
    #[serde(flatten)]
    application: &'a Application,
    #[serde(flatten)]
    sign_in: Option<&'a SignIn>,
}

impl<'a> ShownApplication<'a> {
    fn of(application: &'a Application, estate: &'a Estate, now: Timestamp) -> Self {
        let sign_in = estate.sign_in_to(application.client_id);
        Self { state: application.state(now).as_str(), application, sign_in }
    }
}

pub(super) async fn estate(State(world): App) -> Json<Value> {
    let now = world.clock.now();
    let estate = world.estate();
    let shown = |application| ShownApplication::of(application, &estate, now);
    let applications: Vec<_> = estate.applications().iter().map(shown).collect();
    Json(json!({
        "notice": "This is a simulator. It is not Microsoft.",
        "authority": world.origin,
        "graph": format!("{}/graph", world.origin),
        "now": now,
        "settings": estate.settings,
        "tenants": estate.tenants(),
        "applications": applications,
        "mailboxes": estate.mailboxes.len(),
        "sent": estate.outbox.total(),
    }))
}

pub(super) async fn settings(State(world): App, Json(settings): Json<Settings>) -> StatusCode {
    world.estate().settings = settings;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
pub(super) struct Limit {
    #[serde(default = "hundred")]
    limit: usize,
}

fn hundred() -> usize {
    100
}

pub(super) async fn requests(State(world): App, Query(query): Query<Limit>) -> Json<Vec<Recorded>> {
    Json(world.requests.newest(query.limit))
}

pub(super) async fn clear_requests(State(world): App) -> StatusCode {
    world.requests.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn counts(State(world): App) -> Json<Value> {
    Json(json!(world.requests.counts()))
}

pub(super) async fn faults(State(world): App) -> Json<Value> {
    let estate = world.estate();
    let shown = estate.faults.iter().map(|(number, fault)| json!({ "number": number, "fault": fault }));
    Json(shown.collect())
}

pub(super) async fn put_fault(State(world): App, Json(fault): Json<Fault>) -> (StatusCode, Json<Value>) {
    let number = world.estate().faults.put(fault);
    (StatusCode::CREATED, Json(json!({ "number": number })))
}

pub(super) async fn clear_faults(State(world): App) -> StatusCode {
    world.estate().faults.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn remove_fault(State(world): App, Path(number): Path<u64>) -> StatusCode {
    match world.estate().faults.remove(FaultId(number)) {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    }
}

#[derive(Deserialize)]
pub(super) struct Advance {
    seconds: i64,
}

pub(super) async fn advance(State(world): App, Json(advance): Json<Advance>) -> Json<Value> {
    world.clock.shift(SignedDuration::from_secs(advance.seconds));
    Json(json!({ "now": world.clock.now() }))
}

#[derive(Deserialize)]
pub(super) struct Roll {
    forget_old: bool,
}

pub(super) async fn roll_keys(State(world): App, Json(roll): Json<Roll>) -> Result<StatusCode, Refused> {
    world.keys.roll(roll.forget_old)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct Changes {
    enabled: Option<bool>,
    blocked: Option<bool>,
    roles: Option<BTreeSet<Permission>>,
    limit_to: Option<Vec<String>>,
    #[serde(default)]
    lift_limit: bool,
    #[serde(flatten)]
    sign_in: SignInChanges,
}

pub(super) async fn change_application(
    State(world): App,
    Path(id): Path<String>,
    Json(changes): Json<Changes>,
) -> Result<StatusCode, Refused> {
    changes.sign_in.apply(&world, &id)?;
    let mut estate = world.estate();
    let application = change::application(&mut estate, &id)?;
    application.enabled = changes.enabled.unwrap_or(application.enabled);
    application.blocked = changes.blocked.unwrap_or(application.blocked);
    if let Some(roles) = changes.roles {
        application.roles = roles;
    }
    if changes.lift_limit {
        application.lift_limit();
    }
    if let Some(addresses) = changes.limit_to {
        application.limit_to(addresses.iter().map(String::as_str));
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct NewSecret {
    #[serde(default = "half_a_year")]
    days: i32,
    value: Option<String>,
}

fn half_a_year() -> i32 {
    180
}

pub(super) async fn add_secret(
    State(world): App,
    Path(id): Path<String>,
    Json(new): Json<NewSecret>,
) -> Result<(StatusCode, Json<Secret>), Refused> {
    let secret = change::add_secret(&world, &id, new.days, new.value)?;
    Ok((StatusCode::CREATED, Json(secret)))
}

pub(super) async fn add_certificate(
    State(world): App,
    Path(id): Path<String>,
    file: Bytes,
) -> Result<(StatusCode, Json<Certificate>), Refused> {
    let certificate = change::add_certificate(&world, &id, &file)?;
    Ok((StatusCode::CREATED, Json(certificate)))
}

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    search: String,
    #[serde(default = "hundred")]
    limit: usize,
}

pub(super) async fn mailboxes(State(world): App, Query(query): Query<Search>) -> Json<Value> {
    let estate = world.estate();
    let wanted = query.search.to_lowercase();
    let found = estate.mailboxes.iter().filter(|mailbox| mailbox.address().contains(&wanted));
    Json(found.take(query.limit).map(shown_mailbox).collect())
}

fn shown_mailbox(mailbox: &Mailbox) -> Value {
    json!({
        "address": mailbox.address(),
        "name": mailbox.name(),
        "kind": mailbox.kind,
        "full_access": mailbox.full_access,
        "send_as": mailbox.send_as,
        "total": mailbox.total,
        "unread": mailbox.unread,
    })
}

#[derive(Deserialize)]
pub(super) struct NewMailbox {
    address: String,
    #[serde(default)]
    kind: MailboxKind,
    name: Option<String>,
    /// Addresses of people with Full Access and Send As.
    #[serde(default)]
    shared_with: Vec<String>,
}

pub(super) async fn put_mailbox(State(world): App, Json(new): Json<NewMailbox>) -> Result<StatusCode, Refused> {
    change::put_mailbox(&world, &new.address, new.kind, new.name.as_deref())?;
    if let Some(mailbox) = world.estate().mailboxes.get_mut(&new.address) {
        *mailbox = new.shared_with.iter().fold(mailbox.clone(), |mailbox, person| mailbox.shared_with(person));
    }
    Ok(StatusCode::CREATED)
}

pub(super) async fn outbox(State(world): App) -> Json<Value> {
    Json(json!(world.estate().outbox.iter().collect::<Vec<_>>()))
}

pub(super) async fn clear_outbox(State(world): App) -> StatusCode {
    world.estate().outbox.clear();
    StatusCode::NO_CONTENT
}
