//! What was handed out to whom since the last second, and which keys were used. Written down by `follow.rs`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::{GrantId, KeyId, MailboxId};
use crate::keys::store as keys;
use crate::tokens::handed_store::{self, HandOut};

use super::desk::Spot;

const HOUR: i64 = 60 * 60;
/// More than this is not kept when the database does not take it.
const MOST: usize = 100_000;

/// What is not written down yet.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<Page>);

#[derive(Debug, Default)]
struct Page {
    handed: HashMap<(KeyId, MailboxId, GrantId, i64), (i64, UnixTime)>,
    used: HashMap<KeyId, UnixTime>,
}

impl Ledger {
    /// Notes that a key was used.
    pub(super) fn used(&self, key: &KeyId, at: UnixTime) {
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match page.used.get_mut(key) {
            Some(last) => *last = at,
            None => drop(page.used.insert(key.clone(), at)),
        }
    }

    /// Notes that a key was handed the token of a mailbox.
    pub(super) fn handed(&self, key: &KeyId, spot: &Spot, at: UnixTime) {
        let subject = (key.clone(), spot.mailbox.clone(), spot.grant.clone(), at.seconds().div_euclid(HOUR));
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, last) = page.handed.entry(subject).or_insert((0, at));
        *times += 1;
        *last = at;
    }

    /// Writes everything down. What the database does not take is kept for the next time.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub(super) async fn write_down(&self, app: &App) -> Result<()> {
        let page = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if page.handed.is_empty() && page.used.is_empty() {
            return Ok(());
        }
        let written = write(app, &page).await;
        if written.is_err() {
            self.take_back(page);
        }
        written
    }

    fn take_back(&self, page: Page) {
        let mut newer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (subject, (times, last)) in page.handed {
            if newer.handed.len() >= MOST && !newer.handed.contains_key(&subject) {
                continue;
            }
            newer.handed.entry(subject).or_insert((0, last)).0 += times;
        }
        for (key, at) in page.used {
            newer.used.entry(key).or_insert(at);
        }
    }
}

/// Writes one hand-out down before it is one.
///
/// # Errors
/// If the database cannot answer; then nothing may be handed out.
pub(super) async fn write_first(app: &App, key: &KeyId, spot: &Spot, at: UnixTime) -> Result<()> {
    let subject = (key.clone(), spot.mailbox.clone(), spot.grant.clone(), at.seconds().div_euclid(HOUR));
    let page = Page { handed: HashMap::from([(subject, (1, at))]), used: HashMap::new() };
    write(app, &page).await
}

async fn write(app: &App, page: &Page) -> Result<()> {
    let zone = &app.config.time_zone;
    let line =
        |((key, mailbox, grant, hour), (times, last)): (&(KeyId, MailboxId, GrantId, i64), &(i64, UnixTime))| HandOut {
            key: key.clone(),
            mailbox: mailbox.clone(),
            grant: grant.clone(),
            hour: *hour,
            day: day(*last, zone),
            times: *times,
            last_at: *last,
        };
    let mut handed: Vec<HandOut> = page.handed.iter().map(line).collect();
    let mut used: Vec<(&KeyId, &UnixTime)> = page.used.iter().collect();
    used.sort();
    let mut tx = app.db.begin().await?;
    handed_store::add(&mut tx, &mut handed).await?;
    for (key, at) in used {
        keys::used(&mut tx, key, *at).await?;
    }
    tx.commit().await
}

fn day(moment: UnixTime, zone: &TimeZone) -> String {
    let stamp = jiff::Timestamp::from_second(moment.seconds());
    stamp.map(|stamp| stamp.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}
