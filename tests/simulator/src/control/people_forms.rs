//! The forms of the control page about people. Each changes something and leads back to the page.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;

use super::{change, forms::back_if};
use crate::world::World;

type App = State<Arc<World>>;

#[derive(Deserialize)]
pub(super) struct PersonForm {
    switch: Switch,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Switch {
    Disabled,
    Blocked,
    Mfa,
    RevokeSessions,
    ResetPassword,
}

pub(super) async fn change_person(
    State(world): App,
    Path(address): Path<String>,
    Form(form): Form<PersonForm>,
) -> Response {
    back_if(change_switch(&world, &address, &form.switch), "people")
}

fn change_switch(world: &World, address: &str, switch: &Switch) -> anyhow::Result<()> {
    let now = world.clock.now();
    let mut estate = world.estate();
    let person = change::person(&mut estate, address)?;
    match switch {
        Switch::Disabled => person.disabled = !person.disabled,
        Switch::Blocked => person.blocked = !person.blocked,
        Switch::Mfa => person.mfa = !person.mfa,
        Switch::RevokeSessions => estate.revoke_sessions(address, now),
        Switch::ResetPassword => {
            let password = format!("new-{}", person.password);
            estate.reset_password(address, &password, now);
        }
    }
    Ok(())
}

#[derive(Deserialize)]
pub(super) struct RedirectForm {
    uri: String,
}

pub(super) async fn add_redirect_uri(
    State(world): App,
    Path(id): Path<String>,
    Form(form): Form<RedirectForm>,
) -> Response {
    let mut estate = world.estate();
    let added = change::sign_in(&mut estate, &id).map(|sign_in| {
        sign_in.redirect_uris.insert(form.uri.trim().to_owned());
    });
    back_if(added, &format!("a-{id}"))
}

#[derive(Deserialize)]
pub(super) struct ConsentForm {
    /// An address, or `*` for everybody.
    person: String,
}

pub(super) async fn revoke_consent(
    State(world): App,
    Path(id): Path<String>,
    Form(form): Form<ConsentForm>,
) -> Response {
    back_if(change::revoke_consent(&mut world.estate(), &id, &form.person), &format!("a-{id}"))
}

pub(super) async fn switch_user_consent(State(world): App, Path(id): Path<String>) -> Response {
    let mut estate = world.estate();
    let switched = change::sign_in(&mut estate, &id).map(|sign_in| sign_in.user_consent = !sign_in.user_consent);
    back_if(switched, &format!("a-{id}"))
}
