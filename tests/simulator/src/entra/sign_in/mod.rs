//! Signing in and consenting, as a browser and a person go through it.
//!
//! ```text
//! GET  /{tenant}/oauth2/v2.0/authorize     begins a flow: its request is read, and then as much happens as can
//! GET  /{tenant}/v2.0/adminconsent         the same for an administrator's consent
//! GET  /{tenant}/adminconsent              the same, the older way
//! POST /{tenant}/signin/{flow}             what the person does on a page: gives a password, chooses, accepts …
//! GET  /{tenant}/oauth2/v2.0/logout        forgets who is signed in
//! ```
//!
//! Each turn ends on a page or leaves for the redirect URI. Who signed in is remembered by a cookie, so that the next
//! flow may go through without a page. [`drive()`] goes the same way without a browser.

mod browser;
mod consent;
mod consent_request;
mod drive;
mod enter;
mod handlers;
mod leave;
mod pages;
mod request;
mod turn;
mod who;

pub(crate) use browser::Browsers;
pub(crate) use drive::{Wish, drive};
pub(crate) use handlers::{admin_consent, authorize, legacy_admin_consent, logout, proceed};
