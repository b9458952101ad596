//! What the overview reads.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, MailboxId};
use crate::mailboxes::mailbox::proof_from;
use crate::words::Status;

/// The two is [`Status::rank`] of what is broken but mends itself; written out, because only then SQLite takes the index.
const BROKEN: &str = "
    SELECT broken.application_id, a.name AS application, broken.incoming, broken.outgoing, broken.mailboxes, broken.since,
        broken.example, broken.example_id
    FROM (
        SELECT application_id, incoming, outgoing, COUNT(*) AS mailboxes, MIN(since) AS since, MIN(address) AS example,
            MIN(id) AS example_id
        FROM mailboxes WHERE deleted_at IS NULL AND paused_at IS NULL AND urgency < 2
            AND (checked_at IS NULL OR checked_at >= $1)
        GROUP BY application_id, incoming, outgoing) broken
    JOIN applications a ON a.id = broken.application_id";

const LAST_CHECK: &str = "SELECT MAX(finished_at) FROM checks";

/// One cause with everything of one application that suffers from it.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: Status,
    pub(super) application_id: ApplicationId,
    pub(super) application: String,
    pub(super) mailboxes: i64,
    pub(super) since: UnixTime,
    pub(super) example: String,
    pub(super) example_id: MailboxId,
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
}

/// What needs a person, the most serious first, then what hurts most.
pub(super) async fn problems(db: &Db, now: UnixTime) -> Result<Vec<Problem>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(BROKEN).bind(proof_from(now)).fetch_all(c).await)?;
    let mut grouped: HashMap<(ApplicationId, Status), Problem> = HashMap::new();
    for row in rows {
        let wrong =
            || AppError::internal(anyhow::anyhow!("a mailbox of {} holds an impossible status", row.application_id));
        let incoming = Status::parse(&row.incoming).ok_or_else(wrong)?;
        let outgoing = Status::parse(&row.outgoing).ok_or_else(wrong)?;
        let status = incoming.worse(outgoing);
        let new = Problem {
            status,
            application_id: row.application_id.clone(),
            application: row.application,
            mailboxes: 0,
            since: row.since,
            example: row.example,
            example_id: row.example_id,
        };
        let problem = grouped.entry((row.application_id, status)).or_insert(new);
        problem.mailboxes += row.mailboxes;
        problem.since = problem.since.min(row.since);
    }
    let mut problems: Vec<Problem> = grouped.into_values().collect();
    // To the end, so that two problems do not change places when the page is loaded again.
    problems.sort_by(|a, b| {
        let by_weight =
            a.status.rank().cmp(&b.status.rank()).then(b.mailboxes.cmp(&a.mailboxes)).then(a.since.cmp(&b.since));
        by_weight.then_with(|| (&a.application, a.status.value()).cmp(&(&b.application, b.status.value())))
    });
    Ok(problems)
}

/// When any check last ended.
pub(super) async fn last_check(db: &Db) -> Result<Option<UnixTime>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(LAST_CHECK).fetch_one(c).await)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Cause, Family};

    #[test]
    fn what_is_broken_ranks_below_two_and_what_mends_itself_does_not() {
        assert!(BROKEN.contains("urgency < 2"));
        for cause in Cause::ALL {
            assert_eq!(Status::Failing(*cause).rank() < 2, cause.family() != Family::Warn, "{cause}");
        }
    }
}
