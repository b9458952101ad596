//! Why a request could not be answered: seven kinds, each with a text for the visitor and a cause for the log.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// What handlers and stores give back.
pub type Result<T, E = AppError> = std::result::Result<T, E>;

/// Why a request could not be answered. The visitor sees the kind's words; the log sees the cause.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppError {
    /// There is nothing at this address, or nothing that this person may know of.
    #[error("not found")]
    NotFound,
    /// Known who asks, and not allowed. Says who may.
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// The request does not fit what is stored now. Says what to do.
    #[error("{0}")]
    Conflict(&'static str),
    /// The request itself is wrong in a way no form produces.
    #[error("{0}")]
    BadRequest(&'static str),
    /// This was done too often of late. Nothing was changed.
    #[error("too many tries")]
    TooMany,
    /// The database is locked, full or away. Nothing was changed.
    #[error("the database cannot answer now")]
    Busy(#[source] std::sync::Arc<anyhow::Error>),
    /// A fault of ours.
    #[error("something went wrong in Postkey")]
    Internal(#[source] std::sync::Arc<anyhow::Error>),
}

impl AppError {
    /// A fault of ours, with its cause.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(std::sync::Arc::new(cause.into()))
    }

    /// Everything that is known of it, for the log.
    pub fn chain(&self) -> String {
        match self {
            Self::Busy(cause) | Self::Internal(cause) => format!("{self}: {cause:#}"),
            plain => plain.to_string(),
        }
    }

    /// The status that HTTP has for this kind.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<anyhow::Error> for AppError {
    fn from(cause: anyhow::Error) -> Self {
        Self::internal(cause)
    }
}

impl From<sqlx::Error> for AppError {
    fn from(cause: sqlx::Error) -> Self {
        if is_unstorable(&cause) {
            Self::BadRequest("This holds a character that cannot be stored. Type it again by hand.")
        } else if is_busy(&cause) {
            Self::Busy(std::sync::Arc::new(cause.into()))
        } else {
            Self::internal(cause)
        }
    }
}

/// A NUL, which PostgreSQL's text cannot hold; what SQLite has stored never holds one either, so nothing is missed.
fn is_unstorable(cause: &sqlx::Error) -> bool {
    cause.as_database_error().and_then(|database| database.code()).is_some_and(|code| code == "22021")
}

/// Locked, full, read-only, out of connections, or gone: waiting may help, and nothing was written.
fn is_busy(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
        sqlx::Error::Database(database) => {
            // SQLite: BUSY 5, LOCKED 6, READONLY 8, IOERR 10, FULL 13, CANTOPEN 14; the extended code keeps it in the low byte.
            // PostgreSQL: classes 53 (resources), 57 (operator intervention), 55P03 (lock) and 40 (serialization).
            let code = database.code().unwrap_or_default();
            match code.parse::<u32>() {
                Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
                _ => ["53", "57", "55P03", "40", "08"].iter().any(|class| code.starts_with(class)),
            }
        }
        _ => false,
    }
}

impl IntoResponse for AppError {
    /// Only the status and the error itself: the outermost layer knows whether a page or JSON is wanted.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
