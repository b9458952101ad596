//! All SQL for mailboxes but the list's, which is in `search.rs`.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, is_taken, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CheckId, MailboxId};
use crate::words::Status;

use super::history::Check;
use super::mailbox::{Access, BIN_LASTS, CHECK_ENDS, Health, Mailbox, Stamp};

const INSERT: &str = "
    INSERT INTO mailboxes (id, address, address_key, sort_key, display_name, account_type, access_type, signs_in_as, application_id,
        version, created_by, created_at, updated_at, incoming, outgoing, urgency, since, search_text, check_at)
    VALUES ($1, $2, $3, $3, $4, 'office365', $5, $6, $7, 1, $8, $9, $9, $10, $10, $11, $9, $12, $13)";

const UPDATE: &str = "
    UPDATE mailboxes SET address = $3, address_key = $4, sort_key = $4, display_name = $5, application_id = $6,
        version = version + 1, updated_at = $7, search_text = $8, access_type = $9, signs_in_as = $10
    WHERE id = $1 AND version = $2 AND deleted_at IS NULL
    RETURNING id";

const START_ANEW: &str = "
    UPDATE mailboxes SET incoming = $4, outgoing = $4, urgency = $2, since = $3, checked_at = NULL, good_at = NULL, sent_at = NULL,
        checking_since = NULL, last_check_id = NULL
    WHERE id = $1";

const FIND: &str = "
    SELECT id, address, display_name, access_type, signs_in_as, application_id, version, created_by, created_at, paused_by, paused_at, deleted_by, deleted_at,
        incoming, outgoing, since, checking_since, checked_at, good_at, sent_at, last_check_id
    FROM mailboxes WHERE id = $1";

const BY_ADDRESS: &str = "SELECT id FROM mailboxes WHERE address_key = $1";

const BEGIN_CHECK: &str = "
    UPDATE mailboxes SET checking_since = $2
    WHERE id = $1 AND deleted_at IS NULL AND (checking_since IS NULL OR checking_since <= $3)
    RETURNING id";

const FINISH_CHECK: &str = "
    UPDATE mailboxes SET
        since = CASE WHEN incoming = $2 AND outgoing = $3 THEN since ELSE $4 END,
        incoming = $2, outgoing = $3, urgency = $5, checking_since = NULL, checked_at = $4,
        good_at = CASE WHEN $6 THEN $4 ELSE good_at END,
        sent_at = CASE WHEN $7 THEN $4 WHEN $2 = 'connected' AND $3 <> 'connected' THEN NULL ELSE sent_at END,
        last_check_id = $8
    WHERE id = $1 AND checking_since = $9 AND address = $10 AND application_id = $11
    RETURNING id";

const SIGNED_IN: &str = "
    UPDATE mailboxes SET
        since = CASE WHEN incoming = $2 AND outgoing = $3 THEN since ELSE $4 END,
        incoming = $2, outgoing = $3, urgency = $5, checking_since = NULL, checked_at = $4,
        good_at = CASE WHEN $6 THEN $4 ELSE good_at END,
        sent_at = CASE WHEN $2 = 'connected' AND $3 <> 'connected' THEN NULL ELSE sent_at END,
        last_check_id = $7
    WHERE id = $1 AND address = $8 AND application_id = $9 AND access_type = 'delegated' AND signs_in_as = $10 AND deleted_at IS NULL
    RETURNING id";

const WAIT_FOR_SIGN_IN: &str = "
    UPDATE mailboxes SET incoming = 'sign_in_pending', outgoing = 'sign_in_pending', urgency = $2, since = $3, checked_at = NULL
    WHERE id = $1 AND access_type = 'delegated' AND deleted_at IS NULL AND incoming IN ('unverified', 'needs_sign_in')";

const ABANDON_CHECK: &str = "UPDATE mailboxes SET checking_since = NULL WHERE id = $1 AND checking_since = $2";

const FORGET_INTERRUPTED: &str = "UPDATE mailboxes SET checking_since = NULL WHERE checking_since <= $1";

const FAILING: &str = "
    SELECT id, incoming FROM mailboxes
    WHERE application_id = $1 AND deleted_at IS NULL AND paused_at IS NULL AND incoming <> 'connected'
    ORDER BY sort_key, id";

const PAUSE: &str = "
    UPDATE mailboxes SET paused_by = $2, paused_at = $3, updated_at = $3
    WHERE id = $1 AND paused_at IS NULL AND deleted_at IS NULL RETURNING id";

const RESUME: &str = "
    UPDATE mailboxes SET paused_by = NULL, paused_at = NULL, updated_at = $2
    WHERE id = $1 AND paused_at IS NOT NULL AND deleted_at IS NULL RETURNING id";

const DELETE: &str = "
    UPDATE mailboxes SET deleted_by = $2, deleted_at = $3, address_key = NULL, updated_at = $3
    WHERE id = $1 AND deleted_at IS NULL RETURNING id";

const RESTORE: &str = "
    UPDATE mailboxes SET deleted_by = NULL, deleted_at = NULL, address_key = sort_key, paused_by = $2, paused_at = $3, updated_at = $3
    WHERE id = $1 AND deleted_at IS NOT NULL RETURNING id";

const ERASE_DELETED: &str = "DELETE FROM mailboxes WHERE deleted_at <= $1";

const DEFAULT: &str = "SELECT mailbox_id FROM default_outbound WHERE id = 'default'";

const SET_DEFAULT: &str = "
    INSERT INTO default_outbound (id, mailbox_id)
    SELECT 'default', id FROM mailboxes WHERE id = $1 AND deleted_at IS NULL
    ON CONFLICT (id) DO UPDATE SET mailbox_id = excluded.mailbox_id";

const CLEAR_DEFAULT: &str = "DELETE FROM default_outbound WHERE mailbox_id = $1";

#[derive(FromRow)]
pub(super) struct Row {
    id: MailboxId,
    address: String,
    display_name: String,
    access_type: String,
    signs_in_as: String,
    application_id: ApplicationId,
    version: i64,
    created_by: String,
    created_at: UnixTime,
    paused_by: Option<String>,
    paused_at: Option<UnixTime>,
    deleted_by: Option<String>,
    deleted_at: Option<UnixTime>,
    incoming: String,
    outgoing: String,
    since: UnixTime,
    checking_since: Option<UnixTime>,
    checked_at: Option<UnixTime>,
    good_at: Option<UnixTime>,
    sent_at: Option<UnixTime>,
    last_check_id: Option<CheckId>,
}

impl TryFrom<Row> for Mailbox {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let wrong =
            |column: &str| AppError::internal(anyhow::anyhow!("mailboxes.{column} of {} is impossible", row.id));
        let stamp = |by: Option<String>, at: Option<UnixTime>| at.map(|at| Stamp { by: by.unwrap_or_default(), at });
        Ok(Self {
            health: Health {
                incoming: Status::parse(&row.incoming).ok_or_else(|| wrong("incoming"))?,
                outgoing: Status::parse(&row.outgoing).ok_or_else(|| wrong("outgoing"))?,
                since: row.since,
                checking_since: row.checking_since,
                checked_at: row.checked_at,
                good_at: row.good_at,
                sent_at: row.sent_at,
                last_check: row.last_check_id,
            },
            access: Access::parse(&row.access_type, &row.signs_in_as).ok_or_else(|| wrong("access_type"))?,
            id: row.id,
            address: row.address,
            display_name: row.display_name,
            application_id: row.application_id,
            version: row.version,
            created: Stamp { by: row.created_by, at: row.created_at },
            paused: stamp(row.paused_by, row.paused_at),
            deleted: stamp(row.deleted_by, row.deleted_at),
        })
    }
}

/// What a write found in its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Written {
    /// It was written.
    Done,
    /// Another mailbox has this address. The transaction must be dropped.
    Taken,
    /// Someone else changed it meanwhile, or it is not in the state that this needs.
    Changed,
}

fn written<T>(done: sqlx::Result<Option<T>>) -> Result<Written> {
    match done {
        Ok(Some(_)) => Ok(Written::Done),
        Ok(None) => Ok(Written::Changed),
        Err(cause) if is_taken(&cause) => Ok(Written::Taken),
        Err(cause) => Err(cause.into()),
    }
}

/// How an address is compared and sorted.
pub fn address_key(address: &str) -> String {
    address.to_lowercase()
}

/// What a search looks in; no search holds the line break.
fn search_text(mailbox: &Mailbox) -> String {
    format!("{}\n{}", mailbox.address, mailbox.display_name).to_lowercase()
}

/// Adds a mailbox that was never checked.
pub async fn insert(tx: &mut Tx, mailbox: &Mailbox) -> Result<Written> {
    let first = Health::new(&mailbox.access, mailbox.created.at).incoming;
    let done = in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&mailbox.id)
        .bind(&mailbox.address)
        .bind(address_key(&mailbox.address))
        .bind(&mailbox.display_name)
        .bind(mailbox.access.value())
        .bind(mailbox.access.person())
        .bind(&mailbox.application_id)
        .bind(&mailbox.created.by)
        .bind(mailbox.created.at)
        .bind(first.value())
        .bind(i64::from(first.rank()))
        .bind(search_text(mailbox))
        // The check of the Save goes first.
        .bind(mailbox.created.at.plus(CHECK_ENDS))
        .execute(c)
        .await
        .affected()
        .map(Some));
    written(done)
}

/// Changes the settings, if nobody else has changed anything since `mailbox.version`. With `anew`, what was known of
/// its health no longer holds.
pub async fn update(tx: &mut Tx, mailbox: &Mailbox, anew: bool, now: UnixTime) -> Result<Written> {
    tx.tell(mailbox.id.as_str());
    let done: sqlx::Result<Option<MailboxId>> = in_tx!(tx, |c| sqlx::query_scalar(UPDATE)
        .bind(&mailbox.id)
        .bind(mailbox.version)
        .bind(&mailbox.address)
        .bind(address_key(&mailbox.address))
        .bind(&mailbox.display_name)
        .bind(&mailbox.application_id)
        .bind(now)
        .bind(search_text(mailbox))
        .bind(mailbox.access.value())
        .bind(mailbox.access.person())
        .fetch_optional(c)
        .await);
    let done = written(done)?;
    if done == Written::Done && anew {
        start_anew(tx, mailbox, now).await?;
    }
    Ok(done)
}

/// Forgets what was known of the health of a mailbox, as if it had just been added.
pub async fn start_anew(tx: &mut Tx, mailbox: &Mailbox, now: UnixTime) -> Result<()> {
    let first = Health::new(&mailbox.access, now).incoming;
    in_tx!(tx, |c| sqlx::query(START_ANEW)
        .bind(&mailbox.id)
        .bind(i64::from(first.rank()))
        .bind(now)
        .bind(first.value())
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// The mailbox, living or in the bin.
pub async fn find(db: &Db, id: &MailboxId) -> Result<Option<Mailbox>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)?;
    row.map(Mailbox::try_from).transpose()
}

/// The living mailbox, or 404.
pub async fn get(db: &Db, id: &MailboxId) -> Result<Mailbox> {
    find(db, id).await?.filter(|mailbox| mailbox.deleted.is_none()).ok_or(AppError::NotFound)
}

/// The living mailbox with this address.
pub async fn by_address(db: &Db, address: &str) -> Result<Option<MailboxId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(BY_ADDRESS).bind(address_key(address)).fetch_optional(c).await)?)
}

/// Marks that a check runs. `false` if one already does, or the mailbox is gone.
pub async fn begin_check(tx: &mut Tx, id: &MailboxId, now: UnixTime) -> Result<bool> {
    let begun: Option<MailboxId> = in_tx!(tx, |c| sqlx::query_scalar(BEGIN_CHECK)
        .bind(id)
        .bind(now)
        .bind(now.plus(-CHECK_ENDS))
        .fetch_optional(c)
        .await)?;
    Ok(begun.is_some())
}

/// Writes down what a check of `mailbox` said. `false`, and nothing is written, if that is no longer what the mailbox is.
pub async fn finish_check(tx: &mut Tx, mailbox: &Mailbox, check: &Check, sent: bool) -> Result<bool> {
    let urgency = check.incoming.worse(check.outgoing).rank();
    let finished: Option<MailboxId> = in_tx!(tx, |c| sqlx::query_scalar(FINISH_CHECK)
        .bind(&check.mailbox_id)
        .bind(check.incoming.value())
        .bind(check.outgoing.value())
        .bind(check.finished_at)
        .bind(i64::from(urgency))
        .bind(check.incoming == Status::Connected)
        .bind(sent)
        .bind(&check.id)
        .bind(check.started_at)
        .bind(&mailbox.address)
        .bind(&mailbox.application_id)
        .fetch_optional(c)
        .await)?;
    Ok(finished.is_some())
}

/// Writes down what a sign-in for `mailbox` found; a check that runs meanwhile no longer counts. `false`, and nothing is
/// written, if the mailbox is no longer what it was.
pub async fn signed_in(tx: &mut Tx, mailbox: &Mailbox, check: &Check) -> Result<bool> {
    let urgency = check.incoming.worse(check.outgoing).rank();
    let written: Option<MailboxId> = in_tx!(tx, |c| sqlx::query_scalar(SIGNED_IN)
        .bind(&check.mailbox_id)
        .bind(check.incoming.value())
        .bind(check.outgoing.value())
        .bind(check.finished_at)
        .bind(i64::from(urgency))
        .bind(check.incoming == Status::Connected)
        .bind(&check.id)
        .bind(&mailbox.address)
        .bind(&mailbox.application_id)
        .bind(mailbox.access.person())
        .fetch_optional(c)
        .await)?;
    Ok(written.is_some())
}

/// Notes that somebody was asked to sign in, for a mailbox that cannot be opened before.
pub async fn wait_for_sign_in(tx: &mut Tx, id: &MailboxId, now: UnixTime) -> Result<()> {
    let rank = i64::from(Status::SignInPending.rank());
    in_tx!(tx, |c| sqlx::query(WAIT_FOR_SIGN_IN).bind(id).bind(rank).bind(now).execute(c).await.affected())?;
    Ok(())
}

/// Ends a check that came to no verdict.
pub async fn abandon_check(tx: &mut Tx, id: &MailboxId, started_at: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(ABANDON_CHECK).bind(id).bind(started_at).execute(c).await.affected())?;
    Ok(())
}

/// Forgets checks that began before `now` and were cut off by a stop.
pub async fn forget_interrupted_checks(tx: &mut Tx, now: UnixTime) -> Result<()> {
    // With several replicas another one may be checking; on one SQLite nobody else is.
    let before = if matches!(tx, Tx::Sqlite(..)) { now } else { now.plus(-CHECK_ENDS) };
    in_tx!(tx, |c| sqlx::query(FORGET_INTERRUPTED).bind(before).execute(c).await.affected())?;
    Ok(())
}

/// The living mailboxes of an application whose last check broke on something of the application's, or that have none.
pub async fn stopped_by_application(db: &Db, application: &ApplicationId) -> Result<Vec<MailboxId>> {
    let rows: Vec<(MailboxId, String)> = on_db!(db, |c| sqlx::query_as(FAILING).bind(application).fetch_all(c).await)?;
    let by_application = |status: &str| match Status::parse(status) {
        Some(Status::Failing(cause)) => cause.of_application(),
        status => status == Some(Status::Unverified),
    };
    Ok(rows.into_iter().filter(|(_, incoming)| by_application(incoming)).map(|(id, _)| id).collect())
}

/// Leaves a mailbox alone from now on. `Changed` if it already was.
pub async fn pause(tx: &mut Tx, id: &MailboxId, by: &str, now: UnixTime) -> Result<Written> {
    tx.tell(id.as_str());
    let done =
        in_tx!(tx, |c| sqlx::query_scalar::<_, MailboxId>(PAUSE).bind(id).bind(by).bind(now).fetch_optional(c).await);
    written(done)
}

/// Takes a mailbox into service again. `Changed` if it already was.
pub async fn resume(tx: &mut Tx, id: &MailboxId, now: UnixTime) -> Result<Written> {
    tx.tell(id.as_str());
    let done = in_tx!(tx, |c| sqlx::query_scalar::<_, MailboxId>(RESUME).bind(id).bind(now).fetch_optional(c).await);
    written(done)
}

/// Puts a mailbox into the bin; its address is free for another.
pub async fn delete(tx: &mut Tx, id: &MailboxId, by: &str, now: UnixTime) -> Result<Written> {
    tx.tell(id.as_str());
    in_tx!(tx, |c| sqlx::query(CLEAR_DEFAULT).bind(id).execute(c).await.affected())?;
    let done =
        in_tx!(tx, |c| sqlx::query_scalar::<_, MailboxId>(DELETE).bind(id).bind(by).bind(now).fetch_optional(c).await);
    written(done)
}

/// Takes a mailbox out of the bin, paused. `Taken` if its address has a new owner.
pub async fn restore(tx: &mut Tx, id: &MailboxId, by: &str, now: UnixTime) -> Result<Written> {
    tx.tell(id.as_str());
    let done =
        in_tx!(tx, |c| sqlx::query_scalar::<_, MailboxId>(RESTORE).bind(id).bind(by).bind(now).fetch_optional(c).await);
    written(done)
}

/// Removes mailboxes whose time in the bin has passed.
pub async fn erase_deleted(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(ERASE_DELETED).bind(app.clock.now().plus(-BIN_LASTS)).execute(c).await.affected())?;
    tx.commit().await
}

/// The mailbox that sends when a message names none.
pub async fn default_outbound(db: &Db) -> Result<Option<MailboxId>> {
    Ok(on_db!(db, |c| sqlx::query_scalar(DEFAULT).fetch_optional(c).await)?)
}

/// Makes this mailbox the one that sends when a message names none.
pub async fn set_default_outbound(tx: &mut Tx, id: &MailboxId) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(SET_DEFAULT).bind(id).execute(c).await.affected())?;
    Ok(())
}
