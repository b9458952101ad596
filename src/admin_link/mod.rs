//! A link for a tenant administrator of Microsoft Entra who has no account here: what an application still needs, consent by
//! Microsoft's own page, and a new secret that whoever sent the link never sees.
//!
//! ```text
//! GET  /applications/{id}/admin-link            ask.rs       the open link, what was done through it, how consents ended
//! POST /applications/{id}/admin-link            ask.rs       makes a link
//! POST /applications/{id}/admin-link/withdraw   ask.rs       the open link ends
//! GET  /a/{code}                                show.rs      PUBLIC: the steps, each with its state
//! POST /a/{code}/consent                        begin.rs     PUBLIC: on to Microsoft's page for consent
//! POST /a/{code}/secret                         deposit.rs   PUBLIC: stores a secret and tests it at once
//! GET  /a/{code}/limit.ps1  /certificate.cer    files.rs     PUBLIC: the script, and a certificate that waits for upload
//! GET  /consent/{consent}                       result.rs    PUBLIC: how a consent ended, for the browser that began it
//! ```
//!
//! A GET changes nothing and asks nobody, as mail scanners open every link. The state of a step is what the database knows.
//! Each step can be done once; a link ends when both are done, when it is withdrawn, or by itself (link.rs, door.rs).
//!
//! `/oauth/callback` hands an answer to callback.rs, which never believes it: Microsoft's word that consent was granted makes
//! Postkey get a new token, and that token tells.

pub mod ask;
pub mod begin;
pub mod callback;
pub mod consent;
pub mod consent_store;
pub mod deposit;
mod door;
pub mod files;
pub mod link;
pub mod result;
pub mod show;
mod steps;
pub mod store;

use crate::app::App;
use crate::error::Result;

pub use consent::Consent;
pub use link::AdminLink;

/// Removes what has ended.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    consent_store::sweep(app).await?;
    store::erase_expired(app).await
}
