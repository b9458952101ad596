//! `POST /a/{code}/secret`: a secret from whoever made it in Entra straight into the store. Nobody reads it again, neither who
//! gave it nor who sent the link.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::applications::form::{self, Proof, Typed};
use crate::applications::standing::called;
use crate::applications::trial::{self, Verdict};
use crate::applications::{Application, Credential, Kind, add, store as applications};
use crate::audit;
use crate::error::{AppError, Result};
use crate::web::csrf::FormKey;
use crate::web::forms::FormErrors;
use crate::web::redirect_uri::RedirectUri;
use crate::web::{Page, see_other};
use crate::words::articles;

use super::{AdminLink, door, show, store};

const NOT_STORED: &str = "Nothing was stored: another secret was given through this link meanwhile, or too many were. Open the link again; if it takes no secret any more, ask whoever sent it for a new one.";

/// `POST /a/{code}/secret`: stores first, then tests. What was used before stays until the new one is accepted.
pub async fn give(
    State(app): State<App>,
    key: FormKey,
    redirect: RedirectUri,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let (link, application) = match door::open(&app, &key, &code).await? {
        Ok(open) => open,
        Err(ended) => return Ok(*ended),
    };
    let here = format!("/a/{code}");
    if link.accepted().is_some() {
        return Ok(see_other(&here));
    }
    let mut errors = FormErrors::default();
    let typed = Typed { proof: Kind::Secret.value().to_owned(), ..typed };
    let Some(proof) = form::proof(&app, &typed, &mut errors) else {
        let origin = app.microsoft.clouds().origin(application.cloud);
        let page = show::page(&app, &key, (&link, &application), redirect, (here, &typed, errors)).await?;
        return Ok(Page::refused(page).sending_to(origin).into_response());
    };
    let given = save(&app, &link, &application, proof).await?;
    let verdict = match trial::start(&app, &application, &given, &link.actor()).await {
        Ok(verdict) => verdict,
        Err(cause) => {
            // The secret is stored; the page says that it was not tested yet.
            tracing::warn!(application = %application.id, cause = %cause.chain(), "the test of a given secret failed");
            Verdict::Asking
        }
    };
    Ok(see_other(&match verdict {
        Verdict::Accepted => format!("{here}?done=secret-accepted"),
        Verdict::Refused(why) => format!("{here}?done=secret-refused&why={}", cause(why)),
        Verdict::Unclear(why) => format!("{here}?done=secret-untested&why={}", cause(why)),
        Verdict::Asking => format!("{here}?done=secret-untested"),
    }))
}

/// Codes of Microsoft's are not for this page: the article of the cause says enough.
fn cause(key: &str) -> &'static str {
    articles::by_key(key).map_or("other", |article| article.cause.value())
}

/// Everything is sealed before the write begins. One that was given through the same link and not accepted is retired, so
/// that a link leaves at most one behind.
async fn save(app: &App, link: &AdminLink, application: &Application, proof: Proof) -> Result<Credential> {
    let added = add::seal(app, &application.id, &application.name, &link.actor(), proof).await?;
    let before = match &link.given {
        Some(given) => Some(applications::credential(&app.db, &application.id, &given.credential_id).await?),
        None => None,
    };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if let Some(before) = &before
        // Before the link is asked, so that nobody can accept it in between.
        && applications::retire(&mut tx, before, now).await?
    {
        let (actor, object, what) = (link.actor(), application.id.as_str(), called(before));
        let entry = audit::Entry { actor: &actor, action: "credential.retired", object, detail: &what };
        audit::record(&mut tx, app, entry).await?;
    }
    add::write_credential(&mut tx, app, &added).await?;
    if !store::given(&mut tx, link, &added.credential.id, now).await? {
        return Err(AppError::Conflict(NOT_STORED));
    }
    tx.commit().await?;
    Ok(added.credential)
}
