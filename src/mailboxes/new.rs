//! `GET /mailboxes/new`, and `POST /mailboxes`, which saves first and then asks Microsoft at once.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::applications::Application;
use crate::applications::add::{self, SealedCredential};
use crate::applications::store::Written as ApplicationWritten;
use crate::audit;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::Mailbox;
use super::check::{self, Progress, Reason};
use super::form::{self, Chosen, MailboxFields, NewMailbox, Typed};
use super::mailbox::{Health, Stamp};
use super::store::{self, Written};

#[derive(Template)]
#[template(path = "mailboxes/new.html")]
struct New {
    shell: Shell,
    errors: FormErrors,
    fields: MailboxFields,
    copied_from: String,
}

/// What the form starts with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Start {
    /// A mailbox whose settings to take over; never its credentials, which are the application's.
    copy: String,
    /// An application to begin with.
    app: String,
}

async fn page(app: &App, me: &SignedIn, typed: &Typed, errors: FormErrors, copied_from: String) -> Result<New> {
    let fields = MailboxFields::new(app, typed, &errors).await?;
    let shell = me.shell(app, Section::Mailboxes).titled(title_prefix(&errors));
    Ok(New { shell, errors, fields, copied_from })
}

/// `GET /mailboxes/new`
pub async fn new(State(app): State<App>, me: SignedIn, Query(start): Query<Start>) -> Result<Response> {
    let mut typed = Typed { application: start.app, ..Typed::default() };
    let mut copied_from = String::new();
    if let Ok(id) = start.copy.parse::<MailboxId>() {
        let model = store::get(&app.db, &id).await?;
        typed.application = model.application_id.to_string();
        copied_from = model.address;
    }
    Ok(Page::new(page(&app, &me, &typed, FormErrors::default(), copied_from).await?).into_response())
}

/// `POST /mailboxes`
pub async fn create(State(app): State<App>, me: SignedIn, Form(typed): Form<Typed>) -> Result<Response> {
    let mut errors = FormErrors::default();
    let parsed = form::parse(&app, &typed, &mut errors).await?;
    if matches!(&parsed, Some(NewMailbox { application: Chosen::New(_), .. }))
        && !me.may(Role::ApplicationAdministrator)
    {
        errors.add(
            "application",
            "Only application administrators can add an application. Choose a stored one, or ask one of them.",
        );
    }
    let parsed = parsed.filter(|_| errors.is_empty());
    let saved = match parsed {
        Some(new) => save(&app, &me, new, &mut errors).await?,
        None => None,
    };
    let Some(id) = saved else {
        return Ok(Page::refused(page(&app, &me, &typed, errors, String::new()).await?).into_response());
    };
    let done = match check::start(&app, &id, &me.user.name, Reason::Saved).await {
        Ok(Progress::Done(ladder)) if ladder.failure().is_none() => "?done=saved",
        Ok(Progress::Done(_)) => "?done=saved-with-trouble",
        Ok(Progress::Asking | Progress::Busy) => "",
        Err(cause) => {
            // The mailbox is saved; its page says that it was not checked yet.
            tracing::warn!(mailbox = %id, cause = %cause.chain(), "the check after a save failed");
            ""
        }
    };
    Ok(see_other(&format!("/mailboxes/{id}{done}")))
}

/// Everything is sealed before the write begins; mailbox, application and audit are kept together or not at all.
async fn save(app: &App, me: &SignedIn, new: NewMailbox, errors: &mut FormErrors) -> Result<Option<MailboxId>> {
    let now = app.clock.now();
    let by = me.user.name.clone();
    let (application_id, added) = match new.application {
        Chosen::Stored(stored) => (stored.id, None),
        Chosen::New(new) => {
            let (application, credential) = add::prepare(app, *new, &by).await?;
            (application.id.clone(), Some((application, credential)))
        }
    };
    let mailbox = Mailbox {
        id: MailboxId::new(now, &app.chance),
        address: new.address,
        display_name: new.display_name,
        application_id,
        version: 1,
        created: Stamp { by, at: now },
        paused: None,
        deleted: None,
        health: Health::unverified(now),
    };
    write(app, &mailbox, added, errors).await
}

async fn write(
    app: &App,
    mailbox: &Mailbox,
    added: Option<(Application, SealedCredential)>,
    errors: &mut FormErrors,
) -> Result<Option<MailboxId>> {
    let mut tx = app.db.begin().await?;
    if let Some((application, credential)) = &added
        && add::write(&mut tx, app, application, credential).await? != ApplicationWritten::Done
    {
        errors.add("application", "Somebody added this application a moment ago. Choose it from the list.");
        return Ok(None);
    }
    if store::insert(&mut tx, mailbox).await? != Written::Done {
        errors.add("address", form::taken(&mailbox.address));
        return Ok(None);
    }
    let entry = audit::Entry {
        actor: &mailbox.created.by,
        action: "mailbox.created",
        object: mailbox.id.as_str(),
        detail: &mailbox.address,
    };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await?;
    Ok(Some(mailbox.id.clone()))
}
