//! Microsoft Graph v1.0: the calls by which a mail application reads, writes and sends.

mod bearer;
pub(crate) mod messages;
pub(crate) mod people;
mod reach;
mod refusal;
mod select;
pub(crate) mod send;

pub use refusal::Refusal;
