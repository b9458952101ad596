//! Sign-in with Microsoft on behalf of a user: authorization code with PKCE, begun here or by a link.
//!
//! ```text
//! GET  /mailboxes/{id}/sign-in            show.rs      who signed in, the open link, what was tried
//! POST /mailboxes/{id}/sign-in            start.rs     on to Microsoft now, or make a link
//! POST /mailboxes/{id}/sign-in/withdraw   start.rs     the open link ends
//! POST /mailboxes/{id}/sign-in/mail       mailed.rs    the open link is mailed, once more
//!      /mailboxes/{id}/sign-in/forget     forget.rs    erases what was granted
//! GET  /mailboxes/{id}/sign-in/{sign_in}  tried.rs     one try, with what Microsoft said
//!      /s/{code}                          hand_off.rs  PUBLIC: the link, for the owner of the mailbox
//! GET  /sign-in/{sign_in}                 result.rs    PUBLIC: how it ended, for the browser that began it
//! POST /sign-in/{sign_in}/again           result.rs    PUBLIC: the same browser tries again
//! ```
//!
//! The life of an attempt. Only a POST begins one; a GET of a link changes nothing, however often a mail scanner opens it.
//!
//! ```text
//! begin.rs     pending    row with the hashes of state and flow cookie, PKCE verifier sealed; 303 to Microsoft
//!    │
//!    ├─ ten minutes pass: the row is swept, a late answer finds nothing
//!    │
//! /oauth/callback  taken  one DELETE … RETURNING, committed before anything else: no answer counts twice
//!    │
//! callback.rs  accepted   same browser, in time, session alive; else refused, and no code is redeemed
//!    │
//! redeem.rs    ended      code → tokens → ID token → account → scopes
//! settle.rs               mailbox; then grant, mailbox, link, audit and result in one transaction, or the result alone
//! ```

pub mod attempt;
pub mod begin;
pub mod callback;
mod ending;
pub mod forget;
pub mod hand_off;
pub mod link;
pub mod link_store;
pub mod mailed;
mod redeem;
pub mod result;
mod settle;
pub mod show;
pub mod start;
pub mod store;
pub mod tried;

use crate::app::App;
use crate::error::Result;

pub use attempt::Attempt;
pub use link::Link;

/// Removes attempts and results that are old, and the codes of links that have ended; the links stay as a record.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    store::sweep(app).await?;
    link_store::erase_expired(app).await
}
