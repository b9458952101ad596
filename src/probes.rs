//! What machines ask: `/healthz` and `/readyz`. Neither tells more than yes, or no and why in one line (S-113).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::web::error_page::AsItIs;

/// `GET /healthz`: the process runs.
pub async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers, so requests can be served; and if tokens are kept here, they are.
pub async fn readyz(State(app): State<App>) -> Response {
    match why_not(&app).await {
        None => "ok".into_response(),
        Some(why) => {
            let mut answer = (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
            answer.extensions_mut().insert(AsItIs);
            answer
        }
    }
}

async fn why_not(app: &App) -> Option<String> {
    if !app.db.answers().await {
        return Some("the database does not answer".to_owned());
    }
    let now = app.clock.now();
    let silent_since = app.beat.borrow().silent_since(now)?;
    Some(format!("the token keeper has not looked for {} seconds", now.since(silent_since).unsigned_abs()))
}
