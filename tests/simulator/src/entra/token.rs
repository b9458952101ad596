//! The token endpoint. Grants: client credentials.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, header},
    response::IntoResponse,
};
use serde::Serialize;
use uuid::Uuid;

use super::{Refused, TokenForm, assertion, jwt::to_base64, scope::resource, secret, tenant};
use crate::{
    asked::Asked,
    estate::{Application, Estate, Lifetime, Permission, Tenant},
    world::World,
};

/// The good answer.
#[derive(Serialize)]
struct TokenResponse {
    token_type: &'static str,
    expires_in: u32,
    ext_expires_in: u32,
    access_token: String,
}

/// The payload of an app-only access token of Microsoft Graph.
#[derive(Serialize)]
struct Payload {
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

/// How the client proved who it is.
#[derive(Clone, Copy, Serialize)]
enum Proof {
    #[serde(rename = "1")]
    Secret,
    #[serde(rename = "2")]
    Certificate,
}

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(crate) async fn create(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    Extension(form): Extension<TokenForm>,
) -> Result<impl IntoResponse, Refused> {
    let (payload, expires_in) = grant(&world, &asked, &form)?;
    let access_token = world.keys.sign(&payload).map_err(|_| Refused::new(50_000))?;
    let answer = TokenResponse { token_type: "Bearer", expires_in, ext_expires_in: expires_in, access_token };
    let unstored: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((unstored, Json(answer)))
}

/// Any other method than POST.
pub(crate) async fn only_post(Extension(asked): Extension<Arc<Asked>>) -> Refused {
    let method = &asked.method;
    Refused::saying(900_561, format!("The endpoint only accepts POST requests. Received a {method} request."))
}

/// Everything Entra looks at, in its order: tenant, grant, client, scope, credential, policy.
fn grant(world: &World, asked: &Asked, form: &TokenForm) -> Result<(Payload, u32), Refused> {
    let estate = world.estate();
    let tenant = own_tenant(&estate, asked.tenant.as_deref().unwrap_or_default())?;
    supported(required(form, "grant_type")?)?;
    let application = client(&estate, tenant, required(form, "client_id")?)?;
    let origins = [asked.origin.as_str(), &world.origin];
    let audience = resource(required(form, "scope")?, origins)?;
    let proof = credential(application, form, asked, &endpoints(tenant, origins))?;
    if application.blocked {
        return Err(Refused::new(53_003));
    }
    let expires_in = match estate.settings.lifetime {
        Lifetime::Random => world.chance.between(3_600, 5_400),
        Lifetime::Fixed { seconds } => seconds,
    };
    let issued = asked.now.as_second();
    let issuer = format!("{}/{}/", world.origin, tenant.id);
    let payload = Payload {
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
    };
    Ok((payload, expires_in))
}

fn own_tenant<'a>(estate: &'a Estate, name: &str) -> Result<&'a Tenant, Refused> {
    match name {
        "common" | "consumers" => Err(Refused::new(9_001_023)),
        "organizations" => Err(Refused::new(50_059)),
        name => tenant(estate, name),
    }
}

fn supported(grant_type: &str) -> Result<(), Refused> {
    match grant_type {
        "client_credentials" => Ok(()),
        other => {
            let text = format!("The application requested an unsupported grant type '{other}'.");
            Err(Refused::saying(70_003, text))
        }
    }
}

fn required<'a>(form: &'a TokenForm, field: &str) -> Result<&'a str, Refused> {
    form.get(field).ok_or_else(|| missing(field))
}

fn missing(field: &str) -> Refused {
    Refused::saying(900_144, format!("The request body must contain the following parameter: '{field}'."))
}

fn client<'a>(estate: &'a Estate, tenant: &Tenant, client_id: &str) -> Result<&'a Application, Refused> {
    let id = Uuid::try_parse(client_id).ok();
    let found = id.and_then(|id| estate.application_in(tenant.id, id)).ok_or_else(|| Refused::new(700_016))?;
    if found.enabled { Ok(found) } else { Err(Refused::new(7_000_112)) }
}

/// What Entra accepts as an assertion's `aud`: the token endpoint, and the tenant's issuer in either version.
fn endpoints(tenant: &Tenant, origins: [&str; 2]) -> Vec<String> {
    let id = tenant.id.to_string();
    let names = || std::iter::once(&id).chain(&tenant.domains);
    let bases = origins.iter().flat_map(|origin| names().map(move |name| format!("{origin}/{name}")));
    bases
        .flat_map(|base| ["/oauth2/v2.0/token", "/oauth2/token", "/v2.0", ""].map(|end| format!("{base}{end}")))
        .collect()
}

fn credential(
    application: &Application,
    form: &TokenForm,
    asked: &Asked,
    endpoints: &[String],
) -> Result<Proof, Refused> {
    match (form.get("client_assertion_type"), form.get("client_assertion"), form.get("client_secret")) {
        (Some(assertion::TYPE), Some(assertion), _) => {
            assertion::check(application, assertion, asked, endpoints).map(|()| Proof::Certificate)
        }
        (Some(_), Some(_), _) => Err(Refused::saying(90_023, "The client_assertion_type is not supported.")),
        (None, Some(_), _) => Err(missing("client_assertion_type")),
        (_, None, Some(value)) => secret::check(application, value, asked.now).map(|()| Proof::Secret),
        (_, None, None) => Err(Refused::new(7_000_218)),
    }
}
