//! The way of a browser to Microsoft and back: a cookie for each binds it to the browser that was sent, for ten minutes, and
//! opens the page of its result there and nowhere else (S-52).

use std::fmt::Display;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::app::App;
use crate::chance::hash_of;
use crate::clock::UnixTime;
use crate::config::Config;
use crate::error::AppError;

/// Seconds within which Microsoft's answer must come. Its codes live as long.
pub const LASTS: i64 = 10 * 60;
/// Characters of a reference: none that is taken for another when read out.
const READABLE: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Why an answer that was found must not be used. No code is redeemed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rejected {
    /// Another browser came back than the one that was sent.
    OtherBrowser,
    /// It took too long.
    Expired,
}

/// What the browser holds of the flow `id`.
pub fn held(config: &Config, jar: &CookieJar, id: &impl Display) -> Option<String> {
    jar.get(&name(config, id)).map(|cookie| cookie.value().to_owned())
}

/// Whether this is the browser that `flow_hash` was stored for.
fn is_same_browser(held: Option<&str>, flow_hash: &str) -> bool {
    held.is_some_and(|held| hash_of(held) == flow_hash)
}

/// Whether the browser may go on with a flow that ends at `expires_at`.
///
/// # Errors
/// Why it may not.
pub fn accept(held: Option<&str>, flow_hash: &str, expires_at: UnixTime, now: UnixTime) -> Result<(), Rejected> {
    if !is_same_browser(held, flow_hash) {
        return Err(Rejected::OtherBrowser);
    }
    if now >= expires_at { Err(Rejected::Expired) } else { Ok(()) }
}

/// The response, with the flow `id` bound to this browser by `flow`, from now on for ten minutes.
pub fn bind(config: &Config, id: &impl Display, flow: String, mut response: Response) -> Response {
    // `Lax`, because Microsoft's redirect back is a navigation from another site.
    let cookie = Cookie::build((name(config, id), flow))
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(LASTS));
    match cookie.to_string().parse() {
        Ok(value) => {
            response.headers_mut().append(header::SET_COOKIE, value);
            response
        }
        Err(cause) => AppError::internal(anyhow::Error::from(cause)).into_response(),
    }
}

/// Two tabs have two.
fn name(config: &Config, id: &impl Display) -> String {
    if config.is_https() { format!("__Host-postkey-flow-{id}") } else { format!("postkey-flow-{id}") }
}

/// Six characters to read out, such as `7K3-QF9`.
pub fn reference(app: &App) -> String {
    let letters: String =
        app.chance.bytes::<6>().iter().map(|byte| char::from(READABLE[usize::from(byte % 32)])).collect();
    format!("{}-{}", &letters[..3], &letters[3..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_browser_that_was_sent_may_go_on_and_only_in_time() {
        let (flow_hash, end) = (hash_of("flow"), UnixTime::from_seconds(600));
        let at = |held, seconds| accept(held, &flow_hash, end, UnixTime::from_seconds(seconds));
        assert_eq!(at(Some("flow"), 599), Ok(()));
        assert_eq!(at(Some("flow"), 600), Err(Rejected::Expired));
        assert_eq!(
            at(Some(flow_hash.as_str()), 0),
            Err(Rejected::OtherBrowser),
            "what the database holds opens nothing"
        );
        assert_eq!(at(Some(""), 0), Err(Rejected::OtherBrowser));
        assert_eq!(at(None, 0), Err(Rejected::OtherBrowser));
    }
}
