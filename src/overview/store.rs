//! What the overview reads.

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::Result;

const LAST_CHECK: &str = "SELECT MAX(finished_at) FROM checks";

/// When any check last ended.
pub(super) async fn last_check(db: &Db) -> Result<Option<UnixTime>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(LAST_CHECK).fetch_one(c).await)?)
}
