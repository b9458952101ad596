//! The token endpoint. Grants: client credentials, authorization code, refresh token.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderName, header},
    response::IntoResponse,
};
use serde::Serialize;

use super::{
    Refused, TokenForm, authorization_code,
    client::{own_tenant, required},
    client_credentials, delegated, refresh_token,
};
use crate::{
    asked::Asked,
    estate::{Estate, Lifetime},
    world::World,
};

/// The good answer.
#[derive(Serialize)]
struct TokenResponse {
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    expires_in: u32,
    ext_expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_in: Option<u32>,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<String>,
}

/// The good answer before it is signed, which takes too long for holding the estate.
pub(super) struct Unsigned {
    pub(super) expires_in: u32,
    pub(super) access: Access,
    pub(super) scope: Option<String>,
    pub(super) refresh_in: Option<u32>,
    pub(super) refresh_token: Option<String>,
    pub(super) id: Option<delegated::IdClaims>,
    pub(super) client_info: Option<String>,
}

/// An access token's payload.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Access {
    Application(Box<client_credentials::Claims>),
    Person(Box<delegated::AccessClaims>),
}

impl Unsigned {
    /// An answer with nothing but an access token.
    pub(super) fn of(expires_in: u32, access: Access) -> Self {
        let (scope, refresh_in, refresh_token) = (None, None, None);
        Self { expires_in, access, scope, refresh_in, refresh_token, id: None, client_info: None }
    }

    fn sign(self, world: &World) -> anyhow::Result<TokenResponse> {
        Ok(TokenResponse {
            token_type: "Bearer",
            scope: self.scope,
            expires_in: self.expires_in,
            ext_expires_in: self.expires_in,
            refresh_in: self.refresh_in,
            access_token: world.keys.sign(&self.access)?,
            refresh_token: self.refresh_token,
            id_token: self.id.map(|claims| world.keys.sign(&claims)).transpose()?,
            client_info: self.client_info,
        })
    }
}

/// `POST /{tenant}/oauth2/v2.0/token`.
pub(crate) async fn create(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    Extension(form): Extension<TokenForm>,
) -> Result<impl IntoResponse, Refused> {
    own_tenant(&world.estate(), asked.tenant.as_deref().unwrap_or_default())?;
    let unsigned = match required(&form, "grant_type")? {
        "client_credentials" => client_credentials::grant(&world, &asked, &form),
        "authorization_code" => authorization_code::grant(&world, &asked, &form),
        "refresh_token" => refresh_token::grant(&world, &asked, &form),
        other => {
            let text = format!("The application requested an unsupported grant type '{other}'.");
            Err(Refused::saying(70_003, text))
        }
    }?;
    let answer = unsigned.sign(&world).map_err(|_| Refused::new(50_000))?;
    let unstored: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((unstored, Json(answer)))
}

/// Any other method than POST.
pub(crate) async fn only_post(Extension(asked): Extension<Arc<Asked>>) -> Refused {
    let method = &asked.method;
    Refused::saying(900_561, format!("The endpoint only accepts POST requests. Received a {method} request."))
}

/// How many seconds the next access token lives.
pub(super) fn lifetime(world: &World, estate: &Estate) -> u32 {
    match estate.settings.lifetime {
        Lifetime::Random => world.chance.between(3_600, 5_400),
        Lifetime::Fixed { seconds } => seconds,
    }
}
