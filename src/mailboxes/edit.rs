//! `GET` and `POST /mailboxes/{id}/edit`: address, name and application. Credentials belong to the application.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::applications::store as applications;
use crate::audit;
use crate::error::Result;
use crate::ids::{ApplicationId, MailboxId};
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{Choice, Field, FormErrors, title_prefix};
use crate::web::{Page, Shell, Tab, see_other};

use super::Mailbox;
use super::check::{self, Reason};
use super::form::{self, Typed};
use super::show::tabs;
use super::store::{self, Written};

#[derive(Template)]
#[template(path = "mailboxes/edit.html")]
struct Edit {
    shell: Shell,
    errors: FormErrors,
    id: String,
    address_now: String,
    tabs: Vec<Tab>,
    version: i64,
    address: Field,
    display_name: Field,
    application: Field,
    applications: Vec<Choice>,
}

async fn page(app: &App, me: &SignedIn, mailbox: &Mailbox, typed: &Typed, errors: FormErrors) -> Result<Edit> {
    let stored = applications::names(&app.db).await?;
    Ok(Edit {
        shell: me.shell(app, Section::Mailboxes).titled(title_prefix(&errors)),
        id: mailbox.id.to_string(),
        address_now: mailbox.address.clone(),
        tabs: tabs(&mailbox.id, "/edit", true),
        version: typed.version,
        address: Field::text("address", "E-mail address", "").kind("email").holding(&typed.address).checked(&errors),
        display_name: Field::text("display_name", "Name", "What people here call it, if not by its address.")
            .optional()
            .holding(&typed.display_name)
            .checked(&errors),
        application: Field::text("application", "Application", "Its secret or certificate opens the mailbox.")
            .checked(&errors),
        applications: stored.iter().map(|(id, name)| Choice::new(id.as_str(), name, "", &typed.application)).collect(),
        errors,
    })
}

fn typed_from(mailbox: &Mailbox) -> Typed {
    Typed {
        address: mailbox.address.clone(),
        display_name: mailbox.display_name.clone(),
        application: mailbox.application_id.to_string(),
        version: mailbox.version,
        ..Typed::default()
    }
}

/// `GET /mailboxes/{id}/edit`
pub async fn edit(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let typed = typed_from(&mailbox);
    Ok(Page::new(page(&app, &me, &mailbox, &typed, FormErrors::default()).await?).into_response())
}

/// `POST /mailboxes/{id}/edit`
pub async fn update(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<MailboxId>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let mut errors = FormErrors::default();
    let parsed = parse(&app, &typed, &mailbox, &mut errors).await?;
    let Some(changed) = parsed else {
        return Ok(Page::refused(page(&app, &me, &mailbox, &typed, errors).await?).into_response());
    };
    let moved = changed.address != mailbox.address || changed.application_id != mailbox.application_id;
    match write(&app, &me, &changed, moved).await? {
        Written::Done => {}
        Written::Taken => {
            errors.add("address", form::taken(&changed.address));
            return Ok(Page::refused(page(&app, &me, &mailbox, &typed, errors).await?).into_response());
        }
        Written::Changed => {
            let now = Typed { version: mailbox.version, ..typed };
            errors.add("address", "Someone changed this mailbox while you were editing. Compare with its page, then save again to keep yours.");
            let page = page(&app, &me, &mailbox, &now, errors).await?;
            return Ok(Page::with_status(StatusCode::CONFLICT, page).into_response());
        }
    }
    if moved && let Err(cause) = check::start(&app, &id, &me.user.name, Reason::Saved).await {
        tracing::warn!(mailbox = %id, cause = %cause.chain(), "the check after a save failed");
    }
    Ok(see_other(&format!("/mailboxes/{id}?done=saved")))
}

async fn parse(app: &App, typed: &Typed, mailbox: &Mailbox, errors: &mut FormErrors) -> Result<Option<Mailbox>> {
    let address = errors.keep("address", form::address(&typed.address));
    if let Some(address) = &address
        && store::by_address(&app.db, address).await?.is_some_and(|other| other != mailbox.id)
    {
        errors.add("address", form::taken(address));
    }
    let display_name = errors.keep("display_name", form::display_name(&typed.display_name));
    let chosen = match typed.application.parse::<ApplicationId>() {
        Ok(id) => applications::find(&app.db, &id).await?,
        Err(_) => None,
    };
    let application = errors.keep("application", chosen.ok_or("Choose one of the applications in the list."));
    let (Some(address), Some(display_name), Some(application)) = (address, display_name, application) else {
        return Ok(None);
    };
    let changed =
        Mailbox { address, display_name, application_id: application.id, version: typed.version, ..mailbox.clone() };
    Ok(errors.is_empty().then_some(changed))
}

async fn write(app: &App, me: &SignedIn, changed: &Mailbox, moved: bool) -> Result<Written> {
    let mut tx = app.db.begin().await?;
    let written = store::update(&mut tx, changed, moved, app.clock.now()).await?;
    if written != Written::Done {
        return Ok(written);
    }
    let entry = audit::Entry {
        actor: &me.user.name,
        action: "mailbox.changed",
        object: changed.id.as_str(),
        detail: &changed.address,
    };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await?;
    Ok(Written::Done)
}
