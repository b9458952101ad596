//! What happens to every request: it is read, logged, perhaps disturbed, answered, and its answer finished.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    asked::{Asked, token_form},
    entra::Refused,
    faults::play,
    graph::Refusal,
    kind::Kind,
    requests::Code,
    world::World,
};

/// Graph takes about 4 MB; nothing here needs more.
const LARGEST_REQUEST: usize = 5 << 20;

pub(crate) async fn answer(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_REQUEST).await.ok();
    let form = body.as_ref().and_then(|body| token_form(&parts, body));
    let asked = Arc::new(Asked::read(&world, &parts, form.as_ref()));
    parts.extensions.insert(Arc::clone(&asked));
    parts.extensions.insert(form.unwrap_or_default());

    let seq = world.requests.arrive(&asked);
    let answer = match body {
        Some(body) => disturbed(&world, &asked, Request::from_parts(parts, Body::from(body)), next).await,
        None => told(Refusal::TooLarge.into_response(), &asked),
    };
    let answer = with_headers(answer, &asked);
    let code = answer.extensions().get::<Code>().cloned();
    world.requests.answer(seq, asked.kind, answer.status().as_u16(), code);
    answer
}

/// The answer, late or wrong where a fault wants it.
async fn disturbed(world: &World, asked: &Asked, request: Request, next: Next) -> Response {
    let mut wait = Duration::ZERO;
    let trouble = {
        let mut estate = world.estate();
        if !matches!(asked.kind, Kind::Control | Kind::Other) {
            wait += Duration::from_millis(estate.settings.latency_ms);
        }
        estate.faults.take(asked)
    };
    wait += trouble.delay;
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match trouble.failure {
        Some(failure) => play::play(world, asked, failure, request, next).await,
        None => told(next.run(request).await, asked),
    }
}

/// The response with a refusal's mark turned into its body.
pub(crate) fn told(response: Response, asked: &Asked) -> Response {
    if let Some(refused) = response.extensions().get::<Refused>() {
        refused.answer(asked)
    } else if let Some(refusal) = response.extensions().get::<Refusal>() {
        refusal.answer(asked)
    } else {
        response
    }
}

fn with_headers(mut response: Response, asked: &Asked) -> Response {
    let date = asked.now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let own = asked.request_id.to_string();
    let callers = asked.client_request_id.unwrap_or(asked.request_id).to_string();
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    put(header::DATE, &date);
    match asked.kind {
        Kind::Graph(_) => {
            put(HeaderName::from_static("request-id"), &own);
            put(HeaderName::from_static("client-request-id"), &callers);
        }
        Kind::Control | Kind::Other => {}
        _ => {
            put(HeaderName::from_static("x-ms-request-id"), &own);
            put(HeaderName::from_static("client-request-id"), &asked.correlation_id.to_string());
        }
    }
    response
}
