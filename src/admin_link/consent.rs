//! A tenant administrator's consent under way at Microsoft, and what an answer to it means. No I/O.

use crate::clock::UnixTime;
use crate::ids::{AdminLinkId, ApplicationId, ConsentId};
use crate::microsoft::Failure;
use crate::words::{Cause, ConsentResult};

/// A consent that was begun and has not ended. Who holds one has taken it: there is no second.
#[derive(Clone, Debug)]
pub struct Consent {
    /// Ours; the same as of the result.
    pub id: ConsentId,
    /// The link that began it.
    pub link_id: AdminLinkId,
    /// Who began it, for the audit.
    pub started_by: String,
    /// The application that asked.
    pub application_id: ApplicationId,
    /// Root of the sign-in service to which the administrator was sent.
    pub authority: String,
    /// The tenant that was asked.
    pub tenant_id: String,
    /// The client ID that asked.
    pub client_id: String,
    /// Hash of the cookie that the browser was given.
    pub flow_hash: String,
    /// When it began.
    pub started_at: UnixTime,
    /// When it is too late.
    pub expires_at: UnixTime,
}

/// What a consent that Microsoft would not take means for the administrator.
pub fn meaning(failure: &Failure) -> ConsentResult {
    match failure.cause {
        Cause::Blocked => ConsentResult::Blocked,
        Cause::NeedsConsent => ConsentResult::NeedsAdministrator,
        _ => ConsentResult::Failed,
    }
}
