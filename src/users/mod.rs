//! People with an account in Postkey: who they are, what their role allows, and how a page learns who asks.

pub mod guard;
pub mod password;
pub mod store;
pub mod throttle;
pub mod user;

pub use guard::SignedIn;
pub use user::{Role, User};
