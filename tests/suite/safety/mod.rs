//! The product attacked as its design demands. Names as S-01 and R-03 are the requirements of the safety design.
//!
//! What can be said of every address is said by going through `table.rs`, which fails when `src/routes.rs` has a route that
//! is not in it.

mod answers;
mod audit;
pub(crate) mod binary;
mod canaries;
mod cells;
mod hosts;
mod injection;
mod killed;
mod killed_grants;
mod master_key;
mod origin;
mod outward;
mod payloads;
mod proxies;
mod roles;
mod sessions;
mod storage;
pub(crate) mod table;
mod throttle;
mod wire;
mod wire_abuse;
pub(crate) mod world;
