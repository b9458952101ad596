//! Every endpoint, every sample application, every fault: over HTTP, as a client sees them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod certificate;
mod code;
mod consent;
mod control;
mod delegated;
mod directory;
mod discovery;
mod faults;
mod life;
mod mail;
mod people;
mod people_control;
mod people_faults;
mod refresh;
mod requests;
mod sample;
mod sign_in;
mod support;
mod token;
mod transport;
