//! What the overview reads.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, MailboxId};
use crate::mailboxes::mailbox::proof_from;
use crate::words::{Cause, Status};

const BROKEN: &str = "
    SELECT m.application_id, a.name AS application, m.incoming, m.outgoing, COUNT(*) AS mailboxes, MIN(m.since) AS since,
        MIN(m.address) AS example, MIN(m.id) AS example_id
    FROM mailboxes m JOIN applications a ON a.id = m.application_id
    WHERE m.deleted_at IS NULL AND m.paused_at IS NULL AND m.urgency < $1 AND m.checked_at >= $2
    GROUP BY m.application_id, a.name, m.incoming, m.outgoing";

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
    let below = i64::from(Status::Failing(Cause::Throttled).rank());
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(BROKEN).bind(below).bind(proof_from(now)).fetch_all(c).await)?;
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
