//! Why a worker got no answer, as RFC 9457 has it: `application/problem+json` with a code that never changes.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::UnixTime;
use crate::error::AppError;
use crate::telemetry::request_id;
use crate::words::{Cause, Who};

use super::Code;

/// Seconds after which to ask again when nothing better is known.
const SOON: i64 = 5;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    cause: Option<Cause>,
    who: Option<Who>,
    since: Option<UnixTime>,
    retry_after: Option<i64>,
}

/// The same as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Sent<'a> {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/api#needs_sign_in")]
    kind: String,
    /// What the code means.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// What happened here, in words for people. They may change.
    detail: &'a str,
    /// The stable name of the problem: decide by this.
    #[schema(value_type = String)]
    code: &'static str,
    /// Why Microsoft gives no token, if it is about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    cause: Option<&'static str>,
    /// Who can put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    who: Option<&'static str>,
    /// Since when it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    since: Option<String>,
    /// Seconds after which to ask again; also the header Retry-After.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false)]
    retry_after: Option<i64>,
    /// Names this request, for whoever runs Postkey; also the header X-Request-ID.
    request_id: String,
}

/// `moment` as RFC 3339 in UTC.
pub(super) fn rfc3339(moment: UnixTime) -> String {
    jiff::Timestamp::from_second(moment.seconds()).map(|moment| moment.to_string()).unwrap_or_default()
}

impl Problem {
    /// A problem of this kind, and what happened.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after = code.passes().then_some(SOON);
        Self { code, detail: detail.into(), cause: None, who: None, since: None, retry_after }
    }

    /// The same with why, and who can put it right.
    pub(super) fn caused(self, cause: Cause, who: Who) -> Self {
        Self { cause: Some(cause), who: Some(who), ..self }
    }

    /// The same with who can put it right.
    pub(super) fn for_whom(self, who: Who) -> Self {
        Self { who: Some(who), ..self }
    }

    /// The same with since when it is so.
    pub(super) fn since(self, since: UnixTime) -> Self {
        Self { since: Some(since), ..self }
    }

    /// The same with the seconds after which to ask again.
    pub(super) fn retry_after(self, seconds: i64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match &error {
            AppError::NotFound => Self::new(Code::NotFound, "There is no such mailbox, or this key is not for it."),
            AppError::BadRequest(text) | AppError::Conflict(text) => Self::new(Code::BadRequest, *text),
            AppError::Forbidden(text) => Self::new(Code::Forbidden, *text),
            AppError::TooMany => Self::new(Code::TooMany, "Too many tries."),
            AppError::Busy(_) => {
                tracing::warn!(cause = %error.chain(), "the database could not answer a worker");
                Self::new(Code::TryLater, "Postkey cannot reach its database.").for_whom(Who::Operations)
            }
            AppError::Internal(_) => {
                tracing::error!(cause = %error.chain(), "a worker’s request failed by our fault");
                Self::new(Code::Internal, "It is a fault in Postkey, not yours.").for_whom(Who::Operations)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let sent = Sent {
            kind: format!("/api#{}", self.code.value()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.value(),
            cause: self.cause.map(Cause::value),
            who: self.who.map(Who::value),
            since: self.since.map(rfc3339),
            retry_after: self.retry_after,
            request_id: request_id(),
        };
        let body = serde_json::to_string(&sent).unwrap_or_default();
        let mime = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.code.status(), mime, body).into_response();
        response.extensions_mut().insert(self.code);
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if self.code == Code::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"postkey\""));
        }
        response
    }
}
