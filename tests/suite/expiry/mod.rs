//! `/expiry` and everything below it.

mod feed;
mod list;
mod month;
