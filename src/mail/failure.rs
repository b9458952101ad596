//! Why a mail did not go out, read from what lettre says.

use std::error::Error as _;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::Error;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::words::MailTrouble;

/// Most letters of a server's answer that are kept.
const MOST: usize = 300;

/// Why a mail did not go out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MailFailure {
    /// What kind of trouble it is.
    pub trouble: MailTrouble,
    /// Host and port of the mail server.
    pub server: String,
    /// What the server said, or how the connection failed; a stranger's text, without secrets. May be empty.
    pub said: String,
}

impl MailFailure {
    /// Trouble that is not the mail server's.
    pub fn without_server(trouble: MailTrouble) -> Self {
        Self { trouble, server: String::new(), said: String::new() }
    }

    /// What happened, in words.
    pub fn what(&self) -> String {
        self.trouble.what(&self.server)
    }
}

/// How far it had come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// On the way to the server, to the end of its greeting.
    Connect,
    /// Logging in.
    Login,
    /// Handing over the message.
    Message,
}

pub(super) fn trouble(stage: Stage, error: &Error) -> MailTrouble {
    if is_about_encryption(error) {
        return MailTrouble::Encryption;
    }
    match stage {
        _ if error.is_transient() => MailTrouble::Busy,
        Stage::Connect if error.is_permanent() => MailTrouble::Refused,
        // The one thing that lettre itself misses here is STARTTLS.
        Stage::Connect if error.is_client() => MailTrouble::Encryption,
        Stage::Connect if error.is_response() => MailTrouble::NoMailServer,
        Stage::Connect => MailTrouble::Unreachable,
        Stage::Login if error.is_permanent() || error.is_client() => MailTrouble::Credentials,
        Stage::Login => MailTrouble::NoAnswer,
        Stage::Message if error.is_permanent() || error.is_client() => MailTrouble::Refused,
        Stage::Message => MailTrouble::Unclear,
    }
}

/// What is known beyond the kind of trouble. Left out if it repeats a secret, as filters do that name the link they dislike.
pub(super) fn said(error: &Error, keep_out: &[&SecretString]) -> String {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    let text = match error.status() {
        Some(code) => format!("{code} {source}"),
        None => source,
    };
    harmless(&text, keep_out)
}

fn harmless(text: &str, keep_out: &[&SecretString]) -> String {
    let text = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let text = text.collect::<Vec<_>>().join(" ");
    // However it is folded, quoted or written.
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let seen = bare(&text);
    let repeats = keep_out.iter().map(|secret| secret.expose_secret()).any(|secret| {
        let spellings = [bare(secret), bare(&STANDARD.encode(secret))];
        text.contains(secret) || spellings.iter().any(|spelling| !spelling.is_empty() && seen.contains(spelling))
    });
    if repeats { String::new() } else { text.chars().take(MOST).collect() }
}

fn is_about_encryption(error: &Error) -> bool {
    if error.is_tls() {
        return true;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<rustls::Error>() {
            return true;
        }
        cause = match inner.downcast_ref::<io::Error>() {
            // An `io::Error` shows what it wraps only here: its `source` skips one level.
            Some(io) => io.get_ref().map(|wrapped| wrapped as &(dyn std::error::Error + 'static)),
            None => inner.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_repeats_a_secret_is_left_out() {
        let code = SecretString::from("aB3_dE-fGh1JkLmNoPqRs");
        let said = |text: &str| harmless(text, &[&code]);
        assert_eq!(said("550 5.1.1\r\n No such\u{0} user"), "550 5.1.1 No such user");
        for text in [
            "blocked: https://postkey.example/s/aB3_dE-fGh1JkLmNoPqRs",
            "AB3_DE-FGH1JKLMNOPQRS",
            "aB3_dE-f=\r\nGh1JkLmNoPqRs",
        ] {
            assert_eq!(said(text), "", "{text}");
        }
        assert_eq!(said(&format!("334 {}", STANDARD.encode("aB3_dE-fGh1JkLmNoPqRs"))), "");
        assert_eq!(said(&"x".repeat(1_000)).len(), MOST);
    }
}
