//! Postkey sets up mailboxes, runs their OAuth flows, keeps the tokens alive and says what is broken and who can mend it.
//!
//! ```text
//! main → serve → routes → features → web → error, config, clock, ids
//!                   │        └─────→ microsoft, mail, secrets, db → clock, ids
//!                   └ sideways only as tests/suite/architecture.rs lists
//! ```

pub mod app;
pub mod beat;
pub mod chance;
pub mod clock;
pub mod config;
pub mod crowd;
pub mod error;
pub mod hook;
pub mod ids;
pub mod lines;
pub mod probes;
pub mod routes;
pub mod serve;
pub mod single;
pub mod tally;
pub mod telemetry;

pub mod db;
pub mod mail;
pub mod microsoft;
pub mod secrets;
pub mod web;
pub mod words;

pub mod admin_link;
pub mod alerts;
pub mod api;
pub mod applications;
pub mod audit;
pub mod callback;
pub mod diagnosis;
pub mod expiry;
pub mod explain;
pub mod keys;
pub mod login;
pub mod mailboxes;
pub mod metrics;
pub mod overview;
pub mod problems;
pub mod setup;
pub mod sign_in;
pub mod tokens;
pub mod users;
