//! What went wrong with Microsoft, in a form that can be stored, shown and acted on. Never holds a secret.

use std::error::Error;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::clock::UnixTime;
use crate::words::{Article, Cause, Code, articles};

/// What asking Microsoft gives. The failure is boxed, as it is far larger than most successes.
pub type Outcome<T> = Result<T, Box<Failure>>;

/// Longest text of Microsoft's that is kept, in bytes.
const LONGEST_TEXT: usize = 1024;
/// Longest claims challenge that is kept, in bytes.
const LONGEST_CLAIMS: usize = 4096;
/// Longest identifier or code that is kept, in bytes.
const LONGEST_WORD: usize = 64;

/// Why Microsoft did not do what was asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Failure {
    /// Why, in Postkey's vocabulary. All logic goes by this and by [`Failure::retry`].
    pub cause: Cause,
    /// What the failure is called outside Postkey; selects the article.
    pub code: Option<Code>,
    /// The OAuth `error`.
    pub oauth_error: Option<String>,
    /// Entra's `suberror`.
    pub suberror: Option<String>,
    /// Microsoft's own text, cut to 1 kB, without control characters and secrets; or a sentence of Postkey's.
    pub message: String,
    /// What Entra wants to be told at the next sign-in, as the JSON text it sent.
    pub claims: Option<String>,
    /// Entra's ID of the event.
    pub trace_id: Option<String>,
    /// The ID that Postkey gave the request.
    pub correlation_id: Option<String>,
    /// Graph's or Entra's ID of the request.
    pub request_id: Option<String>,
    /// When it was met, by Postkey's clock.
    pub at: UnixTime,
    /// Whether and when to try again.
    pub retry: Retry,
    /// Microsoft's clock minus Postkey's, in seconds; known if an answer came.
    pub skew_seconds: Option<i64>,
    /// The host that was asked, with its port if that is unusual.
    pub host: Option<String>,
}

/// Whether and when to try again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Not until somebody has changed something.
    No,
    /// Not before so many seconds have passed (1 to 3600).
    After(u32),
    /// Soon, with growing pauses.
    Backoff,
    /// Once, at once, with a fresh token or proof; then not until something has changed.
    OnceNow,
}

impl Failure {
    /// A failure that Postkey found by itself, without any code of Microsoft's. `message` must hold no secret.
    pub fn of(cause: Cause, message: impl Into<String>, at: UnixTime) -> Box<Self> {
        Box::new(Self {
            cause,
            code: None,
            oauth_error: None,
            suberror: None,
            message: message.into(),
            claims: None,
            trace_id: None,
            correlation_id: None,
            request_id: None,
            at,
            retry: if cause.is_transient() { Retry::Backoff } else { Retry::No },
            skew_seconds: None,
            host: None,
        })
    }

    /// The article that explains it.
    pub fn article(&self) -> &'static Article {
        articles::find(self.code.as_ref(), self.cause)
    }

    /// Whether it passes by itself.
    pub const fn is_transient(&self) -> bool {
        self.cause.is_transient()
    }

    /// Whether it speaks of the refresh token itself (RFC 6749 section 5.2). A request loop that comes dressed as such a
    /// refusal is not meant: its cause passes by itself.
    pub fn is_of_grant(&self) -> bool {
        self.oauth_error.as_deref() == Some("invalid_grant") && !self.is_transient()
    }

    /// One plain sentence for a log line or a tooltip, without any of Microsoft's text.
    pub fn summary(&self) -> String {
        let facts = crate::words::Facts { host: self.host.clone(), ..Default::default() };
        let title = self.article().fill(&facts).title;
        match &self.code {
            Some(code) => format!("{title} ({code})."),
            None => format!("{title}."),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())
    }
}

impl Error for Failure {}

/// What is known about an exchange apart from the answer's body; becomes part of its failure.
#[derive(Debug)]
pub(super) struct Seen {
    pub at: UnixTime,
    pub host: Option<String>,
    pub correlation_id: String,
    pub request_id: Option<String>,
    pub retry_after: Option<u32>,
    pub skew_seconds: Option<i64>,
    /// What was sent and must not come back into a failure.
    pub keep_out: Vec<SecretString>,
}

impl Seen {
    /// A failure of this exchange. `text` is Microsoft's own and may be anything.
    pub(super) fn failure(&self, cause: Cause, code: Option<Code>, text: &str) -> Box<Failure> {
        Box::new(Failure {
            code,
            correlation_id: Some(self.correlation_id.clone()),
            request_id: self.request_id.clone(),
            retry: self.retry(cause),
            skew_seconds: self.skew_seconds,
            host: self.host.clone(),
            ..*Failure::of(cause, self.harmless(text, LONGEST_TEXT), self.at)
        })
    }

    fn retry(&self, cause: Cause) -> Retry {
        match (cause, self.retry_after) {
            (Cause::Throttled, pause) => Retry::After(pause.unwrap_or(super::retry_after::USUAL)),
            (Cause::ProviderDown, Some(pause)) => Retry::After(pause),
            (Cause::ProviderDown, None) => Retry::Backoff,
            (Cause::ClockSkew, _) => Retry::OnceNow,
            _ => Retry::No,
        }
    }

    /// A claims challenge, if it is one that can be passed on unchanged.
    pub(super) fn claims(&self, text: &str) -> Option<String> {
        let whole = text.len() <= LONGEST_CLAIMS && self.harmless(text, LONGEST_CLAIMS) == text;
        (whole && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()).then(|| text.to_owned())
    }

    /// Microsoft's text, one line of it, without secrets and cut to `longest` bytes.
    pub(super) fn harmless(&self, text: &str, longest: usize) -> String {
        let mut text = text.to_owned();
        for secret in self.keep_out.iter().map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= 4) {
            let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            text = text.replace(secret, "[removed]").replace(&encoded, "[removed]");
        }
        let mut line = String::new();
        for piece in text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',' | ':' | '=')) {
            line.push_str(if looks_like_token(piece) { "[removed] " } else { piece });
        }
        let line: String = line.chars().map(|c| if c.is_control() || is_line_break(c) { ' ' } else { c }).collect();
        cut(line.trim(), longest).to_owned()
    }
}

/// A code, identifier or error name as Microsoft forms them; anything else is dropped.
pub(super) fn word(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (!text.is_empty() && text.len() <= LONGEST_WORD && text.bytes().all(fits)).then(|| text.to_owned())
}

fn looks_like_token(piece: &str) -> bool {
    piece.contains("eyJ") && piece.len() > 40
}

const fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn cut(text: &str, longest: usize) -> &str {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
pub(super) fn seen_for_tests() -> Seen {
    Seen {
        at: UnixTime::from_seconds(1_700_000_000),
        host: Some("login.microsoftonline.com".into()),
        correlation_id: "6f1d".into(),
        request_id: None,
        retry_after: None,
        skew_seconds: None,
        keep_out: vec![SecretString::from("s3cr+t/value~")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_being_stored() {
        let mut failure = seen_for_tests().failure(Cause::SecretExpired, Some(Code::Aadsts(7_000_222)), "text");
        failure.retry = Retry::After(60);
        let json = serde_json::to_string(&failure).unwrap();
        assert!(json.contains(r#""cause":"secret_expired","code":"AADSTS7000222""#), "{json}");
        assert_eq!(serde_json::from_str::<Failure>(&json).unwrap(), *failure);
    }

    #[test]
    fn what_was_sent_never_comes_back_in_a_text() {
        let seen = seen_for_tests();
        let token = format!("eyJ{}", "a".repeat(60));
        let long = "x".repeat(LONGEST_TEXT - 3);
        for text in [
            "bad s3cr+t/value~ here",
            "bad client_secret=s3cr%2Bt%2Fvalue%7E&x",
            &format!("{long}s3cr+t/value~"),
            &format!("assertion '{token}' and access_token={token}"),
        ] {
            let message = seen.failure(Cause::Other, None, text).message;
            assert!(!message.contains("s3cr") && !message.contains("eyJ"), "{message}");
            assert!(message.len() <= LONGEST_TEXT);
        }
        let shown = format!("{seen:?}");
        assert!(!shown.contains("s3cr"), "{shown}");
    }

    #[test]
    fn a_text_is_one_short_line() {
        let seen = seen_for_tests();
        let message = seen.failure(Cause::Other, None, "a\r\nb\u{1b}[31m\u{2028}\0\u{202E}c").message;
        assert_eq!(message, "a  b [31m   c");
        assert_eq!(seen.failure(Cause::Other, None, &"é".repeat(5000)).message.len(), 1024);
        assert_eq!(word("ErrorAccessDenied"), Some("ErrorAccessDenied".into()));
        for odd in ["", "a b", "<script>", "é", &"x".repeat(65)] {
            assert_eq!(word(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn claims_are_kept_whole_or_not_at_all() {
        let seen = seen_for_tests();
        let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["1f"]}}}"#;
        assert_eq!(seen.claims(claims).as_deref(), Some(claims));
        assert_eq!(seen.claims("{"), None);
        assert_eq!(seen.claims(&format!("[\"{}\"]", "x".repeat(LONGEST_CLAIMS))), None);
    }

    #[test]
    fn a_summary_is_one_sentence_with_the_code() {
        let failure = seen_for_tests().failure(Cause::SecretExpired, Some(Code::Aadsts(7_000_222)), "");
        assert_eq!(failure.summary(), "The secret of the application expired (AADSTS7000222).");
    }
}
