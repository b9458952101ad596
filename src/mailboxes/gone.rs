//! What stands at the address of a deleted mailbox until it is erased (410).

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::when::date;
use crate::web::{Page, Shell, When};

use super::Mailbox;
use super::mailbox::BIN_LASTS;

#[derive(Template)]
#[template(path = "mailboxes/gone.html")]
struct Gone {
    shell: Shell,
    id: String,
    address: String,
    by: String,
    at: When,
    until: String,
    stays: Option<String>,
    may_edit: bool,
}

/// Who deleted it, until when it can be restored.
pub(super) fn page(app: &App, me: &SignedIn, mailbox: &Mailbox) -> Response {
    let now = app.clock.now();
    let zone = &app.config.time_zone;
    let deleted = mailbox.deleted.clone().unwrap_or_else(|| mailbox.created.clone());
    let page = Gone {
        shell: me.shell(app, Section::Mailboxes),
        id: mailbox.id.to_string(),
        address: mailbox.address.clone(),
        by: deleted.by,
        at: When::at(deleted.at, now, zone),
        until: date(deleted.at.plus(BIN_LASTS), zone),
        stays: mailbox.signs_in().map(str::to_owned),
        may_edit: me.may(Role::MailboxAdministrator),
    };
    Page::with_status(StatusCode::GONE, page).into_response()
}
