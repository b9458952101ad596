//! The name under which somebody else knows a failure: Entra's number, Graph's word, an HTTP status, or the way a
//! connection broke. It selects an article; nothing is decided by it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a failure is called outside Postkey. Text form: `AADSTS7000215`, `ErrorAccessDenied`, `http_503`,
/// `transport_dns`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
pub enum Code {
    /// A number of Microsoft Entra.
    Aadsts(u32),
    /// An error code of Microsoft Graph.
    Graph(String),
    /// An HTTP status that came without any of Microsoft's own codes.
    Http(u16),
    /// No HTTP answer that could be used.
    Transport(Transport),
}

/// How an exchange with Microsoft failed before there was an answer to read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// The host name has no address.
    Dns,
    /// Nothing listens there.
    Refused,
    /// The encrypted connection could not be made or trusted.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke.
    Reset,
    /// The answer pointed elsewhere, and Postkey does not follow.
    Redirect,
    /// A web page came instead of data: usually a proxy's.
    Html,
    /// The answer was empty.
    Empty,
    /// The answer stopped in the middle.
    Truncated,
    /// The answer was larger than any honest one.
    TooBig,
    /// The answer was not what the protocol says.
    BadAnswer,
}

impl Transport {
    /// Every way to fail.
    pub const ALL: &[Self] = &[
        Self::Dns,
        Self::Refused,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::Redirect,
        Self::Html,
        Self::Empty,
        Self::Truncated,
        Self::TooBig,
        Self::BadAnswer,
    ];

    /// The stable name.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Dns => "transport_dns",
            Self::Refused => "transport_refused",
            Self::Tls => "transport_tls",
            Self::Timeout => "transport_timeout",
            Self::Reset => "transport_reset",
            Self::Redirect => "transport_redirect",
            Self::Html => "transport_html",
            Self::Empty => "transport_empty",
            Self::Truncated => "transport_truncated",
            Self::TooBig => "transport_too_big",
            Self::BadAnswer => "transport_bad_answer",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aadsts(number) => write!(f, "AADSTS{number}"),
            Self::Graph(word) => f.write_str(word),
            Self::Http(status) => write!(f, "http_{status}"),
            Self::Transport(kind) => f.write_str(kind.value()),
        }
    }
}

impl From<String> for Code {
    fn from(text: String) -> Self {
        if let Some(kind) = Transport::ALL.iter().find(|kind| kind.value() == text) {
            return Self::Transport(*kind);
        }
        let number = |prefix| text.strip_prefix(prefix).and_then(|digits: &str| digits.parse().ok());
        if let Some(number) = number("AADSTS") {
            return Self::Aadsts(number);
        }
        match number("http_").and_then(|status: u32| status.try_into().ok()) {
            Some(status) => Self::Http(status),
            None => Self::Graph(text),
        }
    }
}

impl FromStr for Code {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.to_owned().into())
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back() {
        let mut codes = vec![Code::Aadsts(7_000_222), Code::Graph("ErrorAccessDenied".into()), Code::Http(503)];
        codes.extend(Transport::ALL.iter().copied().map(Code::Transport));
        for code in codes {
            assert_eq!(code.to_string().parse(), Ok(code.clone()));
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
        }
    }
}
