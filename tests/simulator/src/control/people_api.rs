//! The JSON API about people and what they let applications do.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::change::{self, Refused};
use crate::{
    entra::sign_in::{Wish, drive},
    estate::{Permission, Scope},
    world::World,
};

type App = State<Arc<World>>;

pub(super) async fn people(State(world): App) -> Json<Value> {
    let estate = world.estate();
    Json(estate.people.iter().map(|person| json!(person)).collect())
}

/// What may be changed about a person.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PersonChanges {
    name: Option<String>,
    password: Option<String>,
    disabled: Option<bool>,
    blocked: Option<bool>,
    mfa: Option<bool>,
    administrator: Option<bool>,
    /// 0: no limit.
    sign_in_frequency_hours: Option<u32>,
    revoke_sessions: bool,
    reset_password: Option<String>,
}

pub(super) async fn change_person(
    State(world): App,
    Path(address): Path<String>,
    Json(changes): Json<PersonChanges>,
) -> Result<StatusCode, Refused> {
    let now = world.clock.now();
    let mut estate = world.estate();
    let person = change::person(&mut estate, &address)?;
    person.name = changes.name.unwrap_or_else(|| person.name.clone());
    person.password = changes.password.unwrap_or_else(|| person.password.clone());
    person.disabled = changes.disabled.unwrap_or(person.disabled);
    person.blocked = changes.blocked.unwrap_or(person.blocked);
    person.mfa = changes.mfa.unwrap_or(person.mfa);
    person.administrator = changes.administrator.unwrap_or(person.administrator);
    if let Some(hours) = changes.sign_in_frequency_hours {
        person.sign_in_frequency_hours = (hours > 0).then_some(hours);
    }
    if changes.revoke_sessions {
        estate.revoke_sessions(&address, now);
    }
    if let Some(password) = changes.reset_password {
        estate.reset_password(&address, &password, now);
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn grants(State(world): App) -> Json<Value> {
    Json(json!(world.estate().grants.families()))
}

/// What may be changed about signing in to an application.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SignInChanges {
    redirect_uris: Option<BTreeSet<String>>,
    add_redirect_uri: Option<String>,
    delegated: Option<BTreeSet<Scope>>,
    configured_roles: Option<BTreeSet<Permission>>,
    user_consent: Option<bool>,
    assignment_required: Option<bool>,
    /// Addresses.
    assigned: Option<Vec<String>>,
    tenant_consent: Option<BTreeSet<Scope>>,
    /// The address of a person whose own consent is taken back, or `*` for everybody's, the tenant's included.
    revoke_consent: Option<String>,
}

impl SignInChanges {
    pub(super) fn apply(self, world: &World, id: &str) -> anyhow::Result<()> {
        let mut estate = world.estate();
        if let Some(person) = &self.revoke_consent {
            change::revoke_consent(&mut estate, id, person)?;
        }
        let assigned = self.assigned.map(|all| {
            let ids = all.iter().map(|address| change::person(&mut estate, address).map(|person| person.object_id));
            ids.collect::<anyhow::Result<BTreeSet<_>>>()
        });
        let assigned = assigned.transpose()?;
        let sign_in = change::sign_in(&mut estate, id)?;
        sign_in.redirect_uris = self.redirect_uris.unwrap_or_else(|| sign_in.redirect_uris.clone());
        sign_in.redirect_uris.extend(self.add_redirect_uri);
        sign_in.delegated = self.delegated.unwrap_or_else(|| sign_in.delegated.clone());
        sign_in.configured_roles = self.configured_roles.unwrap_or_else(|| sign_in.configured_roles.clone());
        sign_in.user_consent = self.user_consent.unwrap_or(sign_in.user_consent);
        sign_in.assignment_required = self.assignment_required.unwrap_or(sign_in.assignment_required);
        sign_in.assigned = assigned.unwrap_or_else(|| sign_in.assigned.clone());
        sign_in.tenant_consent = self.tenant_consent.unwrap_or_else(|| sign_in.tenant_consent.clone());
        Ok(())
    }
}

/// Goes through the pages as a person with a clean browser.
#[derive(Deserialize)]
pub(super) struct Approval {
    address: String,
    person: String,
    #[serde(default)]
    decline: bool,
}

pub(super) async fn approve(State(world): App, Json(asked): Json<Approval>) -> Result<Json<Value>, Refused> {
    let wish = if asked.decline { Wish::Decline } else { Wish::Accept };
    let location = drive(&world, &asked.address, &asked.person, wish).await?;
    Ok(Json(json!({ "location": location })))
}
