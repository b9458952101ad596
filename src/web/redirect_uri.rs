//! The redirect URI as it must be registered in Entra, and whether this browser would come back to the place it is at now.
//! Microsoft compares it character by character, and the cookie of a sign-in is bound to the host that set it.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;
use crate::error::AppError;

/// The redirect URI, and what the browser sees.
#[derive(Clone, Debug)]
pub struct RedirectUri {
    /// The address to register.
    pub address: String,
    /// Its scheme and host, for the script to compare with the browser's own.
    pub origin: String,
    /// Whether the browser asked for the same host.
    pub is_same_host: bool,
    /// The host that the browser asked for.
    pub seen: String,
}

impl FromRequestParts<App> for RedirectUri {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AppError> {
        let seen = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_owned();
        let address = app.config.redirect_uri();
        let own = address.host_str().unwrap_or_default();
        let own = address.port().map_or_else(|| own.to_owned(), |port| format!("{own}:{port}"));
        Ok(Self {
            is_same_host: seen.eq_ignore_ascii_case(&own),
            origin: address.origin().ascii_serialization(),
            address: address.to_string(),
            seen,
        })
    }
}
