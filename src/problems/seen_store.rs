//! Which mailboxes have stopped, counted by what they show.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, MailboxId};
use crate::words::Status;

/// The two is [`Status::rank`] of what is broken but mends itself; written out, because only then SQLite takes the index.
const BROKEN: &str = "
    SELECT broken.application_id, a.name AS application, broken.incoming, broken.outgoing, broken.mailboxes, broken.since,
        broken.example, broken.example_id, broken.old
    FROM (
        SELECT application_id, incoming, outgoing, COUNT(*) AS mailboxes, MIN(since) AS since, MIN(address) AS example,
            MIN(id) AS example_id, COUNT(CASE WHEN checked_at < $1 THEN 1 END) AS old
        FROM mailboxes WHERE deleted_at IS NULL AND paused_at IS NULL AND urgency < 2
        GROUP BY application_id, incoming, outgoing) broken
    JOIN applications a ON a.id = broken.application_id";

/// The same of what mends itself.
const PASSING: &str = "
    SELECT passing.application_id, a.name AS application, passing.incoming, passing.outgoing, passing.mailboxes, passing.since,
        passing.example, passing.example_id, passing.old
    FROM (
        SELECT application_id, incoming, outgoing, COUNT(*) AS mailboxes, MIN(since) AS since, MIN(address) AS example,
            MIN(id) AS example_id, COUNT(CASE WHEN checked_at < $1 THEN 1 END) AS old
        FROM mailboxes WHERE deleted_at IS NULL AND paused_at IS NULL AND urgency = 2
        GROUP BY application_id, incoming, outgoing) passing
    JOIN applications a ON a.id = passing.application_id";

/// Mailboxes that share a token that cannot be renewed.
const SHARING: &str = "
    SELECT application_id, COUNT(*) FROM mailboxes
    WHERE deleted_at IS NULL AND paused_at IS NULL AND access_type = 'application'
        AND application_id IN (SELECT application_id FROM grants WHERE failures > 0)
    GROUP BY application_id";

/// Mailboxes of one application that show the same.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The application.
    pub application_id: ApplicationId,
    /// What it is called.
    pub application: String,
    /// The more serious of what incoming and outgoing show.
    pub status: Status,
    /// How many there are.
    pub mailboxes: i64,
    /// How many of them were last checked so long ago that nobody knows how they are now.
    pub old: i64,
    /// Since when the first of them shows it.
    pub since: UnixTime,
    /// The address of one of them.
    pub example: String,
    /// The ID of the same one, if it is the only one.
    pub example_id: MailboxId,
}

#[derive(FromRow)]
struct Row {
    application_id: ApplicationId,
    application: String,
    incoming: String,
    outgoing: String,
    mailboxes: i64,
    since: UnixTime,
    example: String,
    example_id: MailboxId,
    old: i64,
}

impl TryFrom<Row> for Broken {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong =
            || AppError::internal(anyhow::anyhow!("a mailbox of {} holds an impossible status", row.application_id));
        let incoming = Status::parse(&row.incoming).ok_or_else(wrong)?;
        let outgoing = Status::parse(&row.outgoing).ok_or_else(wrong)?;
        Ok(Self {
            status: incoming.worse(outgoing),
            application_id: row.application_id,
            application: row.application,
            mailboxes: row.mailboxes,
            old: row.old,
            since: row.since,
            example: row.example,
            example_id: row.example_id,
        })
    }
}

/// What needs a person. A check from before `proof_from` is old.
pub async fn broken(db: &Db, proof_from: UnixTime) -> Result<Vec<Broken>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(BROKEN).bind(proof_from).fetch_all(c).await)?;
    rows.into_iter().map(Broken::try_from).collect()
}

/// What mends itself. A check from before `proof_from` is old.
pub async fn passing(db: &Db, proof_from: UnixTime) -> Result<Vec<Broken>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(PASSING).bind(proof_from).fetch_all(c).await)?;
    rows.into_iter().map(Broken::try_from).collect()
}

/// How many mailboxes share a token that cannot be renewed, of each application that has one.
pub async fn sharing(db: &Db) -> Result<HashMap<ApplicationId, i64>> {
    let rows: Vec<(ApplicationId, i64)> = on_db!(db, |c| sqlx::query_as(SHARING).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Cause, Family};

    #[test]
    fn what_is_broken_ranks_below_two_and_what_mends_itself_does_not() {
        assert!(BROKEN.contains("urgency < 2") && PASSING.contains("urgency = 2"));
        for cause in Cause::ALL {
            let rank = Status::Failing(*cause).rank();
            assert_eq!(rank < 2, cause.family() != Family::Warn, "{cause}");
            assert_eq!(rank == 2, cause.family() == Family::Warn, "{cause}");
        }
    }
}
