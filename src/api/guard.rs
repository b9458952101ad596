//! Whose key it is, and whether there is a place. `routes.rs` puts this around every address of the API that needs a key.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;
use tokio::sync::OwnedSemaphorePermit;

use crate::app::App;
use crate::chance::hash_of;
use crate::keys::{Key, Right, text};
use crate::web::client::ClientAddress;

use super::problem::rfc3339;
use super::{Code, Desk, Problem};

/// What a key that is not there is compared with, so that it takes as long.
const NOBODY: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const IN_ADDRESS: &str = "The key belongs in the header Authorization, never in the address, which is written into logs. Make a new key in its place.";
const NO_KEY: &str = "Send the key in the header Authorization, as Bearer pk_….";
const NO_PLACE: &str = "Postkey is answering as many requests as it can.";

/// Who asks: a key that works. A handler that names it is only reached with one.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key.
    pub(super) key: Arc<Key>,
    /// What this process has at hand.
    pub(super) desk: Desk,
    place: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Caller {
    /// Passes if the key may be handed tokens.
    ///
    /// # Errors
    /// If it may only see status.
    pub(super) fn may_take_tokens(&self) -> Result<(), Problem> {
        match self.key.may {
            Right::Tokens => Ok(()),
            Right::Status => Err(Problem::new(Code::Forbidden, "This key may see status only, so it gets no tokens.")),
        }
    }

    /// Gives the place to others, for as long as this request only waits; it then needs a seat.
    ///
    /// # Errors
    /// If there is no seat.
    pub(super) fn sit_down(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let seat = self.desk.seats().clone().try_acquire_owned();
        let seat = seat.map_err(|_| Problem::new(Code::TryLater, "As many requests wait as may."))?;
        drop(self.place.lock().unwrap_or_else(PoisonError::into_inner).take());
        Ok(seat)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::new(Code::Internal, "This address stands outside of the API."))
    }
}

/// Lets a request pass that brings a key that works.
pub async fn admit(State((app, desk)): State<(App, Desk)>, request: Request, next: Next) -> Response {
    let response = match caller(&app, desk, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let outcome = match response.extensions().get::<Code>() {
        Some(code) => code.value(),
        None if response.status() == StatusCode::NOT_MODIFIED => "not_modified",
        // A parameter that is there twice, or a name that is no text.
        None if response.status() == StatusCode::BAD_REQUEST => Code::BadRequest.value(),
        None if response.status().is_success() => "ok",
        None => "other",
    };
    app.tally.answered(outcome);
    response
}

async fn caller(app: &App, desk: Desk, request: Request) -> Result<Request, Problem> {
    let place = desk.places().clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::new(Code::TryLater, NO_PLACE).retry_after(1))?;
    if request.uri().path_and_query().is_some_and(|whole| whole.as_str().contains(text::START)) {
        return Err(Problem::new(Code::BadRequest, IN_ADDRESS));
    }
    let (mut parts, body) = request.into_parts();
    let known = known(app, &desk, &parts.headers).await?;
    let Ok(key) = known else {
        // Who brings none guesses nothing.
        if bearer(&parts.headers).is_none() {
            return Err(Problem::new(Code::Unauthorized, NO_KEY));
        }
        let stranger = ClientAddress::from_request_parts(&mut parts, app).await?.0;
        let bears = desk.bears(stranger, app.clock.now());
        let problem = Problem::new(Code::Unauthorized, known.err().unwrap_or_default());
        let many =
            || Problem::new(Code::TooMany, "Too many wrong keys came from this network address.").retry_after(60);
        return Err(if bears { problem } else { many() });
    };
    desk.ledger().used(&key.id, app.clock.now());
    parts.extensions.insert(Caller { key, desk, place: Arc::new(Mutex::new(Some(place))) });
    Ok(Request::from_parts(parts, body))
}

/// The key that was brought, or what is wrong with it.
async fn known(app: &App, desk: &Desk, headers: &HeaderMap) -> Result<Result<Arc<Key>, String>, Problem> {
    let Some(brought) = bearer(headers) else { return Ok(Err(NO_KEY.to_owned())) };
    let ring = desk.ring(app).await?;
    let key = text::lookup(brought).and_then(|lookup| ring.get(lookup));
    let expected = key.map_or(NOBODY, |key| key.hash.as_str());
    let same = bool::from(hash_of(brought).as_bytes().ct_eq(expected.as_bytes()));
    Ok(match key.filter(|_| same) {
        None => Err("Postkey does not know this key.".to_owned()),
        Some(key) if key.revoked.is_some() => Err("This key was revoked.".to_owned()),
        Some(key) if !key.works(app.clock.now()) => Err(format!("This key ended at {}.", rfc3339(key.ends_at))),
        Some(key) => Ok(key.clone()),
    })
}

/// Of two headers a proxy may have looked at the other one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let only = all.next().filter(|_| all.next().is_none())?.to_str().ok()?;
    let (scheme, key) = only.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}
