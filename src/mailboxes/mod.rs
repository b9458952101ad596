//! Mailboxes: the noun at the centre.
//!
//! ```text
//! /mailboxes                     index.rs    the list, its filters and pages; /mailboxes.csv the same rows
//! /mailboxes/new                 new.rs      the form; POST /mailboxes saves and checks
//! /mailboxes/bulk                bulk.rs     many at once
//! /mailboxes/{id}                show.rs     health: the ladder, what is wrong and who can mend it
//! /mailboxes/{id}/checks         checks.rs   every check
//! /mailboxes/{id}/history.csv    past.rs     the bars of the page as a file
//! /mailboxes/{id}/edit           edit.rs     settings
//! /mailboxes/{id}/{action}       actions.rs  check, test message, pause, resume, default, delete, restore
//! ```

pub mod actions;
pub mod bulk;
pub mod check;
pub mod checks;
mod climb;
pub mod edit;
pub mod fields;
pub mod form;
mod gone;
pub mod history;
pub mod index;
pub mod ladder;
pub mod mailbox;
pub mod mended;
pub mod new;
pub mod notice;
pub mod past;
pub mod rounds;
pub mod search;
pub mod show;
pub mod signed_in;
pub mod store;
pub mod timeline;
pub mod turn_store;
mod what_changed;

pub use mailbox::{Access, Mailbox};
