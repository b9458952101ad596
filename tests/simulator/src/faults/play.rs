//! Turns a fault into an answer.

use std::{iter, time::Duration};

use axum::{
    body::{Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use jiff::SignedDuration;

use super::{
    Failure, Page, RetryAfter,
    bend::bent,
    body::{End, pieces},
};
use crate::{asked::Asked, entra::Refused, front::told, graph::Refusal, kind::Kind, world::World};

const GATEWAY_PAGE: &str = "<html><head><title>Error</title></head><body><h2>Our services aren't available right now</h2><p>This is a simulator. It is not Microsoft.</p></body></html>";

/// What a fault wants of the pages for signing in.
#[derive(Clone, Copy)]
pub(crate) enum Forced {
    /// This AADSTS number is shown or sent back.
    Refusal(u32),
    /// Another `state` is sent back.
    State,
}

/// The answer to a request that `failure` hits.
pub(crate) async fn play(world: &World, asked: &Asked, failure: Failure, mut request: Request, next: Next) -> Response {
    match failure {
        Failure::Aadsts(number) => drop(request.extensions_mut().insert(Forced::Refusal(number))),
        Failure::StateTampered => drop(request.extensions_mut().insert(Forced::State)),
        _ => {}
    }
    if let Some(answer) = instead(asked, &failure) {
        return answer;
    }
    let good = told(next.run(request).await, asked);
    match failure {
        Failure::Bent(bend) => bent(world, good, bend).await,
        Failure::TruncatedJson => cut(good, Kept::Half, None, End::Complete).await,
        Failure::SlowBody => cut(good, Kept::All, Some(Duration::from_secs(1)), End::Complete).await,
        Failure::HangAfterHeaders => cut(good, Kept::Nothing, None, End::Hang).await,
        Failure::CloseMidBody => cut(good, Kept::Half, None, End::Break).await,
        _ => good,
    }
}

/// The answer of a failure that does not need the right one.
fn instead(asked: &Asked, failure: &Failure) -> Option<Response> {
    let is_graph = matches!(asked.kind, Kind::Graph(_));
    Some(match failure {
        Failure::Aadsts(number) if !is_graph && !asked.kind.is_for_browsers() => Refused::new(*number).answer(asked),
        Failure::Graph(refusal) if is_graph => refusal.answer(asked),
        Failure::Throttle(retry_after) => with_retry_after(throttled(asked), *retry_after, asked),
        Failure::Status { status, page, retry_after } => {
            with_retry_after(server_error(asked, *status, *page), *retry_after, asked)
        }
        Failure::HtmlWith200 => Html(GATEWAY_PAGE).into_response(),
        Failure::HugeBody { megabytes } => huge(*megabytes),
        Failure::DeepJson { levels } => deep(*levels),
        Failure::Redirect { to } => redirect(to),
        _ => return None,
    })
}

fn throttled(asked: &Asked) -> Response {
    match asked.kind {
        Kind::Graph(_) => Refusal::Throttled.answer(asked),
        _ => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests").into_response(),
    }
}

fn server_error(asked: &Asked, status: u16, page: Page) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match page {
        Page::Html => (status, Html(GATEWAY_PAGE)).into_response(),
        Page::Empty => status.into_response(),
        Page::Json => {
            let mut answer = match asked.kind {
                Kind::Graph(_) if status == StatusCode::SERVICE_UNAVAILABLE => {
                    Refusal::ServiceUnavailable.answer(asked)
                }
                Kind::Graph(_) if status == StatusCode::GATEWAY_TIMEOUT => Refusal::GatewayTimeout.answer(asked),
                Kind::Graph(_) => Refusal::InternalServerError.answer(asked),
                _ => Refused::new(90_033).answer(asked),
            };
            *answer.status_mut() = status;
            answer
        }
    }
}

fn with_retry_after(mut answer: Response, retry_after: RetryAfter, asked: &Asked) -> Response {
    let value = match retry_after {
        RetryAfter::Absent => return answer,
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::Date(seconds) => {
            let then = asked.now.saturating_add(SignedDuration::from_secs(seconds.into())).unwrap_or(asked.now);
            then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        }
        RetryAfter::Garbage => "soon; or later".to_owned(),
    };
    if let Ok(value) = HeaderValue::try_from(value) {
        answer.headers_mut().insert(header::RETRY_AFTER, value);
    }
    answer
}

fn json_pieces(all: impl Iterator<Item = Bytes> + Send + 'static) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (kind, pieces(all, None, End::Complete)).into_response()
}

fn huge(megabytes: u32) -> Response {
    let megabyte = Bytes::from(vec![b'a'; 1 << 20]);
    let middle = (0..megabytes).map(move |_| megabyte.clone());
    let start = iter::once(Bytes::from_static(br#"{"value":""#));
    json_pieces(start.chain(middle).chain(iter::once(Bytes::from_static(br#""}"#))))
}

fn deep(levels: u32) -> Response {
    let levels = levels as usize;
    let text = format!(r#"{{"value":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    json_pieces(iter::once(Bytes::from(text)))
}

fn redirect(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// How much of a right body is sent.
enum Kept {
    All,
    Half,
    Nothing,
}

/// The answer with the first part of its body, one byte each `pace` (or at once). A body that does not come to its end
/// still announces its whole length.
async fn cut(good: Response, kept: Kept, pace: Option<Duration>, end: End) -> Response {
    let (mut parts, body) = good.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kept = whole.slice(
        ..match kept {
            Kept::All => whole.len(),
            Kept::Half => whole.len() / 2,
            Kept::Nothing => 0,
        },
    );
    let announced = if matches!(end, End::Complete) { &kept } else { &whole };
    parts.headers.insert(header::CONTENT_LENGTH, announced.len().into());
    let size = if pace.is_some() { 1 } else { kept.len().max(1) };
    let count = kept.len().div_ceil(size);
    let all = (0..count).map(move |nth| kept.slice(nth * size..kept.len().min((nth + 1) * size)));
    Response::from_parts(parts, pieces(all, pace, end))
}
