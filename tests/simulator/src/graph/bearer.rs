//! Who calls: the bearer token, really checked.

use std::{collections::BTreeSet, sync::Arc};

use axum::{extract::FromRequestParts, http::request::Parts};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::Refusal;
use crate::{
    asked::{Asked, bearer},
    entra::{BadToken, is_graph},
    estate::{Permission, Person, Scope},
    world::World,
};

/// An application with a good token.
pub(crate) struct Bearer {
    pub(super) tenant_id: Uuid,
    pub(super) client_id: Uuid,
    pub(super) identity: Identity,
}

/// For whom the application calls, and what it may do, as it was when the token was issued.
pub(super) enum Identity {
    /// For itself.
    Application(Vec<Permission>),
    /// For a person.
    Person(Box<Person>, BTreeSet<Scope>),
}

#[derive(Deserialize)]
struct Payload {
    aud: String,
    appid: Uuid,
    tid: Uuid,
    nbf: i64,
    exp: i64,
    #[serde(default)]
    roles: Vec<Permission>,
    oid: Uuid,
    scp: Option<String>,
}

impl FromRequestParts<Arc<World>> for Bearer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, Refusal> {
        let token = bearer(&parts.headers).filter(|token| !token.is_empty()).ok_or(Refusal::TokenEmpty)?;
        let payload: Payload = world.keys.verify(token).map_err(|bad| match bad {
            BadToken::Malformed => Refusal::TokenMalformed,
            BadToken::Signature => Refusal::TokenSignature,
        })?;
        let asked = parts.extensions.get::<Arc<Asked>>().ok_or(Refusal::InternalServerError)?;
        payload.check(asked.now, [&asked.origin, &world.origin])?;
        let estate = world.estate();
        let caller = estate.application_in(payload.tid, payload.appid);
        if !caller.is_some_and(|application| application.enabled) {
            return Err(Refusal::IdentityNotFound);
        }
        let identity = match &payload.scp {
            None => Identity::Application(payload.roles),
            Some(scopes) => {
                let person = estate.people.with_id(payload.oid).ok_or(Refusal::IdentityNotFound)?;
                Identity::Person(Box::new(person.clone()), Scope::list(scopes))
            }
        };
        Ok(Self { tenant_id: payload.tid, client_id: payload.appid, identity })
    }
}

impl Payload {
    fn check(&self, now: Timestamp, origins: [&str; 2]) -> Result<(), Refusal> {
        if !is_graph(&self.aud, origins) {
            Err(Refusal::TokenAudience)
        } else if self.exp <= now.as_second() {
            Err(Refusal::TokenExpired)
        } else if now.as_second() < self.nbf {
            Err(Refusal::TokenNotYetValid)
        } else {
            Ok(())
        }
    }
}
