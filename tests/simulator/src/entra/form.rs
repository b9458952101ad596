//! The form of a token request, with client credentials from the body or from HTTP Basic.

use std::collections::HashMap;

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

/// A token request's fields. Holds secrets, so it cannot be printed.
#[derive(Clone, Default)]
pub(crate) struct TokenForm(HashMap<String, String>);

impl TokenForm {
    /// Reads the body, and the header as RFC 6749 section 2.3.1 says: ID and secret each form-encoded.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let mut fields: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        if let Some((id, secret)) = basic(headers) {
            fields.entry("client_id".to_owned()).or_insert(id);
            fields.entry("client_secret".to_owned()).or_insert(secret);
        }
        Self(fields)
    }

    /// A field that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
