//! A look into an access token, to tell people what is missing. Tokens for Microsoft Graph are opaque by contract, so
//! nothing is decided by this and anything unreadable is tolerated.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// More roles than any application has; the rest is not kept.
const MOST: usize = 200;

/// The application permissions that a token seems to carry. For diagnosis only.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Roles {
    /// The token cannot be looked into; nothing is known.
    Unreadable,
    /// The roles it lists. None are listed too when Exchange, not Entra, grants access (RBAC for Applications).
    Listed(Vec<String>),
}

impl Roles {
    /// Looks into an access token.
    pub(super) fn of(token: &str) -> Self {
        #[derive(Deserialize)]
        struct Payload {
            #[serde(default)]
            roles: Vec<String>,
        }
        let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
        let Some(Ok(payload)) = payload.map(|bytes| serde_json::from_slice::<Payload>(&bytes)) else {
            return Self::Unreadable;
        };
        let is_name = |role: &String| role.len() <= 100 && role.bytes().all(|byte| byte.is_ascii_graphic());
        Self::Listed(payload.roles.into_iter().filter(is_name).take(MOST).collect())
    }

    /// The roles, none if they are not known.
    pub fn list(&self) -> &[String] {
        match self {
            Self::Unreadable => &[],
            Self::Listed(roles) => roles,
        }
    }

    /// Whether this role is listed, such as `Mail.ReadWrite`.
    pub fn has(&self, role: &str) -> bool {
        self.list().iter().any(|listed| listed.eq_ignore_ascii_case(role))
    }

    /// Whether any mail permission is listed.
    pub fn mail_any(&self) -> bool {
        self.list().iter().any(|listed| listed.to_ascii_lowercase().starts_with("mail."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn roles_are_read_from_a_token_that_can_be_looked_into() {
        let roles = Roles::of(&token(r#"{"roles":["Mail.ReadWrite","Mail.Send"],"aud":"x"}"#));
        assert!(roles.has("Mail.ReadWrite") && roles.has("mail.send") && roles.mail_any());
        assert!(!roles.has("Mail"));
        let none = Roles::of(&token(r#"{"aud":"x"}"#));
        assert_eq!(none, Roles::Listed(vec![]));
        assert!(!none.mail_any());
    }

    #[test]
    fn anything_else_is_unreadable_and_tolerated() {
        for odd in ["", "opaque", "..", "a.b.c", &token("{"), &token(r#"{"roles":"Mail.Send"}"#)] {
            assert_eq!(Roles::of(odd), Roles::Unreadable, "{odd:?}");
            assert!(!Roles::of(odd).mail_any());
        }
        let odd_names = Roles::of(&token(r#"{"roles":["Mail.Send","a b","\u0000"]}"#));
        assert_eq!(odd_names.list(), ["Mail.Send"]);
    }
}
