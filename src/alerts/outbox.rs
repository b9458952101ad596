//! Writes messages, in the transaction of what they tell of.

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::AlertId;
use crate::web::lists;

use super::message::{Message, State};
use super::outbox_store::{self as store, Lease};
use super::{Alert, Channel, Event};

/// Writes `alert` to each of `channels` that is not paused and wants it. Says to how many.
///
/// What is over is told only to those who know of its beginning. Where that still waits, for the end of quiet hours say, both are
/// left out: nobody is told in the morning of what came and went in the night. Newer news of a problem takes the place of older
/// that still waits.
///
/// # Errors
/// If the database refuses; then what it tells of must not be kept either.
pub async fn put(tx: &mut Tx, app: &App, channels: &[Channel], alert: &Alert) -> Result<usize> {
    let now = app.clock.now();
    let mut written = 0;
    for channel in channels {
        if matches!(alert.event, Event::Grew | Event::Reminder | Event::Solved) {
            store::withdraw(tx, &channel.id, &alert.thread, now).await?;
        }
        let unknown = alert.event == Event::Solved && !store::knows(tx, &channel.id, &alert.thread).await?;
        let unwanted = alert.event == Event::Ending && !channel.warnings;
        if unknown || unwanted || channel.paused_at.is_some() {
            continue;
        }
        let waits = if alert.urgent { None } else { channel.quiet.ends(now, &app.config.time_zone) };
        let message = message(app, channel, alert, waits.unwrap_or(now));
        store::insert(tx, &message, Lease { by: "", until: UnixTime::from_seconds(0) }).await?;
        written += 1;
    }
    Ok(written)
}

/// The message to one channel.
pub(super) fn message(app: &App, channel: &Channel, alert: &Alert, due_at: UnixTime) -> Message {
    let now = app.clock.now();
    let payload = serde_json::json!({
        "type": alert.event.value(),
        "timestamp": lists::iso(now),
        "text": alert.text(),
        "data": alert.data,
    });
    Message {
        id: AlertId::new(now, &app.chance),
        channel_id: channel.id.clone(),
        event: alert.event,
        thread: alert.thread.clone(),
        subject: alert.subject.clone(),
        body: alert.body.clone(),
        payload: payload.to_string(),
        created_at: now,
        state: State::Waiting,
        tries: 0,
        due_at,
        ended_at: None,
        said: String::new(),
    }
}
