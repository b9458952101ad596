//! `GET` and `POST /applications/new`.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::form::{self, Fields, NewApplication, Typed};
use super::store::Written;
use super::{Kind, add};

#[derive(Template)]
#[template(path = "applications/new.html")]
struct New {
    shell: Shell,
    errors: FormErrors,
    fields: Fields,
}

fn page(app: &App, me: &SignedIn, typed: &Typed, errors: FormErrors) -> New {
    let fields = Fields::new(app, typed, &errors);
    let shell = me.shell(app, Section::Applications).titled(title_prefix(&errors));
    New { shell, errors, fields }
}

/// `GET /applications/new`
pub async fn new(State(app): State<App>, me: SignedIn) -> Response {
    Page::new(page(&app, &me, &Typed::default(), FormErrors::default())).into_response()
}

/// `POST /applications/new`
pub async fn create(State(app): State<App>, me: SignedIn, Form(typed): Form<Typed>) -> Result<Response> {
    let mut errors = FormErrors::default();
    let saved = match form::parse(&app, &typed, &mut errors).await? {
        Some(new) => save(&app, &me, new, &mut errors).await?,
        None => None,
    };
    let Some((id, kind)) = saved else {
        return Ok(Page::refused(page(&app, &me, &typed, errors)).into_response());
    };
    let done = match kind {
        Kind::Secret => "application-added",
        Kind::Certificate => "certificate-added",
    };
    Ok(see_other(&format!("/applications/{id}?done={done}")))
}

/// Everything is sealed before the write begins.
async fn save(
    app: &App,
    me: &SignedIn,
    new: NewApplication,
    errors: &mut FormErrors,
) -> Result<Option<(ApplicationId, Kind)>> {
    let (application, credential) = add::prepare(app, new, &me.user.name).await?;
    let mut tx = app.db.begin().await?;
    if add::write(&mut tx, app, &application, &credential).await? != Written::Done {
        errors.add(
            "client_id",
            "Somebody added this application, or one of the same name, a moment ago. Look for it in the list.",
        );
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some((application.id, credential.credential.kind)))
}
