//! One exchange with Microsoft: bounded in time and size, never redirected, and described well enough that a failure
//! can say what happened.

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Request, Response, StatusCode};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use super::failure::{Outcome, Seen, word};
use super::{Microsoft, classify, retry_after, transport};
use crate::words::Transport;

/// A whole answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub seen: Seen,
}

impl Answer {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the status alone says that it passes by itself.
    pub(super) fn is_busy(&self) -> bool {
        self.status.is_server_error() || matches!(self.status.as_u16(), 408 | 429)
    }

    /// Why the body cannot be read as JSON.
    pub(super) fn unreadable(&self, error: Option<&serde_json::Error>) -> Transport {
        let html = self.header("content-type").is_some_and(|kind| kind.contains("html"));
        match self.body.trim_ascii_start() {
            [] => Transport::Empty,
            [b'<', ..] => Transport::Html,
            _ if html => Transport::Html,
            _ if error.is_some_and(serde_json::Error::is_eof) => Transport::Truncated,
            _ => Transport::BadAnswer,
        }
    }
}

impl Microsoft {
    /// Sends a request and reads the whole answer. `keep_out` are the secrets it carries.
    pub(super) async fn exchange(&self, mut request: Request, keep_out: Vec<SecretString>) -> Outcome<Answer> {
        let guid = fresh_guid().to_string();
        for (name, value) in [("client-request-id", guid.as_str()), ("return-client-request-id", "true")] {
            if let Ok(value) = value.parse() {
                request.headers_mut().insert(name, value);
            }
        }
        let mut seen = Seen {
            at: self.clock.now(),
            host: host(request.url()),
            correlation_id: guid,
            request_id: None,
            retry_after: None,
            skew_seconds: None,
            keep_out,
        };
        let response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(classify::transport(transport::kind(&error), &seen)),
        };
        self.look_at(response.headers(), &mut seen);
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection() {
            return Err(classify::transport(Transport::Redirect, &seen));
        }
        match self.read(response).await {
            Ok(body) => Ok(Answer { status, headers, body, seen }),
            Err(kind) => Err(classify::transport(kind, &seen)),
        }
    }

    fn look_at(&self, headers: &HeaderMap, seen: &mut Seen) {
        let now = self.clock.now();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        seen.retry_after = text(RETRY_AFTER.as_str()).and_then(|value| retry_after::pause(value, now));
        seen.skew_seconds = text(DATE.as_str()).and_then(retry_after::date).map(|theirs| theirs.since(now));
        seen.request_id = text("request-id").or_else(|| text("x-ms-request-id")).and_then(word);
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Transport> {
        let longest = self.limits.body_bytes;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| transport::kind(&error))? {
            if body.len() + chunk.len() > longest {
                return Err(Transport::TooBig);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// An address under one of the roots in [`super::Clouds`]; each part is percent-encoded, so that none can leave it.
pub(super) fn below(root: &Url, parts: &[&str]) -> Url {
    let mut address = root.clone();
    if let Ok(mut path) = address.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    address
}

/// The host of an address, with its port if that is unusual.
pub(super) fn host(address: &Url) -> Option<String> {
    let host = address.host_str()?;
    Some(address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A random GUID, to name a request in Microsoft's logs.
pub(super) fn fresh_guid() -> Uuid {
    let mut bytes = [0; 16];
    // A name that is not random still works; there is nothing to protect.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_can_leave_the_root() {
        let root = Url::parse("http://127.0.0.1:8081/graph/").unwrap();
        let address = |mailbox| below(&root, &["v1.0", "users", mailbox, "messages"]).to_string();
        assert_eq!(address("a@b.com"), "http://127.0.0.1:8081/graph/v1.0/users/a@b.com/messages");
        for odd in ["../../x", "a/b?c#d", "a%2Fb", "a b\r\n", "a\\b"] {
            let address = address(odd);
            assert!(address.starts_with("http://127.0.0.1:8081/graph/v1.0/users/"), "{address}");
            assert_eq!(address.matches('/').count(), 7, "{address}");
            assert!(!address.contains(['?', '#', ' ', '\\', '\n']), "{address}");
        }
        assert_eq!(host(&root).unwrap(), "127.0.0.1:8081");
        assert_eq!(host(&Url::parse("https://graph.microsoft.com").unwrap()).unwrap(), "graph.microsoft.com");
    }

    #[test]
    fn a_fresh_guid_is_fresh() {
        assert_ne!(fresh_guid(), fresh_guid());
        assert_eq!(fresh_guid().get_version_num(), 4);
    }
}
