//! A page that says one thing.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

/// A page with a heading and a sentence.
#[derive(Template)]
#[template(path = "note.html")]
pub(crate) struct Note {
    title: String,
    text: String,
}

impl Note {
    pub(crate) fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into() }
    }

    /// For an address that leads nowhere.
    pub(crate) fn lost() -> Self {
        Self::new("Not found", "This address leads nowhere.")
    }
}

impl IntoResponse for Note {
    fn into_response(self) -> Response {
        match self.render() {
            Ok(page) => Html(page).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
