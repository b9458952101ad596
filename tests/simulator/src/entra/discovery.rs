//! Documents by which clients find their way: openid-configuration, the signing keys, instance discovery.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{CONSUMERS, Refused, tenant};
use crate::{asked::Asked, world::World};

type Answer = Result<Json<Value>, Refused>;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`; asked by domain, it answers with the tenant's GUID.
pub(crate) async fn configuration(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    Path(name): Path<String>,
) -> Answer {
    let (segment, issuer_tenant) = match name.as_str() {
        "common" | "organizations" => (name, "{tenantid}".to_owned()),
        "consumers" => (name, CONSUMERS.to_string()),
        name => {
            let id = tenant(&world.estate(), name)?.id.to_string();
            (id.clone(), id)
        }
    };
    Ok(Json(document(&asked.origin, &segment, &issuer_tenant)))
}

fn document(origin: &str, segment: &str, issuer_tenant: &str) -> Value {
    let base = format!("{origin}/{segment}");
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let region = (segment == issuer_tenant).then_some("EU");
    json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{origin}/{issuer_tenant}/v2.0"),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{origin}/graph/oidc/userinfo"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
            "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash",
            "c_hash", "email",
        ],
        "kerberos_endpoint": format!("{base}/kerberos"),
        "tenant_region_scope": region,
        "cloud_instance_name": host,
        "cloud_graph_host_name": format!("{host}/graph"),
        "msgraph_host": format!("{host}/graph"),
        "rbac_url": format!("{origin}/rbac"),
    })
}

/// `GET /{tenant}/discovery/v2.0/keys`.
pub(crate) async fn keys(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    Path(name): Path<String>,
) -> Answer {
    if !["common", "organizations", "consumers"].contains(&name.as_str()) {
        tenant(&world.estate(), &name)?;
    }
    let issuer = format!("{}/{{tenantid}}/v2.0", asked.origin);
    let keys = world.keys.published(&issuer).map_err(|_| Refused::new(50_000))?;
    Ok(Json(json!({ "keys": keys })))
}

#[derive(Deserialize)]
pub(crate) struct InstanceQuery {
    authorization_endpoint: Option<Url>,
}

/// `GET /common/discovery/instance`: says whether an authorize endpoint belongs to this cloud.
pub(crate) async fn instance(
    Extension(asked): Extension<Arc<Asked>>,
    query: Result<Query<InstanceQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let unknown = || Refused::new(50_049);
    let endpoint = query.ok().and_then(|Query(query)| query.authorization_endpoint).ok_or_else(unknown)?;
    let own = Url::parse(&asked.origin).map_err(|_| unknown())?;
    if endpoint.origin() != own.origin() {
        return Err(unknown());
    }
    let tenant = endpoint.path().split('/').nth(1).unwrap_or("common");
    let host = &own[url::Position::BeforeHost..url::Position::AfterPort];
    Ok(Json(json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", asked.origin),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    })))
}
