//! Postkey sets up mailboxes, runs their OAuth flows and keeps their tokens alive.
pub mod clock;
