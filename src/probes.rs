//! What machines ask: `/healthz` and `/readyz`. Neither tells more than yes or no (S-113).

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;

/// `GET /healthz`: the process runs.
pub async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers, so requests can be served.
pub async fn readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.db.answers().await { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") }
}
