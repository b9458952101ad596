//! The list of mailboxes: filters, sort order and keyset pages, as one query that is the same on both engines.

use serde::{Deserialize, Serialize};
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};

use crate::applications::credential;
use crate::clock::UnixTime;
use crate::db::{Affected, Db, EVERYTHING, Tx, in_tx, on_db};
use crate::error::Result;
use crate::ids::{ApplicationId, KeyId};
use crate::web::lists;
use crate::words::{Cause, Status};

use super::mailbox::{CHECK_ENDS, Mailbox, proof_from};
use super::store::Row;

/// Counting stops here: the page says "1000+" and stays fast.
pub const COUNT_CAP: i64 = 1_000;
/// In bytes. Nothing that is stored is longer, and SQLite refuses to compare with a pattern of more than 50,000.
const LONGEST_SEARCH: usize = 1_000;

/// What the address of the list asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Part of an address, a name or an application.
    pub q: String,
    /// A status' value, or `action` for everything that needs a person.
    pub status: String,
    /// An application's ID.
    pub app: String,
    /// `address`, `-address`, or empty for what needs a person first.
    pub sort: String,
    /// Cursor: rows after this place.
    pub after: String,
    /// Cursor: rows before this place.
    pub before: String,
    /// Rows on a page.
    pub n: String,
    /// Only what this API key is for, which lists mailboxes or applications.
    #[serde(skip)]
    pub key: Option<KeyId>,
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Found {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Name of its application.
    pub application: String,
    /// When that application's credential ends.
    pub ends: Option<UnixTime>,
    /// Whether it is the default outbound mailbox.
    pub is_default: bool,
    place: Place,
}

/// Where a row stands in its sort order.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Place {
    urgency: i64,
    key: String,
    id: String,
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// The rows, in order.
    pub rows: Vec<Found>,
    /// Cursor of the page before, if there is one.
    pub before: Option<String>,
    /// Cursor of the page after, if there is one.
    pub after: Option<String>,
}

#[derive(FromRow)]
struct FoundRow {
    #[sqlx(flatten)]
    mailbox: Row,
    application_name: String,
    credential_ends_at: Option<UnixTime>,
    is_default: bool,
    urgency: i64,
    sort_key: String,
}

const SELECT: &str = "
    SELECT m.id, m.address, m.display_name, m.access_type, m.signs_in_as, m.application_id, m.version, m.created_by, m.created_at, m.paused_by, m.paused_at,
        m.deleted_by, m.deleted_at, m.incoming, m.outgoing, m.since, m.checking_since, m.checked_at, m.good_at, m.sent_at,
        m.last_check_id, m.urgency, m.sort_key,
        a.name AS application_name, a.credential_ends_at, d.mailbox_id IS NOT NULL AS is_default
    FROM mailboxes m
    LEFT JOIN applications a ON a.id = m.application_id
    LEFT JOIN default_outbound d ON d.mailbox_id = m.id
    WHERE ";

const COUNT: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM mailboxes m WHERE ";

/// A filter that means nothing must not mean everything: a change of many goes by it.
const NOTHING: &str = " AND 1 = 0";

/// A key has rows in one of the two tables only.
const REACHED: [&str; 2] = [
    " AND (m.id IN (SELECT mailbox_id FROM api_key_mailboxes WHERE key_id = ",
    ") OR m.application_id IN (SELECT application_id FROM api_key_applications WHERE key_id = ",
];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sort {
    Urgency,
    Address,
    AddressDown,
}

impl Filter {
    /// Rows on a page, as the reader asks, within reason.
    pub fn rows(&self) -> u16 {
        self.n.parse().unwrap_or(lists::ROWS).clamp(1, lists::MOST_ROWS)
    }

    /// Whether anything is filtered.
    pub fn is_empty(&self) -> bool {
        self.q.trim().is_empty() && self.status.is_empty() && self.app.is_empty()
    }

    /// As parameters of an address, without the cursor.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        vec![
            ("q", self.q.trim().to_owned()),
            ("status", self.status.clone()),
            ("app", self.app.clone()),
            ("sort", self.sort.clone()),
            ("n", self.n.clone()),
        ]
    }

    /// Whether the index by urgency leads to what matches with the fewest looks at rows that do not. Told to SQLite by
    /// asking for its order, since SQLite keeps no statistics to find it out.
    fn finds_by_urgency(&self) -> bool {
        let elsewhere =
            [Status::Connected, Status::Ready, Status::NotTested, Status::Expiring, Status::Unknown, Status::Checking];
        !self.q.trim().is_empty() || !Status::parse(&self.status).is_some_and(|status| elsewhere.contains(&status))
    }

    fn sort(&self) -> Sort {
        match self.sort.as_str() {
            "address" => Sort::Address,
            "-address" => Sort::AddressDown,
            _ => Sort::Urgency,
        }
    }
}

/// One page of the list.
///
/// # Errors
/// If the cursor is not one of ours or the database cannot answer.
pub async fn page(db: &Db, filter: &Filter, now: UnixTime) -> Result<Rows> {
    let back = !filter.before.is_empty();
    let cursor = if back { &filter.before } else { &filter.after };
    let place: Option<Place> = if cursor.is_empty() { None } else { Some(lists::place(cursor)?) };
    let wanted = usize::from(filter.rows());
    let found: Vec<FoundRow> = on_db!(db, |c| {
        let mut query = QueryBuilder::new(SELECT);
        matching(&mut query, filter, now);
        if let Some(place) = &place {
            beyond(&mut query, filter.sort(), back, place);
        }
        query.push(order(filter.sort(), back)).push(" LIMIT ").push_bind(wanted as i64 + 1);
        query.build_query_as().fetch_all(c).await
    })?;
    let more = found.len() > wanted;
    let mut rows = found.into_iter().take(wanted).map(Found::try_from).collect::<Result<Vec<_>>>()?;
    if back {
        rows.reverse();
    }
    let first = rows.first().map(|row| lists::cursor(&row.place));
    let last = rows.last().map(|row| lists::cursor(&row.place));
    let has_before = if back { more } else { place.is_some() };
    let has_after = if back { true } else { more };
    Ok(Rows { before: first.filter(|_| has_before), after: last.filter(|_| has_after), rows })
}

/// How many mailboxes match, at most one more than [`COUNT_CAP`].
///
/// # Errors
/// If the database cannot answer.
pub async fn count(db: &Db, filter: &Filter, now: UnixTime) -> Result<i64> {
    Ok(on_db!(db, |c| {
        let mut query = QueryBuilder::new(COUNT);
        matching(&mut query, filter, now);
        if filter.finds_by_urgency() {
            query.push(order(Sort::Urgency, false));
        }
        query.push(" LIMIT ").push_bind(COUNT_CAP + 1).push(") AS capped");
        query.build_query_scalar().fetch_one(c).await
    })?)
}

/// Pauses every mailbox that matches and is not paused. Gives how many.
///
/// # Errors
/// If the database refuses; then none is changed.
pub async fn pause_all(tx: &mut Tx, filter: &Filter, by: &str, now: UnixTime) -> Result<u64> {
    tx.tell(EVERYTHING);
    Ok(in_tx!(tx, |c| {
        let mut query = QueryBuilder::new("UPDATE mailboxes SET paused_by = ");
        query.push_bind(by.to_owned()).push(", paused_at = ").push_bind(now).push(", updated_at = ").push_bind(now);
        query.push(" WHERE paused_at IS NULL AND id IN (SELECT m.id FROM mailboxes m WHERE ");
        matching(&mut query, filter, now);
        query.push(")").build().execute(c).await.affected()
    })?)
}

/// Resumes every mailbox that matches and is paused. Gives how many.
///
/// # Errors
/// If the database refuses; then none is changed.
pub async fn resume_all(tx: &mut Tx, filter: &Filter, now: UnixTime) -> Result<u64> {
    tx.tell(EVERYTHING);
    Ok(in_tx!(tx, |c| {
        let mut query = QueryBuilder::new("UPDATE mailboxes SET paused_by = NULL, paused_at = NULL, updated_at = ");
        query.push_bind(now);
        query.push(" WHERE paused_at IS NOT NULL AND id IN (SELECT m.id FROM mailboxes m WHERE ");
        matching(&mut query, filter, now);
        query.push(")").build().execute(c).await.affected()
    })?)
}

impl TryFrom<FoundRow> for Found {
    type Error = crate::error::AppError;

    fn try_from(row: FoundRow) -> Result<Self> {
        let mailbox: Mailbox = row.mailbox.try_into()?;
        let place = Place { urgency: row.urgency, key: row.sort_key, id: mailbox.id.to_string() };
        Ok(Self {
            mailbox,
            application: row.application_name,
            ends: row.credential_ends_at,
            is_default: row.is_default,
            place,
        })
    }
}

/// What both engines can bind.
trait Bindable<DB: Database>: for<'q> Encode<'q, DB> + Type<DB> {}
impl<DB: Database, T: for<'q> Encode<'q, DB> + Type<DB>> Bindable<DB> for T {}

fn matching<DB>(query: &mut QueryBuilder<DB>, filter: &Filter, now: UnixTime)
where
    DB: Database,
    String: Bindable<DB>,
    UnixTime: Bindable<DB>,
    i64: Bindable<DB>,
{
    query.push("m.deleted_at IS NULL");
    let words = filter.q.trim().to_lowercase();
    if words.len() > LONGEST_SEARCH || words.chars().any(char::is_control) {
        query.push(" AND FALSE");
    } else if !words.is_empty() {
        let like = format!("%{}%", words.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        query.push(" AND (m.search_text LIKE ").push_bind(like.clone()).push(" ESCAPE '\\'");
        query.push(" OR m.application_id IN (SELECT id FROM applications WHERE name_key LIKE ").push_bind(like);
        query.push(" ESCAPE '\\') OR m.id = ").push_bind(words).push(")");
    }
    match filter.app.parse::<ApplicationId>() {
        Ok(app) => {
            query.push(" AND m.application_id = ").push_bind(app.to_string());
        }
        Err(_) if filter.app.is_empty() => {}
        Err(_) => {
            query.push(NOTHING);
        }
    }
    if let Some(key) = &filter.key {
        query.push(REACHED[0]).push_bind(key.to_string()).push(REACHED[1]).push_bind(key.to_string()).push("))");
    }
    with_status(query, &filter.status, now);
}

/// The same decisions as [`Mailbox::shown`], for rows that are not loaded yet.
fn with_status<DB>(query: &mut QueryBuilder<DB>, status: &str, now: UnixTime)
where
    DB: Database,
    String: Bindable<DB>,
    UnixTime: Bindable<DB>,
    i64: Bindable<DB>,
{
    if status == "action" {
        let warn = rank(Status::Failing(Cause::Throttled));
        query.push(" AND m.paused_at IS NULL AND m.urgency < ").push_bind(warn);
        // What waits for a sign-in was never checked, or not since.
        query.push(" AND (m.checked_at IS NULL OR m.checked_at >= ").push_bind(proof_from(now)).push(")");
        return;
    }
    if status.is_empty() {
        return;
    }
    let Some(status) = Status::parse(status) else {
        query.push(NOTHING);
        return;
    };
    if status == Status::Paused {
        query.push(" AND m.paused_at IS NOT NULL");
        return;
    }
    let dead = now.plus(-CHECK_ENDS);
    if status == Status::Checking {
        query.push(" AND m.paused_at IS NULL AND m.checking_since > ").push_bind(dead);
        return;
    }
    query
        .push(" AND m.paused_at IS NULL AND (m.checking_since IS NULL OR m.checking_since <= ")
        .push_bind(dead)
        .push(")");
    match status {
        Status::Unverified | Status::SignInPending => {
            query.push(" AND m.checked_at IS NULL AND m.urgency = ").push_bind(rank(status));
        }
        Status::Unknown => {
            query.push(" AND m.checked_at < ").push_bind(proof_from(now));
        }
        proven => {
            query.push(" AND m.checked_at >= ").push_bind(proof_from(now));
            with_proof(query, proven, now);
        }
    }
}

/// What the last check said, where it is young enough to be believed.
fn with_proof<DB>(query: &mut QueryBuilder<DB>, status: Status, now: UnixTime)
where
    DB: Database,
    String: Bindable<DB>,
    UnixTime: Bindable<DB>,
    i64: Bindable<DB>,
{
    let soon = now.plus(credential::EXPIRING);
    if status == Status::Expiring {
        query.push(" AND (m.incoming IN ('connected', 'ready') OR m.outgoing IN ('connected', 'ready'))");
        query.push(" AND m.application_id IN (SELECT id FROM applications WHERE credential_ends_at < ").push_bind(soon);
        query.push(")");
        return;
    }
    let value = status.value().to_owned();
    query.push(" AND (m.incoming = ").push_bind(value.clone()).push(" OR m.outgoing = ").push_bind(value).push(")");
    if matches!(status, Status::Connected | Status::Ready) {
        query
            .push(" AND m.application_id NOT IN (SELECT id FROM applications WHERE credential_ends_at < ")
            .push_bind(soon);
        query.push(")");
    } else {
        // A row is at least as urgent as either of its verdicts, which spares the engine all that works.
        query.push(" AND m.urgency <= ").push_bind(rank(status));
    }
}

fn rank(status: Status) -> i64 {
    i64::from(status.rank())
}

fn beyond<DB>(query: &mut QueryBuilder<DB>, sort: Sort, back: bool, place: &Place)
where
    DB: Database,
    String: Bindable<DB>,
    i64: Bindable<DB>,
{
    let up = (sort == Sort::AddressDown) == back;
    match sort {
        Sort::Urgency => {
            query.push(if up {
                " AND (m.urgency, m.sort_key, m.id) > ("
            } else {
                " AND (m.urgency, m.sort_key, m.id) < ("
            });
            query.push_bind(place.urgency).push(", ");
        }
        Sort::Address | Sort::AddressDown => {
            query.push(if up { " AND (m.sort_key, m.id) > (" } else { " AND (m.sort_key, m.id) < (" });
        }
    }
    query.push_bind(place.key.clone()).push(", ").push_bind(place.id.clone()).push(")");
}

fn order(sort: Sort, back: bool) -> &'static str {
    match (sort, back) {
        (Sort::Urgency, false) => " ORDER BY m.urgency, m.sort_key, m.id",
        (Sort::Urgency, true) => " ORDER BY m.urgency DESC, m.sort_key DESC, m.id DESC",
        (Sort::Address, false) | (Sort::AddressDown, true) => " ORDER BY m.sort_key, m.id",
        (Sort::Address, true) | (Sort::AddressDown, false) => " ORDER BY m.sort_key DESC, m.id DESC",
    }
}
