//! Why Microsoft sent a browser back without what was asked for (RFC 6749 section 4.1.2.1).

use crate::words::{Cause, Code};

use super::authorization_response::Refused;
use super::classify::{self, Flow};
use super::failure::{Failure, Seen, word};
use super::http::host;
use super::token_answer::EntraError;
use super::{Cloud, Microsoft};

/// Entra's number for a person who pressed Cancel.
const PRESSED_CANCEL: u32 = 65_004;

/// What became of a request that a browser carried to Microsoft and that was not granted.
#[derive(Debug)]
pub enum Refusal {
    /// The person did not want to.
    Declined(Box<Failure>),
    /// Microsoft would not.
    Failed(Box<Failure>),
}

impl Microsoft {
    /// What a refused sign-in means. Everything in `refused` may be anything.
    pub fn sign_in_refusal(&self, cloud: Cloud, refused: &Refused) -> Refusal {
        let failure = self.failure_of(cloud, refused);
        // Who cancels on the page that asks for an administrator's approval comes back the same way.
        let by_the_person = matches!(failure.code, None | Some(Code::Aadsts(PRESSED_CANCEL)));
        match refused.is_cancel() || (refused.error == "access_denied" && by_the_person) {
            true => Refusal::Declined(failure),
            false => Refusal::Failed(failure),
        }
    }

    /// What a refused admin consent means. Microsoft names a cancelled one `consent_required`, the older of its endpoints
    /// `permission_denied`.
    pub fn consent_refusal(&self, cloud: Cloud, refused: &Refused) -> Refusal {
        let failure = self.failure_of(cloud, refused);
        let cancelled =
            refused.is_cancel() || matches!(refused.error.as_str(), "consent_required" | "permission_denied");
        let by_microsoft = match failure.cause {
            Cause::NeedsConsent => true,
            Cause::Blocked => failure.code.is_some(),
            _ => false,
        };
        match cancelled || (refused.error == "access_denied" && !by_microsoft) {
            true => Refusal::Declined(failure),
            false => Refusal::Failed(failure),
        }
    }

    fn failure_of(&self, cloud: Cloud, refused: &Refused) -> Box<Failure> {
        let Refused { error, description, .. } = refused;
        let said = EntraError {
            error: error.clone(),
            error_description: Some(description.clone()).filter(|text| !text.is_empty()),
            ..EntraError::default()
        };
        let seen = Seen {
            at: self.clock.now(),
            host: self.clouds.authority(cloud).and_then(host),
            correlation_id: String::new(),
            request_id: None,
            retry_after: None,
            skew_seconds: None,
            keep_out: Vec::new(),
        };
        let failure = classify::entra(400, &said, Flow { by_person: true, by_certificate: false }, &seen);
        let (trace, correlation) = (after(description, "Trace ID:"), after(description, "Correlation ID:"));
        Box::new(Failure { trace_id: trace, correlation_id: correlation, ..*failure })
    }
}

impl Refused {
    fn is_cancel(&self) -> bool {
        self.subcode == "cancel"
    }
}

/// The identifier after `label` in one of Entra's texts, for the sign-in logs.
fn after(text: &str, label: &str) -> Option<String> {
    text.split_once(label)?.1.split_whitespace().next().and_then(word)
}
