//! What both the forms and the API do to the estate.

use anyhow::{Context, bail};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde_json::json;

use super::Note;
use crate::{
    estate::{Application, Certificate, Estate, Mailbox, MailboxKind, Person, Secret, SignIn},
    world::World,
};

/// A change that makes no sense, told on a page or as JSON.
pub(super) struct Refused(pub(super) anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Refused {
    pub(super) fn page(self) -> Response {
        let note = Note::new("That did not work", format!("{:#}", self.0));
        (StatusCode::UNPROCESSABLE_ENTITY, note).into_response()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": format!("{:#}", self.0) }))).into_response()
    }
}

pub(super) fn application<'a>(estate: &'a mut Estate, id: &str) -> anyhow::Result<&'a mut Application> {
    estate.application_mut(id).with_context(|| format!("there is no application '{id}'"))
}

pub(super) fn sign_in<'a>(estate: &'a mut Estate, id: &str) -> anyhow::Result<&'a mut SignIn> {
    estate.sign_in_mut(id).with_context(|| format!("there is no application '{id}'"))
}

pub(super) fn person<'a>(estate: &'a mut Estate, address: &str) -> anyhow::Result<&'a mut Person> {
    estate.person_mut(address).with_context(|| format!("nobody signs in as '{address}'"))
}

/// Takes back one person's consent, or with `*` everybody's.
pub(super) fn revoke_consent(estate: &mut Estate, id: &str, address: &str) -> anyhow::Result<()> {
    if address == "*" {
        let sign_in = sign_in(estate, id)?;
        sign_in.tenant_consent.clear();
        sign_in.consents.clear();
    } else {
        let person = person(estate, address)?.object_id;
        sign_in(estate, id)?.consents.remove(&person);
    }
    Ok(())
}

/// Adds a secret that is valid from now for `days`; a negative number makes one that has expired.
pub(super) fn add_secret(world: &World, id: &str, days: i32, value: Option<String>) -> anyhow::Result<Secret> {
    let now = world.clock.now();
    let lasts = SignedDuration::from_hours(24) * days;
    let secret = Secret {
        id: world.chance.guid(),
        name: "Made in the simulator".to_owned(),
        value: value.unwrap_or_else(|| world.chance.secret()),
        start: now.checked_add(lasts.min(SignedDuration::ZERO) * 2)?,
        end: now.checked_add(lasts)?,
    };
    application(&mut world.estate(), id)?.secrets.push(secret.clone());
    Ok(secret)
}

pub(super) fn add_certificate(world: &World, id: &str, file: &[u8]) -> anyhow::Result<Certificate> {
    let certificate = Certificate::parse(file)?;
    let mut estate = world.estate();
    let certificates = &mut application(&mut estate, id)?.certificates;
    if certificates.iter().all(|known| known.sha256 != certificate.sha256) {
        certificates.push(certificate.clone());
    }
    Ok(certificate)
}

pub(super) fn put_mailbox(world: &World, address: &str, kind: MailboxKind, name: Option<&str>) -> anyhow::Result<()> {
    let mut estate = world.estate();
    if estate.tenant_of(address).is_none() {
        bail!("no tenant has the domain of '{address}'");
    }
    let mailbox = Mailbox::new(address, kind);
    estate.mailboxes.put(match name {
        Some(name) => mailbox.named(name),
        None => mailbox,
    });
    Ok(())
}
