//! The one integration binary: modules mirror the addresses, tests are named as sentences.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up must fail")]

mod admin_link;
mod alerts;
mod api;
mod applications;
mod architecture;
mod config;
mod documentation;
mod expiry;
mod explain;
mod honesty;
mod keys;
mod login;
mod mailboxes;
mod manners;
mod metrics;
mod microsoft;
mod pages;
mod problems;
mod safety;
mod setup;
mod sign_in;
mod source;
mod store;
mod support;
mod tokens;
