//! The page of a scope check before any mailbox is named, for `scope_show.rs`: what it is for, and the form for whoever may name some.

use askama::Template;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::forms::FormErrors;
use crate::web::{Page, Shell};

use super::Application;
use super::scope_edit::typed;
use super::scope_form::Fields;

#[derive(Template)]
#[template(path = "applications/scope_start.html")]
struct Start {
    shell: Shell,
    id: String,
    name: String,
    people_only: bool,
    fields: Option<Fields>,
}

/// The page. Where people sign in for every mailbox there is nothing to check.
pub(super) async fn page(app: &App, me: &SignedIn, application: &Application, people_only: bool) -> Result<Response> {
    let fields = match me.may(Role::ApplicationAdministrator) && !people_only {
        true => Some(Fields::new(&typed(app, application).await?, &FormErrors::default())),
        false => None,
    };
    let page = Start {
        shell: me.shell(app, Section::Applications),
        id: application.id.to_string(),
        name: application.name.clone(),
        people_only,
        fields,
    };
    Ok(Page::new(page).into_response())
}
