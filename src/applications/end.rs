//! `GET` and `POST /applications/{id}/credentials/{credential}/end`: when a secret ends, which only people know.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CredentialId};
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{Choice, Field, FormErrors, title_prefix};
use crate::web::when::date;
use crate::web::{Page, Shell, see_other};

use super::credential::State as Said;
use super::form::{self, Fields, Typed};
use super::standing::called;
use super::{Application, Credential, Kind, store};

#[derive(Template)]
#[template(path = "applications/end.html")]
struct End {
    shell: Shell,
    errors: FormErrors,
    id: String,
    name: String,
    credential: String,
    called: String,
    expires: Field,
    presets: Vec<Choice>,
    expires_on: Field,
}

fn page(app: &App, me: &SignedIn, of: &(Application, Credential), typed: &Typed, errors: FormErrors) -> End {
    let (application, credential) = of;
    let Fields { expires, presets, expires_on, .. } = Fields::new(app, typed, &errors);
    End {
        shell: me.shell(app, Section::Applications).titled(title_prefix(&errors)),
        id: application.id.to_string(),
        name: application.name.clone(),
        credential: credential.id.to_string(),
        called: called(credential),
        expires,
        // The presets that count months begin today, and this secret does not.
        presets: presets.into_iter().filter(|preset| matches!(preset.value.as_str(), "on" | "unknown")).collect(),
        expires_on,
        errors,
    }
}

/// A secret that can have an end set.
async fn secret(app: &App, id: &ApplicationId, wanted: &CredentialId) -> Result<(Application, Credential)> {
    let application = store::get(&app.db, id).await?;
    let credential = store::credential(&app.db, id, wanted).await?;
    match (credential.kind, credential.state) {
        (Kind::Certificate, _) => Err(AppError::Conflict("A certificate carries its end itself. Nothing was changed.")),
        (_, Said::Retired) => Err(AppError::Conflict("This secret is retired. Nothing was changed.")),
        _ => Ok((application, credential)),
    }
}

/// `GET /applications/{id}/credentials/{credential}/end`
pub async fn edit(
    State(app): State<App>,
    me: SignedIn,
    Path((id, wanted)): Path<(ApplicationId, CredentialId)>,
) -> Result<Response> {
    let of = secret(&app, &id, &wanted).await?;
    let zone = app.config.time_zone.clone();
    let end = of.1.expires_at.and_then(|end| jiff::Timestamp::from_second(end.seconds()).ok());
    let typed = Typed {
        expires: "on".to_owned(),
        expires_on: end.map(|end| end.to_zoned(zone).date().to_string()).unwrap_or_default(),
        ..Typed::default()
    };
    Ok(Page::new(page(&app, &me, &of, &typed, FormErrors::default())).into_response())
}

/// `POST /applications/{id}/credentials/{credential}/end`
pub async fn update(
    State(app): State<App>,
    me: SignedIn,
    Path((id, wanted)): Path<(ApplicationId, CredentialId)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let of = secret(&app, &id, &wanted).await?;
    let mut errors = FormErrors::default();
    let Some(end) = form::end(&app, &typed, &mut errors) else {
        return Ok(Page::refused(page(&app, &me, &of, &typed, errors)).into_response());
    };
    let day = end.map_or_else(|| "not known".to_owned(), |end| date(end, &app.config.time_zone));
    let detail = format!("{}: {day}", called(&of.1));
    let mut tx = app.db.begin().await?;
    store::set_end(&mut tx, &of.1, end).await?;
    let entry =
        audit::Entry { actor: &me.user.name, action: "credential.end_set", object: id.as_str(), detail: &detail };
    audit::record(&mut tx, &app, entry).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/applications/{id}?done=end-saved")))
}
