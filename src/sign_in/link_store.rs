//! All SQL for hand-off links.

use sqlx::FromRow;

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, Tx, in_tx, on_db};
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, LinkId, MailboxId};
use crate::mail::MailFailure;
use crate::secrets::Sealed;

use super::Link;
use super::attempt::About;
use super::link::{MAILING_LASTS, MailState, Mailing};

const INSERT: &str = "
    INSERT INTO sign_in_links (id, mailbox_id, application_id, address, signs_in_as, code_hash, sealed, made_by, contact, made_at,
        expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const BY_CODE: &str = "
    SELECT id, mailbox_id, application_id, address, signs_in_as, sealed, made_by, contact, made_at, expires_at, used_at, used_by, withdrawn_at, withdrawn_by,
        mail_state, mailed_to, mailed_at, mail_trouble
    FROM sign_in_links WHERE code_hash = $1";

const BY_ID: &str = "
    SELECT id, mailbox_id, application_id, address, signs_in_as, sealed, made_by, contact, made_at, expires_at, used_at, used_by, withdrawn_at, withdrawn_by,
        mail_state, mailed_to, mailed_at, mail_trouble
    FROM sign_in_links WHERE id = $1";

const NEWEST: &str = "
    SELECT id, mailbox_id, application_id, address, signs_in_as, sealed, made_by, contact, made_at, expires_at, used_at, used_by, withdrawn_at, withdrawn_by,
        mail_state, mailed_to, mailed_at, mail_trouble
    FROM sign_in_links WHERE mailbox_id = $1
    ORDER BY made_at DESC, CASE WHEN used_at IS NULL AND withdrawn_at IS NULL THEN 0 ELSE 1 END, id DESC LIMIT 1";

const USE_UP: &str = "
    UPDATE sign_in_links SET used_at = $2, used_by = $3, sealed = ''
    WHERE mailbox_id = $1 AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > $2";

const WITHDRAW: &str = "
    UPDATE sign_in_links SET withdrawn_at = $2, withdrawn_by = $3, sealed = ''
    WHERE mailbox_id = $1 AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > $2";

const WITHDRAW_OF: &str = "
    UPDATE sign_in_links SET withdrawn_at = $2, withdrawn_by = $3, sealed = ''
    WHERE contact = $1 AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > $2";

const STILL_STANDS: &str = "
    UPDATE sign_in_links SET made_at = made_at
    WHERE id = $1 AND withdrawn_at IS NULL AND (used_at IS NULL OR EXISTS (
        SELECT 1 FROM delegated_grants g WHERE g.mailbox_id = sign_in_links.mailbox_id))";

const ASK_MAIL: &str = "
    UPDATE sign_in_links SET mail_state = 'asked', mailed_to = $2, mailed_at = $3, mail_trouble = NULL
    WHERE id = $1 AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > $3
        AND (mail_state IS NULL OR mail_state <> 'asked' OR mailed_at <= $4)";

const END_MAIL: &str = "
    UPDATE sign_in_links SET mail_state = $3, mailed_at = $4, mail_trouble = $5
    WHERE id = $1 AND mail_state = 'asked' AND mailed_at = $2";

const SWEEP: &str = "UPDATE sign_in_links SET sealed = '' WHERE expires_at <= $1 AND sealed <> ''";

#[derive(FromRow)]
struct Row {
    id: LinkId,
    mailbox_id: MailboxId,
    application_id: ApplicationId,
    address: String,
    signs_in_as: String,
    sealed: Sealed,
    made_by: String,
    contact: String,
    made_at: UnixTime,
    expires_at: UnixTime,
    used_at: Option<UnixTime>,
    used_by: Option<String>,
    withdrawn_at: Option<UnixTime>,
    withdrawn_by: Option<String>,
    mail_state: Option<String>,
    mailed_to: Option<String>,
    mailed_at: Option<UnixTime>,
    mail_trouble: Option<String>,
}

impl Row {
    /// Nothing if the columns contradict each other.
    fn mailing(&self) -> Option<Option<Mailing>> {
        let Some(state) = &self.mail_state else { return Some(None) };
        let state = match (state.as_str(), &self.mail_trouble) {
            ("asked", None) => MailState::Asked,
            ("sent", None) => MailState::Sent,
            ("failed", Some(json)) => MailState::Failed(serde_json::from_str(json).ok()?),
            _ => return None,
        };
        Some(Some(Mailing { to: self.mailed_to.clone()?, at: self.mailed_at?, state }))
    }
}

impl TryFrom<Row> for Link {
    type Error = AppError;

    fn try_from(row: Row) -> Result<Self> {
        let stamp = |at: Option<UnixTime>, by: Option<String>| at.map(|at| (at, by.unwrap_or_default()));
        let wrong = || AppError::internal(anyhow::anyhow!("sign_in_links.mail_state of {} is impossible", row.id));
        Ok(Self {
            mailing: row.mailing().ok_or_else(wrong)?,
            id: row.id,
            mailbox_id: row.mailbox_id,
            about: About { application_id: row.application_id, address: row.address, signs_in_as: row.signs_in_as },
            sealed: row.sealed,
            made_by: row.made_by,
            contact: row.contact,
            made_at: row.made_at,
            expires_at: row.expires_at,
            used: stamp(row.used_at, row.used_by),
            withdrawn: stamp(row.withdrawn_at, row.withdrawn_by),
        })
    }
}

/// Adds a link. `code_hash` finds it.
pub async fn insert(tx: &mut Tx, link: &Link, code_hash: &str) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(INSERT)
        .bind(&link.id)
        .bind(&link.mailbox_id)
        .bind(&link.about.application_id)
        .bind(&link.about.address)
        .bind(&link.about.signs_in_as)
        .bind(code_hash)
        .bind(&link.sealed)
        .bind(&link.made_by)
        .bind(&link.contact)
        .bind(link.made_at)
        .bind(link.expires_at)
        .execute(c)
        .await
        .affected())?;
    Ok(())
}

/// The link with this code, in whatever state.
pub async fn by_code(db: &Db, code_hash: &str) -> Result<Option<Link>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(BY_CODE).bind(code_hash).fetch_optional(c).await)?;
    row.map(Link::try_from).transpose()
}

/// The link, in whatever state.
pub async fn by_id(db: &Db, id: &LinkId) -> Result<Option<Link>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(BY_ID).bind(id).fetch_optional(c).await)?;
    row.map(Link::try_from).transpose()
}

/// The link of a mailbox that matters: the newest, as only that one can be open.
pub async fn newest_of(db: &Db, mailbox: &MailboxId) -> Result<Option<Link>> {
    let row: Option<Row> = on_db!(db, |c| sqlx::query_as(NEWEST).bind(mailbox).fetch_optional(c).await)?;
    row.map(Link::try_from).transpose()
}

/// A sign-in for the mailbox went well, so its open link is used up, whether it was begun by it or not.
pub async fn use_up(tx: &mut Tx, mailbox: &MailboxId, account: &str, now: UnixTime) -> Result<()> {
    in_tx!(tx, |c| sqlx::query(USE_UP).bind(mailbox).bind(now).bind(account).execute(c).await.affected())?;
    Ok(())
}

/// Ends the open link of a mailbox. `false` if there is none.
pub async fn withdraw(tx: &mut Tx, mailbox: &MailboxId, by: &str, now: UnixTime) -> Result<bool> {
    let ended = in_tx!(tx, |c| sqlx::query(WITHDRAW).bind(mailbox).bind(now).bind(by).execute(c).await.affected())?;
    Ok(ended > 0)
}

/// Ends the open links of whoever has this e-mail address. Gives how many there were.
pub async fn withdraw_of(tx: &mut Tx, contact: &str, by: &str, now: UnixTime) -> Result<u64> {
    Ok(in_tx!(tx, |c| sqlx::query(WITHDRAW_OF).bind(contact).bind(now).bind(by).execute(c).await.affected())?)
}

/// Whether a sign-in that this link began may still be stored: it is not withdrawn, and if another tab has used it up, what that
/// brought was not forgotten since. Nobody can change that before the transaction ends.
pub async fn still_stands(tx: &mut Tx, id: &LinkId) -> Result<bool> {
    Ok(in_tx!(tx, |c| sqlx::query(STILL_STANDS).bind(id).execute(c).await.affected())? > 0)
}

/// The link is about to be mailed to this address. `false`, and nothing must be sent, if it is no longer open or a mail is on
/// its way just now.
pub async fn ask_mail(tx: &mut Tx, link: &LinkId, to: &str, now: UnixTime) -> Result<bool> {
    let given_up = now.plus(-MAILING_LASTS);
    let asked =
        in_tx!(tx, |c| sqlx::query(ASK_MAIL).bind(link).bind(to).bind(now).bind(given_up).execute(c).await.affected())?;
    Ok(asked > 0)
}

/// What came of the mail that was asked for at `asked`. `false` if another was asked for since.
pub async fn end_mail(
    tx: &mut Tx,
    link: &LinkId,
    asked: UnixTime,
    outcome: Result<(), &MailFailure>,
    now: UnixTime,
) -> Result<bool> {
    let (state, trouble) = match outcome {
        Ok(()) => ("sent", None),
        Err(failure) => ("failed", Some(serde_json::to_string(failure).map_err(AppError::internal)?)),
    };
    let ended = in_tx!(tx, |c| sqlx::query(END_MAIL)
        .bind(link)
        .bind(asked)
        .bind(state)
        .bind(now)
        .bind(trouble.as_deref())
        .execute(c)
        .await
        .affected())?;
    Ok(ended > 0)
}

/// Erases the codes of links that have ended by themselves.
///
/// # Errors
/// If the database cannot answer.
pub async fn erase_expired(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    in_tx!(&mut tx, |c| sqlx::query(SWEEP).bind(app.clock.now()).execute(c).await.affected())?;
    tx.commit().await
}
