//! What Microsoft said of all credentials of an application, counted. All SQL for it.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::Result;
use crate::ids::ApplicationId;

const PROOFS: &str = "
    SELECT application_id, COUNT(CASE WHEN state = 'accepted' THEN 1 END) AS accepted,
        COUNT(CASE WHEN state = 'untested' THEN 1 END) AS untested, COUNT(CASE WHEN state = 'refused' THEN 1 END) AS refused,
        MAX(last_used_at) AS last_used_at
    FROM credentials GROUP BY application_id";

/// What Microsoft last said of all credentials of an application.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Proofs {
    /// How many it accepted.
    pub accepted: i64,
    /// How many it was not asked about.
    pub untested: i64,
    /// How many it refused.
    pub refused: i64,
    /// When one last got a token, retired ones included.
    pub last_used_at: Option<UnixTime>,
}

#[derive(FromRow)]
struct ProofsRow {
    application_id: ApplicationId,
    accepted: i64,
    untested: i64,
    refused: i64,
    last_used_at: Option<UnixTime>,
}

/// What Microsoft last said of the credentials of each application that has or had any.
pub async fn proofs(db: &Db) -> Result<HashMap<ApplicationId, Proofs>> {
    let rows: Vec<ProofsRow> = on_db!(db, |c| sqlx::query_as(PROOFS).fetch_all(c).await)?;
    let proofs = |row: &ProofsRow| Proofs {
        accepted: row.accepted,
        untested: row.untested,
        refused: row.refused,
        last_used_at: row.last_used_at,
    };
    Ok(rows.into_iter().map(|row| (row.application_id.clone(), proofs(&row))).collect())
}
