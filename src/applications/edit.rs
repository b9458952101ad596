//! `GET` and `POST /applications/{id}/edit`: name, cloud, tenant and client ID. Credentials have pages of their own.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::tokens;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::form::{self, Fields};
use super::store::{self, Written};
use super::{Application, scope_store, used_by};

#[derive(Template)]
#[template(path = "applications/edit.html")]
struct Edit {
    shell: Shell,
    errors: FormErrors,
    id: String,
    name_now: String,
    mailboxes: String,
    version: i64,
    fields: Fields,
}

/// What was typed, and which version of the settings it was made from.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    version: i64,
    #[serde(flatten)]
    application: form::Typed,
}

async fn page(app: &App, me: &SignedIn, application: &Application, typed: &Typed, errors: FormErrors) -> Result<Edit> {
    Ok(Edit {
        shell: me.shell(app, Section::Applications).titled(title_prefix(&errors)),
        id: application.id.to_string(),
        name_now: application.name.clone(),
        mailboxes: used_by::mailboxes(store::mailbox_count(&app.db, &application.id).await?),
        version: typed.version,
        fields: Fields::new(app, &typed.application, &errors),
        errors,
    })
}

fn typed_from(application: &Application) -> Typed {
    let typed = form::Typed {
        name: application.name.clone(),
        cloud: application.cloud.value().to_owned(),
        tenant: application.tenant.to_string(),
        client_id: application.client_id.to_string(),
        ..form::Typed::default()
    };
    Typed { version: application.version, application: typed }
}

/// `GET /applications/{id}/edit`
pub async fn edit(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let typed = typed_from(&application);
    Ok(Page::new(page(&app, &me, &application, &typed, FormErrors::default()).await?).into_response())
}

/// `POST /applications/{id}/edit`
pub async fn update(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let mut errors = FormErrors::default();
    let Some(changed) = parse(&app, &typed, &application, &mut errors).await? else {
        return Ok(Page::refused(page(&app, &me, &application, &typed, errors).await?).into_response());
    };
    let moved = !is_same(&changed, &application);
    match write(&app, &me, &changed, moved).await? {
        Written::Done => {}
        Written::Taken => {
            errors.add("name", "Somebody gave another application this name or these IDs a moment ago.");
            return Ok(Page::refused(page(&app, &me, &application, &typed, errors).await?).into_response());
        }
        Written::Changed => {
            let now = Typed { version: application.version, ..typed };
            errors.add("name", "Someone changed this application while you were editing. Compare with its page, then save again to keep yours.");
            let page = page(&app, &me, &application, &now, errors).await?;
            return Ok(Page::with_status(StatusCode::CONFLICT, page).into_response());
        }
    }
    let done = if moved { "application-moved" } else { "saved" };
    Ok(see_other(&format!("/applications/{id}?done={done}")))
}

/// Whether both are the same registration in Entra.
fn is_same(one: &Application, other: &Application) -> bool {
    (one.cloud, &one.tenant, one.client_id) == (other.cloud, &other.tenant, other.client_id)
}

async fn parse(
    app: &App,
    typed: &Typed,
    application: &Application,
    errors: &mut FormErrors,
) -> Result<Option<Application>> {
    let Some((cloud, tenant, client_id)) = form::identity(app, &typed.application, errors) else { return Ok(None) };
    let is_other = |id: &ApplicationId| *id != application.id;
    let name = errors.keep("name", form::name(&typed.application.name, client_id));
    if let Some(name) = &name
        && store::named(&app.db, name).await?.as_ref().is_some_and(is_other)
    {
        errors.add("name", format!("There is already an application called {name}. Choose another name."));
    }
    let same = store::same_registration(&app.db, cloud, &tenant, client_id).await?;
    if let Some(same) = same.filter(|same| is_other(&same.id)) {
        errors.add(
            "client_id",
            format!("This application is already stored as {}. Use that one, or delete it first.", same.name),
        );
    }
    let Some(name) = name.filter(|_| errors.is_empty()) else { return Ok(None) };
    let tenant_id = tenant.guid();
    let changed =
        Application { name, cloud, tenant, tenant_id, client_id, version: typed.version, ..application.clone() };
    let tenant_id = if is_same(&changed, application) { application.tenant_id } else { tenant_id };
    Ok(Some(Application { tenant_id, ..changed }))
}

/// What Microsoft said of the old registration says nothing of the new one.
async fn write(app: &App, me: &SignedIn, changed: &Application, moved: bool) -> Result<Written> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let written = store::update(&mut tx, changed, now).await?;
    if written != Written::Done {
        return Ok(written);
    }
    if moved {
        tokens::store::forget(&mut tx, &changed.id).await?;
        tokens::delegated_store::forget_all(&mut tx, &changed.id).await?;
        store::untest(&mut tx, &changed.id).await?;
        used_by::unverify(&mut tx, &changed.id, now).await?;
        scope_store::reset(&mut tx, &changed.id, now).await?;
    }
    let action = if moved { "application.moved" } else { "application.changed" };
    let entry = audit::Entry { actor: &me.user.name, action, object: changed.id.as_str(), detail: &changed.name };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await?;
    Ok(Written::Done)
}
