//! What the redirect from Microsoft back to us says (RFC 6749 section 4.1.2, RFC 9207, Microsoft's admin consent endpoint).

use form_urlencoded::parse;
use secrecy::SecretString;

/// Longest code and state that are looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// What Microsoft's redirect says.
#[derive(Debug)]
pub struct AuthorizationResponse {
    /// Which attempt it belongs to.
    pub state: SecretString,
    /// Who it says it comes from (RFC 9207).
    pub issuer: Option<String>,
    /// What came of it.
    pub said: Said,
}

/// What came of a sign-in at Microsoft.
#[derive(Debug)]
pub enum Said {
    /// It went well; to be redeemed once.
    Code(SecretString),
    /// An administrator consented for the organisation; no proof of anything yet.
    Consented,
    /// It was refused.
    Refused(Refused),
}

/// Why it was refused. All three are a stranger's text.
#[derive(Debug)]
pub struct Refused {
    /// The OAuth `error`.
    pub(super) error: String,
    /// What Microsoft says to it.
    pub(super) description: String,
    /// `cancel` where a person pressed Cancel.
    pub(super) subcode: String,
}

impl AuthorizationResponse {
    /// Reads the query of the callback. Nothing if a parameter is missing, empty or there twice (S-53).
    pub fn parse(query: &str) -> Option<Self> {
        let known = |name: &str| {
            let mut values =
                parse(query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            match (values.next(), values.next()) {
                (Some(_), Some(_)) => Err(()),
                (value, _) => Ok(value.filter(|value| !value.is_empty() && value.len() <= LONGEST)),
            }
        };
        let state = known("state").ok()??;
        let issuer = known("iss").ok()?;
        let (code, error) = (known("code").ok()?, known("error").ok()?);
        let (description, subcode) = (known("error_description").ok()?, known("error_subcode").ok()?);
        let consented = known("admin_consent").ok()?;
        // Microsoft says admin_consent=True beside an error too, so the error comes first.
        let said = match (error, code, consented) {
            (Some(error), ..) => Said::Refused(Refused {
                error,
                description: description.unwrap_or_default(),
                subcode: subcode.unwrap_or_default(),
            }),
            (None, Some(code), _) => Said::Code(code.into()),
            (None, None, Some(consented)) if consented.eq_ignore_ascii_case("true") => Said::Consented,
            _ => return None,
        };
        Some(Self { state: state.into(), issuer, said })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_answer_has_exactly_one_state_and_says_one_thing() {
        let code = |query: &str| match AuthorizationResponse::parse(query)?.said {
            Said::Code(code) => Some(code.expose_secret().to_owned()),
            _ => None,
        };
        assert_eq!(code("code=c%2Bd&state=s&session_state=x").as_deref(), Some("c+d"));
        for wrong in [
            "",
            "code=c",
            "state=s",
            "code=c&state=",
            "code=&state=s",
            "code=c&state=a&state=b",
            "code=c&code=d&state=s",
            "code=c&state[]=s",
            "code=c&STATE=s",
            "code=c&state=s&iss=a&iss=b",
            "admin_consent=False&state=s",
        ] {
            assert!(AuthorizationResponse::parse(wrong).is_none(), "{wrong}");
        }
        assert!(AuthorizationResponse::parse(&format!("code={}&state=s", "c".repeat(LONGEST + 1))).is_none());
    }

    #[test]
    fn an_error_counts_before_anything_that_stands_beside_it() {
        for query in
            ["error=access_denied&code=c&state=s", "admin_consent=True&error=consent_required&state=s&tenant=t"]
        {
            assert!(matches!(AuthorizationResponse::parse(query).unwrap().said, Said::Refused(_)), "{query}");
        }
        assert!(matches!(
            AuthorizationResponse::parse("admin_consent=True&tenant=t&state=s").unwrap().said,
            Said::Consented
        ));
    }
}
