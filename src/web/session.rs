//! What a session holds: who signed in, and nothing else.

use serde::{Deserialize, Serialize};
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use crate::app::App;
use crate::error::{AppError, Result};
use crate::ids::UserId;

use super::csrf::session_cookie;
use super::session_store::Sessions;

const PERSON: &str = "person";

/// Who signed in, and when in the life of their account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The account's epoch at that time; a session of an older epoch is dead (S-27).
    pub epoch: i64,
}

impl Person {
    /// Who signed in, from what the store holds of a session.
    pub(super) fn read(data: &str) -> Option<Self> {
        let mut data: serde_json::Map<String, serde_json::Value> = serde_json::from_str(data).ok()?;
        serde_json::from_value(data.remove(PERSON)?).ok()
    }
}

/// The layer that carries sessions, with the attributes of S-22.
pub fn layer(app: &App) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(app.db.clone(), app.clock.clone()))
        .with_name(session_cookie(&app.config))
        .with_secure(app.config.is_https())
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd)
}

/// Begins a session for `person` under an ID that no request before has carried (S-20).
///
/// # Errors
/// If the session could not be stored.
pub async fn begin(session: &Session, person: &Person) -> Result<()> {
    session.clear().await;
    if session.id().is_some() {
        session.cycle_id().await.map_err(broken)?;
    }
    session.insert(PERSON, person).await.map_err(broken)?;
    session.save().await.map_err(broken)
}

/// Who signed in with this session, if anybody did.
///
/// # Errors
/// If the session could not be read.
pub async fn person(session: &Session) -> Result<Option<Person>> {
    match session.get(PERSON).await {
        // Written by another version of Postkey: whoever it was has to sign in again.
        Err(tower_sessions::session::Error::SerdeJson(_)) => Ok(None),
        found => found.map_err(broken),
    }
}

/// Ends the session.
///
/// # Errors
/// If it could not be removed; then it is not ended.
pub async fn end(session: &Session) -> Result<()> {
    session.flush().await.map_err(broken)
}

fn broken(cause: tower_sessions::session::Error) -> AppError {
    AppError::Busy(std::sync::Arc::new(cause.into()))
}
