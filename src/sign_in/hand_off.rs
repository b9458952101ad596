//! `GET` and `POST /s/{code}`: the page for the owner of a mailbox, who has no account here. The GET changes nothing, as mail
//! scanners open every link before its reader does; the POST leads to Microsoft.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::applications::store as applications;
use crate::chance::hash_of;
use crate::error::Result;
use crate::mailboxes::Mailbox;
use crate::mailboxes::store as mailboxes;
use crate::microsoft::Prompt;
use crate::tokens::delegated_store as grants;
use crate::web::csrf::FormKey;
use crate::web::link::{closed_link, no_link};
use crate::web::redirect_uri::RedirectUri;
use crate::web::{Page, Shell, When, see_other};

use super::attempt::Origin;
use super::begin::{Begin, begin};
use super::link::State as LinkState;
use super::{Link, link_store};

#[derive(Template)]
#[template(path = "sign_in/hand_off.html")]
struct HandOff {
    shell: Shell,
    here: String,
    address: String,
    /// The person who signs in, if another than the mailbox.
    person: String,
    asker: (String, String),
    until: When,
}

/// `GET /s/{code}`
pub async fn show(State(app): State<App>, key: FormKey, Path(code): Path<String>) -> Result<Response> {
    let (link, mailbox) = match open(&app, &code).await? {
        Ok(open) => open,
        Err(link) => return Ok(closed(&app, &key, link.as_ref())),
    };
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let page = HandOff {
        shell: Shell::plain(&app, &key),
        here: format!("/s/{code}"),
        person: mailbox.access.person().to_owned(),
        address: mailbox.address,
        until: When::at(link.expires_at, app.clock.now(), &app.config.time_zone),
        asker: (link.made_by, link.contact),
    };
    Ok(Page::new(page).sending_to(app.microsoft.clouds().origin(application.cloud)).into_response())
}

/// `POST /s/{code}`
pub async fn start(
    State(app): State<App>,
    key: FormKey,
    redirect: RedirectUri,
    Path(code): Path<String>,
) -> Result<Response> {
    let (link, mailbox) = match open(&app, &code).await? {
        Ok(open) => open,
        Err(link) => return Ok(closed(&app, &key, link.as_ref())),
    };
    if !redirect.is_same_host {
        // The cookie of the sign-in would stay with this host, and Microsoft leads back to the other.
        return Ok(see_other(&format!("{}/s/{code}", redirect.origin)));
    }
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let by = format!("link of {}", link.made_by);
    let origin = Origin::Link(link.id);
    begin(&app, Begin { mailbox: &mailbox, application: &application, by: &by, origin, prompt: Prompt::Login }).await
}

/// The link with its mailbox while it can be used; else the link, if what it brought still stands.
async fn open(app: &App, code: &str) -> Result<Result<(Link, Mailbox), Option<Link>>> {
    let Some(link) = link_store::by_code(&app.db, &hash_of(code)).await? else { return Ok(Err(None)) };
    let Some(mailbox) = mailboxes::find(&app.db, &link.mailbox_id).await? else { return Ok(Err(None)) };
    match link.state(app.clock.now(), &mailbox) {
        LinkState::Open => Ok(Ok((link, mailbox))),
        // What it brought may have been forgotten since.
        LinkState::Used if mailbox.deleted.is_none() && grants::find(&app.db, &mailbox.id).await?.is_some() => {
            Ok(Err(Some(link)))
        }
        _ => Ok(Err(None)),
    }
}

/// To whoever tries codes, one that never was looks like one that has ended: same words, same status.
fn closed(app: &App, key: &FormKey, link: Option<&Link>) -> Response {
    let Some((at, account)) = link.and_then(|link| link.used.as_ref()) else { return no_link(app, key) };
    let when = When::at(*at, app.clock.now(), &app.config.time_zone);
    let text = format!("{account} signed in on {}. There is nothing left to do here.", when.absolute);
    closed_link(app, key, "This mailbox is already connected", text)
}
