//! `GET /consent/{consent}`: how a consent ended, for the browser that began it and nobody else.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;

use crate::app::App;
use crate::applications::{Application, store as applications, used_by};
use crate::error::{AppError, Result};
use crate::ids::ConsentId;
use crate::microsoft::{Roles, scopes};
use crate::tokens::store as tokens;
use crate::web::csrf::FormKey;
use crate::web::{Page, Shell, flow};
use crate::words::ConsentResult;

use super::consent_store::{self, Ended};
use super::steps::Ways;
use super::{door, store};

#[derive(Template)]
#[template(path = "admin_link/result.html")]
struct ResultPage {
    shell: Shell,
    outcome: ConsentResult,
    icon: &'static str,
    name: String,
    /// What a new token showed, where one can.
    proof: Option<&'static str>,
    reference: Option<String>,
    /// The one who is asked when something is not clear.
    asker: (String, String),
    /// The steps, while there is something left to do.
    back: Option<String>,
}

const PROVEN: &str =
    "Postkey has proven it: its newest token may read and send mail. The mailboxes that waited for it are checked now.";
const NOT_PROVEN: &str = "Postkey’s token does not show it yet. That can take some minutes; if it stays so, compare the permissions on the registration with the ones at step 2.";
const NO_TOKEN: &str = "Postkey could not prove it, as Microsoft gave it no token just now. A secret or certificate that works is needed too: step 3.";
const BY_SIGN_IN: &str = "It shows when the next person signs in for a mailbox.";

/// `GET /consent/{consent}`
pub async fn show(State(app): State<App>, key: FormKey, jar: CookieJar, Path(id): Path<ConsentId>) -> Result<Response> {
    let ended = own(&app, &jar, &id).await?;
    let link = store::by_id(&app.db, &ended.link_id).await?.ok_or(AppError::NotFound)?;
    let application = applications::get(&app.db, &ended.application_id).await?;
    let outcome = ended.outcome;
    let proof = if outcome == ConsentResult::Granted { Some(proof(&app, &application).await?) } else { None };
    let page = ResultPage {
        shell: Shell::plain(&app, &key),
        outcome,
        icon: outcome.icon().name(),
        back: door::path(&app, &link, &application).await?,
        name: application.name,
        proof,
        reference: outcome.needs_help().then_some(ended.reference),
        asker: (link.made_by, link.contact),
    };
    Ok(Page::new(page).into_response())
}

/// What the token tells that was got after the consent.
async fn proof(app: &App, application: &Application) -> Result<&'static str> {
    if !Ways::of(&used_by::uses(&app.db, &application.id).await?).application {
        return Ok(BY_SIGN_IN);
    }
    let grant = tokens::find(&app.db, &application.id, tokens::GRAPH).await?;
    let roles: Option<Roles> = grant.and_then(|grant| serde_json::from_str(&grant.roles).ok());
    Ok(match roles {
        None => NO_TOKEN,
        Some(roles) if roles.has(scopes::READ_WRITE) && roles.has(scopes::SEND) => PROVEN,
        Some(_) => NOT_PROVEN,
    })
}

/// The result, if this is the browser that began it; to any other, and after ten minutes, it does not exist.
async fn own(app: &App, jar: &CookieJar, id: &ConsentId) -> Result<Ended> {
    let held = flow::held(&app.config, jar, id).ok_or(AppError::NotFound)?;
    let ended = consent_store::find(&app.db, id).await?.ok_or(AppError::NotFound)?;
    let may = flow::accept(Some(&held), &ended.flow_hash, ended.at.plus(flow::LASTS), app.clock.now());
    may.map(|()| ended).map_err(|_| AppError::NotFound)
}
