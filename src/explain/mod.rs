//! What each failure means, why it happens, what to do and who can. Public: whoever gets a code from a colleague may
//! read it, without an account. Tells nothing of what is stored here.
//!
//! `GET /explain` lists all articles and finds one by code or words; `GET /explain/{code}` is one article.

pub mod index;
pub mod show;
