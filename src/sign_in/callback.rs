//! The end of a sign-in whose answer has come: on to a clean address (303).

use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;

use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::microsoft::AuthorizationResponse;
use crate::users::{Role, guard};
use crate::web::flow::{self, Rejected};
use crate::web::see_other;
use crate::words::SignInResult;

use super::attempt::{Attempt, Origin};
use super::begin::result_path;
use super::{link_store, redeem};

/// Ends an attempt that was taken. Nothing if another browser came back than the one that was sent.
///
/// # Errors
/// If the database cannot answer. The attempt is gone all the same.
pub async fn end(
    app: &App,
    jar: &CookieJar,
    attempt: &Attempt,
    answer: AuthorizationResponse,
) -> Result<Option<Response>> {
    let held = flow::held(&app.config, jar, &attempt.id);
    match flow::accept(held.as_deref(), &attempt.flow_hash, attempt.expires_at, app.clock.now()) {
        Err(Rejected::OtherBrowser) => {
            note_other_browser(app, attempt).await?;
            return Ok(None);
        }
        Err(Rejected::Expired) => redeem::end_as(app, attempt, SignInResult::Expired).await?,
        Ok(()) if !may_still(app, &attempt.origin).await? => {
            redeem::end_as(app, attempt, SignInResult::Changed).await?;
        }
        Ok(()) => redeem::end(app, attempt, answer).await?,
    }
    // The same cookie opens the page of the result, for as long again.
    Ok(Some(flow::bind(&app.config, &attempt.id, held.unwrap_or_default(), see_other(&result_path(&attempt.id)))))
}

/// Who began it here must still be signed in and still be allowed to. Their session's own cookie does not come along with a
/// redirect from another site, so it is looked up by the hash that the attempt has of it (S-52). A link that was open when
/// the sign-in began may have been used up since, by another tab of the same person; withdrawn it must not be.
pub(super) async fn may_still(app: &App, origin: &Origin) -> Result<bool> {
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
