//! Where Microsoft sends every browser back to, whatever it was sent for.
//!
//! ```text
//! GET /oauth/callback   PUBLIC: finds by its state what the answer belongs to: a sign-in, or an administrator's consent
//! ```
//!
//! Never shown: it ends on a clean address (303), or, if the answer belongs to nothing that this browser began, on a page
//! that says so and repeats nothing of it (S-58).

use axum::extract::{RawQuery, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use secrecy::ExposeSecret;

use crate::admin_link;
use crate::app::App;
use crate::chance::hash_of;
use crate::error::Result;
use crate::microsoft::AuthorizationResponse;
use crate::sign_in;
use crate::web::csrf::FormKey;
use crate::web::notice::notice;

const NOT_AN_ANSWER: (&str, &str) = (
    "This address is for Microsoft’s answers",
    "Nothing was saved, because this is none. Start the sign-in from the page that you were given.",
);
const NO_ATTEMPT: (&str, &str) = (
    "This sign-in is over",
    "It was already finished, or it took longer than ten minutes. Nothing was saved now. Go back to the page you began on and start again.",
);
const OTHER_BROWSER: (&str, &str) = (
    "This sign-in was begun in another browser",
    "Nothing was saved. Begin and end it in the same browser, with cookies allowed for this address. If somebody sent you here and you began nothing, do nothing.",
);

/// `GET /oauth/callback`
pub async fn callback(
    State(app): State<App>,
    method: Method,
    key: FormKey,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    // A code is redeemed for a browser that wants the page, and not for whoever looks whether it is there.
    if method != Method::GET {
        return Ok(lost(&app, &key, NOT_AN_ANSWER));
    }
    let Some(answer) = AuthorizationResponse::parse(query.as_deref().unwrap_or_default()) else {
        return Ok(lost(&app, &key, NOT_AN_ANSWER));
    };
    let state = hash_of(answer.state.expose_secret());
    let ended = if let Some(attempt) = sign_in::store::take(&app.db, &state).await? {
        sign_in::callback::end(&app, &jar, &attempt, answer).await?
    } else if let Some(consent) = admin_link::consent_store::take(&app.db, &state).await? {
        admin_link::callback::end(&app, &jar, &consent, answer.said).await?
    } else {
        return Ok(lost(&app, &key, NO_ATTEMPT));
    };
    Ok(ended.unwrap_or_else(|| lost(&app, &key, OTHER_BROWSER)))
}

fn lost(app: &App, key: &FormKey, (title, text): (&'static str, &'static str)) -> Response {
    notice(app, key, StatusCode::BAD_REQUEST, title, text.to_owned())
}
