//! `GET` and `POST /mailboxes/{id}/sign-in/forget`: erases what a person granted. Microsoft offers no way to take it back from
//! here, so the page says who can (S-63).

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::mailboxes::store as mailboxes;
use crate::tokens::delegated_store as grants;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, see_other};

use super::start::{delegated, note};
use super::store;

#[derive(Template)]
#[template(path = "sign_in/forget.html")]
struct Forget {
    shell: Shell,
    id: String,
    address: String,
    account: String,
}

/// `GET /mailboxes/{id}/sign-in/forget`
pub async fn ask(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    let Some(grant) = grants::find(&app.db, &id).await? else {
        return Ok(see_other(&format!("/mailboxes/{id}/sign-in")));
    };
    let shell = me.shell(&app, Section::Mailboxes);
    Ok(Page::new(Forget { shell, id: id.to_string(), address: mailbox.address, account: grant.username })
        .into_response())
}

/// `POST /mailboxes/{id}/sign-in/forget`
pub async fn forget(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    let _flight = app.single.flight(&format!("grant {id}")).await;
    let mut tx = app.db.begin().await?;
    if grants::forget(&mut tx, &id).await? {
        // An answer that is still on its way must not bring back what was just erased.
        store::end_all(&mut tx, &id).await?;
        mailboxes::start_anew(&mut tx, &mailbox, app.clock.now()).await?;
        note(&mut tx, &app, &me, "grant.forgotten", &mailbox).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/mailboxes/{id}/sign-in?done=forgotten")))
}
