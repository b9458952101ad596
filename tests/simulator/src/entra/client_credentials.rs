//! The client credentials grant: tokens of an application by itself.

use serde::Serialize;
use uuid::Uuid;

use super::{
    Refused, TokenForm,
    client::{Proof, client, credential, own_tenant, required},
    jwt::to_base64,
    scope::resource,
    token::{Access, Unsigned, lifetime},
};
use crate::{asked::Asked, estate::Permission, world::World};

/// The payload of an app-only access token of Microsoft Graph.
#[derive(Serialize)]
pub(super) struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    app_displayname: String,
    appid: Uuid,
    appidacr: Proof,
    idp: String,
    idtyp: &'static str,
    oid: Uuid,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<Permission>,
    sub: Uuid,
    tid: Uuid,
    uti: String,
    ver: &'static str,
}

/// Everything Entra looks at, in its order: tenant, client, scope, credential, policy.
pub(super) fn grant(world: &World, asked: &Asked, form: &TokenForm) -> Result<Unsigned, Refused> {
    let estate = world.estate();
    let tenant = own_tenant(&estate, asked.tenant.as_deref().unwrap_or_default())?;
    let application = client(&estate, tenant, required(form, "client_id")?)?;
    let origins = [asked.origin.as_str(), &world.origin];
    let audience = resource(required(form, "scope")?, origins)?;
    let proof = credential(application, tenant, form, asked, origins)?;
    if application.blocked {
        return Err(Refused::new(53_003));
    }
    let expires_in = lifetime(world, &estate);
    let issued = asked.now.as_second();
    let issuer = format!("{}/{}/", world.origin, tenant.id);
    Ok(Unsigned::of(
        expires_in,
        Access::Application(Box::new(Claims {
            aud: audience,
            iss: issuer.clone(),
            iat: issued,
            nbf: issued,
            exp: issued + i64::from(expires_in),
            app_displayname: application.name.clone(),
            appid: application.client_id,
            appidacr: proof,
            idp: issuer,
            idtyp: "app",
            oid: application.object_id,
            roles: application.roles.iter().copied().collect(),
            sub: application.object_id,
            tid: tenant.id,
            uti: to_base64(&world.chance.bytes()[..16]),
            ver: "1.0",
        })),
    ))
}
