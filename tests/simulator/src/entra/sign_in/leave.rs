//! Ways back to the application.

use url::Url;

use crate::{asked::Asked, entra::Refused};

/// Where a flow ends, and the `state` that goes there with it.
#[derive(Clone, Debug)]
pub(super) struct Return {
    pub(super) uri: String,
    pub(super) state: Option<String>,
}

impl Return {
    /// The redirect URI with these fields and the state.
    pub(super) fn with(&self, fields: &[(&str, &str)]) -> String {
        let Ok(mut url) = Url::parse(&self.uri) else { return self.uri.clone() };
        url.query_pairs_mut().extend_pairs(fields).extend_pairs(self.state.iter().map(|state| ("state", state)));
        url.into()
    }

    /// The redirect URI with an error of the authorize endpoint.
    pub(super) fn refused(&self, refused: &Refused, asked: &Asked) -> String {
        let number = refused.code.number;
        let (description, uri) = (refused.description(asked), refused.uri(asked));
        let mut fields = vec![("error", authorize_error(refused)), ("error_description", &description)];
        if number == 65_004 {
            fields.push(("error_subcode", "cancel"));
        }
        fields.push(("error_uri", &uri));
        self.with(&fields)
    }

    /// The redirect URI after the person went back without being asked.
    pub(super) fn cancelled(&self) -> String {
        self.with(&[("error", "access_denied"), ("error_subcode", "cancel")])
    }
}

/// `error` at the authorize endpoint, which knows no `invalid_grant` (RFC 6749 section 4.1.2.1).
fn authorize_error(refused: &Refused) -> &'static str {
    match (refused.code.number, refused.code.error) {
        (65_001, _) => "consent_required",
        (_, "invalid_grant") => "interaction_required",
        (_, "invalid_client") => "unauthorized_client",
        (_, error) => error,
    }
}

/// Whether Microsoft keeps the person on its page instead of telling the application.
pub(super) fn stays(refused: &Refused) -> bool {
    const STAYING: [u32; 33] = [
        16_000, 50_011, 50_020, 50_034, 50_053, 50_055, 50_057, 50_059, 50_105, 50_126, 50_128, 50_131, 50_144, 50_194,
        53_000, 53_001, 53_002, 53_003, 90_002, 90_019, 90_072, 90_094, 90_095, 500_021, 500_022, 500_113, 500_212,
        500_213, 530_032, 530_034, 530_035, 700_016, 900_023,
    ];
    const ALSO: [u32; 6] = [650_052, 650_056, 700_011, 900_971, 7_000_112, 7_000_229];
    let number = refused.code.number;
    STAYING.contains(&number) || ALSO.contains(&number)
}
