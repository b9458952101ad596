//! `GET /settings/alerts/{channel}`: one channel, how to verify its messages, and the log of them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::error::Result;
use crate::ids::ChannelId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Badge, Page, Shell, When};

use super::message::{Message, State as Fate};
use super::{Channel, Kind, channel_store, outbox_store};

/// Messages on the page.
const LOGGED: i64 = 50;

#[derive(Template)]
#[template(path = "alerts/show.html")]
struct Show {
    shell: Shell,
    id: String,
    name: String,
    kind: &'static str,
    shown: String,
    /// The key that signs, of a webhook.
    key: Option<String>,
    warnings: bool,
    quiet: Option<(String, String)>,
    paused: Option<When>,
    created_by: String,
    created: When,
    log: Vec<Row>,
    caption: String,
}

struct Row {
    badge: Badge,
    subject: String,
    created: When,
    tries: i64,
    next: Option<When>,
    said: String,
}

/// `GET /settings/alerts/{channel}`
pub async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let log = outbox_store::of_channel(&app.db, &id, LOGGED).await?;
    let now = app.clock.now();
    let when = |at| When::at(at, now, &app.config.time_zone);
    let page = Show {
        shell: me.shell(&app, Section::Settings),
        id: id.to_string(),
        name: channel.name.clone(),
        kind: channel.kind.label(),
        shown: channel.shown.clone(),
        key: key(&app, &channel).await?,
        warnings: channel.warnings,
        quiet: channel.quiet.is_set().then(|| channel.quiet.words()),
        paused: channel.paused_at.map(when),
        created_by: channel.created_by.clone(),
        created: when(channel.created_at),
        caption: format!("The newest messages, at most {LOGGED}, as of {}", when(now).absolute),
        log: log
            .into_iter()
            .map(|message| Row {
                badge: fate(&message),
                created: when(message.created_at),
                tries: message.tries,
                next: (message.state == Fate::Waiting && message.due_at > now).then(|| when(message.due_at)),
                subject: message.subject,
                said: message.said,
            })
            .collect(),
    };
    Ok(Page::new(page).into_response())
}

/// Only owners reach the page, and whoever checks the signatures needs it.
async fn key(app: &App, channel: &Channel) -> Result<Option<String>> {
    if channel.kind != Kind::Webhook {
        return Ok(None);
    }
    let opened = app.keyring.open_or_reload(&app.db, Channel::key_place(&channel.id), &channel.key).await?;
    Ok(opened.ok().map(|key| key.expose_secret().to_owned()))
}

pub(super) fn badge(family: &'static str, icon: &'static str, label: &'static str) -> Badge {
    Badge { family, icon, label }
}

/// How a message fares.
pub(super) fn fate(message: &Message) -> Badge {
    match (message.state, message.tries) {
        (Fate::Waiting, 0) => badge("idle", "ring", Fate::Waiting.label()),
        (Fate::Waiting, _) => badge("warn", "warn", "Being tried again"),
        (Fate::Delivered, _) => badge("ok", "ok", Fate::Delivered.label()),
        (Fate::Failed, _) => badge("crit", "octagon", Fate::Failed.label()),
        (Fate::Withdrawn, _) => badge("idle", "dash", Fate::Withdrawn.label()),
    }
}
