//! Who comes with a code: to the open link and its application, or to the page of a link that has ended.

use axum::response::Response;
use secrecy::ExposeSecret;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::chance::hash_of;
use crate::error::Result;
use crate::web::csrf::FormKey;
use crate::web::link::{closed_link, no_link};
use crate::web::when::date;

use super::link::State;
use super::{AdminLink, store};

/// The link with its application while it can be used; else the page that says so.
pub(super) async fn open(
    app: &App,
    key: &FormKey,
    code: &str,
) -> Result<Result<(AdminLink, Application), Box<Response>>> {
    let Some(link) = store::by_code(&app.db, &hash_of(code)).await? else {
        return Ok(Err(Box::new(no_link(app, key))));
    };
    let application = applications::get(&app.db, &link.application_id).await?;
    match link.state(app.clock.now(), &application) {
        State::Open => Ok(Ok((link, application))),
        State::Done => Ok(Err(Box::new(done(app, key, &link)))),
        // To whoever tries codes, one that never was looks like one that has ended: same words, same status.
        State::Expired | State::Withdrawn | State::Outdated => Ok(Err(Box::new(no_link(app, key)))),
    }
}

fn done(app: &App, key: &FormKey, link: &AdminLink) -> Response {
    let day = |at| date(at, &app.config.time_zone);
    let consented = link.consented_at.map(day).unwrap_or_default();
    let given = link.accepted().map(|given| day(given.at)).unwrap_or_default();
    let text = format!(
        "Admin consent was granted on {consented}, and the secret that was given on {given} is accepted by Microsoft. There is nothing left to do here."
    );
    closed_link(app, key, "Everything that this link asked for is done", text)
}

/// The path at which whoever has the link finds it; nothing once it is no longer open.
pub(super) async fn path(app: &App, link: &AdminLink, application: &Application) -> Result<Option<String>> {
    if link.state(app.clock.now(), application) != State::Open {
        return Ok(None);
    }
    let opened = app.keyring.open_or_reload(&app.db, AdminLink::place(&link.id), &link.sealed).await?;
    let code = opened.inspect_err(|cause| tracing::error!(link = %link.id, %cause, "the code of a link does not open"));
    Ok(code.ok().map(|code| format!("/a/{}", code.expose_secret())))
}
