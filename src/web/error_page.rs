//! The outermost layer: an error as a page for people, as `application/problem+json` (RFC 9457) for machines. Logs the
//! private cause once, with the request ID that the page shows.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::app::App;
use crate::error::AppError;
use crate::telemetry::request_id;

use super::Shell;
use super::csrf::FormKey;

#[derive(Template)]
#[template(path = "errors/page.html")]
struct ErrorPage<'a> {
    shell: Shell,
    title: &'a str,
    text: &'a str,
    request_id: &'a str,
    retry: bool,
}

/// Marks an answer for machines whose line of text stays what it is.
#[derive(Clone, Copy, Debug)]
pub struct AsItIs;

/// Turns whatever error the inner layers answered into a page or a problem document.
pub async fn render(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let machine = request.uri().path().starts_with("/api/") || wants_json(&headers);
    let response = next.run(request).await;
    let status = response.status();
    let ours = response.extensions().get::<AppError>();
    let bare = status.is_client_error() || status.is_server_error();
    let made = response.headers().contains_key(header::CONTENT_TYPE) && ours.is_none();
    // Extractors of axum answer a line of plain text; a person deserves a page.
    let plain =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|mime| mime.as_bytes().starts_with(b"text/plain"));
    let stays = response.extensions().get::<AsItIs>().is_some();
    if stays || !bare || (made && !plain) || status == StatusCode::UNAUTHORIZED {
        return response;
    }
    if let Some(error) = ours {
        log(error);
    }
    let words = words(status, ours);
    let id = request_id();
    let mut answer = if machine { problem(status, &words, &id) } else { page(&app, status, &words, &id) };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(header::RETRY_AFTER, axum::http::HeaderValue::from_static("5"));
    }
    for (name, value) in response.headers() {
        if name == header::ALLOW || name == header::RETRY_AFTER {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("json") && !accept.contains("text/html"))
}

fn log(error: &AppError) {
    match error {
        AppError::Busy(cause) => tracing::warn!(cause = %format!("{cause:#}"), "the database could not answer"),
        AppError::Internal(cause) => tracing::error!(cause = %format!("{cause:#}"), "a request failed by our fault"),
        _ => {}
    }
}

struct Words {
    code: &'static str,
    title: &'static str,
    text: String,
    retry: bool,
}

fn words(status: StatusCode, error: Option<&AppError>) -> Words {
    let said = match error {
        Some(AppError::Forbidden(text) | AppError::Conflict(text) | AppError::BadRequest(text)) => Some(*text),
        _ => None,
    };
    let (code, title, otherwise, retry) = match status.as_u16() {
        400 => (
            "bad_request",
            "Postkey does not understand this request",
            "The address or the form is not one that Postkey makes.",
            false,
        ),
        403 => ("forbidden", "This was refused", "Your role does not allow it.", false),
        404 => (
            "not_found",
            "This page does not exist",
            "The address may be misspelt, or what stood here was deleted. Nothing was changed.",
            false,
        ),
        405 => (
            "method_not_allowed",
            "This page does not do that",
            "Open it from Postkey's own pages. Nothing was changed.",
            false,
        ),
        408 => ("timeout", "This took too long to arrive", "Nothing was changed. Send it again.", true),
        409 => {
            ("conflict", "Someone changed this meanwhile", "Nothing was changed. Reload the page and try again.", false)
        }
        413 => ("too_large", "This is too much at once", "Nothing was changed. A form may hold 64 kB.", false),
        415 => ("unsupported_media_type", "Postkey does not take this kind of content", "Nothing was changed.", false),
        421 => (
            "misdirected",
            "This is not Postkey's address",
            "Open Postkey under the address that its operator configured as POSTKEY_PUBLIC_URL.",
            false,
        ),
        429 => ("too_many_requests", "Too many tries", "Wait a little, then try again.", true),
        503 => (
            "try_later",
            "Postkey cannot reach its database",
            "Nothing was saved. Try again in a moment; if it stays, tell whoever runs Postkey.",
            true,
        ),
        code if code < 500 => ("refused", "This was refused", "Nothing was changed.", false),
        _ => (
            "internal",
            "Postkey could not do this",
            "It is a fault in Postkey, not yours. If you were saving something, look whether it is there before you try again.",
            true,
        ),
    };
    Words { code, title, text: said.unwrap_or(otherwise).to_owned(), retry }
}

fn page(app: &App, status: StatusCode, words: &Words, request_id: &str) -> Response {
    let shell = Shell::plain(app, &FormKey(String::new()));
    let page = ErrorPage { shell, title: words.title, text: &words.text, request_id, retry: words.retry };
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, words.title).into_response(),
    }
}

fn problem(status: StatusCode, words: &Words, request_id: &str) -> Response {
    let body = serde_json::json!({
        "type": "about:blank",
        "title": words.title,
        "status": status.as_u16(),
        "detail": words.text,
        "code": words.code,
        "request_id": request_id,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
