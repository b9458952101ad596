//! `GET /keys/{id}`: one key, once with its text; how to use it, and what it was handed.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::app::App;
use crate::applications::store as applications;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::KeyId;
use crate::mailboxes::search::{self, Filter};
use crate::tokens::handed_store::{self, Taken};
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::Choice;
use crate::web::{Badge, Page, Shell, When};
use crate::words::Status;

use super::key::{Key, Reach, Right};
use super::snippets::{self, Snippet};
use super::{add, rotate, store, text};

#[derive(Template)]
#[template(path = "keys/show.html")]
struct Show {
    shell: Shell,
    /// Its own address. In a bar `id` would be the bar's, because the macro's arguments reach its body.
    here: String,
    name: String,
    hint: String,
    badge: Badge,
    /// The key itself: on the page after it was made, and never again.
    text: String,
    /// Whether this is that page once more.
    gone: bool,
    may: &'static str,
    reach: String,
    targets: Vec<(String, String)>,
    made: (String, When),
    end_label: &'static str,
    ends: When,
    revoked_by: Option<String>,
    used: Option<When>,
    replaces: Option<String>,
    works: bool,
    snippets: Vec<Snippet>,
    taken: Vec<TakenView>,
    overlaps: Vec<Choice>,
}

struct TakenView {
    mailbox: String,
    address: String,
    times: i64,
    last: When,
}

/// Whether the key was made just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    new: String,
}

/// `GET /keys/{id}`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<KeyId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let key = store::get(&app.db, &id).await?;
    let text = if asked.new.is_empty() { None } else { take(&app, &id, me.session()).await? };
    let taken = handed_store::taken(&app.db, &id).await?;
    let targets = targets(&app, &key).await?;
    let snippets = snippets(&app, &key).await?;
    let now = app.clock.now();
    let when = |at| When::at(at, now, &app.config.time_zone);
    let ended_at = key.revoked.as_ref().map_or(key.ends_at, |(at, _)| *at);
    let page = Show {
        shell: me.shell(&app, Section::Keys),
        here: format!("/keys/{id}"),
        hint: text::hint(&key.lookup),
        badge: key.standing(now).badge(),
        gone: !asked.new.is_empty() && text.is_none(),
        text: text.map(|text| text.expose_secret().to_owned()).unwrap_or_default(),
        may: key.may.label(),
        reach: key.reach.label(),
        targets,
        end_label: end_label(&key, now),
        ends: when(ended_at),
        used: key.used_at.map(when),
        replaces: key.replaces.as_ref().map(ToString::to_string),
        works: key.works(now),
        snippets,
        taken: taken.into_iter().map(|taken| view(&taken, &when)).collect(),
        overlaps: rotate::overlaps(),
        made: (key.made_by, when(key.made_at)),
        revoked_by: key.revoked.map(|(_, by)| by),
        name: key.name,
    };
    Ok(Page::new(page).into_response())
}

fn end_label(key: &Key, now: UnixTime) -> &'static str {
    match (&key.revoked, key.works(now)) {
        (Some(_), _) => "Revoked",
        (None, true) => "Ends",
        (None, false) => "Ended",
    }
}

fn view(taken: &Taken, when: &impl Fn(UnixTime) -> When) -> TakenView {
    TakenView {
        mailbox: taken.mailbox_id.to_string(),
        address: taken.address.clone(),
        times: taken.times,
        last: when(taken.last_at),
    }
}

/// The text of a key that was made in this session, which is gone with that.
async fn take(app: &App, id: &KeyId, session: &str) -> Result<Option<SecretString>> {
    let mut tx = app.db.begin().await?;
    let sealed = store::take(&mut tx, id, session, app.clock.now()).await?;
    tx.commit().await?;
    let Some(sealed) = sealed else { return Ok(None) };
    let opened = app.keyring.open_or_reload(&app.db, add::place(id), &sealed).await?;
    Ok(opened.inspect_err(|cause| tracing::error!(key = %id, %cause, "the text of a new key does not open")).ok())
}

/// What it is for, as places and names.
async fn targets(app: &App, key: &Key) -> Result<Vec<(String, String)>> {
    let mut targets: Vec<(String, String)> = match &key.reach {
        Reach::All => Vec::new(),
        Reach::Mailboxes(all) => {
            all.iter().map(|(id, address)| (format!("/mailboxes/{id}"), address.clone())).collect()
        }
        Reach::Applications(all) => {
            let names = applications::names(&app.db).await?.into_iter();
            names.filter(|(id, _)| all.contains(id)).map(|(id, name)| (format!("/applications/{id}"), name)).collect()
        }
    };
    targets.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(targets)
}

async fn snippets(app: &App, key: &Key) -> Result<Vec<Snippet>> {
    let address = match &key.reach {
        Reach::All => first(app, String::new()).await?,
        Reach::Applications(all) => first(app, all.iter().min().map(ToString::to_string).unwrap_or_default()).await?,
        Reach::Mailboxes(all) => all.values().min().cloned(),
    };
    let public = app.config.public_url.as_str().trim_end_matches('/');
    let mailbox = format!("{public}/api/v1/mailboxes/{}", address.as_deref().unwrap_or("support@contoso.example"));
    Ok(match key.may {
        Right::Tokens => snippets::of(&format!("{mailbox}/token"), "expires_at"),
        Right::Status => snippets::of(&mailbox, "incoming"),
    })
}

/// The first mailbox by address that works, of this application if one is named.
async fn first(app: &App, application: String) -> Result<Option<String>> {
    let (sort, status) = ("address".to_owned(), Status::Connected.value().to_owned());
    let filter = Filter { sort, status, n: "1".to_owned(), app: application, ..Filter::default() };
    let found = search::page(&app.db, &filter, app.clock.now()).await?;
    Ok(found.rows.into_iter().next().map(|found| found.mailbox.address))
}
