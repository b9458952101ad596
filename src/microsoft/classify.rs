//! Entra's and Graph's errors to causes.
//!
//! Microsoft warns that its numbers and texts change. So the OAuth `error`, the HTTP status and Graph's `code` decide
//! which causes are possible at all, and a number only picks among these; a number that nobody knows, or that does not
//! fit, leaves the safe fallback. The one exception is AADSTS50196, a request loop that comes dressed as a lost grant.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::failure::{Failure, Retry, Seen, word};
use super::token_answer::EntraError;
use crate::words::{Cause, Code, Transport, articles};

/// How a token was asked for, as far as it tells what a refusal means.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Flow {
    /// With the sign-in of a person, now or earlier; else by the application alone.
    pub by_person: bool,
    /// The application proved itself by its certificate; else by its secret.
    pub by_certificate: bool,
}

/// The causes that one kind of refusal can have; the first one holds unless a number says another.
type Possible = &'static [Cause];

const WAIT: Possible = &[Cause::ProviderDown, Cause::Throttled];
const SECRET: Possible = &[
    Cause::SecretRefused,
    Cause::SecretExpired,
    Cause::CertificateRefused,
    Cause::ClockSkew,
    Cause::AppNotFound,
    Cause::SetupFault,
];
const CERTIFICATE: Possible = &[
    Cause::CertificateRefused,
    Cause::SecretRefused,
    Cause::SecretExpired,
    Cause::ClockSkew,
    Cause::AppNotFound,
    Cause::SetupFault,
];
const APPLICATION: Possible =
    &[Cause::AppNotFound, Cause::TenantNotFound, Cause::NeedsConsent, Cause::Blocked, Cause::SetupFault];
const TENANT: Possible = &[Cause::TenantNotFound, Cause::SetupFault];
const CONSENT: Possible = &[Cause::NeedsConsent];
const PERSON: Possible = &[Cause::NeedsSignIn, Cause::NeedsConsent, Cause::Blocked, Cause::WrongAccount];
const POLICY: Possible = &[Cause::Blocked, Cause::NeedsConsent];
const SCOPE: Possible = &[Cause::NeedsConsent, Cause::SetupFault];
const RESOURCE: Possible = &[Cause::SetupFault, Cause::NeedsConsent];
const ANYTHING: Possible = &[
    Cause::Other,
    Cause::SetupFault,
    Cause::TenantNotFound,
    Cause::AppNotFound,
    Cause::NeedsConsent,
    Cause::NeedsSignIn,
    Cause::Blocked,
    Cause::WrongAccount,
];

/// The failure behind an answer of Entra that carries an OAuth error.
pub(super) fn entra(status: u16, error: &EntraError, flow: Flow, seen: &Seen) -> Box<Failure> {
    let number = telling_number(error);
    let cause = match status {
        429 => Cause::Throttled,
        408 | 500.. => named(WAIT, number),
        _ if error.error == "invalid_grant" && error.numbers().any(|number| number == 50_196) => Cause::Throttled,
        _ => named(possible(error, flow), number),
    };
    let text = error.error_description.as_deref().unwrap_or(&error.error);
    let code = number.map(Code::Aadsts).or((status == 429 || status >= 500).then_some(Code::Http(status)));
    let mut failure = seen.failure(cause, code, without_ids(text));
    failure.oauth_error = word(&error.error);
    failure.suberror = error.suberror.as_deref().and_then(word);
    failure.claims = error.claims.as_deref().and_then(|claims| seen.claims(claims));
    failure.trace_id = error.trace_id.as_deref().and_then(word);
    if let Some(id) = error.correlation_id.as_deref().and_then(word) {
        failure.correlation_id = Some(id);
    }
    failure
}

/// 70002 is a wrapper that tells nothing by itself; another number that comes with it tells more.
fn telling_number(error: &EntraError) -> Option<u32> {
    error.numbers().find(|number| *number != 70_002).or_else(|| error.numbers().next())
}

fn named(possible: Possible, number: Option<u32>) -> Cause {
    number
        .and_then(|number| articles::usual_cause(&Code::Aadsts(number)))
        .filter(|cause| possible.contains(cause))
        .unwrap_or(possible[0])
}

fn possible(error: &EntraError, flow: Flow) -> Possible {
    let by_person = if flow.by_person { PERSON } else { POLICY };
    if error.error == "consent_required" || error.suberror.as_deref() == Some("consent_required") {
        return CONSENT;
    }
    if error.claims.is_some() {
        return by_person;
    }
    match error.error.as_str() {
        "invalid_grant" | "interaction_required" | "login_required" => by_person,
        "invalid_client" if flow.by_certificate => CERTIFICATE,
        "invalid_client" => SECRET,
        "unauthorized_client" => APPLICATION,
        "invalid_tenant" => TENANT,
        "access_denied" => POLICY,
        "temporarily_unavailable" | "server_error" => WAIT,
        "invalid_scope" => SCOPE,
        "invalid_resource" => RESOURCE,
        _ => ANYTHING,
    }
}

/// The text before the three identifiers that Entra appends, which are kept on their own.
fn without_ids(text: &str) -> &str {
    text.find("Trace ID:").map_or(text, |at| &text[..at])
}

/// The failure behind a status that tells all by itself (408, 429, 5xx) and an unreadable body.
pub(super) fn busy(status: u16, seen: &Seen) -> Box<Failure> {
    let cause = if status == 429 { Cause::Throttled } else { Cause::ProviderDown };
    seen.failure(cause, Some(Code::Http(status)), &format!("HTTP status {status}"))
}

/// The failure of an exchange that gave no usable answer.
pub(super) fn transport(kind: Transport, seen: &Seen) -> Box<Failure> {
    seen.failure(Cause::ProviderDown, Some(Code::Transport(kind)), "")
}

/// Graph's error envelope.
#[derive(Debug, Deserialize)]
pub(super) struct GraphError {
    error: GraphErrorBody,
}

#[derive(Debug, Deserialize)]
struct GraphErrorBody {
    code: String,
    #[serde(default)]
    message: String,
}

/// The failure behind an error of Graph. `challenge` is the `WWW-Authenticate` header.
pub(super) fn graph(status: u16, error: &GraphError, challenge: Option<&str>, seen: &Seen) -> Box<Failure> {
    let name = word(&error.error.code);
    let code = name.clone().map_or(Code::Http(status), Code::Graph);
    let claims = challenge.and_then(challenged).and_then(|claims| seen.claims(&claims));
    let asked_more = challenge.is_some_and(|text| text.contains("insufficient_claims"));
    let cause = if asked_more { Cause::Blocked } else { graph_cause(status, name.as_deref().unwrap_or_default()) };
    let mut failure = seen.failure(cause, Some(code), &error.error.message);
    failure.claims = claims;
    if status == 401 && failure.cause == Cause::SetupFault {
        failure.retry = Retry::OnceNow;
    }
    failure
}

fn graph_cause(status: u16, code: &str) -> Cause {
    match (status, code) {
        (429, _) | (_, "ApplicationThrottled" | "TooManyRequests" | "activityLimitReached") => Cause::Throttled,
        (408 | 500.., _) => Cause::ProviderDown,
        (401 | 403, "NoPermissionsInAccessToken" | "Authorization_RequestDenied") => Cause::NeedsConsent,
        (401, _) => Cause::SetupFault,
        (403, _) => Cause::NoAccess,
        (404, _) | (_, "ErrorNonExistentMailbox" | "MailboxNotHostedInExchangeOnline") => Cause::MailboxNotFound,
        (400, "ErrorInvalidRecipients" | "ErrorMimeContentInvalidBase64String" | "BadRequest") => Cause::SetupFault,
        _ => Cause::Other,
    }
}

/// The claims that a challenge asks for, decoded.
fn challenged(challenge: &str) -> Option<String> {
    let (_, rest) = challenge.split_once("claims=\"")?;
    let encoded = rest.split('"').next()?.trim_end_matches('=');
    let decoded = STANDARD_NO_PAD.decode(encoded).or_else(|_| URL_SAFE_NO_PAD.decode(encoded)).ok()?;
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
