//! Entra app registrations: stored once, used by any number of mailboxes.
//!
//! `GET /applications` lists them, `/applications/new` adds one, `/applications/{id}` shows one with its credentials,
//! `…/credentials/…` adds, tests and retires secrets and certificates, `…/sheet` prints what a tenant administrator
//! must do. A secret goes in and never comes out again.

pub mod add;
pub mod application;
pub mod credential;
pub mod form;
pub mod store;

pub use application::Application;
pub use credential::{Credential, Kind};
