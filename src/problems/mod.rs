//! Problems: one cause with everything that suffers from it. `GET /problems`, `/problems.csv`, `/problems/{id}`, and
//! `POST /problems/{id}/acknowledge`, `/silence` and `/unsilence`.
//!
//! What is wrong at this moment is read from mailboxes and tokens ([`seen`]); [`watch`] compares it with what was known, so that
//! each problem has a beginning and an end, and people are told once of both.

pub mod act;
pub mod index;
pub mod problem;
pub mod remedy;
pub mod seen;
pub mod seen_store;
pub mod show;
pub mod store;
pub mod tell;
pub mod watch;

pub use problem::{Problem, State};
pub use seen::Seen;
