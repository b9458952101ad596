//! `POST /mailboxes/bulk`: pause or resume many at once. First a page that says what will change, then the change.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::MailboxId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, see_other};

use super::mailbox::Mailbox;
use super::search::{self, COUNT_CAP, Filter};
use super::store::{self, Written};

/// Addresses that the question names one by one.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "mailboxes/bulk.html")]
struct Ask {
    shell: Shell,
    title: String,
    text: &'static str,
    verb: &'static str,
    button: String,
    ids: Vec<String>,
    all: bool,
    filter: Filter,
    named: Vec<String>,
    more: usize,
}

/// What was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// `pause` or `resume`.
    #[serde(rename = "do")]
    verb: String,
    /// Mailboxes that were ticked.
    id: Vec<String>,
    /// Whether everything that matches the filter is meant.
    all: String,
    /// Whether the question was answered.
    sure: String,
    q: String,
    status: String,
    app: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verb {
    Pause,
    Resume,
}

impl Verb {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "pause" => Some(Self::Pause),
            "resume" => Some(Self::Resume),
            _ => None,
        }
    }
}

/// `POST /mailboxes/bulk`
pub async fn bulk(State(app): State<App>, me: SignedIn, Form(typed): Form<Typed>) -> Result<Response> {
    let verb = Verb::parse(&typed.verb).ok_or(AppError::BadRequest("Choose what to do with the mailboxes."))?;
    let filter =
        Filter { q: typed.q.clone(), status: typed.status.clone(), app: typed.app.clone(), ..Filter::default() };
    let ids: Vec<MailboxId> = typed.id.iter().filter_map(|id| id.parse().ok()).collect();
    let all = typed.all == "1";
    if ids.is_empty() && !all {
        return Ok(see_other("/mailboxes?done=none-chosen"));
    }
    if typed.sure != "1" {
        return Ok(Page::new(ask(&app, &me, verb, Chosen { ids, all, filter }).await?).into_response());
    }
    if all {
        change_all(&app, &me, verb, &filter).await?
    } else {
        change(&app, &me, verb, &ids).await?
    }
    Ok(see_other(match verb {
        Verb::Pause => "/mailboxes?done=bulk-paused",
        Verb::Resume => "/mailboxes?done=bulk-resumed",
    }))
}

struct Chosen {
    ids: Vec<MailboxId>,
    all: bool,
    filter: Filter,
}

async fn ask(app: &App, me: &SignedIn, verb: Verb, chosen: Chosen) -> Result<Ask> {
    let (count, named) = if chosen.all {
        (search::count(&app.db, &chosen.filter, app.clock.now()).await?, Vec::new())
    } else {
        let found = self::chosen(&app.db, &chosen.ids).await?;
        (found.len() as i64, found.into_iter().map(|mailbox| mailbox.address).collect())
    };
    let words = match count {
        1 => "1 mailbox".to_owned(),
        count if count > COUNT_CAP => format!("all mailboxes that match, more than {COUNT_CAP}"),
        count => format!("{count} mailboxes"),
    };
    let (name, value, text) = match verb {
        Verb::Pause => (
            "Pause",
            "pause",
            "Postkey leaves them alone, and no worker is handed a token for them, until somebody resumes them. Mail stays in the mailboxes.",
        ),
        Verb::Resume => ("Resume", "resume", "Workers are handed tokens for them again."),
    };
    let more = named.len().saturating_sub(NAMED);
    Ok(Ask {
        shell: me.shell(app, Section::Mailboxes),
        title: format!("{name} {words}?"),
        button: format!("{name} {words}"),
        verb: value,
        text,
        ids: chosen.ids.iter().map(ToString::to_string).collect(),
        all: chosen.all,
        filter: chosen.filter,
        named: named.into_iter().take(NAMED).collect(),
        more,
    })
}

async fn change(app: &App, me: &SignedIn, verb: Verb, ids: &[MailboxId]) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for id in ids {
        let (done, action) = match verb {
            Verb::Pause => (store::pause(&mut tx, id, &me.user.name, now).await?, "mailbox.paused"),
            Verb::Resume => (store::resume(&mut tx, id, now).await?, "mailbox.resumed"),
        };
        if done == Written::Done {
            let entry = audit::Entry { actor: &me.user.name, action, object: id.as_str(), detail: "one of many" };
            audit::record(&mut tx, app, entry).await?;
        }
    }
    tx.commit().await
}

async fn change_all(app: &App, me: &SignedIn, verb: Verb, filter: &Filter) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let (count, action) = match verb {
        Verb::Pause => (search::pause_all(&mut tx, filter, &me.user.name, now).await?, "mailbox.all_paused"),
        Verb::Resume => (search::resume_all(&mut tx, filter, now).await?, "mailbox.all_resumed"),
    };
    let detail =
        format!("{count} mailboxes; search {:?}, status {:?}, application {:?}", filter.q, filter.status, filter.app);
    audit::record(&mut tx, app, audit::Entry { actor: &me.user.name, action, object: "mailboxes", detail: &detail })
        .await?;
    tx.commit().await
}

/// The chosen mailboxes, in the order of their addresses; unknown IDs are left out.
///
/// # Errors
/// If the database cannot answer.
pub async fn chosen(db: &crate::db::Db, ids: &[MailboxId]) -> Result<Vec<Mailbox>> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(store::find(db, id).await?.filter(|mailbox| mailbox.deleted.is_none()));
    }
    found.sort_by_key(|mailbox| mailbox.address.to_lowercase());
    Ok(found)
}
