//! `GET /sign-in/{sign_in}`: how a sign-in ended, for the browser that began it and nobody else. Who began it with an account
//! here is led on to the console, whose cookie does not come along with Microsoft's redirect. `POST …/again` tries again.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;

use crate::app::App;
use crate::applications::store as applications;
use crate::error::{AppError, Result};
use crate::ids::SignInId;
use crate::mailboxes::store as mailboxes;
use crate::microsoft::Prompt;
use crate::web::csrf::FormKey;
use crate::web::{Page, Shell, flow, see_other};
use crate::words::SignInResult;

use super::attempt::Origin;
use super::begin::{Begin, begin};
use super::link::State as LinkState;
use super::link_store;
use super::store::{self, SignIn};

#[derive(Template)]
#[template(path = "sign_in/result.html")]
struct ResultPage {
    shell: Shell,
    result: ResultView,
    address: String,
    expected: String,
    /// The one who is asked when something is not clear.
    asker: (String, String),
    again: Option<String>,
    prompt: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/onwards.html")]
struct Onwards {
    shell: Shell,
    to: String,
}

/// A result as its pages show it.
pub(super) struct ResultView {
    pub(super) value: &'static str,
    pub(super) family: &'static str,
    pub(super) icon: &'static str,
    pub(super) label: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    pub(super) account: String,
    pub(super) reference: Option<String>,
    /// Somebody whose home is another organisation can never be the one who is needed.
    pub(super) is_guest: bool,
    /// Nothing that the person can do helps before something is mended here.
    pub(super) is_ours: bool,
}

impl ResultView {
    pub(super) fn of(ended: &SignIn) -> Self {
        let outcome = ended.outcome;
        Self {
            value: outcome.value(),
            family: outcome.family().class(),
            icon: outcome.icon().name(),
            label: outcome.label(),
            title: outcome.title(),
            text: outcome.text(),
            account: ended.account.clone(),
            reference: outcome.needs_help().then(|| ended.reference.clone()),
            is_guest: outcome == SignInResult::WrongAccount && ended.failure.is_some(),
            is_ours: outcome == SignInResult::Failed
                && ended.failure.as_ref().is_some_and(|failure| failure.cause.is_of_credential()),
        }
    }
}

/// `GET /sign-in/{sign_in}`
pub async fn show(State(app): State<App>, key: FormKey, jar: CookieJar, Path(id): Path<SignInId>) -> Result<Response> {
    let ended = own(&app, &jar, &id).await?;
    let Some(link) = &ended.link_id else {
        let to = console_path(&ended);
        let mut response = Page::new(Onwards { shell: Shell::plain(&app, &key), to: to.clone() }).into_response();
        // A navigation that begins here brings the console's own cookie along.
        let refresh = format!("0;url={to}").parse().map_err(|cause| AppError::internal(anyhow::Error::from(cause)))?;
        response.headers_mut().insert(header::REFRESH, refresh);
        return Ok(response);
    };
    let link = link_store::by_id(&app.db, link).await?.ok_or(AppError::NotFound)?;
    let mailbox = mailboxes::get(&app.db, &ended.mailbox_id).await?;
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let result = ResultView::of(&ended);
    let may_again =
        ended.outcome.may_try_again() && !result.is_ours && link.state(app.clock.now(), &mailbox) == LinkState::Open;
    let page = ResultPage {
        shell: Shell::plain(&app, &key),
        result,
        again: may_again.then(|| format!("/sign-in/{id}/again")),
        prompt: (ended.outcome == SignInResult::WrongAccount).then(|| ended.expected.clone()),
        address: mailbox.address,
        expected: ended.expected,
        asker: (link.made_by, link.contact),
    };
    Ok(Page::new(page).sending_to(app.microsoft.clouds().origin(application.cloud)).into_response())
}

/// Where somebody with an account here reads how it ended.
fn console_path(ended: &SignIn) -> String {
    match ended.outcome {
        SignInResult::Connected => format!("/mailboxes/{}?done=signed-in", ended.mailbox_id),
        SignInResult::Closed => format!("/mailboxes/{}?done=signed-in-closed", ended.mailbox_id),
        _ => format!("/mailboxes/{}/sign-in/{}", ended.mailbox_id, ended.id),
    }
}

/// `POST /sign-in/{sign_in}/again`
pub async fn again(State(app): State<App>, jar: CookieJar, Path(id): Path<SignInId>) -> Result<Response> {
    let ended = own(&app, &jar, &id).await?;
    let link_id = ended.link_id.clone().ok_or(AppError::NotFound)?;
    let link = link_store::by_id(&app.db, &link_id).await?.ok_or(AppError::NotFound)?;
    let mailbox = mailboxes::get(&app.db, &ended.mailbox_id).await?;
    if link.state(app.clock.now(), &mailbox) != LinkState::Open {
        return Ok(see_other(&format!("/sign-in/{id}")));
    }
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let by = ended.started_by.clone();
    let origin = Origin::Link(link_id);
    let prompt = prompt_after(Some(ended.outcome));
    begin(&app, Begin { mailbox: &mailbox, application: &application, by: &by, origin, prompt }).await
}

/// After a wrong account the chooser is shown, as Microsoft would take the same one again.
pub(super) fn prompt_after(outcome: Option<SignInResult>) -> Prompt {
    match outcome {
        Some(SignInResult::WrongAccount) => Prompt::SelectAccount,
        _ => Prompt::Login,
    }
}

/// The result, if this is the browser that began it; to any other, and after ten minutes, it does not exist.
async fn own(app: &App, jar: &CookieJar, id: &SignInId) -> Result<SignIn> {
    let held = flow::held(&app.config, jar, id).ok_or(AppError::NotFound)?;
    let ended = store::find(&app.db, id).await?.ok_or(AppError::NotFound)?;
    let may = flow::accept(Some(&held), &ended.flow_hash, ended.at.plus(flow::LASTS), app.clock.now());
    may.map(|()| ended).map_err(|_| AppError::NotFound)
}
