//! `GET /api/v1/mailboxes/{id}/token`: an access token that lasts, or why there is none. With `If-None-Match` and `wait` it is
//! answered as soon as there is another one.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;

use super::give::{self, Given};
use super::guard::Caller;
use super::ledger;
use super::problem::{Sent, rfc3339};
use super::{Code, Problem};

/// Seconds for which a token is good at least, unless the worker says otherwise.
const LEAST: i64 = 5 * 60;
/// The most that it may say.
const MOST: i64 = 30 * 60;
/// Seconds for which it may wait for another token.
const LONGEST_WAIT: i64 = 60;

/// What is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Seconds for which the token must be good at least.
    #[param(value_type = Option<u32>, maximum = 1800, default = 300)]
    min_ttl: Option<String>,
    /// Seconds to wait for another token than the one named in If-None-Match.
    #[param(value_type = Option<u32>, maximum = 60, default = 0)]
    wait: Option<String>,
}

/// An access token and what to know of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Token<'a> {
    /// The token itself. Keep it in memory only.
    access_token: &'a str,
    /// How it is sent on.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: String,
    /// Seconds until then.
    #[schema(example = 3217)]
    expires_in: i64,
    /// What it opens.
    #[schema(example = "https://graph.microsoft.com")]
    audience: &'a str,
    /// The permissions that it carries, as far as is known.
    scopes: &'a [String],
    /// How it was got.
    #[schema(value_type = String)]
    access: &'static str,
    /// Whose it is.
    mailbox: Name<'a>,
    /// Who signed in, if it is a person's.
    account: Option<Account<'a>>,
    /// Where the mailbox is found: /users/{address} below it.
    #[schema(example = "https://graph.microsoft.com/v1.0")]
    graph_base: String,
    /// Counts renewals. To be named when the token was refused.
    generation: i64,
    /// Whether it was there before this request.
    cached: bool,
}

/// A mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Name<'a> {
    #[schema(example = "mb_006925a1c0d5f0e1b2c3d4e5")]
    id: &'a str,
    #[schema(example = "support@contoso.example")]
    address: &'a str,
}

/// Who signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Account<'a> {
    /// What the account was called then.
    username: &'a str,
    /// Its ID in the tenant, which never changes.
    object_id: &'a str,
    /// Its tenant.
    tenant_id: &'a str,
}

/// `GET /api/v1/mailboxes/{id}/token`
#[utoipa::path(
    get,
    path = "/api/v1/mailboxes/{id}/token",
    summary = "An access token that lasts",
    description = "Answers from memory while the stored token lasts; else it is renewed first, once for all who ask.",
    params(
        ("id" = String, Path, description = "The mailbox: its ID or its address"),
        Asked,
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the token that the worker has"),
    ),
    responses(
        (status = 200, description = "The token", body = Token, headers(("ETag" = String, description = "Names the token"))),
        (status = 304, description = "There is no other one than that named in If-None-Match"),
        (status = "default", description = "Why there is none", body = Sent, content_type = "application/problem+json"),
    ),
)]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may_take_tokens()?;
    let least = number("min_ttl", asked.min_ttl.as_deref(), MOST)?.unwrap_or(LEAST);
    let wait = number("wait", asked.wait.as_deref(), LONGEST_WAIT)?.unwrap_or(0);
    let mut given = give::give(&app, &caller.desk, &caller.key, &name, least).await?;
    if knows(&headers, &tag(&given)) {
        match wait_for_another(&app, &caller, (&name, &headers), least, wait).await? {
            Some(another) => given = another,
            None => return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag(&given))]).into_response()),
        }
    }
    let now = app.clock.now();
    if app.config.strict_hand_out_log {
        ledger::write_first(&app, &caller.key.id, &given.spot, now).await?;
    } else {
        caller.desk.ledger().handed(&caller.key.id, &given.spot, now);
    }
    answer(&given, given.piece.expires_at.since(now))
}

/// Another token than the worker has, as soon as there is one; nothing if there is none in time.
async fn wait_for_another(
    app: &App,
    caller: &Caller,
    (name, headers): (&str, &HeaderMap),
    least: i64,
    wait: i64,
) -> Result<Option<Given>, Problem> {
    if wait == 0 {
        return Ok(None);
    }
    let end = Instant::now() + Duration::from_secs(wait.unsigned_abs());
    let mut changes = caller.desk.changes();
    let _seat = caller.sit_down()?;
    loop {
        changes.mark_unchanged();
        let given = give::give(app, &caller.desk, &caller.key, name, least).await?;
        if !knows(headers, &tag(&given)) {
            return Ok(Some(given));
        }
        // When it does not last any more, it is time to look again.
        let left = given.piece.expires_at.since(app.clock.now()) - least;
        let look = Instant::now() + Duration::from_secs(left.max(1).unsigned_abs());
        tokio::select! {
            () = app.stopping.cancelled() => return Ok(None),
            () = tokio::time::sleep_until(end) => return Ok(None),
            () = tokio::time::sleep_until(look) => {}
            _ = changes.changed() => {}
        }
    }
}

fn number(name: &str, text: Option<&str>, most: i64) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse::<i64>().ok().filter(|number| (0..=most).contains(number));
    let wrong = || Problem::new(Code::BadRequest, format!("{name} must be a number of seconds from 0 to {most}."));
    number.map(Some).ok_or_else(wrong)
}

/// Names a token in `ETag`.
fn tag(given: &Given) -> String {
    format!("\"{}.{}\"", given.spot.grant, given.piece.generation)
}

fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let all = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    all.flat_map(|known| known.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag)
}

fn answer(given: &Given, expires_in: i64) -> Result<Response, Problem> {
    let Given { spot, piece, cached } = given;
    let token = Token {
        access_token: piece.token.reveal(),
        token_type: "Bearer",
        expires_at: rfc3339(piece.expires_at),
        expires_in,
        audience: &spot.graph,
        scopes: &piece.scopes,
        access: spot.access,
        mailbox: Name { id: spot.mailbox.as_str(), address: &spot.address },
        account: piece.account.as_ref().map(|[username, object_id, tenant_id]| Account {
            username,
            object_id,
            tenant_id,
        }),
        graph_base: format!("{}/v1.0", spot.graph),
        generation: piece.generation,
        cached: *cached,
    };
    let body = serde_json::to_vec(&token).map_err(crate::error::AppError::internal)?;
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(tag) = HeaderValue::from_str(&tag(given)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}
