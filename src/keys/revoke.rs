//! `GET` and `POST /keys/{id}/revoke`: ends a key at once and for good.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::KeyId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, When, see_other};

use super::add::note;
use super::store;

#[derive(Template)]
#[template(path = "keys/revoke.html")]
struct Ask {
    shell: Shell,
    id: String,
    name: String,
    used: Option<When>,
}

/// `GET /keys/{id}/revoke`
pub async fn ask(State(app): State<App>, me: SignedIn, Path(id): Path<KeyId>) -> Result<Response> {
    let key = store::get(&app.db, &id).await?;
    let used = key.used_at.map(|at| When::at(at, app.clock.now(), &app.config.time_zone));
    let page = Ask { shell: me.shell(&app, Section::Keys), id: id.to_string(), name: key.name, used };
    Ok(Page::new(page).into_response())
}

/// `POST /keys/{id}/revoke`
pub async fn revoke(State(app): State<App>, me: SignedIn, Path(id): Path<KeyId>) -> Result<Response> {
    let key = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if store::revoke(&mut tx, &id, &me.user.name, app.clock.now()).await? {
        note(&mut tx, &app, &me.user.name, "api_key.revoked", &key).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/keys/{id}?done=key-revoked")))
}
