//! Entra app registrations: stored once, used by any number of mailboxes. A secret goes in and never comes out again.
//!
//! ```text
//! /applications                              index.rs        the list; /applications.csv the same rows
//! /applications/new                          new.rs          the form; POST /applications/new saves
//! /applications/{id}                         show.rs         IDs, credentials, permissions, who uses it
//! /applications/{id}/edit                    edit.rs         name, cloud, tenant and client ID
//! /applications/{id}/delete                  delete.rs       refuses while mailboxes use it
//! /applications/{id}/sheet                   sheet.rs        what a tenant administrator must do, for print; /limit.ps1
//! /applications/{id}/scope-check             scope_show.rs   what it can open and what not; POST tries now; .csv
//! /applications/{id}/scope-check/edit        scope_edit.rs   which mailboxes must open, which must stay closed; /stop
//! /applications/{id}/secrets/new             credentials.rs  stores a secret and tests it at once
//! /applications/{id}/certificates/new        credentials.rs  makes a key pair and its certificate
//! /applications/{id}/credentials/{credential}/
//!     certificate.cer  test                  credentials.rs  to upload to Entra; asks Microsoft now
//!     end                                    end.rs          when a secret ends
//!     retire                                 retire.rs       ends it here and erases it
//! ```

pub mod add;
pub mod application;
pub mod credential;
pub mod credentials;
pub mod delete;
pub mod edit;
pub mod end;
pub mod form;
pub mod index;
pub mod limit;
pub mod new;
pub mod proofs;
pub mod retire;
mod rows;
pub mod scope;
pub mod scope_check;
pub mod scope_edit;
pub mod scope_form;
mod scope_remedy;
pub mod scope_rounds;
pub mod scope_show;
mod scope_start;
pub mod scope_store;
mod scope_try;
pub mod scope_turn_store;
pub mod script;
pub mod sheet;
pub mod show;
pub mod standing;
pub mod store;
pub mod trial;
pub mod used_by;

pub use application::Application;
pub use credential::{Credential, Kind};
