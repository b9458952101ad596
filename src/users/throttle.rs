//! Slows guessing down without locking anybody out for good (S-12). Counts survive a restart and are shared by replicas.

use std::net::IpAddr;

use crate::app::App;
use crate::chance::hash_of;
use crate::clock::UnixTime;
use crate::db::{Affected, Tx, in_tx, on_db};
use crate::error::Result;

/// Failures that cost nothing.
const FREE: i64 = 5;
/// Failures of one address that cost nothing: several people may share it.
const FREE_PER_ADDRESS: i64 = 10;
/// Longest wait, in seconds.
const LONGEST: i64 = 15 * 60;
/// Failures are forgotten this many seconds after the last one.
const FORGOTTEN_AFTER: i64 = 24 * 60 * 60;

const SELECT: &str = "SELECT free_at FROM throttles WHERE subject_hash = $1 AND free_at > $2";

// Never free from a moment on that another try, which read the clock before it had to wait, takes for the future.
const COUNT: &str = "
    INSERT INTO throttles (subject_hash, failures, free_at, forgotten_at) VALUES ($1, 1, 0, $3)
    ON CONFLICT (subject_hash) DO UPDATE SET
        failures = CASE WHEN throttles.forgotten_at <= $2 THEN 1 ELSE throttles.failures + 1 END,
        forgotten_at = $3
    RETURNING failures, free_at";

const WAIT: &str = "UPDATE throttles SET free_at = $2 WHERE subject_hash = $1";

const GIVE_BACK: &str = "UPDATE throttles SET failures = failures - 1, free_at = 0 WHERE subject_hash = $1";

const FORGET: &str = "DELETE FROM throttles WHERE subject_hash = $1";

const SWEEP: &str = "DELETE FROM throttles WHERE forgotten_at <= $1";

/// Who is guessing: an account's name, or the network address that asks.
#[derive(Clone, Debug)]
pub enum Subject {
    /// An account, existing or not.
    Account(String),
    /// A network address.
    Address(IpAddr),
}

impl Subject {
    fn key(&self) -> String {
        match self {
            Self::Account(name) => hash_of(&format!("account|{name}")),
            Self::Address(IpAddr::V4(ip)) => hash_of(&format!("address|{ip}")),
            // A host owns a whole /64.
            Self::Address(IpAddr::V6(ip)) => hash_of(&format!("address|{:?}", &ip.octets()[..8])),
        }
    }

    fn free(&self) -> i64 {
        match self {
            Self::Account(_) => FREE,
            Self::Address(_) => FREE_PER_ADDRESS,
        }
    }
}

/// Lets a try of `subjects` pass, or says how many seconds must go by first. The try is counted before it is looked at, so
/// that of many at once only the free ones pass; [`forgive`] takes it back.
///
/// # Errors
/// If it could not be counted; then nothing may be tried.
pub async fn admit(app: &App, subjects: &[Subject]) -> Result<Result<(), i64>> {
    let now = app.clock.now();
    for subject in subjects {
        let free_at: Option<UnixTime> =
            on_db!(&app.db, |c| sqlx::query_scalar(SELECT).bind(subject.key()).bind(now).fetch_optional(c).await)?;
        if let Some(free_at) = free_at {
            return Ok(Err(free_at.since(now)));
        }
    }
    let mut tx = app.db.begin().await?;
    for subject in subjects {
        let (failures, free_at): (i64, UnixTime) = in_tx!(&mut tx, |c| sqlx::query_as(COUNT)
            .bind(subject.key())
            .bind(now)
            .bind(now.plus(FORGOTTEN_AFTER))
            .fetch_one(c)
            .await)?;
        if free_at > now {
            return Ok(Err(free_at.since(now)));
        }
        let over = failures - subject.free();
        if over > 0 {
            let seconds = (1_i64 << (over - 1).min(12)).min(LONGEST);
            in_tx!(&mut tx, |c| sqlx::query(WAIT)
                .bind(subject.key())
                .bind(now.plus(seconds))
                .execute(c)
                .await
                .affected())?;
        }
    }
    tx.commit().await?;
    Ok(Ok(()))
}

/// After a right password: forgets the failures of the account, and that the address has tried.
///
/// # Errors
/// If the database cannot answer.
pub async fn forgive(tx: &mut Tx, subjects: &[Subject]) -> Result<()> {
    for subject in subjects {
        match subject {
            Subject::Account(_) => in_tx!(tx, |c| sqlx::query(FORGET).bind(subject.key()).execute(c).await.affected())?,
            Subject::Address(_) => {
                in_tx!(tx, |c| sqlx::query(GIVE_BACK).bind(subject.key()).execute(c).await.affected())?
            }
        };
    }
    Ok(())
}

/// Removes what is long forgotten.
///
/// # Errors
/// If the database cannot answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(app.clock.now()).execute(c).await.affected())?;
    tx.commit().await
}
