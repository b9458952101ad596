//! Which application asks, in which tenant, and whether it proves it.

use uuid::Uuid;

use super::{Refused, TokenForm, assertion, secret, tenant};
use crate::{
    asked::Asked,
    estate::{Application, Estate, Tenant},
};

/// How the client proved who it is.
#[derive(Clone, Copy, serde::Serialize)]
pub(super) enum Proof {
    #[serde(rename = "1")]
    Secret,
    #[serde(rename = "2")]
    Certificate,
}

pub(super) fn own_tenant<'a>(estate: &'a Estate, name: &str) -> Result<&'a Tenant, Refused> {
    match name {
        "common" | "consumers" => Err(Refused::new(9_001_023)),
        "organizations" => Err(Refused::new(50_059)),
        name => tenant(estate, name),
    }
}

pub(super) fn required<'a>(form: &'a TokenForm, field: &str) -> Result<&'a str, Refused> {
    form.get(field).ok_or_else(|| missing(field))
}

pub(super) fn missing(field: &str) -> Refused {
    Refused::saying(900_144, format!("The request body must contain the following parameter: '{field}'."))
}

pub(super) fn client<'a>(estate: &'a Estate, tenant: &Tenant, client_id: &str) -> Result<&'a Application, Refused> {
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

pub(super) fn credential(
    application: &Application,
    tenant: &Tenant,
    form: &TokenForm,
    asked: &Asked,
    origins: [&str; 2],
) -> Result<Proof, Refused> {
    match (form.get("client_assertion_type"), form.get("client_assertion"), form.get("client_secret")) {
        (Some(assertion::TYPE), Some(assertion), _) => {
            let endpoints = endpoints(tenant, origins);
            assertion::check(application, assertion, asked, &endpoints).map(|()| Proof::Certificate)
        }
        (Some(_), Some(_), _) => Err(Refused::saying(90_023, "The client_assertion_type is not supported.")),
        (None, Some(_), _) => Err(missing("client_assertion_type")),
        (_, None, Some(value)) => secret::check(application, value, asked.now).map(|()| Proof::Secret),
        (_, None, None) => Err(Refused::new(7_000_218)),
    }
}
