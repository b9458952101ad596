//! `GET` and `POST /keys/new`: a new key, shown once on the page that follows.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::add::{make, note, show_once};
use super::form::{self, Fields, Typed};
use super::store;

#[derive(Template)]
#[template(path = "keys/new.html")]
struct New {
    shell: Shell,
    fields: Fields,
    errors: FormErrors,
}

/// What the key should be for, if the way to the form began at an application.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    app: String,
}

/// `GET /keys/new`
pub async fn new(State(app): State<App>, me: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let typed = Typed::new(asked.app.parse::<ApplicationId>().ok().as_ref());
    Ok(Page::new(page(&app, &me, &typed, FormErrors::default()).await?).into_response())
}

/// `POST /keys/new`
pub async fn create(State(app): State<App>, me: SignedIn, Form(typed): Form<Typed>) -> Result<Response> {
    let mut errors = FormErrors::default();
    let Some(new) = form::parse(&app, &typed, &mut errors).await? else {
        return Ok(Page::refused(page(&app, &me, &typed, errors).await?).into_response());
    };
    let (key, text) = make(&app, new, &me.user.name);
    let mut tx = app.db.begin().await?;
    store::insert(&mut tx, &key).await?;
    show_once(&mut tx, &app, &key.id, &text, me.session()).await?;
    note(&mut tx, &app, &me.user.name, "api_key.made", &key).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/keys/{}?new=1", key.id)))
}

async fn page(app: &App, me: &SignedIn, typed: &Typed, errors: FormErrors) -> Result<New> {
    let shell = me.shell(app, Section::Keys).titled(title_prefix(&errors));
    Ok(New { shell, fields: form::fields(app, typed, &errors).await?, errors })
}
