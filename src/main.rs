//! The `postkey` command.
fn main() {}
