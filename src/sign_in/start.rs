//! `POST /mailboxes/{id}/sign-in`: on to Microsoft now, or make a link and mail it; `POST …/withdraw` ends the open link.

use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::applications::store as applications;
use crate::audit;
use crate::chance::hash_of;
use crate::error::{AppError, Result};
use crate::ids::{LinkId, MailboxId};
use crate::mailboxes::{Mailbox, store as mailboxes};
use crate::users::SignedIn;
use crate::web::link::lasts;
use crate::web::redirect_uri::RedirectUri;
use crate::web::see_other;

use super::attempt::{About, Origin};
use super::begin::{Begin, begin};
use super::result::prompt_after;
use super::{Link, link_store, mailed, store};

/// What was chosen. The form of a new mailbox is passed on here whole, so anything else is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// `now` or `link`.
    how: String,
    /// Days for which a link is good.
    days: String,
    /// `1`: the link is mailed, too.
    mail: String,
}

const OTHER_HOST: &str = "This browser is at another address than the one Microsoft leads back to, so the sign-in could not end. Nothing was changed but what was saved before. Open Postkey at its public address and try again.";

/// `POST /mailboxes/{id}/sign-in`
pub async fn start(
    State(app): State<App>,
    me: SignedIn,
    redirect: RedirectUri,
    Path(id): Path<MailboxId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    if chosen.how == "link" {
        let (link, mails) = make_link(&app, &me, &mailbox, &chosen).await?;
        let done = if mails { mailed::start(&app, &link, &me.user.name).await } else { "link-made" };
        return Ok(see_other(&format!("/mailboxes/{id}/sign-in?done={done}")));
    }
    if !redirect.is_same_host {
        return Err(AppError::Conflict(OTHER_HOST));
    }
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let last = store::newest(&app.db, &id, 1).await?.into_iter().next().map(|ended| ended.outcome);
    let begun = Begin {
        mailbox: &mailbox,
        application: &application,
        by: &me.user.name,
        origin: Origin::Session(me.session().to_owned()),
        prompt: prompt_after(last),
    };
    begin(&app, begun).await
}

/// `POST /mailboxes/{id}/sign-in/withdraw`
pub async fn withdraw(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    let mut tx = app.db.begin().await?;
    if link_store::withdraw(&mut tx, &id, &me.user.name, app.clock.now()).await? {
        note(&mut tx, &app, &me, "sign_in_link.withdrawn", &mailbox).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/mailboxes/{id}/sign-in?done=link-withdrawn")))
}

/// The mailbox, if a person signs in for it.
pub(super) async fn delegated(app: &App, id: &MailboxId) -> Result<Mailbox> {
    let mailbox = mailboxes::get(&app.db, id).await?;
    if mailbox.is_delegated() { Ok(mailbox) } else { Err(AppError::NotFound) }
}

/// Makes a link; an earlier one that is still open ends, so that there is only one to keep an eye on. Says whether it is to be
/// mailed, too.
async fn make_link(app: &App, me: &SignedIn, mailbox: &Mailbox, chosen: &Chosen) -> Result<(LinkId, bool)> {
    let now = app.clock.now();
    let (id, code) = (LinkId::new(now, &app.chance), app.chance.code());
    let sealed = app.keyring.seal(Link::place(&id), &code.as_str().into()).map_err(AppError::internal)?;
    let link = Link {
        id,
        mailbox_id: mailbox.id.clone(),
        about: About::of(mailbox),
        sealed,
        made_by: me.user.name.clone(),
        contact: me.user.email.clone(),
        made_at: now,
        expires_at: now.plus(lasts(&chosen.days)),
        used: None,
        withdrawn: None,
        mailing: None,
    };
    let mut tx = app.db.begin().await?;
    link_store::withdraw(&mut tx, &mailbox.id, &me.user.name, now).await?;
    link_store::insert(&mut tx, &link, &hash_of(&code)).await?;
    mailboxes::wait_for_sign_in(&mut tx, &mailbox.id, now).await?;
    note(&mut tx, app, me, "sign_in_link.made", mailbox).await?;
    let mails = chosen.mail == "1" && mailed::ask(&mut tx, app, me, mailbox, &link.id).await?;
    tx.commit().await?;
    Ok((link.id, mails))
}

pub(super) async fn note(
    tx: &mut crate::db::Tx,
    app: &App,
    me: &SignedIn,
    action: &'static str,
    mailbox: &Mailbox,
) -> Result<()> {
    let entry = audit::Entry { actor: &me.user.name, action, object: mailbox.id.as_str(), detail: &mailbox.address };
    audit::record(tx, app, entry).await
}
