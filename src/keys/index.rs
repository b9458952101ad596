//! `GET /keys`, every key, and `GET /keys.csv`, the same rows for a spreadsheet.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Badge, Page, Shell, When, lists};

use super::{store, text};

#[derive(Template)]
#[template(path = "keys/index.html")]
struct Index {
    shell: Shell,
    rows: Vec<RowView>,
    caption: String,
}

struct RowView {
    id: String,
    name: String,
    hint: String,
    may: String,
    badge: Badge,
    ends: When,
    used: Option<When>,
}

/// `GET /keys`
pub async fn index(State(app): State<App>, me: SignedIn) -> Result<Response> {
    let now = app.clock.now();
    let when = |at| When::at(at, now, &app.config.time_zone);
    let rows: Vec<RowView> = store::all(&app.db)
        .await?
        .into_iter()
        .map(|key| RowView {
            badge: key.standing(now).badge(),
            hint: text::hint(&key.lookup),
            may: format!("{}: {}", key.reach.label(), key.may.label().to_lowercase()),
            ends: when(key.revoked.as_ref().map_or(key.ends_at, |(at, _)| *at)),
            used: key.used_at.map(when),
            id: key.id.to_string(),
            name: key.name,
        })
        .collect();
    let count = if rows.len() == 1 { "1 key".to_owned() } else { format!("{} keys", rows.len()) };
    let caption = format!("{count}, as of {}", when(now).absolute);
    Ok(Page::new(Index { shell: me.shell(&app, Section::Keys), rows, caption }).into_response())
}

const HEAD: [&str; 11] =
    ["id", "name", "begins_with", "may", "reach", "state", "made_by", "made_at", "ends_at", "last_used", "replaces"];

/// `GET /keys.csv`
pub async fn csv(State(app): State<App>, _me: SignedIn) -> Result<Response> {
    let now = app.clock.now();
    let rows = store::all(&app.db).await?.into_iter().map(|key| {
        [
            key.id.to_string(),
            key.name.clone(),
            text::hint(&key.lookup),
            key.may.value().to_owned(),
            key.reach.label(),
            key.standing(now).value().to_owned(),
            key.made_by.clone(),
            stamp(key.made_at),
            stamp(key.ends_at),
            key.used_at.map(stamp).unwrap_or_default(),
            key.replaces.map(|id| id.to_string()).unwrap_or_default(),
        ]
    });
    lists::csv("api-keys.csv", HEAD, rows)
}

fn stamp(at: UnixTime) -> String {
    jiff::Timestamp::from_second(at.seconds()).map(|at| at.to_string()).unwrap_or_default()
}
