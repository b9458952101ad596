//! The toolkit for pages. Knows no feature.

pub mod assets;
pub mod bars;
pub mod client;
pub mod csrf;
pub mod error_page;
pub mod flash;
pub mod flow;
pub mod forms;
pub mod headers;
pub mod link;
pub mod lists;
pub mod next;
pub mod notice;
pub mod redirect_uri;
pub mod session;
pub mod session_store;
pub mod shell;
pub mod silence;
pub mod span;
pub mod trouble;
pub mod watch;
pub mod when;

use askama::Template;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::error::AppError;

pub use redirect_uri::RedirectUri;
pub use shell::{Badge, Shell, Tab};
pub use when::When;

/// Names the fragment of a page that the script asks for.
pub const FRAGMENT: HeaderName = HeaderName::from_static("x-postkey-fragment");

/// A template as an answer.
#[derive(Debug)]
pub struct Page<T> {
    status: StatusCode,
    template: T,
    /// Where its forms may lead besides to ourselves.
    elsewhere: Vec<String>,
}

impl<T> Page<T> {
    /// An ordinary page.
    pub fn new(template: T) -> Self {
        Self::with_status(StatusCode::OK, template)
    }

    /// A form that came back with errors: 422, because nothing was done.
    pub fn refused(template: T) -> Self {
        Self::with_status(StatusCode::UNPROCESSABLE_ENTITY, template)
    }

    /// A page with another status.
    pub fn with_status(status: StatusCode, template: T) -> Self {
        Self { status, template, elsewhere: Vec::new() }
    }

    /// The same page, with forms that lead on to these origins: browsers hold a redirect after a form against the page's
    /// `form-action` as well.
    pub fn sending_to(self, origins: impl IntoIterator<Item = String>) -> Self {
        Self { elsewhere: origins.into_iter().collect(), ..self }
    }
}

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.template.render() {
            Ok(html) => {
                let mut response = (self.status, Html(html)).into_response();
                headers::allow_forms_to(response.headers_mut(), &self.elsewhere);
                response
            }
            Err(cause) => AppError::internal(cause).into_response(),
        }
    }
}

/// Sends the browser on to `path` with the same form once more (307).
pub fn send_again_to(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(cause) => AppError::internal(cause).into_response(),
    }
}

/// Sends the browser to `path` with a GET (303), so that reload and Back repeat nothing.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(cause) => AppError::internal(cause).into_response(),
    }
}

/// Says when an answer was made, so that the script can tell it even when nothing else changed.
const AS_OF: HeaderName = HeaderName::from_static("x-postkey-as-of");

/// As [`fragment`], for a page that shows when it was made.
pub fn fragment_as_of(headers: &HeaderMap, as_of: &When, html: Result<String, askama::Error>) -> Response {
    let mut response = fragment(headers, html);
    if let Ok(value) = HeaderValue::from_str(&format!("{} {}", as_of.iso, as_of.absolute)) {
        response.headers_mut().insert(AS_OF, value);
    }
    response
}

/// What a fragment says apart from how long ago things were: those words age by themselves, and the script keeps them true.
fn lasting(html: &str) -> String {
    const AGES: &str = "<span data-rel>";
    let mut pieces = html.split(AGES);
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + AGES + piece.find('<').map_or("", |end| &piece[end..]))
}

/// A part of a page for the script that polls it: 304 when the reader already has this very text.
pub fn fragment(headers: &HeaderMap, html: Result<String, askama::Error>) -> Response {
    let html = match html {
        Ok(html) => html,
        Err(cause) => return AppError::internal(cause).into_response(),
    };
    let tag = format!("\"{}\"", &crate::chance::hash_of(&lasting(&html))[..20]);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if known { String::new() } else { html };
    (status, [(header::ETAG, tag)], Html(body)).into_response()
}

/// Whether the script asks for the fragment `name` instead of the page.
pub fn wants_fragment(headers: &HeaderMap, name: &str) -> bool {
    headers.get(FRAGMENT).is_some_and(|wanted| wanted.as_bytes() == name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_in_which_only_ages_changed_is_the_same_one() {
        let at =
            |ago: &str, name: &str| format!("<p>{name} <time><span data-rel>{ago}</span> 14:05</time></p><p>x</p>");
        assert_eq!(lasting(&at("2 min ago", "a")), lasting(&at("3 min ago", "a")));
        assert_ne!(lasting(&at("2 min ago", "a")), lasting(&at("2 min ago", "b")));
        assert!(lasting(&at("now", "a")).ends_with("14:05</time></p><p>x</p>"));
        assert_eq!(lasting("plain"), "plain");
    }
}
