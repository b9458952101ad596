//! What the metrics read, all at once. Few rows, however many mailboxes there are, unless each is to be named.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::applications::credential::EXPIRING;
use crate::clock::UnixTime;
use crate::db::{Db, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, MailboxId};
use crate::mailboxes::mailbox::{CHECK_ENDS, Shown, proof_from};
use crate::words::Status;

/// Most applications that are named, those whose credential ends first.
const MOST_APPLICATIONS: i64 = 1_000;
/// Most mailboxes that are named, those whose token ends first.
const MOST_MAILBOXES: i64 = 10_000;

const DUE: &str = "
    SELECT (SELECT COUNT(*) FROM grants WHERE next_at <= $1 AND leased_until <= $1)
        + (SELECT COUNT(*) FROM delegated_grants WHERE next_at <= $1 AND leased_until <= $1)";

// The same decisions as Mailbox::shown, for rows that are counted and not loaded. Counted for each application first, because one
// index holds all that this needs.
const MAILBOXES: &str = "
    SELECT CASE WHEN m.state = 'proven' AND a.credential_ends_at < $3 THEN 'ending' ELSE m.state END AS state,
        m.incoming, m.outgoing, m.mailboxes
    FROM (
        SELECT application_id, incoming, outgoing, COUNT(*) AS mailboxes,
            CASE WHEN checking_since > $1 THEN 'checking' WHEN checked_at IS NULL THEN 'new'
                WHEN checked_at < $2 THEN 'old' ELSE 'proven' END AS state
        FROM mailboxes WHERE deleted_at IS NULL AND paused_at IS NULL
        GROUP BY application_id, incoming, outgoing, state) m
    JOIN applications a ON a.id = m.application_id
    UNION ALL
    SELECT 'paused', 'paused', 'paused', COUNT(*) FROM mailboxes WHERE deleted_at IS NULL AND paused_at IS NOT NULL";

const APPLICATIONS: &str = "
    SELECT a.id, a.credential_ends_at, (SELECT MIN(expires_at) FROM grants g WHERE g.application_id = a.id) AS token_ends_at
    FROM applications a
    ORDER BY a.credential_ends_at NULLS LAST, a.id LIMIT $1";

const NAMED: &str = "
    SELECT m.id AS id, m.address, g.expires_at AS ends_at
    FROM mailboxes m JOIN grants g ON g.application_id = m.application_id
    WHERE m.deleted_at IS NULL AND m.access_type = 'application'
    UNION ALL
    SELECT m.id AS id, m.address, g.expires_at AS ends_at
    FROM mailboxes m JOIN delegated_grants g ON g.mailbox_id = m.id
    WHERE m.deleted_at IS NULL AND m.access_type = 'delegated'
    ORDER BY ends_at, id LIMIT $1";

const PROBLEMS: &str = "SELECT kind, COUNT(*) FROM problems WHERE open_key IS NOT NULL GROUP BY kind";

const UNDELIVERED: &str = "SELECT COUNT(*) FROM alert_messages WHERE state = 'waiting' AND (tries > 0 OR due_at < $1)";
/// Seconds after its time from which a message that nobody has tried counts as not delivered.
const OVERDUE: i64 = 60;

/// What the database knows at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The moment.
    pub at: UnixTime,
    /// Grants whose turn it is and that nobody has taken yet.
    pub due: i64,
    /// How many mailboxes show this. A pair may be there more than once.
    pub mailboxes: Vec<(Shown, i64)>,
    /// Applications, with what ends.
    pub applications: Vec<Application>,
    /// Mailboxes with the end of their token, if they are to be named.
    pub named: Vec<Named>,
    /// How many problems of each kind are open.
    pub problems: HashMap<String, i64>,
    /// Alerts that were not taken so far: tried in vain, or long due.
    pub undelivered: i64,
}

/// What of an application ends, and when.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Application {
    /// Its ID.
    pub id: ApplicationId,
    /// When the last credential that Microsoft accepted ends, if that is known.
    pub credential_ends_at: Option<UnixTime>,
    /// When its own token ends, if it has one.
    pub token_ends_at: Option<UnixTime>,
}

/// When the token of a mailbox ends.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Named {
    /// Its ID.
    pub id: MailboxId,
    /// Its address.
    pub address: String,
    /// When its token ends.
    pub ends_at: UnixTime,
}

#[derive(FromRow)]
struct Group {
    state: String,
    incoming: String,
    outgoing: String,
    mailboxes: i64,
}

/// Reads everything, and each mailbox too if they are to be named.
///
/// # Errors
/// If the database cannot answer.
pub async fn snapshot(db: &Db, now: UnixTime, names_mailboxes: bool) -> Result<Snapshot> {
    let groups: Vec<Group> = on_db!(db, |c| sqlx::query_as(MAILBOXES)
        .bind(now.plus(-CHECK_ENDS))
        .bind(proof_from(now))
        .bind(now.plus(EXPIRING))
        .fetch_all(c)
        .await)?;
    let named = match names_mailboxes {
        true => on_db!(db, |c| sqlx::query_as(NAMED).bind(MOST_MAILBOXES).fetch_all(c).await)?,
        false => Vec::new(),
    };
    let problems: Vec<(String, i64)> = on_db!(db, |c| sqlx::query_as(PROBLEMS).fetch_all(c).await)?;
    Ok(Snapshot {
        problems: problems.into_iter().collect(),
        undelivered: on_db!(db, |c| sqlx::query_scalar(UNDELIVERED).bind(now.plus(-OVERDUE)).fetch_one(c).await)?,
        at: now,
        due: on_db!(db, |c| sqlx::query_scalar(DUE).bind(now).fetch_one(c).await)?,
        mailboxes: groups.iter().map(|group| Ok((group.shown()?, group.mailboxes))).collect::<Result<_>>()?,
        applications: on_db!(db, |c| sqlx::query_as(APPLICATIONS).bind(MOST_APPLICATIONS).fetch_all(c).await)?,
        named,
    })
}

impl Group {
    fn shown(&self) -> Result<Shown> {
        let parse = |value: &str| {
            let wrong = || AppError::internal(anyhow::anyhow!("a mailbox holds the impossible status {value}"));
            Status::parse(value).ok_or_else(wrong)
        };
        let both = |status| Shown { incoming: status, outgoing: status };
        let (incoming, outgoing) = (parse(&self.incoming)?, parse(&self.outgoing)?);
        let with_end = |status| match status {
            Status::Connected | Status::Ready => Status::Expiring,
            status => status,
        };
        Ok(match self.state.as_str() {
            "checking" => both(Status::Checking),
            "old" => both(Status::Unknown),
            "ending" => Shown { incoming: with_end(incoming), outgoing: with_end(outgoing) },
            _ => Shown { incoming, outgoing },
        })
    }
}
