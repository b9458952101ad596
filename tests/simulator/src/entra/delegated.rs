//! What a person's tokens say.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    client::Proof,
    jwt::to_base64,
    scope::written,
    token::{Access, Unsigned, lifetime},
};
use crate::{
    asked::Asked,
    estate::{Application, Estate, Family, Person, Scope, Tenant},
    world::World,
};

/// How long a refresh token is, about.
const REFRESH_TOKEN_LENGTH: usize = 1_024;

/// The payload of a person's access token of Microsoft Graph.
#[derive(Serialize)]
pub(super) struct AccessClaims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    acr: &'static str,
    amr: Vec<&'static str>,
    app_displayname: String,
    appid: Uuid,
    appidacr: Proof,
    #[serde(skip_serializing_if = "Option::is_none")]
    idp: Option<String>,
    idtyp: &'static str,
    name: String,
    oid: Uuid,
    scp: String,
    sub: String,
    tid: Uuid,
    unique_name: String,
    upn: String,
    uti: String,
    ver: &'static str,
}

/// The payload of an `id_token` (version 2).
#[derive(Serialize)]
pub(super) struct IdClaims {
    aud: Uuid,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    rh: String,
    sid: Uuid,
    sub: String,
    tid: Uuid,
    uti: String,
    ver: &'static str,
}

/// Whom a token is for.
pub(super) struct Issue<'a> {
    pub(super) application: &'a Application,
    pub(super) tenant: &'a Tenant,
    pub(super) person: &'a Person,
    pub(super) proof: Proof,
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) nonce: Option<String>,
    pub(super) client_info: bool,
}

/// The answer that begins or continues the family at `place`.
pub(super) fn answer(world: &World, asked: &Asked, estate: &mut Estate, place: usize, issue: Issue) -> Unsigned {
    let expires_in = lifetime(world, estate);
    let refresh_in = estate.settings.refresh_in;
    let offline = issue.scopes.contains(&Scope::OfflineAccess);
    let refresh_token = offline.then(|| world.chance.grant(REFRESH_TOKEN_LENGTH));
    estate.grants.renew(place, refresh_token.as_deref(), asked.now);
    let family = &estate.grants.families()[place];
    let access = AccessClaims::of(world, asked, family, &issue, expires_in);
    Unsigned {
        expires_in,
        access: Access::Person(Box::new(access)),
        scope: Some(written(&issue.scopes, &family.audience)),
        refresh_in,
        refresh_token,
        id: issue.scopes.contains(&Scope::OpenId).then(|| IdClaims::of(world, asked, &issue)),
        client_info: issue.client_info.then(|| client_info(issue.person)),
    }
}

impl AccessClaims {
    fn of(world: &World, asked: &Asked, family: &Family, issue: &Issue, expires_in: u32) -> Self {
        let (person, issued) = (issue.person, asked.now.as_second());
        let scopes = issue.scopes.iter().filter(|scope| **scope != Scope::OfflineAccess);
        let upn = principal_name(person, issue.tenant);
        Self {
            aud: family.audience.clone(),
            iss: format!("{}/{}/", world.origin, issue.tenant.id),
            iat: issued,
            nbf: issued,
            exp: issued + i64::from(expires_in),
            acr: "1",
            amr: if family.signed_in.mfa { vec!["pwd", "mfa"] } else { vec!["pwd"] },
            app_displayname: issue.application.name.clone(),
            appid: issue.application.client_id,
            appidacr: issue.proof,
            idp: provider(world, person),
            idtyp: "user",
            name: person.name.clone(),
            oid: person.object_id,
            scp: scopes.map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
            sub: pairwise(person, "00000003-0000-0000-c000-000000000000"),
            tid: issue.tenant.id,
            unique_name: upn.clone(),
            upn,
            uti: to_base64(&world.chance.bytes()[..16]),
            ver: "1.0",
        }
    }
}

impl IdClaims {
    fn of(world: &World, asked: &Asked, issue: &Issue) -> Self {
        let (person, issued) = (issue.person, asked.now.as_second());
        let profile = issue.scopes.contains(&Scope::Profile);
        let email = issue.scopes.contains(&Scope::Email);
        Self {
            aud: issue.application.client_id,
            iss: format!("{}/{}/v2.0", world.origin, issue.tenant.id),
            iat: issued,
            nbf: issued,
            exp: issued + 3_600,
            email: email.then(|| person.address.clone()),
            idp: provider(world, person),
            name: profile.then(|| person.name.clone()),
            nonce: issue.nonce.clone(),
            oid: profile.then_some(person.object_id),
            preferred_username: profile.then(|| person.address.clone()),
            rh: format!("1.A{}.", to_base64(&world.chance.bytes()[..18])),
            sid: world.chance.guid(),
            sub: pairwise(person, &issue.application.client_id.to_string()),
            tid: issue.tenant.id,
            uti: to_base64(&world.chance.bytes()[..16]),
            ver: "2.0",
        }
    }
}

/// `client_info`: who it is at home.
pub(super) fn client_info(person: &Person) -> String {
    let (uid, utid) = match person.home {
        Some(home) => (home.object_id, home.tenant_id),
        None => (person.object_id, person.tenant_id),
    };
    to_base64(json!({ "uid": uid, "utid": utid }).to_string())
}

/// The UPN in the tenant.
fn principal_name(person: &Person, tenant: &Tenant) -> String {
    person.principal_name(tenant.domains.last().map_or("", String::as_str))
}

/// The issuer of a guest's home, which is not the tenant that signs the guest in.
fn provider(world: &World, person: &Person) -> Option<String> {
    person.home.map(|home| format!("{}/{}/", world.origin, home.tenant_id))
}

/// A `sub` that is another one for each application.
fn pairwise(person: &Person, application: &str) -> String {
    to_base64(digest::digest(&digest::SHA256, format!("{} {application}", person.object_id).as_bytes()))
}
