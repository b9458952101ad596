//! Keys that mail workers present to the API: made here, shown once, kept as a hash, replaced side by side, revoked at once.
//!
//! ```text
//! GET  /keys               index.rs   every key, what it may, when it ends and was last used; /keys.csv the same
//! GET  /keys/new           new.rs     the form; POST makes the key
//! GET  /keys/{id}          show.rs    one key, once with its text; how to use it, and what it was handed
//! POST /keys/{id}/rotate   rotate.rs  a new key beside this one, which goes on for some hours
//! POST /keys/{id}/revoke   revoke.rs  ends it at once; GET asks
//!
//! key.rs    what a key is; text.rs what it looks like
//! form.rs   what was typed; add.rs makes the key
//! store.rs  the SQL
//! snippets.rs   the examples on a key's page
//! ```

pub mod add;
pub mod form;
pub mod index;
pub mod key;
pub mod new;
pub mod revoke;
pub mod rotate;
pub mod show;
mod snippets;
pub mod store;
pub mod text;

pub use key::{Key, Reach, Right};
