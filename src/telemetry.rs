//! Log lines for operators, and the request ID that ties a page, a log line and an audit entry together.

use std::io::IsTerminal;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::chance::hex;
use crate::config::{Config, LogFormat};

/// Response header that names the request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The ID of the request that is being answered, or nothing outside of one.
pub fn request_id() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Keeps the present request's ID for work that goes on in a task of its own.
pub fn with_request_id<F: Future>(id: String, work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(id, work)
}

/// Starts logging to standard error as the configuration says. Does nothing if logging has already started.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)?;
    // Colours are for people at a terminal; in a file they are rubbish between the words.
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // Already started happens only when several servers live in one process, as in tests.
    let _ = match config.log_format {
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
        LogFormat::Text => lines.with_target(false).try_init(),
    };
    Ok(())
}

/// Gives each request an ID of ours, logs its end in one line, and puts the ID on the answer.
pub async fn trace(axum::extract::State(app): axum::extract::State<App>, request: Request, next: Next) -> Response {
    let id = format!("req_{:010x}{}", app.clock.now().seconds(), hex(&app.chance.bytes::<5>()));
    let method = request.method().clone();
    let path = shown_path(request.uri().path());
    let span = tracing::info_span!("request", id, %method, path);
    let started = std::time::Instant::now();
    let mut response = CURRENT.scope(id.clone(), next.run(request).instrument(span.clone())).await;
    let took_ms = started.elapsed().as_millis();
    let status = response.status().as_u16();
    span.in_scope(|| match status {
        500.. => tracing::warn!(status, took_ms, "request failed"),
        _ => tracing::debug!(status, took_ms, "request answered"),
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The path only, as a query may hold a code; and without the code of a link that lets somebody in, or a key that strayed there.
fn shown_path(path: &str) -> String {
    match ["/s/", "/a/"].into_iter().find(|link| path.starts_with(link)) {
        Some(link) => format!("{link}[code]"),
        None if path.contains("pk_live_") => "[key]".to_owned(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_link_is_not_logged() {
        assert_eq!(shown_path("/s/c0de"), "/s/[code]");
        assert_eq!(shown_path("/a/c0de/consent"), "/a/[code]");
        assert_eq!(shown_path("/api/v1/mailboxes/pk_live_0123"), "[key]");
        assert_eq!(shown_path("/setup"), "/setup");
    }
}
