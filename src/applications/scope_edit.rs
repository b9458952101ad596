//! `GET` and `POST /applications/{id}/scope-check/edit`: which mailboxes must open, and which must stay closed. Saving checks them at
//! once. `POST /applications/{id}/scope-check/stop` forgets them.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::ApplicationId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};
use crate::words::Must;

use super::scope::{self, Named};
use super::scope_check::{self, Progress, Reason};
use super::scope_form::{self, Fields, Typed};
use super::{Application, scope_store, store, used_by};

/// Seconds after which a round tries what a check did not end.
const AGAIN: i64 = 10 * 60;

/// Addresses that are offered for a start.
const OFFERED: i64 = 5;

#[derive(Template)]
#[template(path = "applications/scope_edit.html")]
struct Edit {
    shell: Shell,
    errors: FormErrors,
    id: String,
    name: String,
    fields: Fields,
}

fn page(app: &App, me: &SignedIn, application: &Application, typed: &Typed, errors: FormErrors) -> Edit {
    Edit {
        shell: me.shell(app, Section::Applications).titled(title_prefix(&errors)),
        id: application.id.to_string(),
        name: application.name.clone(),
        fields: Fields::new(typed, &errors),
        errors,
    }
}

/// What the form holds at first: what is named, or some mailboxes that Postkey opens with the application.
pub(super) async fn typed(app: &App, application: &Application) -> Result<Typed> {
    if let Some(scope) = scope_store::find(&app.db, &application.id).await? {
        let (open, closed) = (scope.lines(Must::Open), scope.lines(Must::StayClosed));
        return Ok(Typed { open, closed, version: scope.version });
    }
    let own = used_by::connected(&app.db, &application.id, OFFERED).await?;
    Ok(Typed { open: own.join("\n"), ..Typed::default() })
}

/// An application of which something can be checked.
pub(super) async fn checkable(app: &App, id: &ApplicationId) -> Result<Application> {
    let application = store::get(&app.db, id).await?;
    match used_by::signs_people_in_only(&app.db, id).await? {
        true => Err(AppError::Conflict(
            "People sign in for every mailbox of this application, so there is nothing to check. Nothing was changed.",
        )),
        false => Ok(application),
    }
}

/// `GET /applications/{id}/scope-check/edit`
pub async fn edit(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = checkable(&app, &id).await?;
    let typed = typed(&app, &application).await?;
    Ok(Page::new(page(&app, &me, &application, &typed, FormErrors::default())).into_response())
}

/// `POST /applications/{id}/scope-check/edit`
pub async fn update(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let application = checkable(&app, &id).await?;
    let mut errors = FormErrors::default();
    let names = scope_form::parse(&typed, &mut errors).unwrap_or_default();
    apart(&app, &id, &names, &mut errors).await?;
    if !errors.is_empty() {
        return Ok(Page::refused(page(&app, &me, &application, &typed, errors)).into_response());
    }
    if !save(&app, &me, &id, &names, typed.version).await? {
        let version = scope_store::find(&app.db, &id).await?.map_or(0, |scope| scope.version);
        errors.add("open", "Someone changed these mailboxes while you were editing. Compare with the scope check in another tab, then save again to keep yours.");
        let page = page(&app, &me, &application, &Typed { version, ..typed }, errors);
        return Ok(Page::with_status(StatusCode::CONFLICT, page).into_response());
    }
    let done = match scope_check::start(&app, &id, &me.user.name, Reason::Saved).await? {
        Progress::Done(_) => "?done=saved",
        Progress::Asking | Progress::Busy => "",
    };
    Ok(see_other(&format!("/applications/{id}/scope-check{done}")))
}

/// What Postkey itself opens with the application cannot be closed to it.
async fn apart(app: &App, id: &ApplicationId, names: &[Named], errors: &mut FormErrors) -> Result<()> {
    for named in names.iter().filter(|named| named.must == Must::StayClosed) {
        if used_by::opens(&app.db, id, &scope_form::key(&named.address)).await? {
            errors.add(
                "closed",
                format!(
                    "{} is a mailbox that Postkey opens with this application, so it cannot stay closed. Name another one.",
                    named.address
                ),
            );
            break;
        }
    }
    Ok(())
}

/// `false` if somebody else changed them meanwhile. The check that follows says when the next one is due; if it comes to no end, a
/// round tries soon.
async fn save(app: &App, me: &SignedIn, id: &ApplicationId, names: &[Named], version: i64) -> Result<bool> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !scope_store::save(&mut tx, id, (names, version), &me.user.name, (now, now.plus(AGAIN))).await? {
        return Ok(false);
    }
    let of = |must| scope::addresses(names, |named| named.must == must).join(", ");
    let detail = format!("must open: {}; must stay closed: {}", of(Must::Open), of(Must::StayClosed));
    let entry = audit::Entry { actor: &me.user.name, action: "scope.named", object: id.as_str(), detail: &detail };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// `POST /applications/{id}/scope-check/stop`: no mailbox is tried any more.
pub async fn stop(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if scope_store::forget(&mut tx, &id).await? {
        let entry = audit::Entry {
            actor: &me.user.name,
            action: "scope.forgotten",
            object: id.as_str(),
            detail: &application.name,
        };
        audit::record(&mut tx, &app, entry).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/applications/{id}?done=scope-stopped")))
}
