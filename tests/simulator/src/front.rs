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
    requests::{Code, Kind},
    world::World,
};

/// Graph takes about 4 MB; nothing here needs more.
const LARGEST_REQUEST: usize = 5 << 20;

pub(crate) async fn answer(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return axum::http::StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let form = token_form(&parts, &body);
    let asked = Arc::new(Asked::read(&world, &parts, form.as_ref()));
    parts.extensions.insert(Arc::clone(&asked));
    parts.extensions.insert(form.unwrap_or_default());
    let request = Request::from_parts(parts, Body::from(body));

    let seq = world.requests.arrive(&asked);
    let (trouble, latency) = {
        let mut estate = world.estate();
        (
            estate.faults.take(&asked),
            Duration::from_millis(estate.settings.latency_ms),
        )
    };
    let is_microsoft = !matches!(asked.kind, Kind::Control | Kind::Other);
    let wait = trouble.delay
        + if is_microsoft {
            latency
        } else {
            Duration::ZERO
        };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let answer = match trouble.failure {
        Some(failure) => play::play(&world, &asked, failure, request, next).await,
        None => told(next.run(request).await, &asked),
    };
    let answer = with_headers(answer, &asked);
    let code = answer.extensions().get::<Code>().cloned();
    world
        .requests
        .answer(seq, asked.kind, answer.status().as_u16(), code);
    answer
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
    let callers = asked
        .client_request_id
        .unwrap_or(asked.request_id)
        .to_string();
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
            put(
                HeaderName::from_static("client-request-id"),
                &asked.correlation_id.to_string(),
            );
        }
    }
    response
}
