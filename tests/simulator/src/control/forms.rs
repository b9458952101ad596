//! The forms of the control page. Each changes something and leads back to the page.

use std::sync::Arc;

use anyhow::Context;
use axum::{
    Form,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use uuid::Uuid;

use super::{change, presets::usual_place};
use crate::{
    estate::{Lifetime, MailboxKind, Rotation, Settings},
    faults::{Failure, Fault, FaultId, Place},
    world::World,
};

type App = State<Arc<World>>;

pub(super) fn back(section: &str) -> Response {
    Redirect::to(&format!("/_control#{section}")).into_response()
}

pub(super) fn back_if(changed: anyhow::Result<()>, section: &str) -> Response {
    match changed {
        Ok(()) => back(section),
        Err(error) => change::Refused(error).page(),
    }
}

/// A text field that may be left empty.
fn filled(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[derive(Deserialize)]
pub(super) struct FaultForm {
    failure: String,
    aadsts: String,
    place: String,
    tenant: String,
    application: String,
    mailbox: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    grant_type: String,
    times: String,
}

pub(super) async fn put_fault(State(world): App, Form(form): Form<FaultForm>) -> Response {
    let put = form.fault().map(|fault| {
        world.estate().faults.put(fault);
    });
    back_if(put, "faults")
}

impl FaultForm {
    fn fault(&self) -> anyhow::Result<Fault> {
        let failure: Failure = match filled(&self.aadsts) {
            Some(number) => Failure::Aadsts(number.trim_start_matches("AADSTS").parse().context("that is no number")?),
            None => serde_json::from_str(&self.failure).context("choose what goes wrong")?,
        };
        let place: Place = match filled(&self.place) {
            Some(place) => serde_json::from_str(place)?,
            None => usual_place(&failure),
        };
        let mut fault = Fault::new(place, failure);
        fault.tenant = filled(&self.tenant).map(Uuid::try_parse).transpose()?;
        fault.application = filled(&self.application).map(Uuid::try_parse).transpose()?;
        fault.mailbox = filled(&self.mailbox).map(str::to_owned);
        fault.person = filled(&self.person).map(str::to_owned);
        fault.grant_type = filled(&self.grant_type).map(str::to_owned);
        fault.times = filled(&self.times).map(str::parse).transpose().context("how many requests?")?;
        Ok(fault)
    }
}

pub(super) async fn clear_faults(State(world): App) -> Response {
    world.estate().faults.clear();
    back("faults")
}

pub(super) async fn remove_fault(State(world): App, Path(number): Path<u64>) -> Response {
    world.estate().faults.remove(FaultId(number));
    back("faults")
}

#[derive(Deserialize)]
pub(super) struct SettingsForm {
    /// Seconds; empty for 60 to 90 minutes.
    lifetime: String,
    latency_ms: u64,
    skew_seconds: i64,
    #[serde(default)]
    rotation: Rotation,
}

pub(super) async fn settings(State(world): App, Form(form): Form<SettingsForm>) -> Response {
    let lifetime = filled(&form.lifetime).map(|text| text.parse().context("the lifetime is in seconds")).transpose();
    let changed = lifetime.map(|seconds| {
        let mut estate = world.estate();
        estate.settings = Settings {
            lifetime: seconds.map_or(Lifetime::Random, |seconds| Lifetime::Fixed { seconds }),
            latency_ms: form.latency_ms,
            skew_seconds: form.skew_seconds,
            rotation: form.rotation,
            ..estate.settings
        };
    });
    back_if(changed, "behaviour")
}

#[derive(Deserialize)]
pub(super) struct ClockForm {
    hours: i32,
}

pub(super) async fn advance(State(world): App, Form(form): Form<ClockForm>) -> Response {
    world.clock.shift(SignedDuration::from_hours(form.hours.into()));
    back("behaviour")
}

pub(super) async fn roll_keys(State(world): App) -> Response {
    back_if(world.keys.roll(true), "behaviour")
}

pub(super) async fn clear_requests(State(world): App) -> Response {
    world.requests.clear();
    back("requests")
}

#[derive(Deserialize)]
pub(super) struct MailboxForm {
    address: String,
    kind: MailboxKind,
    name: String,
}

pub(super) async fn put_mailbox(State(world): App, Form(form): Form<MailboxForm>) -> Response {
    let put = change::put_mailbox(&world, form.address.trim(), form.kind, filled(&form.name));
    back_if(put, "mailboxes")
}

#[derive(Deserialize)]
pub(super) struct SecretForm {
    days: i32,
}

pub(super) async fn add_secret(State(world): App, Path(id): Path<String>, Form(form): Form<SecretForm>) -> Response {
    back_if(change::add_secret(&world, &id, form.days, None).map(drop), &format!("a-{id}"))
}

/// Takes a file from `multipart/form-data` with a single field.
pub(super) async fn add_certificate(State(world): App, Path(id): Path<String>, body: Bytes) -> Response {
    let added =
        only_part(&body).context("no file was sent").and_then(|file| change::add_certificate(&world, &id, file));
    back_if(added.map(drop), &format!("a-{id}"))
}

fn only_part(body: &[u8]) -> Option<&[u8]> {
    let line_end = find(body, b"\r\n")?;
    let closing = [b"\r\n", &body[..line_end]].concat();
    let content = find(body, b"\r\n\r\n")? + 4;
    let length = find(&body[content..], &closing)?;
    Some(&body[content..content + length])
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    switch: Switch,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Enabled,
    Blocked,
}

pub(super) async fn switch(State(world): App, Path(id): Path<String>, Form(form): Form<SwitchForm>) -> Response {
    let mut estate = world.estate();
    let switched = change::application(&mut estate, &id).map(|application| match form.switch {
        Switch::Enabled => application.enabled = !application.enabled,
        Switch::Blocked => application.blocked = !application.blocked,
    });
    back_if(switched, &format!("a-{id}"))
}

#[derive(Deserialize)]
pub(super) struct LimitForm {
    /// Addresses apart by white space or commas; empty to lift the limit.
    #[serde(default)]
    addresses: String,
}

pub(super) async fn limit(State(world): App, Path(id): Path<String>, Form(form): Form<LimitForm>) -> Response {
    let addresses = form.addresses.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty());
    let mut estate = world.estate();
    let limited = change::application(&mut estate, &id).map(|application| match filled(&form.addresses) {
        Some(_) => application.limit_to(addresses),
        None => application.lift_limit(),
    });
    back_if(limited, &format!("a-{id}"))
}
