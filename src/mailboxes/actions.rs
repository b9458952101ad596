//! What can be done to one mailbox. `GET` asks, `POST` does.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::MailboxId;
use crate::tokens::delegated_store as grants;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{Field, FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::check::{self, Progress, Reason};
use super::store::{self, Written};
use super::{Mailbox, form};

#[derive(Template)]
#[template(path = "mailboxes/confirm.html")]
struct Confirm {
    shell: Shell,
    address: String,
    back: String,
    action: String,
    title: String,
    text: Vec<&'static str>,
    /// Who signs in, if what they granted is erased here and stays at Microsoft.
    stays: Option<String>,
    button: String,
    look: &'static str,
}

#[derive(Template)]
#[template(path = "mailboxes/test_message.html")]
struct TestMessage {
    shell: Shell,
    errors: FormErrors,
    id: String,
    address: String,
    to: Field,
}

fn confirm(app: &App, me: &SignedIn, mailbox: &Mailbox, verb: &str, button: &str) -> Confirm {
    let (path, look, text) = match verb {
        "Pause" => (
            "pause",
            "go",
            vec![
                "Postkey leaves it alone, and no worker is handed a token for it, until somebody resumes it.",
                "Mail stays in the mailbox.",
            ],
        ),
        _ => (
            "delete",
            "bad",
            vec![
                "Postkey forgets it. Mail in the mailbox stays.",
                "You can restore it for 30 days. Its application and the application’s secret are kept.",
            ],
        ),
    };
    Confirm {
        shell: me.shell(app, Section::Mailboxes),
        back: format!("/mailboxes/{}", mailbox.id),
        action: format!("/mailboxes/{}/{path}", mailbox.id),
        title: format!("{verb} {}?", mailbox.address),
        address: mailbox.address.clone(),
        button: button.to_owned(),
        stays: mailbox.signs_in().filter(|_| path == "delete").map(str::to_owned),
        text,
        look,
    }
}

/// `GET /mailboxes/{id}/pause`
pub async fn ask_pause(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    Ok(Page::new(confirm(&app, &me, &mailbox, "Pause", "Pause the mailbox")).into_response())
}

/// `GET /mailboxes/{id}/delete`
pub async fn ask_delete(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    Ok(Page::new(confirm(&app, &me, &mailbox, "Delete", &format!("Delete {}", mailbox.address))).into_response())
}

/// `POST /mailboxes/{id}/check`
pub async fn check_now(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    store::get(&app.db, &id).await?;
    let done = match check::start(&app, &id, &me.user.name, Reason::Asked).await? {
        Progress::Done(_) => "?done=checked",
        Progress::Asking => "",
        Progress::Busy => "?done=busy",
    };
    Ok(see_other(&format!("/mailboxes/{id}{done}")))
}

/// Where the test message goes.
#[derive(Debug, Deserialize)]
pub struct To {
    #[serde(default)]
    to: String,
}

fn test_page(app: &App, me: &SignedIn, mailbox: &Mailbox, to: &str, errors: FormErrors) -> TestMessage {
    let hint = "Choose a mailbox that you can look into. The message says that it is a test.";
    TestMessage {
        shell: me.shell(app, Section::Mailboxes).titled(title_prefix(&errors)),
        id: mailbox.id.to_string(),
        address: mailbox.address.clone(),
        to: Field::text("to", "Send it to", hint).kind("email").holding(to).checked(&errors),
        errors,
    }
}

/// `GET /mailboxes/{id}/test-message`
pub async fn ask_test_message(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let page = test_page(&app, &me, &mailbox, &mailbox.address, FormErrors::default());
    Ok(Page::new(page).into_response())
}

/// `POST /mailboxes/{id}/test-message`
pub async fn send_test_message(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<MailboxId>,
    Form(typed): Form<To>,
) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let mut errors = FormErrors::default();
    let Some(to) = errors.keep("to", form::address(&typed.to)) else {
        return Ok(Page::refused(test_page(&app, &me, &mailbox, &typed.to, errors)).into_response());
    };
    let done = match check::start(&app, &id, &me.user.name, Reason::TestMessage(to)).await? {
        Progress::Done(ladder) if ladder.failure().is_none() => "?done=sent",
        Progress::Done(_) => "?done=not-sent",
        Progress::Asking => "",
        Progress::Busy => "?done=busy-not-sent",
    };
    Ok(see_other(&format!("/mailboxes/{id}{done}")))
}

/// `POST /mailboxes/{id}/pause`
pub async fn pause(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if store::pause(&mut tx, &id, &me.user.name, app.clock.now()).await? == Written::Done {
        note(&mut tx, &app, &me, "mailbox.paused", &mailbox).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/mailboxes/{id}?done=paused")))
}

/// `POST /mailboxes/{id}/resume`
pub async fn resume(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if store::resume(&mut tx, &id, app.clock.now()).await? == Written::Done {
        note(&mut tx, &app, &me, "mailbox.resumed", &mailbox).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/mailboxes/{id}?done=resumed")))
}

/// `POST /mailboxes/{id}/default`
pub async fn make_default(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    store::set_default_outbound(&mut tx, &id).await?;
    note(&mut tx, &app, &me, "mailbox.made_default", &mailbox).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/mailboxes/{id}?done=default")))
}

/// `POST /mailboxes/{id}/delete`
pub async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if store::delete(&mut tx, &id, &me.user.name, app.clock.now()).await? == Written::Done {
        note(&mut tx, &app, &me, "mailbox.deleted", &mailbox).await?;
        // What a person granted is not kept in the bin (S-63).
        if grants::forget(&mut tx, &id).await? {
            store::start_anew(&mut tx, &mailbox, app.clock.now()).await?;
            note(&mut tx, &app, &me, "grant.forgotten", &mailbox).await?;
        }
        tx.commit().await?;
    }
    // Its page offers to restore it.
    Ok(see_other(&format!("/mailboxes/{id}?done=deleted")))
}

/// `POST /mailboxes/{id}/restore`
pub async fn restore(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::find(&app.db, &id).await?.ok_or(AppError::NotFound)?;
    let mut tx = app.db.begin().await?;
    match store::restore(&mut tx, &id, &me.user.name, app.clock.now()).await? {
        Written::Done => {
            note(&mut tx, &app, &me, "mailbox.restored", &mailbox).await?;
            tx.commit().await?;
        }
        Written::Taken => {
            return Err(AppError::Conflict(
                "Another mailbox has this address now. Delete or change that one first, then restore this one.",
            ));
        }
        Written::Changed => {}
    }
    Ok(see_other(&format!("/mailboxes/{id}?done=restored")))
}

async fn note(tx: &mut crate::db::Tx, app: &App, me: &SignedIn, action: &'static str, mailbox: &Mailbox) -> Result<()> {
    let entry = audit::Entry { actor: &me.user.name, action, object: mailbox.id.as_str(), detail: &mailbox.address };
    audit::record(tx, app, entry).await
}
