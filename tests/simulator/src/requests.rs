//! The log of requests, which never holds a secret, an assertion or a token.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::Mutex,
};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use crate::{asked::Asked, chance::lock, kind::Kind};

/// Why a request was refused, as the log remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Code {
    /// An AADSTS number.
    Aadsts(u32),
    /// A code of Graph's error envelope.
    Graph(String),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aadsts(number) => write!(f, "AADSTS{number}"),
            Self::Graph(code) => f.write_str(code),
        }
    }
}

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    /// Counts from 1.
    pub seq: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// What it asks for.
    pub kind: Kind,
    /// The tenant as the path or the bearer token names it.
    pub tenant: Option<String>,
    /// The application as the form, HTTP Basic or the bearer token names it.
    pub client_id: Option<String>,
    /// The mailbox as the path names it, decoded.
    pub mailbox: Option<String>,
    /// The address of the person whose code, refresh token or bearer token it is.
    pub person: Option<String>,
    /// `grant_type` of a token request.
    pub grant_type: Option<String>,
    /// `scope` as it was asked for.
    pub scope: Option<String>,
    /// `code_challenge_method` of an authorize request.
    pub code_challenge_method: Option<String>,
    /// The caller's own `client-request-id`.
    pub client_request_id: Option<String>,
    /// HTTP status of the answer; none while it is being answered, or when the caller left before.
    pub status: Option<u16>,
    /// Why it was refused.
    pub code: Option<Code>,
}

/// The newest requests and exact counts of all.
pub(crate) struct RequestLog {
    entries: Mutex<Entries>,
    arrived: watch::Sender<Counts>,
    answered: watch::Sender<Counts>,
}

type Counts = HashMap<Kind, u64>;

#[derive(Default)]
struct Entries {
    last_seq: u64,
    /// Requests up to here were forgotten; their answers no longer count.
    cleared: u64,
    kept: VecDeque<Recorded>,
}

impl RequestLog {
    const KEPT: usize = 100_000;

    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            arrived: watch::Sender::new(Counts::new()),
            answered: watch::Sender::new(Counts::new()),
        }
    }

    /// Notes that a request came in; answers its number.
    pub(crate) fn arrive(&self, asked: &Asked) -> u64 {
        let mut entries = lock(&self.entries);
        entries.last_seq += 1;
        let seq = entries.last_seq;
        if entries.kept.len() == Self::KEPT {
            entries.kept.pop_front();
        }
        entries.kept.push_back(Recorded {
            seq,
            at: asked.now,
            method: asked.method.clone(),
            path: asked.path.clone(),
            kind: asked.kind,
            tenant: asked.tenant.clone(),
            client_id: asked.client_id.clone(),
            mailbox: asked.mailbox.clone(),
            person: asked.person.clone(),
            grant_type: asked.grant_type.clone(),
            scope: asked.scope.clone(),
            code_challenge_method: asked.code_challenge_method.clone(),
            client_request_id: asked.client_request_id.map(|id| id.to_string()),
            status: None,
            code: None,
        });
        count_up(&self.arrived, asked.kind);
        seq
    }

    /// Notes how request `seq` was answered.
    pub(crate) fn answer(&self, seq: u64, kind: Kind, status: u16, code: Option<Code>) {
        let mut entries = lock(&self.entries);
        let first = entries.kept.front().map_or(u64::MAX, |recorded| recorded.seq);
        let nth = seq.checked_sub(first).and_then(|nth| usize::try_from(nth).ok());
        if let Some(recorded) = nth.and_then(|nth| entries.kept.get_mut(nth)) {
            recorded.status = Some(status);
            recorded.code = code;
        }
        if seq > entries.cleared {
            count_up(&self.answered, kind);
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        lock(&self.entries).kept.iter().cloned().collect()
    }

    /// The newest requests that are not about the control page, newest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<Recorded> {
        let entries = lock(&self.entries);
        let others = entries.kept.iter().rev().filter(|recorded| recorded.kind != Kind::Control);
        others.take(count).cloned().collect()
    }

    /// How many of the kept token requests had this grant type.
    pub(crate) fn count_grants(&self, grant_type: &str) -> u64 {
        let entries = lock(&self.entries);
        let all = entries.kept.iter().filter(|recorded| recorded.grant_type.as_deref() == Some(grant_type));
        all.count() as u64
    }

    pub(crate) fn count(&self, kind: Kind) -> u64 {
        self.arrived.borrow().get(&kind).copied().unwrap_or_default()
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.arrived.borrow().iter().map(|(kind, count)| (kind.as_str(), *count)).collect()
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.entries);
        entries.kept.clear();
        entries.cleared = entries.last_seq;
        self.arrived.send_modify(Counts::clear);
        self.answered.send_modify(Counts::clear);
    }

    pub(crate) async fn wait_for_arrival(&self, kind: Kind, nth: u64) {
        reached(&self.arrived, kind, nth).await;
    }

    pub(crate) async fn wait_for_answer(&self, kind: Kind, nth: u64) {
        reached(&self.answered, kind, nth).await;
    }
}

fn count_up(counts: &watch::Sender<Counts>, kind: Kind) {
    counts.send_modify(|counts| *counts.entry(kind).or_default() += 1);
}

async fn reached(counts: &watch::Sender<Counts>, kind: Kind, nth: u64) {
    let mut seen = counts.subscribe();
    let reached = seen.wait_for(|counts| counts.get(&kind).copied().unwrap_or_default() >= nth).await;
    debug_assert!(reached.is_ok(), "the sender lives as long as this borrow");
}
