//! `GET /mailboxes/{id}/sign-in`: who signed in, the open link, how to sign in again, and what was tried.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::applications::store as applications;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::mailboxes::Mailbox;
use crate::mailboxes::show::tabs;
use crate::microsoft::scopes;
use crate::tokens::delegated_store as grants;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::forms::{Choice, Field};
use crate::web::redirect_uri::RedirectUri;
use crate::web::{Badge, Page, Shell, Tab, When, fragment, link, wants_fragment};

use super::link::{MailState, State as LinkState};
use super::start::delegated;
use super::store::{self, SignIn};
use super::{Link, link_store, mailed};

/// Tries that are listed.
const LISTED: i64 = 10;

#[derive(Template)]
#[template(path = "sign_in/show.html", blocks = ["mailing"])]
struct Show {
    shell: Shell,
    id: String,
    address: String,
    tabs: Vec<Tab>,
    expected: String,
    shared: bool,
    grant: Option<GrantView>,
    link: Option<LinkView>,
    /// The last mail with the link.
    mailing: Option<MailingView>,
    is_being_mailed: bool,
    mail_label: &'static str,
    /// Whether there is a mail server.
    mails: bool,
    days: Field,
    lengths: Vec<Choice>,
    redirect: RedirectUri,
    tries: Vec<TryView>,
    may_edit: bool,
}

struct GrantView {
    account: String,
    signed_in: When,
    renewed: When,
    id: String,
    scopes: String,
    wider: String,
}

struct LinkView {
    /// Only for those who may make one.
    address: Option<String>,
    made_by: String,
    made: When,
    until: When,
    /// What became of it, if it is no longer open.
    ended: Option<&'static str>,
}

struct MailingView {
    /// Whether the link still works.
    open: bool,
    to: String,
    at: When,
    asking: bool,
    trouble: Option<MailTroubleView>,
}

struct MailTroubleView {
    what: String,
    help: &'static str,
    said: String,
}

struct TryView {
    href: String,
    badge: Badge,
    account: String,
    by: String,
    reference: String,
    at: When,
}

/// `GET /mailboxes/{id}/sign-in`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    redirect: RedirectUri,
    headers: HeaderMap,
    Path(id): Path<MailboxId>,
) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let page = page(&app, &me, &mailbox, redirect).await?;
    if wants_fragment(&headers, "mailing") {
        return Ok(fragment(&headers, page.as_mailing().render()));
    }
    Ok(Page::new(page).sending_to(app.microsoft.clouds().origin(application.cloud)).into_response())
}

async fn page(app: &App, me: &SignedIn, mailbox: &Mailbox, redirect: RedirectUri) -> Result<Show> {
    let when = |moment: UnixTime| When::at(moment, app.clock.now(), &app.config.time_zone);
    let may_edit = me.may(Role::MailboxAdministrator);
    let grant = grants::find(&app.db, &mailbox.id).await?;
    let link = link_store::newest_of(&app.db, &mailbox.id).await?;
    let mailing = link.as_ref().and_then(|link| mailing(link, mailbox, app.clock.now(), when));
    let tries = store::newest(&app.db, &mailbox.id, LISTED).await?;
    Ok(Show {
        shell: me.shell(app, Section::Mailboxes),
        tabs: tabs(mailbox, "/sign-in", may_edit),
        id: mailbox.id.to_string(),
        address: mailbox.address.clone(),
        expected: mailbox.signs_in().unwrap_or_default().to_owned(),
        shared: mailbox.is_shared(),
        grant: grant.map(|grant| {
            let all: Vec<String> = grant.scopes.split(' ').map(|scope| scopes::bare(scope).to_owned()).collect();
            GrantView {
                account: grant.username,
                signed_in: when(grant.signed_in_at),
                renewed: when(grant.issued_at),
                id: grant.id.to_string(),
                wider: scopes::wider(mailbox.is_shared(), &all).join(", "),
                scopes: all.join(", "),
            }
        }),
        mail_label: if mailing.is_some() { "Mail it again" } else { "Mail it" },
        is_being_mailed: mailing.as_ref().is_some_and(|mailing| mailing.asking),
        mailing,
        link: match link {
            Some(link) => Some(link_view(app, link, mailbox, may_edit).await?),
            None => None,
        },
        mails: app.mail.is_some(),
        days: Field::text("days", "The link is good for", ""),
        lengths: link::lengths(""),
        redirect,
        tries: tries.into_iter().map(|ended| tried(ended, when)).collect(),
        may_edit,
    })
}

async fn link_view(app: &App, link: Link, mailbox: &Mailbox, may_edit: bool) -> Result<LinkView> {
    let now = app.clock.now();
    let ended = match link.state(now, mailbox) {
        LinkState::Open => None,
        LinkState::Used => Some("Used"),
        LinkState::Expired => Some("Ended"),
        LinkState::Withdrawn => Some("Withdrawn"),
        LinkState::Outdated => Some("Ended when the mailbox was changed"),
    };
    let code = if ended.is_none() && may_edit { mailed::code(app, &link).await? } else { None };
    let address = code.map(|code| mailed::address(app, &code).expose_secret().to_owned());
    let when = |moment| When::at(moment, now, &app.config.time_zone);
    let (made, until) = (when(link.made_at), when(link.expires_at));
    Ok(LinkView { address, made_by: link.made_by, made, until, ended })
}

fn mailing(link: &Link, mailbox: &Mailbox, now: UnixTime, when: impl Fn(UnixTime) -> When) -> Option<MailingView> {
    let mailing = link.mailing.as_ref()?;
    let state = mailing.shown(now);
    let trouble = match &state {
        MailState::Failed(failure) => {
            Some(MailTroubleView { what: failure.what(), help: failure.trouble.help(), said: failure.said.clone() })
        }
        MailState::Asked | MailState::Sent => None,
    };
    let asking = state == MailState::Asked;
    let open = link.state(now, mailbox) == LinkState::Open;
    if !open && state != MailState::Sent {
        return None;
    }
    Some(MailingView { open, to: mailing.to.clone(), at: when(mailing.at), asking, trouble })
}

fn tried(ended: SignIn, when: impl Fn(UnixTime) -> When) -> TryView {
    let outcome = ended.outcome;
    TryView {
        href: format!("/mailboxes/{}/sign-in/{}", ended.mailbox_id, ended.id),
        badge: Badge { family: outcome.family().class(), icon: outcome.icon().name(), label: outcome.label() },
        account: ended.account,
        by: ended.started_by,
        reference: ended.reference,
        at: when(ended.at),
    }
}
