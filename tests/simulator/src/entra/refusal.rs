//! The error JSON of Entra's OAuth endpoints.

use axum::{
    Json,
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::codes::{self, Aadsts};
use crate::{asked::Asked, requests::Code};

/// Why Entra does not do what it is asked.
///
/// As a response it is only a mark; [`answer`](Self::answer) writes the body once the request's IDs are at hand.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(super) code: Aadsts,
    text: Option<String>,
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: String,
    error_codes: Vec<u32>,
    timestamp: String,
    trace_id: String,
    correlation_id: String,
    error_uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<String>,
}

impl Refused {
    pub(crate) fn new(number: u32) -> Self {
        Self { code: codes::answer_for(number), text: None }
    }

    /// With another sentence than the number's usual one.
    pub(crate) fn saying(number: u32, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::new(number) }
    }

    /// As Entra refuses a refresh token it cannot read.
    pub(super) fn with_bad_token(mut self) -> Self {
        self.code.suberror = Some("bad_token");
        self.with_error("invalid_grant")
    }

    /// With another `error` than the number's usual one.
    pub(super) fn with_error(mut self, error: &'static str) -> Self {
        self.code.error = error;
        self
    }

    /// `error_description`.
    pub(super) fn description(&self, asked: &Asked) -> String {
        let number = self.code.number;
        let text = self.text.clone().unwrap_or_else(|| filled(self.code.text, asked));
        let (trace, correlation, at) = (asked.request_id, asked.correlation_id, timestamp(asked));
        format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}")
    }

    /// `error_uri`.
    pub(super) fn uri(&self, asked: &Asked) -> String {
        format!("{}/error?code={}", asked.origin, self.code.number)
    }

    /// The answer as the caller gets it.
    pub(crate) fn answer(&self, asked: &Asked) -> Response {
        let number = self.code.number;
        let body = Body {
            error: self.code.error,
            error_description: self.description(asked),
            error_codes: std::iter::once(number).chain(self.code.also).collect(),
            timestamp: timestamp(asked),
            trace_id: asked.request_id.to_string(),
            correlation_id: asked.correlation_id.to_string(),
            error_uri: self.uri(asked),
            suberror: self.code.suberror,
            // Conditional Access gives a person, but not an application, something to sign in again with.
            claims: (self.code.claims || (number == 53_003 && asked.person.is_some())).then(|| claims_for(asked)),
        };
        let status = StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut answer = (status, Json(body)).into_response();
        answer.extensions_mut().insert(Code::Aadsts(number));
        answer.headers_mut().insert(axum::http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut mark = StatusCode::BAD_REQUEST.into_response();
        mark.extensions_mut().insert(self);
        mark
    }
}

fn timestamp(asked: &Asked) -> String {
    asked.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn filled(text: &str, asked: &Asked) -> String {
    let said = |word: &Option<String>| word.clone().unwrap_or_default();
    text.replace("{client}", &said(&asked.client_id))
        .replace("{tenant}", &said(&asked.tenant))
        .replace("{scope}", &said(&asked.scope))
}

fn claims_for(asked: &Asked) -> String {
    let policy = asked.request_id;
    format!(r#"{{"access_token":{{"capolids":{{"essential":true,"values":["{policy}"]}}}}}}"#)
}
