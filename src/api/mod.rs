//! What mail workers ask Postkey: JSON under `/api/v1`, with a key of [`crate::keys`] and nothing else. No cookies, no sessions.
//!
//! ```text
//! GET  /api                                     reference.rs   the API in words
//! GET  /api/v1/openapi.json                     document.rs    the same for machines, made from the code
//! GET  /api/v1/mailboxes                        mailboxes.rs   how mailboxes are
//! GET  /api/v1/mailboxes/{id}                   mailboxes.rs   how one is; by its ID or its address
//! GET  /api/v1/mailboxes/{id}/token             token.rs       an access token that lasts, or why there is none
//! POST /api/v1/mailboxes/{id}/token/refused     refused.rs     a worker's word that a token was refused
//!
//! guard.rs     whose key it is, and whether there is a place
//! give.rs      finds a mailbox' token: at hand, stored, or renewed
//! trouble.rs   why there is none, in the API's words
//! problem.rs   every answer that is none (RFC 9457); code.rs its kinds
//! desk.rs      what this process has at hand: keys and tokens, dropped when they change
//! ledger.rs    what was handed out since the last second
//! follow.rs    writes that down, and hears what other processes change
//! ```

mod code;
mod desk;
pub mod document;
mod follow;
mod give;
pub mod guard;
mod ledger;
pub mod mailboxes;
mod problem;
pub mod reference;
pub mod refused;
pub mod token;
mod trouble;

pub use code::Code;
pub use desk::Desk;
pub use follow::{keep, sweep};
pub use problem::Problem;
