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
    code: Aadsts,
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

    /// The answer as the caller gets it.
    pub(crate) fn answer(&self, asked: &Asked) -> Response {
        let number = self.code.number;
        let timestamp = asked.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let trace_id = asked.request_id.to_string();
        let correlation_id = asked.correlation_id.to_string();
        let text = self.text.clone().unwrap_or_else(|| filled(self.code.text, asked));
        let body = Body {
            error: self.code.error,
            error_description: format!(
                "AADSTS{number}: {text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            error_codes: std::iter::once(number).chain(self.code.also).collect(),
            timestamp,
            trace_id,
            correlation_id,
            error_uri: format!("{}/error?code={number}", asked.origin),
            suberror: self.code.suberror,
            claims: self.code.claims.then(|| claims_for(asked)),
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
