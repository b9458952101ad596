//! What this process has at hand for workers, so that most answers need no database: every key, and the tokens that were asked for.
//!
//! A copy is dropped as soon as a transaction that changed its row has ended, in this process at once and of others within a second
//! (`follow.rs`). Whoever reads a row to lay a copy here remembers the turn before, and a turn later it is not taken.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::clock::UnixTime;
use crate::db::EVERYTHING;
use crate::error::Result;
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::keys::{Key, store as keys};
use crate::mailboxes::store::address_key;
use crate::microsoft::AccessToken;

use super::ledger::Ledger;

/// More mailboxes, and more tokens of about two kilobytes, than these are not kept at hand; they begin anew.
const MOST_SPOTS: usize = 200_000;
const MOST_PIECES: usize = 50_000;
/// Wrong keys of one network address within a minute that are simply refused.
const FREE: u32 = 20;
const MINUTE: i64 = 60;
/// More network addresses than this are not remembered.
const MOST_STRANGERS: usize = 10_000;

/// A mailbox that may be handed a token.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) mailbox: MailboxId,
    pub(super) address: String,
    pub(super) application: ApplicationId,
    pub(super) grant: GrantId,
    /// `application` or `delegated`.
    pub(super) access: &'static str,
    /// Where Graph is, without a slash at the end.
    pub(super) graph: String,
}

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) generation: i64,
    pub(super) token: AccessToken,
    pub(super) issued_at: UnixTime,
    pub(super) expires_at: UnixTime,
    pub(super) scopes: Vec<String>,
    /// Who signed in: user name, object ID, tenant ID.
    pub(super) account: Option<[String; 3]>,
}

/// Keys by the part of their text that tells which one it is.
pub(super) type Ring = HashMap<String, Arc<Key>>;

/// The desk of this process. Clones are the same.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ring: RwLock<Option<Arc<Ring>>>,
    at_hand: RwLock<AtHand>,
    turn: watch::Sender<u64>,
    /// Whether other processes are not heard now, so that no copy can be trusted.
    deaf: AtomicBool,
    strangers: Mutex<HashMap<IpAddr, (u32, UnixTime)>>,
    ledger: Ledger,
    places: Arc<Semaphore>,
    seats: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct AtHand {
    /// By ID, and by address in lower case.
    spots: HashMap<String, Arc<Spot>>,
    pieces: HashMap<GrantId, Arc<Piece>>,
}

impl Desk {
    /// An empty desk that hears of every change in this process.
    pub fn open(app: &App) -> Self {
        let inner = Arc::new(Inner {
            ring: RwLock::default(),
            at_hand: RwLock::default(),
            turn: watch::Sender::new(0),
            // Alone on its data, a process hears of everything.
            deaf: AtomicBool::new(app.config.database.postgres_url().is_some()),
            strangers: Mutex::default(),
            ledger: Ledger::default(),
            places: Arc::new(Semaphore::new(app.config.places.api)),
            seats: Arc::new(Semaphore::new(app.config.places.api)),
        });
        let ear = inner.clone();
        app.db.news().listen(move |subject| ear.hear(subject));
        Self(inner)
    }

    /// Counts changes. To be read before the rows that are laid here.
    pub(super) fn turn(&self) -> u64 {
        *self.0.turn.borrow()
    }

    /// Tells of every further change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.0.turn.subscribe()
    }

    /// The mailbox with this ID or address and its token, if both are at hand.
    pub(super) fn at_hand(&self, name: &str) -> Option<(Arc<Spot>, Arc<Piece>)> {
        if self.0.deaf.load(Ordering::Acquire) {
            return None;
        }
        let at_hand = self.0.at_hand.read().unwrap_or_else(PoisonError::into_inner);
        let spot = match at_hand.spots.get(name) {
            Some(spot) => spot,
            None => at_hand.spots.get(&address_key(name))?,
        };
        Some((spot.clone(), at_hand.pieces.get(&spot.grant)?.clone()))
    }

    /// Keeps both at hand, if nothing has changed since `turn`.
    pub(super) fn lay(&self, turn: u64, spot: &Arc<Spot>, piece: &Arc<Piece>) {
        let mut at_hand = self.0.at_hand.write().unwrap_or_else(PoisonError::into_inner);
        if self.turn() != turn {
            return;
        }
        // Each stands there by its ID and by its address.
        if at_hand.spots.len() >= 2 * MOST_SPOTS {
            at_hand.spots.clear();
        }
        if at_hand.pieces.len() >= MOST_PIECES {
            at_hand.pieces.clear();
        }
        at_hand.spots.insert(spot.mailbox.to_string(), spot.clone());
        at_hand.spots.insert(address_key(&spot.address), spot.clone());
        at_hand.pieces.insert(spot.grant.clone(), piece.clone());
    }

    /// Every key.
    ///
    /// # Errors
    /// If they are not at hand and the database cannot answer.
    pub(super) async fn ring(&self, app: &App) -> Result<Arc<Ring>> {
        let at_hand = self.0.ring.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(ring) = at_hand.filter(|_| !self.0.deaf.load(Ordering::Acquire)) {
            return Ok(ring);
        }
        let turn = self.turn();
        let all = keys::all(&app.db).await?.into_iter();
        let ring: Arc<Ring> = Arc::new(all.map(|key| (key.lookup.clone(), Arc::new(key))).collect());
        let mut kept = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        if self.turn() == turn {
            *kept = Some(ring.clone());
        }
        Ok(ring)
    }

    /// Forgets everything, and from now on trusts its copies if other processes are heard.
    pub(super) fn begin_anew(&self, hears: bool) {
        self.0.deaf.store(!hears, Ordering::Release);
        self.0.hear(EVERYTHING);
    }

    /// Notes a wrong key from this network address. `false` if there were too many of late.
    pub(super) fn bears(&self, stranger: IpAddr, now: UnixTime) -> bool {
        let mut strangers = locked(&self.0.strangers);
        if strangers.len() >= MOST_STRANGERS {
            strangers.retain(|_, (_, since)| now.since(*since) < MINUTE);
        }
        if strangers.len() >= MOST_STRANGERS {
            strangers.clear();
        }
        let (count, since) = strangers.entry(stranger).or_insert((0, now));
        if now.since(*since) >= MINUTE {
            (*count, *since) = (0, now);
        }
        *count = count.saturating_add(1);
        *count <= FREE
    }

    /// What was handed out and is not written down yet.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Places for requests that are being answered.
    pub(super) fn places(&self) -> &Arc<Semaphore> {
        &self.0.places
    }

    /// Seats for those that wait for something to change.
    pub(super) fn seats(&self) -> &Arc<Semaphore> {
        &self.0.seats
    }
}

impl Inner {
    fn hear(&self, subject: &str) {
        let ours = ["mb_", "app_", "tok_", "key_", EVERYTHING].iter().any(|start| subject.starts_with(start));
        if !ours {
            return;
        }
        let mut at_hand = self.at_hand.write().unwrap_or_else(PoisonError::into_inner);
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        // With both held, so that nobody lays down between the turn and the drop what was read before.
        self.turn.send_modify(|turn| *turn += 1);
        if subject.starts_with("tok_") {
            if let Ok(grant) = subject.parse::<GrantId>() {
                at_hand.pieces.remove(&grant);
            }
            return;
        }
        // A key lists mailboxes by address.
        *ring = None;
        if subject.starts_with("mb_") {
            if let Some(spot) = at_hand.spots.remove(subject) {
                at_hand.spots.remove(&address_key(&spot.address));
                // If it is a person's that is gone, nothing else would ever drop it.
                at_hand.pieces.remove(&spot.grant);
            }
        } else if !subject.starts_with("key_") {
            *at_hand = AtHand::default();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
