//! The life of a grant: an application's, one for each application and audience, shared by all its mailboxes; and a
//! person's, which has a refresh token and belongs to one mailbox.
//!
//! ```text
//! GET /tokens          index.rs   what cannot be renewed and why; /tokens.csv every token, never its text
//! GET /tokens/{token}  show.rs    one token: what happened, why, what to do, who can; POST …/renew tries at once
//!
//! renewals.rs  how renewals went hour by hour: the bars of both pages, /tokens/renewals.csv
//! what_changed.rs  what the times tell of a failure
//! obtain.rs    an application's token: the stored one while it is good, else a new one
//! refresh.rs   a person's token: the stored one while it is good, else a renewal of the saved sign-in
//! keep.rs      what a sign-in or a renewal brought, sealed and ready to be stored
//! refresher.rs the keeper: renews whatever is due, ahead of need, fairly between applications
//! pace.rs      when that is: 50 to 70 % of a life, or ever later after failures
//! lease.rs     one renewal of a grant at a time, across processes; turn_store.rs has its SQL
//! handed_store.rs  which key was handed which token, and which were refused
//! prove.rs     shows the application's credentials to Microsoft, in order, whatever a token is asked for
//! ```

pub mod delegated_store;
pub mod handed_store;
pub mod health;
pub mod health_store;
pub mod index;
pub mod keep;
mod lease;
pub mod obtain;
mod obtained;
mod pace;
pub mod prove;
pub mod refresh;
pub mod refresher;
pub mod renewal_store;
pub mod renewals;
pub mod show;
pub mod store;
pub mod turn_store;
mod what_changed;

pub use obtained::{NoToken, Obtained, Want};
