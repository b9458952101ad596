//! All SQL for the names of a scope check and what is known of each; its turns and its history are in `scope_turn_store.rs`.

use sqlx::FromRow;

use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, ScopeCheckId};
use crate::words::{Must, ScopeOutcome};

use super::rows::NameRow;
use super::scope::{Named, Scope};
use super::scope_form::key;

// A check that runs is about other names from now on, so its result is not waited for.
const SAVE: &str = "
    INSERT INTO scopes (application_id, version, updated_by, updated_at, check_at) VALUES ($1, 1, $3, $4, $5)
    ON CONFLICT (application_id) DO UPDATE
    SET version = scopes.version + 1, updated_by = $3, updated_at = $4, check_at = $5, running = '', running_until = 0
    WHERE scopes.version = $2
    RETURNING version";

const SAVE_NAME: &str = "
    INSERT INTO scope_names (application_id, address_key, address, must, place, version) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (application_id, address_key) DO UPDATE SET address = $3, must = $4, place = $5, version = $6,
        proven = CASE WHEN scope_names.must = $4 THEN scope_names.proven END,
        proven_since = CASE WHEN scope_names.must = $4 THEN scope_names.proven_since END";

const DROP_OTHERS: &str = "DELETE FROM scope_names WHERE application_id = $1 AND version <> $2";

const FORGET: &str = "DELETE FROM scopes WHERE application_id = $1 RETURNING application_id";

const FIND: &str = "
    SELECT application_id, version, updated_by, updated_at, checked_at, running_until FROM scopes WHERE application_id = $1";

const NAMES: &str = "
    SELECT address, must, outcome, tried_at, failure, proven, proven_since FROM scope_names
    WHERE application_id = $1 ORDER BY must DESC, place, address_key";

const FINISH: &str = "
    UPDATE scopes SET running = '', running_until = 0, checked_at = $3, check_at = $4
    WHERE application_id = $1 AND running = $2 RETURNING application_id";

const FINISH_NAME: &str = "
    UPDATE scope_names SET outcome = $3, tried_at = $4, failure = $5, proven = $6, proven_since = $7
    WHERE application_id = $1 AND address_key = $2";

const RESET: &str = "
    UPDATE scopes SET checked_at = NULL, check_at = $2, running = '', running_until = 0 WHERE application_id = $1";

const RESET_NAMES: &str = "
    UPDATE scope_names SET outcome = NULL, tried_at = NULL, failure = '', proven = NULL, proven_since = NULL WHERE application_id = $1";

// Of an application that only signs people in nothing is checked any more, so nothing is said of it either.
const AMISS: &str = "
    SELECT n.application_id, a.name, n.address, n.proven_since AS since
    FROM scope_names n JOIN applications a ON a.id = n.application_id
    WHERE n.must = $1 AND n.proven = $2
        AND (NOT EXISTS (SELECT 1 FROM mailboxes m WHERE m.application_id = a.id AND m.deleted_at IS NULL)
            OR EXISTS (
                SELECT 1 FROM mailboxes m
                WHERE m.application_id = a.id AND m.deleted_at IS NULL AND m.access_type = 'application'))
    ORDER BY a.name_key, a.id, n.place, n.address_key";

/// An application whose limit is proven to be another than it must be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Amiss {
    /// The application.
    pub application_id: ApplicationId,
    /// Its name.
    pub name: String,
    /// The mailboxes that tell it, in the order of the form; at least one.
    pub addresses: Vec<String>,
    /// When the first of them was found so.
    pub since: UnixTime,
}

/// An application that opens mailboxes that must stay closed to it.
pub type Widened = Amiss;
/// An application that is refused mailboxes that it must open.
pub type Narrowed = Amiss;

#[derive(FromRow)]
struct ScopeRow {
    application_id: ApplicationId,
    version: i64,
    updated_by: String,
    updated_at: UnixTime,
    checked_at: Option<UnixTime>,
    running_until: UnixTime,
}

#[derive(FromRow)]
struct AmissRow {
    application_id: ApplicationId,
    name: String,
    address: String,
    since: UnixTime,
}

/// Names the mailboxes of an application; what is known of those that were named before is kept. `version` is the one that the
/// change was made from, 0 for none. `false`, and the transaction must be dropped, if somebody else changed them meanwhile.
pub async fn save(
    tx: &mut Tx,
    application: &ApplicationId,
    (names, version): (&[Named], i64),
    by: &str,
    (now, check_at): (UnixTime, UnixTime),
) -> Result<bool> {
    let saved: Option<i64> = in_tx!(tx, |c| sqlx::query_scalar(SAVE)
        .bind(application)
        .bind(version)
        .bind(by)
        .bind(now)
        .bind(check_at)
        .fetch_optional(c)
        .await)?;
    let Some(saved) = saved else { return Ok(false) };
    for (place, named) in (0_i64..).zip(names) {
        in_tx!(tx, |c| sqlx::query(SAVE_NAME)
            .bind(application)
            .bind(key(&named.address))
            .bind(&named.address)
            .bind(named.must.value())
            .bind(place)
            .bind(saved)
            .execute(c)
            .await
            .affected())?;
    }
    in_tx!(tx, |c| sqlx::query(DROP_OTHERS).bind(application).bind(saved).execute(c).await.affected())?;
    Ok(true)
}

/// Forgets what is named for an application, and every check of it. `false` if nothing was.
pub async fn forget(tx: &mut Tx, application: &ApplicationId) -> Result<bool> {
    let gone: Option<ApplicationId> =
        in_tx!(tx, |c| sqlx::query_scalar(FORGET).bind(application).fetch_optional(c).await)?;
    Ok(gone.is_some())
}

/// What is named for an application, if anything is.
pub async fn find(db: &Db, application: &ApplicationId) -> Result<Option<Scope>> {
    let row: Option<ScopeRow> = on_db!(db, |c| sqlx::query_as(FIND).bind(application).fetch_optional(c).await)?;
    let Some(row) = row else { return Ok(None) };
    let names: Vec<NameRow> = on_db!(db, |c| sqlx::query_as(NAMES).bind(application).fetch_all(c).await)?;
    Ok(Some(Scope {
        application_id: row.application_id,
        version: row.version,
        updated_by: row.updated_by,
        updated_at: row.updated_at,
        checked_at: row.checked_at,
        running_until: row.running_until,
        names: names.into_iter().map(Named::try_from).collect::<Result<_>>()?,
    }))
}

/// Keeps what the check `id` found, and when the next one is due. `false`, and nothing is changed, if it does not run any more:
/// the names were changed meanwhile, or another check took its place.
pub async fn finish(
    tx: &mut Tx,
    application: &ApplicationId,
    id: &ScopeCheckId,
    names: &[Named],
    (now, next): (UnixTime, UnixTime),
) -> Result<bool> {
    let finished: Option<ApplicationId> = in_tx!(tx, |c| sqlx::query_scalar(FINISH)
        .bind(application)
        .bind(id)
        .bind(now)
        .bind(next)
        .fetch_optional(c)
        .await)?;
    if finished.is_none() {
        return Ok(false);
    }
    for named in names {
        let failure = named.tried.as_ref().and_then(|tried| tried.failure.as_ref());
        let failure = failure.map(serde_json::to_string).transpose().map_err(AppError::internal)?;
        in_tx!(tx, |c| sqlx::query(FINISH_NAME)
            .bind(application)
            .bind(key(&named.address))
            .bind(named.tried.as_ref().map(|tried| tried.outcome.value()))
            .bind(named.tried.as_ref().map(|tried| tried.at))
            .bind(failure.as_deref().unwrap_or_default())
            .bind(named.proven.map(|(outcome, _)| outcome.value()))
            .bind(named.proven.map(|(_, since)| since))
            .execute(c)
            .await
            .affected())?;
    }
    Ok(true)
}

/// What was found no longer holds, because the application is another one now; its turn comes at `now`.
pub async fn reset(tx: &mut Tx, application: &ApplicationId, now: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(RESET).bind(application).bind(now).execute(c).await.affected())?;
    in_tx!(tx, |c| sqlx::query(RESET_NAMES).bind(application).execute(c).await.affected())?;
    Ok(())
}

/// The applications that opened a mailbox that must stay closed to them and were not refused it since, by name.
pub async fn widened(db: &Db) -> Result<Vec<Widened>> {
    amiss(db, Must::StayClosed, ScopeOutcome::Opened).await
}

/// The applications that were refused a mailbox that they must open and did not open it since, by name. What could only not be
/// tried or not be found is not meant.
pub async fn too_narrow(db: &Db) -> Result<Vec<Narrowed>> {
    amiss(db, Must::Open, ScopeOutcome::Refused).await
}

async fn amiss(db: &Db, must: Must, proven: ScopeOutcome) -> Result<Vec<Amiss>> {
    let rows: Vec<AmissRow> =
        on_db!(db, |c| sqlx::query_as(AMISS).bind(must.value()).bind(proven.value()).fetch_all(c).await)?;
    let mut all: Vec<Amiss> = Vec::new();
    for AmissRow { application_id, name, address, since } in rows {
        match all.last_mut().filter(|last| last.application_id == application_id) {
            Some(last) => {
                last.addresses.push(address);
                last.since = UnixTime::from_seconds(last.since.seconds().min(since.seconds()));
            }
            None => all.push(Amiss { application_id, name, addresses: vec![address], since }),
        }
    }
    Ok(all)
}
