//! `GET` and `POST /mailboxes/{id}/edit`: address, name, access type and application. Credentials belong to the application.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::applications::store as applications;
use crate::audit;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{ApplicationId, MailboxId};
use crate::tokens::delegated_store as grants;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{Choice, Field, FormErrors, title_prefix};
use crate::web::{Page, Shell, Tab, see_other};

use super::Mailbox;
use super::check::{self, Reason};
use super::fields;
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
    access: Field,
    accesses: Vec<Choice>,
    person: Field,
    has_grant: bool,
    application: Field,
    applications: Vec<Choice>,
}

async fn page(app: &App, me: &SignedIn, mailbox: &Mailbox, typed: &Typed, errors: FormErrors) -> Result<Edit> {
    let stored = applications::names(&app.db).await?;
    Ok(Edit {
        shell: me.shell(app, Section::Mailboxes).titled(title_prefix(&errors)),
        id: mailbox.id.to_string(),
        address_now: mailbox.address.clone(),
        tabs: tabs(mailbox, "/edit", true),
        version: typed.version,
        address: Field::text("address", "E-mail address", "").kind("email").holding(&typed.address).checked(&errors),
        display_name: Field::text("display_name", "Name", "What people here call it, if not by its address.")
            .optional()
            .holding(&typed.display_name)
            .checked(&errors),
        access: fields::access_field(&errors),
        accesses: fields::accesses(&typed.access),
        person: fields::person_field(typed, &errors),
        has_grant: grants::find(&app.db, &mailbox.id).await?.is_some(),
        application: Field::text(
            "application",
            "Application",
            "Its secret or certificate opens the mailbox, or it is the one that people sign in to.",
        )
        .checked(&errors),
        applications: stored.iter().map(|(id, name)| Choice::new(id.as_str(), name, "", &typed.application)).collect(),
        errors,
    })
}

fn typed_from(mailbox: &Mailbox) -> Typed {
    Typed {
        address: mailbox.address.clone(),
        display_name: mailbox.display_name.clone(),
        access: mailbox.access.value().to_owned(),
        person: mailbox.access.person().to_owned(),
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
    let moved = changed.address != mailbox.address
        || changed.application_id != mailbox.application_id
        || changed.access != mailbox.access;
    match write(&app, &me, &mailbox, &changed).await? {
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
    if changed.is_delegated() && changed.needs_other_grant(&mailbox) {
        return Ok(see_other(&format!("/mailboxes/{id}/sign-in?done=saved")));
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
    let access = form::access(typed, address.as_deref().unwrap_or_default(), errors);
    let (Some(address), Some(display_name), Some(access), Some(application)) =
        (address, display_name, access, application)
    else {
        return Ok(None);
    };
    let (application_id, version) = (application.id, typed.version);
    let changed = Mailbox { address, display_name, access, application_id, version, ..mailbox.clone() };
    Ok(errors.is_empty().then_some(changed))
}

/// What a person granted for the old settings is of no use for other ones, so it goes in the same write.
async fn write(app: &App, me: &SignedIn, before: &Mailbox, changed: &Mailbox) -> Result<Written> {
    let other_grant = before.is_delegated() && changed.needs_other_grant(before);
    let anew = changed.address != before.address || changed.access != before.access || other_grant;
    let anew = anew || changed.application_id != before.application_id;
    let mut tx = app.db.begin().await?;
    let written = store::update(&mut tx, changed, anew, app.clock.now()).await?;
    if written != Written::Done {
        return Ok(written);
    }
    note(&mut tx, app, me, "mailbox.changed", changed).await?;
    if other_grant && grants::forget(&mut tx, &changed.id).await? {
        note(&mut tx, app, me, "grant.forgotten", changed).await?;
    }
    tx.commit().await?;
    Ok(Written::Done)
}

async fn note(tx: &mut Tx, app: &App, me: &SignedIn, action: &'static str, mailbox: &Mailbox) -> Result<()> {
    let entry = audit::Entry { actor: &me.user.name, action, object: mailbox.id.as_str(), detail: &mailbox.address };
    audit::record(tx, app, entry).await
}
