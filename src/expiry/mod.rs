//! Everything that ends: secrets, certificates, and sign-ins that nothing uses. Nobody should learn of it from a mailbox that
//! has stopped.
//!
//! ```text
//! /expiry                     index.rs   the list, by month; month_page.rs for ?view=month
//! /expiry.csv                 index.rs   the same rows for a spreadsheet
//! /expiry/feed                feed.rs    makes the address for calendars; /expiry/feed/withdraw ends it
//! /expiry/feed/{code}.ics     ics.rs     what calendars read, without an account
//! ```
//!
//! [`warn`] tells people before a secret or certificate ends.

pub mod feed;
pub mod feed_store;
pub mod ics;
pub mod index;
pub mod item;
pub mod list;
pub mod month;
pub mod month_page;
pub mod store;
pub mod warn;
pub mod warn_store;
pub mod window;

pub use item::Item;
