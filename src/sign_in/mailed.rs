//! The mail that brings a link to the person who signs in: asked for in the transaction that makes the link, sent after it by
//! a task of its own. `POST /mailboxes/{id}/sign-in/mail` sends it once more.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::{LinkId, MailboxId};
use crate::mail::{Mail, MailFailure, Message, one_line};
use crate::mailboxes::{Mailbox, store as mailboxes};
use crate::telemetry;
use crate::users::SignedIn;
use crate::web::when::zone_name;
use crate::web::{When, see_other};
use crate::words::{HandOffMail, MailTrouble};

use super::link::{MailState, Mailing, State as LinkState};
use super::start::delegated;
use super::{Link, link_store};

/// How long a person waits for the outcome before the page says that the mail server is still being asked.
const PATIENCE: Duration = Duration::from_secs(4);

const NO_SERVER: &str = "Postkey has no mail server, so nothing was mailed. Copy the link and send it yourself, or ask whoever runs the host to set smtp_url.";
const NO_LINK: &str =
    "There is no link for this mailbox that still works, so nothing was mailed. Make a new one on its sign-in page.";

/// `POST /mailboxes/{id}/sign-in/mail`
pub async fn again(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    if app.mail.is_none() {
        return Err(AppError::Conflict(NO_SERVER));
    }
    let now = app.clock.now();
    let link = link_store::newest_of(&app.db, &id).await?.filter(|link| link.state(now, &mailbox) == LinkState::Open);
    let link = link.ok_or(AppError::Conflict(NO_LINK))?;
    let mut tx = app.db.begin().await?;
    let asked = ask(&mut tx, &app, &me, &mailbox, &link.id).await?;
    tx.commit().await?;
    let done = if asked { start(&app, &link.id, &me.user.name).await } else { "link-mailing" };
    Ok(see_other(&format!("/mailboxes/{id}/sign-in?done={done}")))
}

/// Notes that the link is to be mailed to whoever signs in. `false`, and [`start`] must not follow, if there is no mail
/// server, the link is no longer open, or a mail is on its way just now.
pub(super) async fn ask(tx: &mut Tx, app: &App, me: &SignedIn, mailbox: &Mailbox, link: &LinkId) -> Result<bool> {
    let (Some(_), Some(to)) = (&app.mail, mailbox.signs_in()) else { return Ok(false) };
    if !link_store::ask_mail(tx, link, to, app.clock.now()).await? {
        return Ok(false);
    }
    let (actor, object) = (me.user.name.as_str(), mailbox.id.as_str());
    audit::record(tx, app, audit::Entry { actor, action: "sign_in_link.mail_asked", object, detail: to }).await?;
    Ok(true)
}

/// Mails a link that [`ask`] noted, and waits a little for the outcome. The mail goes on if the person leaves. Gives the code
/// of what the page then says first.
pub(super) async fn start(app: &App, link: &LinkId, by: &str) -> &'static str {
    let request = telemetry::request_id();
    let work = run(app.clone(), link.clone(), by.to_owned());
    let task = app.tasks.spawn(async move { telemetry::with_request_id(request, work).await });
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(true)) => "link-mailed",
        Ok(_) => "link-not-mailed",
        Err(_) => "link-mailing",
    }
}

/// Mails the link and writes down what came of it. Says whether it was mailed.
async fn run(app: App, link: LinkId, by: String) -> bool {
    let ended = mail(&app, &link, &by).await;
    ended.unwrap_or_else(|cause| {
        tracing::warn!(%link, cause = %cause.chain(), "what came of mailing a link is not stored");
        false
    })
}

async fn mail(app: &App, id: &LinkId, by: &str) -> Result<bool> {
    let Some(link) = link_store::by_id(&app.db, id).await? else { return Ok(false) };
    let (Some(mail), Some(mailing)) = (&app.mail, &link.mailing) else { return Ok(false) };
    if mailing.state != MailState::Asked {
        return Ok(false);
    }
    let outcome = match message(app, &link, mailing).await? {
        Some(message) => send(mail, &message).await,
        None => Err(MailFailure::without_server(MailTrouble::LinkEnded)),
    };
    let mut tx = app.db.begin().await?;
    if link_store::end_mail(&mut tx, id, mailing.at, outcome.as_ref().copied(), app.clock.now()).await? {
        let action = if outcome.is_ok() { "sign_in_link.mailed" } else { "sign_in_link.mail_failed" };
        let (object, detail) = (link.mailbox_id.as_str(), mailing.to.as_str());
        audit::record(&mut tx, app, audit::Entry { actor: by, action, object, detail }).await?;
        tx.commit().await?;
    }
    Ok(outcome.is_ok())
}

async fn send(mail: &Mail, message: &Message) -> std::result::Result<(), MailFailure> {
    mail.send(message).await.inspect_err(|failure| {
        tracing::warn!(
            trouble = failure.trouble.value(),
            server = failure.server,
            said = failure.said,
            "a mail failed"
        );
    })
}

/// The mail as it is now right; nothing if the link no longer works.
async fn message(app: &App, link: &Link, mailing: &Mailing) -> Result<Option<Message>> {
    let now = app.clock.now();
    let mailbox = mailboxes::find(&app.db, &link.mailbox_id).await?;
    let Some(mailbox) = mailbox.filter(|mailbox| link.state(now, mailbox) == LinkState::Open) else { return Ok(None) };
    let Some(code) = code(app, link).await? else { return Ok(None) };
    let zone = &app.config.time_zone;
    let until = format!("{}, {}", When::at(link.expires_at, now, zone).absolute, zone_name(zone, link.expires_at));
    let address = address(app, &code);
    let words = HandOffMail {
        asker: &one_line(&link.made_by),
        contact: &link.contact,
        organisation: &app.config.organisation,
        mailbox: &mailbox.address,
        person: &mailing.to,
        link: address.expose_secret(),
        until: &until,
    };
    Ok(Some(Message {
        to: mailing.to.clone(),
        reply_to: Some((link.made_by.clone(), link.contact.clone())),
        subject: words.subject(),
        body: words.body().into(),
        keep_out: Some(code),
        thread: None,
    }))
}

/// The code of a link that is open.
pub(super) async fn code(app: &App, link: &Link) -> Result<Option<SecretString>> {
    let opened = app.keyring.open_or_reload(&app.db, Link::place(&link.id), &link.sealed).await?;
    Ok(opened.inspect_err(|cause| tracing::error!(link = %link.id, %cause, "the code of a link does not open")).ok())
}

/// Where the link leads, in full.
pub(super) fn address(app: &App, code: &SecretString) -> SecretString {
    let public = app.config.public_url.as_str().trim_end_matches('/');
    format!("{public}/s/{}", code.expose_secret()).into()
}
