//! All SQL for problems and their story.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, ProblemId};
use crate::words::ProblemKind;

use super::Problem;

/// Seconds for which a solved problem is kept.
pub const KEPT: i64 = 90 * 24 * 60 * 60;

macro_rules! columns {
    () => {
        "id, kind, application_id, application, since, opened_at, mailboxes, tokens, most_mailboxes, threatened, stops_at, example, gone_at, solved_at,
        acknowledged_by, acknowledged_at, silenced_by, silenced_until, told_at, told_mailboxes"
    };
}

const TAKE: &str = "
    UPDATE watches SET leased_by = $1, leased_until = $3
    WHERE name = 'problems' AND (leased_until <= $2 OR leased_by = $1)";

const RELEASE: &str = "UPDATE watches SET leased_by = '', leased_until = 0 WHERE name = 'problems'";

const OPEN: &str =
    concat!("SELECT ", columns!(), " FROM problems WHERE open_key IS NOT NULL ORDER BY opened_at, application, kind");

const SOLVED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM problems WHERE solved_at IS NOT NULL ORDER BY solved_at DESC, id DESC LIMIT $1"
);

const GET: &str = concat!("SELECT ", columns!(), " FROM problems WHERE id = $1");

const INSERT: &str = "
    INSERT INTO problems (id, open_key, kind, application_id, application, since, opened_at, mailboxes, tokens, most_mailboxes,
        example, threatened, stops_at, told_mailboxes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0)
    ON CONFLICT (open_key) DO NOTHING";

// Not what people write: whoever acknowledges at this moment must not be undone.
const SAVE: &str = "
    UPDATE problems SET open_key = $2, application = $3, mailboxes = $4, tokens = $5, most_mailboxes = $6, example = $7,
        gone_at = $8, solved_at = $9, told_at = $10, told_mailboxes = $11, threatened = $12, stops_at = $13
    WHERE id = $1";

const ACKNOWLEDGE: &str = "
    UPDATE problems SET acknowledged_by = $2, acknowledged_at = $3
    WHERE id = $1 AND solved_at IS NULL AND acknowledged_at IS NULL";

const SILENCE: &str = "UPDATE problems SET silenced_by = $2, silenced_until = $3 WHERE id = $1 AND solved_at IS NULL";

const NOTE: &str =
    "INSERT INTO problem_events (id, problem_id, at, what, actor, mailboxes) VALUES ($1, $2, $3, $4, $5, $6)";

const EVENTS: &str =
    "SELECT at, what, actor, mailboxes FROM problem_events WHERE problem_id = $1 ORDER BY at DESC, id DESC LIMIT 200";

const SWEEP: &str = "DELETE FROM problems WHERE solved_at < $1";

#[derive(FromRow)]
struct Row {
    id: ProblemId,
    kind: String,
    application_id: Option<ApplicationId>,
    application: String,
    since: UnixTime,
    opened_at: UnixTime,
    mailboxes: i64,
    tokens: i64,
    most_mailboxes: i64,
    threatened: i64,
    stops_at: Option<UnixTime>,
    example: String,
    gone_at: Option<UnixTime>,
    solved_at: Option<UnixTime>,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<UnixTime>,
    silenced_by: Option<String>,
    silenced_until: Option<UnixTime>,
    told_at: Option<UnixTime>,
    told_mailboxes: i64,
}

impl TryFrom<Row> for Problem {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = || AppError::internal(anyhow::anyhow!("problems.kind of {} is impossible", row.id));
        Ok(Self {
            kind: ProblemKind::parse(&row.kind).ok_or_else(wrong)?,
            id: row.id,
            application_id: row.application_id,
            application: row.application,
            since: row.since,
            opened_at: row.opened_at,
            mailboxes: row.mailboxes,
            tokens: row.tokens,
            most_mailboxes: row.most_mailboxes,
            threatened: row.stops_at.map(|at| (row.threatened, at)),
            example: row.example,
            gone_at: row.gone_at,
            solved_at: row.solved_at,
            acknowledged: row.acknowledged_by.zip(row.acknowledged_at),
            silenced: row.silenced_by.zip(row.silenced_until),
            told_at: row.told_at,
            told_mailboxes: row.told_mailboxes,
        })
    }
}

/// One entry of the story of a problem.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Event {
    /// When.
    pub at: UnixTime,
    /// What: one of [`super::problem::News::value`], or what a person did.
    pub what: String,
    /// Who did it.
    pub actor: String,
    /// How many mailboxes had stopped then.
    pub mailboxes: i64,
}

fn all(rows: Vec<Row>) -> Result<Vec<Problem>> {
    rows.into_iter().map(Problem::try_from).collect()
}

/// Takes the watch for the process `by` until then. `false` if another process has it.
pub async fn take(tx: &mut Tx, by: &str, now: UnixTime, until: UnixTime) -> Result<bool> {
    let taken = in_tx!(tx, |c| sqlx::query(TAKE).bind(by).bind(now).bind(until).execute(c).await.affected())?;
    Ok(taken > 0)
}

/// Frees the watch of a process that no longer lives.
pub async fn release(tx: &mut Tx) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(RELEASE).execute(c).await.affected())?;
    Ok(())
}

/// The problems that are not solved, the oldest first.
pub async fn open(db: &Db) -> Result<Vec<Problem>> {
    all(on_db!(db, |c| sqlx::query_as(OPEN).fetch_all(c).await)?)
}

/// The same, within a write.
pub async fn open_now(tx: &mut Tx) -> Result<Vec<Problem>> {
    all(in_tx!(tx, |c| sqlx::query_as(OPEN).fetch_all(c).await)?)
}

/// The problems that were solved last, at most `most`.
pub async fn solved(db: &Db, most: i64) -> Result<Vec<Problem>> {
    all(on_db!(db, |c| sqlx::query_as(SOLVED).bind(most).fetch_all(c).await)?)
}

/// One problem.
///
/// # Errors
/// [`AppError::NotFound`] if there is none.
pub async fn get(db: &Db, id: &ProblemId) -> Result<Problem> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(GET).bind(id).fetch_optional(c).await)?;
    row.ok_or(AppError::NotFound)?.try_into()
}

/// Adds a new problem. `false`, and nothing was changed, if the same is open already.
pub async fn insert(tx: &mut Tx, problem: &Problem) -> Result<bool> {
    let added = in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&problem.id)
        .bind(problem.key())
        .bind(problem.kind.value())
        .bind(&problem.application_id)
        .bind(&problem.application)
        .bind(problem.since)
        .bind(problem.opened_at)
        .bind(problem.mailboxes)
        .bind(problem.tokens)
        .bind(problem.most_mailboxes)
        .bind(&problem.example)
        .bind(problem.threatened.map_or(0, |(count, _)| count))
        .bind(problem.threatened.map(|(_, at)| at))
        .execute(c)
        .await
        .affected())?;
    Ok(added > 0)
}

/// Stores what the watch has seen of it and whether people were told.
pub async fn save(tx: &mut Tx, problem: &Problem) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SAVE)
        .bind(&problem.id)
        .bind(problem.solved_at.is_none().then(|| problem.key()))
        .bind(&problem.application)
        .bind(problem.mailboxes)
        .bind(problem.tokens)
        .bind(problem.most_mailboxes)
        .bind(&problem.example)
        .bind(problem.gone_at)
        .bind(problem.solved_at)
        .bind(problem.told_at)
        .bind(problem.told_mailboxes)
        .bind(problem.threatened.map_or(0, |(count, _)| count))
        .bind(problem.threatened.map(|(_, at)| at))
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Notes that somebody has it in hand. `false` if it is solved or somebody has it already.
pub async fn acknowledge(tx: &mut Tx, id: &ProblemId, by: &str, at: UnixTime) -> Result<bool> {
    Ok(in_tx!(tx, |c| sqlx::query(ACKNOWLEDGE).bind(id).bind(by).bind(at).execute(c).await.affected())? > 0)
}

/// Silences it until then; `None` lifts the silence. `false` if it is solved.
pub async fn silence(tx: &mut Tx, id: &ProblemId, silence: Option<(&str, UnixTime)>) -> Result<bool> {
    let (by, until) = silence.unzip();
    Ok(in_tx!(tx, |c| sqlx::query(SILENCE).bind(id).bind(by).bind(until).execute(c).await.affected())? > 0)
}

/// Adds an entry called `entry` to the story of a problem.
pub async fn note(tx: &mut Tx, problem: &ProblemId, entry: &str, event: &Event) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(NOTE)
        .bind(entry)
        .bind(problem)
        .bind(event.at)
        .bind(&event.what)
        .bind(&event.actor)
        .bind(event.mailboxes)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// The story of a problem, the newest first.
pub async fn events(db: &Db, id: &ProblemId) -> Result<Vec<Event>> {
    Ok(on_db!(db, |c| sqlx::query_as(EVENTS).bind(id).fetch_all(c).await)?)
}

/// Forgets problems that were solved long ago.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(app.clock.now().plus(-KEPT)).execute(c).await.affected())?;
    tx.commit().await
}
