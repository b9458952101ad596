//! Sends what is written, one message after another for each channel, and again while the other end does not take it.

use std::time::Duration;

use secrecy::SecretString;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::hook::Post;
use crate::mail::{self, Thread};
use crate::secrets::{Place, Sealed};

use super::message::{self, Message, State};
use super::outbox_store::{self as store, Lease};
use super::{Channel, Event, Kind, channel_store};

/// How often the outbox is looked at when nobody says that something is in it.
const TICK: Duration = Duration::from_secs(5);
/// Seconds for which a process has a message for itself; longer than any try takes.
const LEASE: i64 = 120;
/// How often storing an outcome is tried, and how long between two tries: together less than the lease.
const STORES: usize = 12;
const SOON: Duration = Duration::from_secs(2);

const UNREADABLE: &str = "The stored address does not open, so nothing was sent. Enter it again, and ask whoever runs the host about the master key.";
const NO_MAIL: &str = "Postkey has no mail server, so nothing was sent. Whoever runs the host sets smtp_url.";

/// Goes on until Postkey stops.
pub async fn go(app: App) {
    loop {
        match claim(&app).await {
            // Each by itself, so that one that never answers delays no other.
            Ok(claimed) => claimed.into_iter().for_each(|message| {
                let own = app.clone();
                app.tasks.spawn(async move {
                    try_once(&own, message).await;
                    // There may be more for the same channel.
                    own.alerts.notify_one();
                });
            }),
            Err(cause) => tracing::warn!(cause = %cause.chain(), "what is to be sent could not be seen"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
            () = app.alerts.notified() => {}
        }
    }
}

/// Sends at most one message to each channel that has one due, and waits for the outcome. Says how many were tried.
///
/// # Errors
/// If the database cannot answer.
pub async fn round(app: &App) -> Result<usize> {
    let claimed = claim(app).await?;
    let count = claimed.len();
    futures_util::future::join_all(claimed.into_iter().map(|message| try_once(app, message))).await;
    Ok(count)
}

async fn claim(app: &App) -> Result<Vec<Message>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let claimed = store::claim(&mut tx, now, Lease { by: &app.instance, until: now.plus(LEASE) }).await?;
    tx.commit().await?;
    Ok(claimed)
}

async fn try_once(app: &App, message: Message) {
    let alert = message.id.clone();
    if let Err(cause) = attempt(app, message).await {
        tracing::warn!(%alert, cause = %cause.chain(), "what came of a message is not stored");
    }
}

/// Frees what a process had that was killed. Only where no other process can be.
///
/// # Errors
/// If the database cannot answer.
pub async fn free_interrupted(app: &App) -> Result<()> {
    if app.config.database.postgres_url().is_some() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    store::release(&mut tx).await?;
    tx.commit().await
}

/// Tries one message that this process has for itself, and stores what came of it.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn attempt(app: &App, mut message: Message) -> Result<()> {
    let channel = channel_store::get(&app.db, &message.channel_id).await?;
    let tried = deliver(app, &channel, &message).await?;
    let now = app.clock.now();
    match tried {
        Ok(said) => (message.state, message.ended_at, message.said) = (State::Delivered, Some(now), said),
        Err((said, is_final)) => {
            tracing::warn!(alert = %message.id, channel = %channel.id, tries = message.tries + 1, "an alert was not delivered");
            // Whoever tries it out has seen the answer.
            let next = if message.event == Event::Test { None } else { message::next(&message, is_final, now) };
            match next {
                Some(at) => message.due_at = at,
                None => (message.state, message.ended_at) = (State::Failed, Some(now)),
            }
            message.said = said;
        }
    }
    keep(app, &message).await
}

/// Stores what came of a try. While the database is locked it is tried again, because what is not stored would be sent twice.
async fn keep(app: &App, message: &Message) -> Result<()> {
    for _ in 1..STORES {
        match keep_once(app, message).await {
            Ok(()) => return Ok(()),
            Err(cause) => tracing::warn!(alert = %message.id, cause = %cause.chain(), "stored in a moment"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => break,
            () = tokio::time::sleep(SOON) => {}
        }
    }
    keep_once(app, message).await
}

async fn keep_once(app: &App, message: &Message) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::end(&mut tx, message, &app.instance).await?;
    tx.commit().await
}

/// What the other end said; of a failure also whether trying again often is of no use.
type Tried = std::result::Result<String, (String, bool)>;

async fn deliver(app: &App, channel: &Channel, message: &Message) -> Result<Tried> {
    let Some(target) = open(app, Channel::target_place(&channel.id), &channel.target).await? else {
        return Ok(Err((UNREADABLE.to_owned(), false)));
    };
    match channel.kind {
        Kind::Webhook => {
            let Some(key) = open(app, Channel::key_place(&channel.id), &channel.key).await? else {
                return Ok(Err((UNREADABLE.to_owned(), false)));
            };
            let (id, body) = (message.id.to_string(), message.payload.clone());
            let sent = app.hook.send(&Post { address: target, key, id, at: app.clock.now(), body }).await;
            Ok(match sent {
                Ok(status) => Ok(format!("The receiver answered {status}.")),
                Err(refusal) => Err((refusal.words(), refusal.is_final())),
            })
        }
        Kind::Mail => Ok(mail(app, &target, message).await),
    }
}

async fn mail(app: &App, to: &SecretString, message: &Message) -> Tried {
    use secrecy::ExposeSecret;
    let Some(mail) = &app.mail else { return Err((NO_MAIL.to_owned(), false)) };
    let thread = Thread { name: message.thread.clone(), begins: message.event == Event::Opened };
    let sent = mail
        .send(&mail::Message {
            to: to.expose_secret().to_owned(),
            reply_to: None,
            subject: message.subject.clone(),
            body: message.body.clone().into(),
            keep_out: None,
            thread: (!thread.name.is_empty()).then_some(thread),
        })
        .await;
    match sent {
        Ok(()) => Ok("The mail server took it.".to_owned()),
        Err(failure) => Err((format!("{} {}", failure.what(), failure.said).trim().to_owned(), false)),
    }
}

async fn open(app: &App, place: Place<'_>, sealed: &Sealed) -> Result<Option<SecretString>> {
    let opened = app.keyring.open_or_reload(&app.db, place, sealed).await?;
    Ok(opened.inspect_err(|cause| tracing::error!(row = place.row, %cause, "a channel's secret does not open")).ok())
}

/// A lease for this process from now on.
pub(super) fn lease(app: &App) -> (&str, UnixTime) {
    (&app.instance, app.clock.now().plus(LEASE))
}
