//! What the token endpoint answers, as hostile input: success and error in the forms that the `oauth2` crate asks for.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{ErrorResponse, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// A token that was issued. Tolerates a lifetime that is sent as text, as v1 endpoints do.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct TokenAnswer {
    access_token: oauth2::AccessToken,
    #[serde(deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive")]
    token_type: BasicTokenType,
    #[serde(deserialize_with = "seconds")]
    expires_in: u64,
    #[serde(default, deserialize_with = "optional_seconds")]
    refresh_in: Option<u64>,
    #[serde(default, deserialize_with = "refresh_token")]
    refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "id_token")]
    id_token: Option<IdToken>,
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
}

/// Who signed in, as the answer says it; not believed yet.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct IdToken(String);

impl IdToken {
    /// The token itself, for checking it.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdToken([REDACTED])")
    }
}

impl TokenAnswer {
    /// After how many seconds to renew although the token is still good.
    pub(super) const fn refresh_in(&self) -> Option<u64> {
        self.refresh_in
    }

    /// Who signed in, if the answer says it.
    pub(super) const fn id_token(&self) -> Option<&IdToken> {
        self.id_token.as_ref()
    }
}

impl TokenResponse for TokenAnswer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &oauth2::AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.expires_in))
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

/// An error of Entra. Only `error` must be there; anything else that has an odd type counts as missing.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct EntraError {
    pub error: String,
    #[serde(default, deserialize_with = "text")]
    pub error_description: Option<String>,
    #[serde(default, deserialize_with = "numbers")]
    pub error_codes: Vec<u32>,
    #[serde(default, deserialize_with = "text")]
    pub suberror: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub claims: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub trace_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub correlation_id: Option<String>,
}

impl EntraError {
    /// Every AADSTS number, the one that leads the text first.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        let leading = self.error_description.as_deref().and_then(|text| {
            let digits = text.trim_start().strip_prefix("AADSTS")?;
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse().ok()
        });
        leading.into_iter().chain(self.error_codes.iter().copied())
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl ErrorResponse for EntraError {}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    as_seconds(&Value::deserialize(from)?).ok_or_else(|| de::Error::custom("not a number of seconds"))
}

fn optional_seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(as_seconds(&Value::deserialize(from)?))
}

fn as_seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(text) => Ok(Some(text)),
        _ => Ok(None),
    }
}

/// An empty one counts as missing, so that it is never stored over a good one (S-62).
fn refresh_token<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RefreshToken>, D::Error> {
    Ok(text(from)?.filter(|token| !token.is_empty()).map(RefreshToken::new))
}

fn id_token<'de, D: Deserializer<'de>>(from: D) -> Result<Option<IdToken>, D::Error> {
    Ok(text(from)?.filter(|token| !token.is_empty()).map(IdToken))
}

/// Missing means that everything that was asked for was granted (RFC 6749 section 5.1).
fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Scope>>, D::Error> {
    Ok(text(from)?.map(|scopes| scopes.split_whitespace().map(|scope| Scope::new(scope.to_owned())).collect()))
}

fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
    let value = Value::deserialize(from)?;
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    Ok(items.iter().filter_map(|item| item.as_u64()?.try_into().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(json: &str) -> Result<TokenAnswer, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_lifetime_may_be_a_number_or_digits() {
        for lifetime in ["3599", "\"3599\""] {
            let json = format!(r#"{{"access_token":"t0k","token_type":"bEaReR","expires_in":{lifetime},"x":1}}"#);
            let answer = token(&json).unwrap();
            assert_eq!(answer.expires_in(), Some(Duration::from_secs(3599)));
            assert_eq!(*answer.token_type(), BasicTokenType::Bearer);
            assert!(!format!("{answer:?}").contains("t0k"));
        }
        for lifetime in ["-1", "1.5", "\"soon\"", "null", "[]", "1e400", "99999999999999999999999"] {
            let json = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{lifetime}}}"#);
            assert!(token(&json).is_err(), "{lifetime}");
        }
    }

    #[test]
    fn a_token_answer_that_lacks_or_doubles_something_is_refused() {
        for json in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"token_type":"Bearer","expires_in":1}"#,
            r#"{"access_token":1,"token_type":"Bearer","expires_in":1}"#,
            r#"{"access_token":"a","access_token":"b","token_type":"Bearer","expires_in":1}"#,
            r#"{"access_token":"a","token_type":"Bearer"}"#,
            "\u{FEFF}{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":1}",
        ] {
            assert!(token(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_a_sign_in_adds_is_read_and_never_shown() {
        let with = |rest: &str| {
            token(&format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":1,{rest}}}"#)).unwrap()
        };
        let answer = with(r#""refresh_token":"r3fresh","id_token":"1dent","scope":"openid  Mail.Send ""#);
        assert_eq!(answer.refresh_token().unwrap().secret(), "r3fresh");
        assert_eq!(answer.id_token().unwrap().secret(), "1dent");
        assert_eq!(answer.scopes().unwrap().len(), 2);
        let shown = format!("{answer:?}");
        assert!(!shown.contains("r3fresh") && !shown.contains("1dent"), "{shown}");
        for odd in [r#""refresh_token":"","id_token":"""#, r#""refresh_token":7,"id_token":[],"scope":{}"#] {
            let answer = with(odd);
            assert!(answer.refresh_token().is_none() && answer.id_token().is_none() && answer.scopes().is_none());
        }
    }

    #[test]
    fn an_error_needs_only_its_name() {
        let error: EntraError = serde_json::from_str(
            r#"{"error":"invalid_client","error_description":7,"error_codes":["x",-1,70002,70008],"claims":{}}"#,
        )
        .unwrap();
        assert_eq!(error.numbers().collect::<Vec<_>>(), [70002, 70008]);
        assert_eq!((error.error_description, error.claims), (None, None));
        assert!(serde_json::from_str::<EntraError>(r#"{"error":null}"#).is_err());
        assert!(serde_json::from_str::<EntraError>(r#"{"error":"a","error":"b"}"#).is_err());
    }

    #[test]
    fn the_number_that_leads_the_text_comes_first() {
        let numbers = |text: &str| {
            let error =
                EntraError { error_description: Some(text.into()), error_codes: vec![1], ..EntraError::default() };
            error.numbers().collect::<Vec<_>>()
        };
        assert_eq!(numbers("AADSTS7000222: The provided"), [7_000_222, 1]);
        assert_eq!(numbers("AADSTS50076"), [50_076, 1]);
        for odd in ["AADSTS: x", "AADSTS99999999999: x", "see AADSTS50076", "AADSTS<script>", ""] {
            assert_eq!(numbers(odd), [1], "{odd:?}");
        }
    }
}
