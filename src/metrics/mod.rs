//! `GET /metrics`: the state of tokens and mailboxes in numbers, for Prometheus.
//!
//! Only whoever brings the token of `metrics_token_file` gets them; to everybody else there is nothing at this address. What this
//! process has done comes from [`crate::tally`]; the rest is read from the database once, and Microsoft is not asked.

mod page;
pub mod store;

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::prometheus_text;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::error::{AppError, Result};

use store::Snapshot;

/// How long the database may take; Prometheus gives up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// `GET /metrics`
pub async fn show(State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    if !is_let_in(&app, &headers) {
        return Err(AppError::NotFound);
    }
    let snapshot = look(&app).await;
    let page = page::registry(&app, snapshot.as_ref());
    let mut text = String::new();
    prometheus_text::encode(&mut text, &page).map_err(AppError::internal)?;
    Ok(([(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text).into_response())
}

fn is_let_in(app: &App, headers: &HeaderMap) -> bool {
    let Some(token) = &app.metrics_token else { return false };
    let brought = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().split_at_checked(7));
    brought.is_some_and(|(scheme, brought)| {
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(brought.ct_eq(token.expose_secret().as_bytes()))
    })
}

/// What the database knows; nothing if it does not answer, which is a number as well.
async fn look(app: &App) -> Option<Snapshot> {
    // One at a time, so that impatient scrapers do not add to the trouble of a slow database.
    let _alone = app.single.flight("metrics").await;
    let now = app.clock.now();
    let looked = store::snapshot(&app.db, now, app.config.metrics_per_mailbox);
    match tokio::time::timeout(PATIENCE, looked).await {
        Ok(Ok(snapshot)) => Some(snapshot),
        Ok(Err(cause)) => {
            tracing::warn!(cause = %cause.chain(), "the database could not be read for the metrics");
            None
        }
        Err(_) => {
            tracing::warn!(seconds = PATIENCE.as_secs(), "the database was too slow for the metrics");
            None
        }
    }
}
