//! What can be done with a channel: `POST /settings/alerts/{channel}/test`, `/pause`, `/resume`, and `/delete` with its question.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::ChannelId;
use crate::telemetry;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, see_other};

use super::message::State as Fate;
use super::outbox_store::{self, Lease};
use super::{Alert, Channel, Event, channel_store, outbox, send};

/// How long a person waits for the outcome of a test.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Template)]
#[template(path = "alerts/delete.html")]
struct Ask {
    shell: Shell,
    id: String,
    name: String,
}

/// `POST /settings/alerts/{channel}/test`
pub async fn test(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let href = app.config.address(&format!("/settings/alerts/{id}"));
    let alert = Alert {
        event: Event::Test,
        urgent: true,
        thread: String::new(),
        subject: format!("[Postkey] Test: {} can be told", channel.name),
        body: format!("{} tries whether alerts of Postkey arrive here. They do.\n\n{href}\n", me.user.name),
        data: serde_json::json!({ "url": href }),
        href,
    };
    let message = outbox::message(&app, &channel, &alert, app.clock.now());
    let mut tx = app.db.begin().await?;
    let (by, until) = send::lease(&app);
    outbox_store::insert(&mut tx, &message, Lease { by, until }).await?;
    note(&mut tx, &app, &me, "alert_channel.tested", &channel).await?;
    tx.commit().await?;
    let (own, name, request) = (app.clone(), message.id.clone(), telemetry::request_id());
    let work = async move { send::attempt(&own, message).await };
    let task = app.tasks.spawn(async move { telemetry::with_request_id(request, work).await });
    let done = match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(Ok(()))) => {
            let log = outbox_store::of_channel(&app.db, &id, 10).await?;
            let taken = log.iter().any(|it| it.id == name && it.state == Fate::Delivered);
            if taken { "channel-tested" } else { "channel-not-tested" }
        }
        _ => "channel-testing",
    };
    Ok(see_other(&format!("/settings/alerts/{id}?done={done}")))
}

/// `POST /settings/alerts/{channel}/pause`
pub async fn pause(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if !channel_store::pause(&mut tx, &id, Some(app.clock.now())).await? {
        return Err(AppError::NotFound);
    }
    note(&mut tx, &app, &me, "alert_channel.paused", &channel).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/alerts/{id}?done=channel-paused")))
}

/// `POST /settings/alerts/{channel}/resume`
pub async fn resume(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if !channel_store::pause(&mut tx, &id, None).await? {
        return Err(AppError::NotFound);
    }
    note(&mut tx, &app, &me, "alert_channel.resumed", &channel).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/alerts/{id}?done=channel-resumed")))
}

/// `GET /settings/alerts/{channel}/delete`
pub async fn ask_delete(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let page = Ask { shell: me.shell(&app, Section::Settings), id: id.to_string(), name: channel.name };
    Ok(Page::new(page).into_response())
}

/// `POST /settings/alerts/{channel}/delete`
pub async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if !channel_store::delete(&mut tx, &id).await? {
        return Err(AppError::NotFound);
    }
    note(&mut tx, &app, &me, "alert_channel.deleted", &channel).await?;
    tx.commit().await?;
    Ok(see_other("/settings/alerts?done=channel-deleted"))
}

async fn note(tx: &mut Tx, app: &App, me: &SignedIn, action: &'static str, channel: &Channel) -> Result<()> {
    let detail = format!("{}: {}", channel.name, channel.shown);
    let (actor, object) = (me.user.name.as_str(), channel.id.as_str());
    audit::record(tx, app, audit::Entry { actor, action, object, detail: &detail }).await
}
