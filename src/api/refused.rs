//! `POST /api/v1/mailboxes/{id}/token/refused`: a worker's word that a token was refused. It is written down, and brings one renewal
//! at most for each token and each minute: nobody can hammer Microsoft by it.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Result as Done;
use crate::tokens::Want;
use crate::tokens::handed_store::{self, Refused};

use super::give::{self, Given};
use super::guard::Caller;
use super::problem::Sent;
use super::trouble;
use super::{Code, Problem};

/// Largest body, in bytes (S-81).
const BODY_BYTES: usize = 16 * 1024;
/// Seconds between two renewals of a grant that workers bring about.
const PAUSE: i64 = 60;
/// Most letters of a code.
const CODE: usize = 64;

/// What a worker says.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Report {
    /// The token that was refused, by its generation.
    #[schema(minimum = 1, example = 7)]
    generation: i64,
    /// The HTTP status that the worker was answered.
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 401)]
    status: i64,
    /// The code in that answer. Never the token.
    #[serde(default)]
    #[schema(max_length = 64, example = "InvalidAuthenticationToken")]
    error: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Noted {
    /// The newest token, by its generation.
    generation: i64,
    /// Whether that is a newer one than the refused one: then ask for it.
    newer: bool,
    /// Seconds to wait before the token is renewed for a refusal again, if it was not renewed now.
    #[schema(value_type = Option<u32>)]
    retry_after: Option<i64>,
}

/// `POST /api/v1/mailboxes/{id}/token/refused`
#[utoipa::path(
    post,
    path = "/api/v1/mailboxes/{id}/token/refused",
    summary = "A token was refused",
    description = "To be sent when Microsoft answers 401 to a token that should be good. The token is renewed once for that; who \
                   reports the same one later is told that there is a newer one.",
    params(("id" = String, Path, description = "The mailbox: its ID or its address")),
    request_body = Report,
    responses(
        (status = 200, description = "It is written down", body = Noted),
        (status = "default", description = "Why not, or why there is no newer token", body = Sent,
            content_type = "application/problem+json"),
    ),
)]
pub async fn report(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<Noted>, Problem> {
    caller.may_take_tokens()?;
    let report = read(&app, request).await?;
    let located = give::locate(&app, &caller.key, &name).await?;
    give::refuse_paused(&located.mailbox)?;
    let Some(newest) = give::stored(&app, &located).await? else {
        return Err(Problem::new(Code::BadRequest, "No token of this mailbox was handed out."));
    };
    let generation = newest.piece.generation;
    if report.generation > generation || report.generation < 1 {
        return Err(Problem::new(
            Code::BadRequest,
            format!("There is no such token. The newest is generation {generation}."),
        ));
    }
    let newer = |generation, newer| Ok(Json(Noted { generation, newer, retry_after: None }));
    if report.generation < generation {
        return newer(generation, true);
    }
    match note(&app, &caller, &newest, &report).await? {
        Noticed::Before => return newer(generation, false),
        Noticed::TooSoon(wait) => return Ok(Json(Noted { generation, newer: false, retry_after: Some(wait) })),
        Noticed::Now => {}
    }
    let answer = give::renew(&app, &located, Want::NewerThan(newest.piece.issued_at)).await?;
    if let Err(none) = answer {
        return Err(trouble::of(&app, &located, &none).await?);
    }
    let after = give::stored(&app, &located).await?.map_or(generation, |given| given.piece.generation);
    newer(after, after > generation)
}

enum Noticed {
    /// For the first time.
    Now,
    /// Somebody has said so before.
    Before,
    /// For the first time, but another token of the grant was renewed for that less than a minute ago. Seconds until then.
    TooSoon(i64),
}

async fn note(app: &App, caller: &Caller, newest: &Given, report: &Report) -> Done<Noticed> {
    let (grant, now) = (&newest.spot.grant, app.clock.now());
    let last = handed_store::refusal(&app.db, grant).await?;
    let refused = Refused {
        grant,
        generation: report.generation,
        mailbox: &newest.spot.mailbox,
        key: &caller.key.id,
        status: report.status,
        error: plain(&report.error),
        at: now,
    };
    let mut tx = app.db.begin().await?;
    let first = handed_store::refuse(&mut tx, &refused).await?;
    tx.commit().await?;
    let wait = last.map_or(0, |last| PAUSE - now.since(last.at));
    Ok(match (first, wait) {
        (false, _) => Noticed::Before,
        (true, 1..) => Noticed::TooSoon(wait),
        (true, _) => Noticed::Now,
    })
}

/// A code as Microsoft writes it. Anything else is not kept: it might be the token.
fn plain(error: &str) -> &str {
    let letters = error.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if error.len() <= CODE && letters { error } else { "" }
}

async fn read(app: &App, request: Request) -> Result<Report, Problem> {
    let reading = to_bytes(request.into_body(), BODY_BYTES);
    let bytes = match tokio::time::timeout(app.config.deadlines.form, reading).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Problem::new(Code::TooLarge, "A body may hold 16 kB.")),
        Err(_) => return Err(Problem::new(Code::BadRequest, "The body did not arrive in time.")),
    };
    let report: Report = serde_json::from_slice(&bytes).map_err(|_| {
        let text =
            "The body must be JSON such as {\"generation\":7,\"status\":401,\"error\":\"InvalidAuthenticationToken\"}.";
        Problem::new(Code::BadRequest, text)
    })?;
    match report.status {
        0 | 100..=599 => Ok(report),
        _ => Err(Problem::new(Code::BadRequest, "status must be an HTTP status, such as 401.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_code_is_kept_and_never_what_might_be_a_token() {
        for code in ["", "InvalidAuthenticationToken", "invalid_grant", "AADSTS50196"] {
            assert_eq!(plain(code), code);
        }
        for other in ["eyJ0eXAi.eyJhdWQi.c2ln", "Lifetime validation failed", "\0", &"x".repeat(65)] {
            assert_eq!(plain(other), "");
        }
    }
}
