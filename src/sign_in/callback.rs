//! `GET /oauth/callback`: Microsoft sends the browser back. Never shown: it ends on a clean address (303), or, if the answer
//! belongs to no sign-in of this browser, on a page that says so and repeats nothing of it (S-58).

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use secrecy::ExposeSecret;

use crate::app::App;
use crate::audit;
use crate::chance::hash_of;
use crate::error::Result;
use crate::users::{Role, guard};
use crate::web::csrf::FormKey;
use crate::web::{Page, Shell, see_other};
use crate::words::SignInResult;

use super::attempt::{Answer, Attempt, Origin, Refusal};
use super::begin::{bound_to, flow_cookie, result_path, with_cookie};
use super::{link_store, redeem, store};

#[derive(Template)]
#[template(path = "sign_in/lost.html")]
struct Lost {
    shell: Shell,
    title: &'static str,
    text: &'static str,
}

const NOT_AN_ANSWER: (&str, &str) = (
    "This address is for Microsoft’s answers",
    "Nothing was saved, because this is none. Start the sign-in from the page that you were given.",
);
const NO_ATTEMPT: (&str, &str) = (
    "This sign-in is over",
    "It was already finished, or it took longer than ten minutes. Nothing was saved now. Go back to the page you began on and start again.",
);
const OTHER_BROWSER: (&str, &str) = (
    "This sign-in was begun in another browser",
    "Nothing was saved. Begin and end it in the same browser, with cookies allowed for this address. If somebody sent you here and you began nothing, do nothing.",
);

/// `GET /oauth/callback`
pub async fn callback(
    State(app): State<App>,
    key: FormKey,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let Some(answer) = Answer::parse(query.as_deref().unwrap_or_default()) else {
        return Ok(lost(&app, &key, NOT_AN_ANSWER));
    };
    let Some(attempt) = store::take(&app.db, &hash_of(answer.state.expose_secret())).await? else {
        return Ok(lost(&app, &key, NO_ATTEMPT));
    };
    let cookie = jar.get(&flow_cookie(&app.config, &attempt.id)).map(|cookie| cookie.value().to_owned());
    match attempt.accept(cookie.as_deref(), app.clock.now()) {
        Err(Refusal::OtherBrowser) => {
            note_other_browser(&app, &attempt).await?;
            return Ok(lost(&app, &key, OTHER_BROWSER));
        }
        Err(Refusal::Expired) => redeem::end_as(&app, &attempt, SignInResult::Expired).await?,
        Ok(()) if !may_still(&app, &attempt.origin).await? => {
            redeem::end_as(&app, &attempt, SignInResult::Changed).await?;
        }
        Ok(()) => redeem::end(&app, &attempt, answer).await?,
    }
    // The same cookie opens the page of the result, for as long again.
    let flow = bound_to(&app.config, &attempt.id, cookie.unwrap_or_default());
    Ok(with_cookie(see_other(&result_path(&attempt.id)), &flow))
}

/// Who began it here must still be signed in and still be allowed to. Their session's own cookie does not come along with a
/// redirect from another site, so it is looked up by the hash that the attempt has of it (S-52). A link that was open when
/// the sign-in began may have been used up since, by another tab of the same person; withdrawn it must not be.
async fn may_still(app: &App, origin: &Origin) -> Result<bool> {
    match origin {
        Origin::Session(session) => guard::session_may(app, session, Role::MailboxAdministrator).await,
        Origin::Link(link) => {
            let link = link_store::by_id(&app.db, link).await?;
            Ok(link.is_some_and(|link| link.withdrawn.is_none()))
        }
    }
}

async fn note_other_browser(app: &App, attempt: &Attempt) -> Result<()> {
    let entry = audit::Entry {
        actor: &attempt.started_by,
        action: "sign_in.refused",
        object: attempt.mailbox_id.as_str(),
        detail: "another browser came back than the one that began it",
    };
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}

fn lost(app: &App, key: &FormKey, (title, text): (&'static str, &'static str)) -> Response {
    let page = Lost { shell: Shell::plain(app, key), title, text };
    Page::with_status(StatusCode::BAD_REQUEST, page).into_response()
}
