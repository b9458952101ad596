//! All SQL for messages: written once, taken by one process at a time, kept for a while.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{AlertId, ChannelId};

use super::message::{Event, Message, State};

/// Seconds for which messages are kept.
const KEPT: i64 = 90 * 24 * 60 * 60;

macro_rules! columns {
    () => {
        "id, channel_id, thread, event, subject, body, payload, created_at, state, tries, due_at, ended_at, said"
    };
}

const INSERT: &str = "
    INSERT INTO alert_messages (id, channel_id, thread, event, subject, body, payload, created_at, state, tries, due_at, leased_by,
        leased_until, said)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, $10, $11, '')";

const WITHDRAW: &str = "
    UPDATE alert_messages SET state = 'withdrawn', ended_at = $3
    WHERE channel_id = $1 AND thread = $2 AND state = 'waiting' AND tries = 0 AND leased_until <= $3";

const KNOWN: &str =
    "SELECT COUNT(*) FROM alert_messages WHERE channel_id = $1 AND thread = $2 AND state <> 'withdrawn'";

// One for each channel at a time, and of one matter the older message first; but one that its receiver does not take, say for a word
// in it, holds up no other matter.
const CLAIM: &str = concat!(
    "UPDATE alert_messages SET leased_by = $2, leased_until = $3
    WHERE state = 'waiting' AND leased_until <= $1 AND id IN (
        SELECT MIN(due.id) FROM alert_messages due
        WHERE due.state = 'waiting' AND due.due_at <= $1
            AND due.channel_id IN (SELECT id FROM alert_channels WHERE paused_at IS NULL)
            AND due.channel_id NOT IN (
                SELECT channel_id FROM alert_messages WHERE state = 'waiting' AND leased_until > $1)
            AND NOT EXISTS (
                SELECT 1 FROM alert_messages older
                WHERE older.channel_id = due.channel_id AND older.thread = due.thread AND older.state = 'waiting'
                    AND older.id < due.id AND due.thread <> '')
        GROUP BY due.channel_id)
    RETURNING ",
    columns!()
);

// The lease is asked for, because after a long pause of this process another one may have sent it.
const END: &str = "
    UPDATE alert_messages SET state = $3, tries = tries + 1, due_at = $4, ended_at = $5, said = $6, leased_by = '', leased_until = 0
    WHERE id = $1 AND leased_by = $2";

const RELEASE: &str = "UPDATE alert_messages SET leased_by = '', leased_until = 0 WHERE leased_until > 0";

const OF_CHANNEL: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM alert_messages WHERE channel_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
);

const LAST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM alert_messages WHERE id IN (
        SELECT MAX(id) FROM alert_messages WHERE state IN ('delivered', 'failed') OR tries > 0 GROUP BY channel_id)"
);

const SWEEP: &str = "DELETE FROM alert_messages WHERE created_at < $1 AND state <> 'waiting'";

#[derive(FromRow)]
struct Row {
    id: AlertId,
    channel_id: ChannelId,
    thread: String,
    event: String,
    subject: String,
    body: String,
    payload: String,
    created_at: UnixTime,
    state: String,
    tries: i64,
    due_at: UnixTime,
    ended_at: Option<UnixTime>,
    said: String,
}

impl TryFrom<Row> for Message {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = || AppError::internal(anyhow::anyhow!("the alert {} holds an impossible word", row.id));
        Ok(Self {
            event: Event::parse(&row.event).ok_or_else(wrong)?,
            state: State::parse(&row.state).ok_or_else(wrong)?,
            id: row.id,
            channel_id: row.channel_id,
            thread: row.thread,
            subject: row.subject,
            body: row.body,
            payload: row.payload,
            created_at: row.created_at,
            tries: row.tries,
            due_at: row.due_at,
            ended_at: row.ended_at,
            said: row.said,
        })
    }
}

/// For which process a message is taken, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Lease<'a> {
    /// The process; empty for none.
    pub by: &'a str,
    /// When others may take it.
    pub until: UnixTime,
}

/// Adds a message; `lease` keeps it for whoever sends it at once.
pub async fn insert(tx: &mut Tx, message: &Message, lease: Lease<'_>) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&message.id)
        .bind(&message.channel_id)
        .bind(&message.thread)
        .bind(message.event.value())
        .bind(&message.subject)
        .bind(&message.body)
        .bind(&message.payload)
        .bind(message.created_at)
        .bind(message.due_at)
        .bind(lease.by)
        .bind(lease.until)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Withdraws what was written to the channel of this matter and never tried. Says how many there were.
pub async fn withdraw(tx: &mut Tx, channel: &ChannelId, thread: &str, at: UnixTime) -> Result<u64> {
    Ok(in_tx!(tx, |c| sqlx::query(WITHDRAW).bind(channel).bind(thread).bind(at).execute(c).await.affected())?)
}

/// Whether the channel was, or is being, told of this matter.
pub async fn knows(tx: &mut Tx, channel: &ChannelId, thread: &str) -> Result<bool> {
    let known: i64 = in_tx!(tx, |c| sqlx::query_scalar(KNOWN).bind(channel).bind(thread).fetch_one(c).await)?;
    Ok(known > 0)
}

/// Takes what is due at `now`, at most one message for each channel.
pub async fn claim(tx: &mut Tx, now: UnixTime, lease: Lease<'_>) -> Result<Vec<Message>> {
    let rows: Vec<Row> =
        in_tx!(tx, |c| sqlx::query_as(CLAIM).bind(now).bind(lease.by).bind(lease.until).fetch_all(c).await)?;
    rows.into_iter().map(Message::try_from).collect()
}

/// Stores what came of a try by the process `by`: `message` as it is afterwards.
pub async fn end(tx: &mut Tx, message: &Message, by: &str) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(END)
        .bind(&message.id)
        .bind(by)
        .bind(message.state.value())
        .bind(message.due_at)
        .bind(message.ended_at)
        .bind(&message.said)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// Frees what a process had that no longer lives.
pub async fn release(tx: &mut Tx) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(RELEASE).execute(c).await.affected())?;
    Ok(())
}

/// The newest messages of a channel, at most `most`.
pub async fn of_channel(db: &Db, channel: &ChannelId, most: i64) -> Result<Vec<Message>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(OF_CHANNEL).bind(channel).bind(most).fetch_all(c).await)?;
    rows.into_iter().map(Message::try_from).collect()
}

/// The newest message of each channel that was tried.
pub async fn last(db: &Db) -> Result<Vec<Message>> {
    let rows: Vec<Row> = on_db!(db, |c| sqlx::query_as(LAST).fetch_all(c).await)?;
    rows.into_iter().map(Message::try_from).collect()
}

/// Forgets old messages.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(app.clock.now().plus(-KEPT)).execute(c).await.affected())?;
    tx.commit().await
}
