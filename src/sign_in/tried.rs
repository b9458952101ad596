//! `GET /mailboxes/{id}/sign-in/{sign_in}`: one try, with what Microsoft said, for those who help.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::applications::store as applications;
use crate::error::{AppError, Result};
use crate::ids::{MailboxId, SignInId};
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::trouble::{Trouble, Whose};
use crate::web::{Page, Shell, When};
use crate::words::SignInResult;

use super::result::ResultView;
use super::start::delegated;
use super::store;

#[derive(Template)]
#[template(path = "sign_in/tried.html")]
struct Tried {
    shell: Shell,
    id: String,
    address: String,
    result: ResultView,
    /// Somebody without an account here has read the result in words of their own.
    by_link: bool,
    reference: String,
    expected: String,
    started_by: String,
    at: When,
    trouble: Option<Trouble>,
    may_try_again: bool,
    needs_administrator: Option<String>,
}

/// `GET /mailboxes/{id}/sign-in/{sign_in}`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Path((id, sign_in)): Path<(MailboxId, SignInId)>,
) -> Result<Response> {
    let mailbox = delegated(&app, &id).await?;
    let ended = store::find(&app.db, &sign_in).await?.filter(|ended| ended.mailbox_id == id);
    let ended = ended.ok_or(AppError::NotFound)?;
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let whose = Whose {
        application: &application.name,
        cloud: application.cloud,
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        mailbox: &mailbox.address,
        person: &ended.expected,
        ended: None,
    };
    let needs_consent = matches!(
        ended.outcome,
        SignInResult::NeedsAdministrator | SignInResult::Declined | SignInResult::MissingPermission
    );
    let may_edit = me.may(Role::MailboxAdministrator);
    let page = Tried {
        shell: me.shell(&app, Section::Mailboxes),
        id: id.to_string(),
        address: mailbox.address.clone(),
        result: ResultView::of(&ended),
        by_link: ended.link_id.is_some(),
        trouble: ended.failure.as_ref().map(|failure| Trouble::of(&app, failure, &whose)),
        may_try_again: may_edit && ended.outcome.may_try_again(),
        needs_administrator: needs_consent.then(|| format!("/applications/{}/admin-link", application.id)),
        at: When::at(ended.at, app.clock.now(), &app.config.time_zone),
        reference: ended.reference,
        expected: ended.expected,
        started_by: ended.started_by,
    };
    Ok(Page::new(page).sending_to(app.microsoft.clouds().origin(application.cloud)).into_response())
}
