//! `GET /settings/alerts`: who is told.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::ChannelId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Badge, Page, Shell, When};

use super::message::{Message, State as Fate};
use super::show::{badge, fate};
use super::{Channel, channel_store, outbox_store};

#[derive(Template)]
#[template(path = "alerts/index.html")]
struct Index {
    shell: Shell,
    rows: Vec<Row>,
    caption: String,
    has_mail_server: bool,
}

struct Row {
    id: String,
    name: String,
    kind: &'static str,
    shown: String,
    badge: Badge,
    last: Option<When>,
}

/// `GET /settings/alerts`
pub async fn index(State(app): State<App>, me: SignedIn) -> Result<Response> {
    let channels = channel_store::all(&app.db).await?;
    let last: HashMap<ChannelId, Message> =
        outbox_store::last(&app.db).await?.into_iter().map(|it| (it.channel_id.clone(), it)).collect();
    let now = app.clock.now();
    let row = |channel: &Channel| {
        let last = last.get(&channel.id);
        Row {
            id: channel.id.to_string(),
            name: channel.name.clone(),
            kind: channel.kind.label(),
            shown: channel.shown.clone(),
            badge: match (channel.paused_at, last) {
                (Some(_), _) => badge("idle", "pause", "Paused"),
                (_, None) => badge("idle", "ring", "Nothing sent yet"),
                (_, Some(last)) => fate(last),
            },
            last: last.map(|it| When::at(it.ended_at.unwrap_or(it.created_at), now, &app.config.time_zone)),
        }
    };
    let page = Index {
        shell: me.shell(&app, Section::Settings),
        caption: match channels.len() {
            1 => "1 channel".to_owned(),
            count => format!("{count} channels"),
        },
        rows: channels.iter().map(row).collect(),
        has_mail_server: app.mail.is_some(),
    };
    Ok(Page::new(page).into_response())
}

impl Fate {
    /// How a message fares, in a word.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Delivered => "Delivered",
            Self::Failed => "Not delivered",
            Self::Withdrawn => "Left out",
        }
    }
}
