//! `GET` and `POST /applications/{id}/delete`: only an application that no mailbox uses can go.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, see_other};

use super::{Application, store, used_by};

#[derive(Template)]
#[template(path = "applications/delete.html")]
struct Ask {
    shell: Shell,
    id: String,
    name: String,
    mailboxes: i64,
    mailboxes_words: String,
    credentials: usize,
    deleted: i64,
    deleted_words: String,
}

async fn page(app: &App, me: &SignedIn, application: &Application) -> Result<Ask> {
    let mailboxes = store::mailbox_count(&app.db, &application.id).await?;
    let deleted = used_by::deleted_count(&app.db, &application.id).await?;
    Ok(Ask {
        shell: me.shell(app, Section::Applications),
        id: application.id.to_string(),
        name: application.name.clone(),
        mailboxes,
        mailboxes_words: used_by::mailboxes(mailboxes),
        credentials: store::credentials(&app.db, &application.id).await?.len(),
        deleted,
        deleted_words: used_by::mailboxes(deleted),
    })
}

/// `GET /applications/{id}/delete`
pub async fn ask(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    Ok(Page::new(page(&app, &me, &application).await?).into_response())
}

/// `POST /applications/{id}/delete`
pub async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    used_by::erase_deleted(&mut tx, &id).await?;
    if !store::delete(&mut tx, &id).await? {
        drop(tx);
        return Ok(Page::with_status(StatusCode::CONFLICT, page(&app, &me, &application).await?).into_response());
    }
    let entry = audit::Entry {
        actor: &me.user.name,
        action: "application.deleted",
        object: id.as_str(),
        detail: &application.name,
    };
    audit::record(&mut tx, &app, entry).await?;
    tx.commit().await?;
    Ok(see_other("/applications?done=application-deleted"))
}
