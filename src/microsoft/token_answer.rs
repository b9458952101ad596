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
}

impl TokenAnswer {
    /// After how many seconds to renew although the token is still good.
    pub(super) const fn refresh_in(&self) -> Option<u64> {
        self.refresh_in
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
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
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
