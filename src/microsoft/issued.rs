//! An access token as it was issued, after everything about it was doubted.

use std::fmt;

use oauth2::TokenResponse;
use oauth2::basic::BasicTokenType;
use secrecy::{ExposeSecret, SecretString};

use super::Roles;
use super::token_answer::TokenAnswer;
use crate::clock::UnixTime;

/// Shortest and longest life of a token that is believed, in seconds (1 s to 25 h).
const LIFE: std::ops::RangeInclusive<u64> = 1..=25 * 3600;

/// An access token. Never shown by `Debug`.
#[derive(Clone)]
pub struct AccessToken(SecretString);

impl AccessToken {
    /// Wraps a token, such as one read from the database.
    pub const fn new(token: SecretString) -> Self {
        Self(token)
    }

    /// The token itself: for sealing, for sending, for handing out.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([REDACTED])")
    }
}

/// A token as it was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token.
    pub token: AccessToken,
    /// When it was asked for, by Postkey's clock.
    pub issued_at: UnixTime,
    /// When it ends, counted from when it was asked for, so rather too early than too late.
    pub expires_at: UnixTime,
    /// When Microsoft wishes it to be renewed although it is still good.
    pub refresh_at: Option<UnixTime>,
    /// The permissions it seems to carry; for diagnosis only.
    pub roles: Roles,
    /// What the next token is got with, if the answer brought one; kept out of `Debug`.
    pub refresh_token: Option<SecretString>,
    /// Who signed in; to be checked before it is believed. Kept out of `Debug`.
    pub id_token: Option<SecretString>,
    /// The scopes that were granted; `None` if the answer does not list them, and then they are those asked for.
    pub scopes: Option<Vec<String>>,
    /// Microsoft's clock minus Postkey's, in seconds.
    pub skew_seconds: Option<i64>,
    /// How long Microsoft took, in milliseconds.
    pub took_ms: u64,
}

impl Issued {
    /// Takes over an answer; none if it is not a bearer token of a believable size and life that fits a header.
    pub(super) fn believe(answer: &TokenAnswer, issued_at: UnixTime, longest: usize) -> Option<Self> {
        let token = answer.access_token().secret();
        let life = answer.expires_in()?.as_secs();
        let fits =
            |token: &str| (1..=longest).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
        let believable = *answer.token_type() == BasicTokenType::Bearer
            && LIFE.contains(&life)
            && fits(token)
            && answer.refresh_token().is_none_or(|token| fits(token.secret()))
            && answer.id_token().is_none_or(|token| fits(token.secret()));
        let later = |seconds: u64| Some(issued_at.plus(i64::try_from(seconds).ok()?));
        believable.then_some(())?;
        Some(Self {
            token: AccessToken(SecretString::from(token.as_str())),
            issued_at,
            expires_at: later(life)?,
            refresh_at: answer.refresh_in().filter(|seconds| (1..life).contains(seconds)).and_then(later),
            roles: Roles::of(token),
            refresh_token: answer.refresh_token().map(|token| SecretString::from(token.secret().as_str())),
            id_token: answer.id_token().map(|token| SecretString::from(token.secret())),
            scopes: answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
            skew_seconds: None,
            took_ms: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1000);

    fn believed(token: &str, kind: &str, life: &str, rest: &str) -> Option<Issued> {
        let json = format!(r#"{{"access_token":"{token}","token_type":"{kind}","expires_in":{life}{rest}}}"#);
        Issued::believe(&serde_json::from_str(&json).ok()?, NOW, 16_000)
    }

    #[test]
    fn a_good_token_is_taken_with_its_times() {
        let issued = believed("opaque", "Bearer", "86396", r#","refresh_in":43198"#).unwrap();
        assert_eq!(issued.expires_at.since(NOW), 86_396);
        assert_eq!(issued.refresh_at.unwrap().since(NOW), 43_198);
        assert_eq!((issued.token.reveal(), &issued.roles), ("opaque", &Roles::Unreadable));
        for odd in [r#","refresh_in":0"#, r#","refresh_in":90000"#, r#","refresh_in":"x""#, ""] {
            assert_eq!(believed("t", "bearer", "86396", odd).unwrap().refresh_at, None, "{odd}");
        }
    }

    #[test]
    fn what_is_beyond_belief_is_refused() {
        for life in ["1", "90000", "\"3599\""] {
            assert!(believed("t", "Bearer", life, "").is_some(), "{life}");
        }
        for life in ["0", "90001", "18446744073709551615", "-5"] {
            assert!(believed("t", "Bearer", life, "").is_none(), "{life}");
        }
        assert!(believed("t", "mac", "3599", "").is_none());
        assert!(believed(&"t".repeat(16_000), "Bearer", "3599", "").is_some());
        let long = format!(r#","refresh_token":"{}""#, "r".repeat(16_001));
        for odd in [&long, r#","refresh_token":"a b""#, r#","id_token":"a\nb""#] {
            assert!(believed("t", "Bearer", "3599", odd).is_none(), "{odd}");
        }
        for token in ["", "a b", "a\\u0000b", "a\\r\\nb", "é", &"t".repeat(16_001)] {
            assert!(believed(token, "Bearer", "3599", "").is_none(), "{token}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let more = r#","refresh_token":"s3cr3t-r","id_token":"s3cr3t-i""#;
        let issued = believed("s3cr3t", "Bearer", "3599", more).unwrap();
        assert!(issued.refresh_token.is_some() && issued.id_token.is_some());
        assert!(!format!("{issued:?}").contains("s3cr3t"));
    }
}
