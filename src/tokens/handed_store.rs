//! All SQL for what keys were handed, and for what workers said was refused to them.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::{GrantId, KeyId, MailboxId};

/// How many rows a page shows.
const SHOWN: i64 = 20;

// Whoever was erased meanwhile is left out, so that one of many does not spoil the rest.
const HOUR: &str = "
    INSERT INTO hand_outs (key_id, mailbox_id, hour, times, last_at)
    SELECT k.id, m.id, CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT)
    FROM api_keys k JOIN mailboxes m ON m.id = $2 WHERE k.id = $1
    ON CONFLICT (key_id, mailbox_id, hour) DO UPDATE SET times = hand_outs.times + excluded.times,
        last_at = CASE WHEN excluded.last_at > hand_outs.last_at THEN excluded.last_at ELSE hand_outs.last_at END";

const DAY: &str = "
    INSERT INTO hand_out_days (grant_id, key_id, day, times, last_at)
    SELECT CAST($1 AS TEXT), k.id, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM api_keys k WHERE k.id = $2
    ON CONFLICT (grant_id, key_id, day) DO UPDATE SET times = hand_out_days.times + excluded.times,
        last_at = CASE WHEN excluded.last_at > hand_out_days.last_at THEN excluded.last_at ELSE hand_out_days.last_at END";

const OF_GRANT: &str = "
    SELECT d.key_id, k.name, MAX(d.last_at) AS last_at, CAST(SUM(CASE WHEN d.day = $2 THEN d.times ELSE 0 END) AS BIGINT) AS today
    FROM hand_out_days d JOIN api_keys k ON k.id = d.key_id
    WHERE d.grant_id = $1 GROUP BY d.key_id, k.name ORDER BY MAX(d.last_at) DESC, d.key_id LIMIT $3";

const OF_KEY: &str = "
    SELECT h.mailbox_id, m.address, h.hour, h.times, h.last_at FROM hand_outs h JOIN mailboxes m ON m.id = h.mailbox_id
    WHERE h.key_id = $1 ORDER BY h.last_at DESC, h.mailbox_id LIMIT $2";

const FORGET: [&str; 3] = [
    "DELETE FROM hand_outs WHERE hour < $1 / 3600",
    "DELETE FROM hand_out_days WHERE last_at < $1",
    "DELETE FROM token_refusals WHERE at < $1",
];

const REFUSE: &str = "
    INSERT INTO token_refusals (grant_id, generation, mailbox_id, key_id, status, error, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (grant_id, generation) DO NOTHING RETURNING grant_id";

const REFUSAL: &str = "
    SELECT r.generation, m.address AS mailbox, r.key_id, k.name AS key_name, r.status, r.error, r.at
    FROM token_refusals r JOIN api_keys k ON k.id = r.key_id JOIN mailboxes m ON m.id = r.mailbox_id
    WHERE r.grant_id = $1 ORDER BY r.generation DESC LIMIT 1";

/// How often a key was handed a mailbox' token within an hour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandOut {
    /// The key.
    pub key: KeyId,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// What the token was got from.
    pub grant: GrantId,
    /// The hour, counted from 1970.
    pub hour: i64,
    /// The day in the instance's time zone, as `2026-11-23`.
    pub day: String,
    /// How often.
    pub times: i64,
    /// The last time.
    pub last_at: UnixTime,
}

/// What a token's page says of one key.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Taker {
    /// The key.
    pub key_id: KeyId,
    /// What it is called.
    pub name: String,
    /// When it was last handed the token.
    pub last_at: UnixTime,
    /// How often it was today.
    pub today: i64,
}

/// What a key's page says of one hour of one mailbox.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Taken {
    /// The mailbox.
    pub mailbox_id: MailboxId,
    /// Its address.
    pub address: String,
    /// The hour, counted from 1970.
    pub hour: i64,
    /// How often its token was handed out in it.
    pub times: i64,
    /// The last time.
    pub last_at: UnixTime,
}

/// A worker's word that a token was refused.
#[derive(Clone, Debug)]
pub struct Refused<'a> {
    /// What the token was got from.
    pub grant: &'a GrantId,
    /// Which token of it.
    pub generation: i64,
    /// For which mailbox it was used.
    pub mailbox: &'a MailboxId,
    /// Whose word it is.
    pub key: &'a KeyId,
    /// What the worker was answered: an HTTP status, 0 if it did not say.
    pub status: i64,
    /// A code; may be empty.
    pub error: &'a str,
    /// When it was said.
    pub at: UnixTime,
}

/// The same as a page shows it.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Refusal {
    /// Which token it was.
    pub generation: i64,
    /// The address of the mailbox.
    pub mailbox: String,
    /// Whose word it is.
    pub key_id: KeyId,
    /// What that key is called.
    pub key_name: String,
    /// What the worker was answered.
    pub status: i64,
    /// A code; may be empty.
    pub error: String,
    /// When it was said.
    pub at: UnixTime,
}

/// Adds to what was counted before. Sorted alike in every process, so that two of them do not wait for each other.
pub async fn add(tx: &mut Tx, all: &mut [HandOut]) -> Result<()> {
    all.sort_by(|one, other| (&one.key, &one.mailbox, one.hour).cmp(&(&other.key, &other.mailbox, other.hour)));
    for one in all.iter() {
        in_tx!(tx, |c| sqlx::query(HOUR)
            .bind(&one.key)
            .bind(&one.mailbox)
            .bind(one.hour)
            .bind(one.times)
            .bind(one.last_at)
            .execute(c)
            .await
            .affected())?;
    }
    all.sort_by(|one, other| (&one.grant, &one.key, &one.day).cmp(&(&other.grant, &other.key, &other.day)));
    for same in all.chunk_by(|one, other| (&one.grant, &one.key, &one.day) == (&other.grant, &other.key, &other.day)) {
        let times: i64 = same.iter().map(|one| one.times).sum();
        let last_at = same.iter().map(|one| one.last_at.seconds()).max().unwrap_or_default();
        in_tx!(tx, |c| sqlx::query(DAY)
            .bind(&same[0].grant)
            .bind(&same[0].key)
            .bind(&same[0].day)
            .bind(times)
            .bind(last_at)
            .execute(c)
            .await
            .affected())?;
    }
    Ok(())
}

/// The keys that were handed a token of this grant, with how often on `day`; who had it last first.
pub async fn takers(db: &Db, grant: &GrantId, day: &str) -> Result<Vec<Taker>> {
    Ok(on_db!(db, |c| sqlx::query_as(OF_GRANT).bind(grant).bind(day).bind(SHOWN).fetch_all(c).await)?)
}

/// What a key was handed last.
pub async fn taken(db: &Db, key: &KeyId) -> Result<Vec<Taken>> {
    Ok(on_db!(db, |c| sqlx::query_as(OF_KEY).bind(key).bind(SHOWN).fetch_all(c).await)?)
}

/// Forgets what was before `moment`.
pub async fn forget(tx: &mut Tx, moment: UnixTime) -> Result<()> {
    for text in FORGET {
        in_tx!(tx, |c| sqlx::query(text).bind(moment).execute(c).await.affected())?;
    }
    Ok(())
}

/// Writes down that a token was refused. `false` if somebody has said so of the same one before.
pub async fn refuse(tx: &mut Tx, refused: &Refused<'_>) -> Result<bool> {
    let first: Option<String> = in_tx!(tx, |c| sqlx::query_scalar(REFUSE)
        .bind(refused.grant)
        .bind(refused.generation)
        .bind(refused.mailbox)
        .bind(refused.key)
        .bind(refused.status)
        .bind(refused.error)
        .bind(refused.at)
        .fetch_optional(c)
        .await)?;
    Ok(first.is_some())
}

/// The newest token of a grant that a worker said was refused.
pub async fn refusal(db: &Db, grant: &GrantId) -> Result<Option<Refusal>> {
    Ok(on_db!(db, |c| sqlx::query_as(REFUSAL).bind(grant).fetch_optional(c).await)?)
}
