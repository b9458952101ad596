//! Who is told when something breaks, and what has been told. `GET /settings/alerts`, `/settings/alerts/new`,
//! `/settings/alerts/{channel}` and what can be done with one.
//!
//! A message is written in the transaction of what it tells of ([`outbox`]), and sent from there by [`send`] until it is
//! delivered: a restart loses none. It never goes through a mailbox that Postkey looks after.

pub mod act;
pub mod channel;
pub mod channel_store;
pub mod edit;
pub mod form;
pub mod index;
pub mod message;
pub mod new;
pub mod outbox;
pub mod outbox_store;
pub mod quiet;
pub mod send;
pub mod show;

pub use channel::{Channel, Kind};
pub use message::{Alert, Event};
