//! `GET /mailboxes/new`, and `POST /mailboxes`, which saves first and then asks Microsoft at once; or, where a person signs in,
//! passes the same form on to where that begins.

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
use crate::web::{Page, RedirectUri, Shell, see_other, send_again_to};

use super::check::{self, Progress, Reason};
use super::fields::MailboxFields;
use super::form::{self, Chosen, NewMailbox, Typed};
use super::mailbox::{Health, Stamp};
use super::store::{self, Written};
use super::{Access, Mailbox};

#[derive(Template)]
#[template(path = "mailboxes/new.html")]
struct New {
    shell: Shell,
    errors: FormErrors,
    fields: MailboxFields,
    redirect: RedirectUri,
    copied_from: String,
}

/// What stands around the fields.
struct Around {
    redirect: RedirectUri,
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
    /// The access type to begin with.
    access: String,
}

async fn page(app: &App, me: &SignedIn, typed: &Typed, errors: FormErrors, around: Around) -> Result<Response> {
    let fields = MailboxFields::new(app, typed, &errors).await?;
    let shell = me.shell(app, Section::Mailboxes).titled(title_prefix(&errors));
    let Around { redirect, copied_from } = around;
    let refused = !errors.is_empty();
    let page = New { shell, errors, fields, redirect, copied_from };
    let page = if refused { Page::refused(page) } else { Page::new(page) };
    Ok(page.sending_to(app.microsoft.clouds().origins()).into_response())
}

/// `GET /mailboxes/new`
pub async fn new(
    State(app): State<App>,
    me: SignedIn,
    redirect: RedirectUri,
    Query(start): Query<Start>,
) -> Result<Response> {
    let mut typed = Typed { application: start.app, access: start.access, mail: "1".to_owned(), ..Typed::default() };
    let mut copied_from = String::new();
    if let Ok(id) = start.copy.parse::<MailboxId>() {
        let model = store::get(&app.db, &id).await?;
        typed.application = model.application_id.to_string();
        typed.access = model.access.value().to_owned();
        typed.person = model.access.person().to_owned();
        copied_from = model.address;
    }
    page(&app, &me, &typed, FormErrors::default(), Around { redirect, copied_from }).await
}

/// `POST /mailboxes`
pub async fn create(
    State(app): State<App>,
    me: SignedIn,
    redirect: RedirectUri,
    Form(typed): Form<Typed>,
) -> Result<Response> {
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
    let Some(mailbox) = saved else {
        return page(&app, &me, &typed, errors, Around { redirect, copied_from: String::new() }).await;
    };
    let id = mailbox.id;
    if mailbox.access != Access::WithoutUser {
        return Ok(send_again_to(&format!("/mailboxes/{id}/sign-in")));
    }
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
async fn save(app: &App, me: &SignedIn, new: NewMailbox, errors: &mut FormErrors) -> Result<Option<Mailbox>> {
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
        health: Health::new(&new.access, now),
        access: new.access,
        application_id,
        version: 1,
        created: Stamp { by, at: now },
        paused: None,
        deleted: None,
    };
    Ok(write(app, &mailbox, added, errors).await?.then_some(mailbox))
}

async fn write(
    app: &App,
    mailbox: &Mailbox,
    added: Option<(Application, SealedCredential)>,
    errors: &mut FormErrors,
) -> Result<bool> {
    let mut tx = app.db.begin().await?;
    if let Some((application, credential)) = &added
        && add::write(&mut tx, app, application, credential).await? != ApplicationWritten::Done
    {
        errors.add("application", "Somebody added this application a moment ago. Choose it from the list.");
        return Ok(false);
    }
    if store::insert(&mut tx, mailbox).await? != Written::Done {
        errors.add("address", form::taken(&mailbox.address));
        return Ok(false);
    }
    let entry = audit::Entry {
        actor: &mailbox.created.by,
        action: "mailbox.created",
        object: mailbox.id.as_str(),
        detail: &mailbox.address,
    };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await?;
    Ok(true)
}
