//! All SQL for how renewals went, hour by hour: one row for each application, kind of token, hour and cause, however many renewals
//! there were. So a hundred thousand tokens of one application cost a few rows an hour.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::ApplicationId;
use crate::words::Cause;

use super::turn_store::Whose;

const HOUR: i64 = 60 * 60;
/// Rows that one transaction removes at most.
const SWEPT: i64 = 5_000;

// Of an application that was deleted meanwhile nothing is counted any more.
const COUNT: &str = "
    INSERT INTO renewals (application_id, kind, hour, cause, times)
    SELECT $1, $2, $3, $4, 1 FROM applications WHERE id = $1
    ON CONFLICT (application_id, kind, hour, cause) DO UPDATE SET times = renewals.times + 1";

const ALL: &str = "
    SELECT hour, cause, CAST(SUM(times) AS BIGINT) AS times FROM renewals WHERE hour >= $1 GROUP BY hour, cause ORDER BY hour, cause";

const OF: &str = "
    SELECT hour, cause, times FROM renewals WHERE application_id = $1 AND kind = $2 AND hour >= $3 ORDER BY hour, cause";

const SWEEP: &str = "
    DELETE FROM renewals WHERE hour < $1 AND hour IN (SELECT hour FROM renewals WHERE hour < $1 ORDER BY hour LIMIT $2)";

/// How many renewals of one hour ended so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counted {
    /// The beginning of the hour.
    pub hour: UnixTime,
    /// Why they failed; nothing if they went well.
    pub cause: Option<Cause>,
    /// How many.
    pub times: i64,
}

#[derive(FromRow)]
struct Row {
    hour: UnixTime,
    cause: String,
    times: i64,
}

impl TryFrom<Row> for Counted {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let cause = match row.cause.as_str() {
            "" => None,
            cause => {
                let wrong = || AppError::internal(anyhow::anyhow!("renewals.cause {cause:?} is impossible"));
                Some(Cause::parse(cause).ok_or_else(wrong)?)
            }
        };
        Ok(Self { hour: row.hour, cause, times: row.times })
    }
}

const fn kind(whose: Whose) -> &'static str {
    match whose {
        Whose::Application => "application",
        Whose::Person => "person",
    }
}

/// Counts one renewal that ended at `at`, in the transaction that writes down what came of it.
pub async fn count(
    tx: &mut Tx,
    application: &ApplicationId,
    whose: Whose,
    at: UnixTime,
    cause: Option<Cause>,
) -> Result<()> {
    let hour = UnixTime::from_seconds(at.seconds() - at.seconds().rem_euclid(HOUR));
    in_tx!(tx, |c| sqlx::query(COUNT)
        .bind(application)
        .bind(kind(whose))
        .bind(hour)
        .bind(cause.map_or("", Cause::value))
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// How the renewals of all applications went since `from`, oldest hour first.
pub async fn all(db: &Db, from: UnixTime) -> Result<Vec<Counted>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(ALL).bind(from).fetch_all(c).await)?;
    rows.into_iter().map(Counted::try_from).collect()
}

/// How the renewals of one application's tokens of one kind went since `from`, oldest hour first.
pub async fn of(db: &Db, application: &ApplicationId, whose: Whose, from: UnixTime) -> Result<Vec<Counted>> {
    let rows: Vec<Row> =
        on_db!(db, |c| sqlx::query_as(OF).bind(application).bind(kind(whose)).bind(from).fetch_all(c).await)?;
    rows.into_iter().map(Counted::try_from).collect()
}

/// Removes hours before `before`. `true` if there may be more.
pub async fn sweep(tx: &mut Tx, before: UnixTime) -> Result<bool> {
    let swept = in_tx!(tx, |c| sqlx::query(SWEEP).bind(before).bind(SWEPT).execute(c).await.affected())?;
    Ok(i64::try_from(swept).is_ok_and(|swept| swept >= SWEPT))
}
