//! A page without anything of the console that says one thing.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;

use super::csrf::FormKey;
use super::{Page, Shell};

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    shell: Shell,
    title: &'static str,
    text: String,
}

/// The page that says it.
pub fn notice(app: &App, key: &FormKey, status: StatusCode, title: &'static str, text: String) -> Response {
    Page::with_status(status, Notice { shell: Shell::plain(app, key), title, text }).into_response()
}
