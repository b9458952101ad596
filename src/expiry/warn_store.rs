//! All SQL for which warnings have gone out.

use std::collections::HashMap;

use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::CredentialId;

const WARNED: &str = "SELECT id, warned_days FROM credentials WHERE state <> 'retired'";

const SET: &str = "
    UPDATE credentials SET warned_days = $3
    WHERE id = $1 AND COALESCE(warned_days, -1) = $2";

/// How many days before its end the last warning of each credential that is not retired went out.
pub async fn warned(db: &Db) -> Result<HashMap<CredentialId, Option<i64>>> {
    let rows: Vec<(CredentialId, Option<i64>)> = on_db!(db, |c| sqlx::query_as(WARNED).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

/// Notes a warning. `false`, and nothing was changed, if another one was noted meanwhile.
pub async fn set(tx: &mut Tx, id: &CredentialId, before: Option<i64>, now: Option<i64>) -> Result<bool> {
    let set =
        in_tx!(tx, |c| sqlx::query(SET).bind(id).bind(before.unwrap_or(-1)).bind(now).execute(c).await.affected())?;
    Ok(set > 0)
}
