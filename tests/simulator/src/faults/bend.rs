//! Bends otherwise good answers.

use axum::{
    Json,
    body::{Body, to_bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Bend;
use crate::{
    entra::{to_base64, unverified},
    world::World,
};

/// The same answer, bent; anything but a good one of JSON stays as it is.
pub(super) async fn bent(world: &World, good: Response, bend: Bend) -> Response {
    if good.status() != StatusCode::OK {
        return good;
    }
    let (mut parts, body) = good.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Some(mut json) = serde_json::from_slice::<Value>(&whole).ok().filter(Value::is_object) else {
        return Response::from_parts(parts, Body::from(whole));
    };
    bend_json(world, &mut json, bend);
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut answer = Json(json).into_response();
    answer.headers_mut().extend(parts.headers);
    answer
}

fn bend_json(world: &World, json: &mut Value, bend: Bend) {
    match bend {
        Bend::ExpiresInString => json["expires_in"] = json["expires_in"].to_string().into(),
        Bend::ExpiresInNegative => json["expires_in"] = json!(-1),
        Bend::ExpiresInHuge => json["expires_in"] = json!(i64::MAX),
        Bend::TokenTypeOther => json["token_type"] = json!("pop"),
        Bend::TokenOpaque => json["access_token"] = json!("opaque-token-of-the-simulator"),
        Bend::ExpiresInMissing => drop_member(json, "expires_in"),
        Bend::TokenMissing => drop_member(json, "access_token"),
        // 14,000 characters of padding are 19,000 in base64.
        Bend::TokenLong => sign_again(world, json, "access_token", |claims| {
            claims["xms_padding"] = "x".repeat(14_000).into();
        }),
        Bend::RefreshTokenMissing => drop_member(json, "refresh_token"),
        Bend::RefreshTokenEmpty => json["refresh_token"] = json!(""),
        Bend::RefreshTokenLong => lengthen_refresh_token(world, json),
        Bend::ScopeFewer => bend_scope(world, json, |scopes| scopes.retain(|scope| !scope.ends_with("Mail.Send"))),
        Bend::ScopeMore => bend_scope(world, json, |scopes| scopes.push("Files.Read.All".to_owned())),
        Bend::ScopeMissing => drop_member(json, "scope"),
        of_id_token => bend_id_token(world, json, of_id_token),
    }
}

fn bend_id_token(world: &World, json: &mut Value, bend: Bend) {
    let other = || json!(Uuid::from_u128(0x6f1c_1b1e_0000_4000_8000_0000_0000_0000));
    let mut claim = |name: &str, value: Value| sign_again(world, json, "id_token", |claims| claims[name] = value);
    match bend {
        Bend::IdTokenIssuer => claim("iss", json!("https://elsewhere.example/v2.0")),
        Bend::IdTokenAudience => claim("aud", other()),
        Bend::IdTokenTenant => claim("tid", other()),
        Bend::IdTokenObject => claim("oid", other()),
        Bend::IdTokenNonce => claim("nonce", json!("another-nonce")),
        Bend::IdTokenExpired => sign_again(world, json, "id_token", |claims| {
            for time in ["iat", "nbf", "exp"] {
                claims[time] = json!(claims[time].as_i64().unwrap_or_default() - 7_200);
            }
        }),
        Bend::IdTokenUnsigned => {
            if let Some(payload) = json["id_token"].as_str().and_then(|token| token.split('.').nth(1)) {
                let header = to_base64(r#"{"typ":"JWT","alg":"none"}"#);
                json["id_token"] = format!("{header}.{payload}.").into();
            }
        }
        Bend::IdTokenSignature => {
            if let Some((signed, signature)) = json["id_token"].as_str().and_then(|token| token.rsplit_once('.')) {
                let backwards: String = signature.chars().rev().collect();
                json["id_token"] = format!("{signed}.{backwards}").into();
            }
        }
        _ => drop_member(json, "id_token"),
    }
}

fn drop_member(json: &mut Value, name: &str) {
    if let Some(members) = json.as_object_mut() {
        members.remove(name);
    }
}

/// The same token with other claims, signed as it was; nothing where there is none.
fn sign_again(world: &World, json: &mut Value, member: &str, change: impl FnOnce(&mut Value)) {
    let Some(mut claims) = json[member].as_str().and_then(|token| unverified::<Value>(token).ok()) else { return };
    change(&mut claims);
    if let Ok(token) = world.keys.sign(&claims) {
        json[member] = token.into();
    }
}

/// Changes both `scope` and what the access token says.
fn bend_scope(world: &World, json: &mut Value, change: impl Fn(&mut Vec<String>)) {
    let bent = |text: &str| {
        let mut scopes = text.split(' ').map(str::to_owned).collect();
        change(&mut scopes);
        Value::from(scopes.join(" "))
    };
    if let Some(scope) = json["scope"].as_str() {
        json["scope"] = bent(scope);
        sign_again(world, json, "access_token", |claims| {
            claims["scp"] = bent(claims["scp"].as_str().unwrap_or_default());
        });
    }
}

/// Makes the refresh token 20,000 characters long, and as good as it was.
fn lengthen_refresh_token(world: &World, json: &mut Value) {
    if let Some(token) = json["refresh_token"].as_str() {
        let long = format!("{token}{}", "x".repeat(20_000_usize.saturating_sub(token.len())));
        world.estate().grants.rename(token, &long);
        json["refresh_token"] = long.into();
    }
}
