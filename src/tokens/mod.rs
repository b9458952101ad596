//! The life of a grant. Here: application tokens, one for each application and audience, shared by all its mailboxes.

pub mod obtain;
pub mod store;
