//! Checks a client secret.

use jiff::Timestamp;

use super::Refused;
use crate::estate::Application;

/// Passes a Value that is valid at `now`. An expired Value, or any Value when all have expired, is AADSTS7000222.
pub(super) fn check(application: &Application, value: &str, now: Timestamp) -> Result<(), Refused> {
    let secrets = &application.secrets;
    if secrets.iter().any(|secret| secret.value == value && secret.is_valid(now)) {
        return Ok(());
    }
    let has_ended = secrets.iter().any(|secret| secret.value == value && secret.end <= now);
    let all_have_ended = !secrets.is_empty() && secrets.iter().all(|secret| secret.end <= now);
    Err(Refused::new(if has_ended || all_have_ended { 7_000_222 } else { 7_000_215 }))
}
