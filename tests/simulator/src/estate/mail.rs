//! Messages that lie in mailboxes and messages that were sent.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// A message in a mailbox.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Graph's opaque ID.
    pub id: String,
    /// The subject line.
    pub subject: String,
    /// The sender's address; empty for a draft.
    pub from: String,
    /// The body's text or HTML.
    pub body: String,
    /// When it arrived or was made.
    pub received: Timestamp,
    /// Whether it was never sent.
    pub is_draft: bool,
}

impl Message {
    /// A message as it arrives in an inbox at `received`.
    pub fn arrived(id: String, from: &str, subject: &str, received: Timestamp) -> Self {
        Self { id, subject: subject.to_owned(), from: from.to_owned(), body: String::new(), received, is_draft: false }
    }
}

/// A message that `sendMail` accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// The tenant of the application that sent it.
    pub tenant_id: Uuid,
    /// The application that sent it.
    pub client_id: Uuid,
    /// The address of the person who sent it; none: the application itself.
    pub person: Option<String>,
    /// The mailbox it was sent as.
    pub mailbox: String,
    /// The `from` address, if the message names one.
    pub from: Option<String>,
    /// To, Cc and Bcc in that order.
    pub recipients: Vec<String>,
    /// The subject line.
    pub subject: String,
    /// `Text` or `HTML`.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// Whether a copy goes to Sent Items.
    pub save_to_sent_items: bool,
}

/// The newest sent messages, oldest first.
#[derive(Default)]
pub struct Outbox {
    kept: VecDeque<Sent>,
    total: u64,
}

impl Outbox {
    /// How many messages are kept; older ones are only counted.
    pub const KEPT: usize = 2_000;

    /// How many messages were sent in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The kept messages, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.kept.iter()
    }

    /// Forgets everything sent so far.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn put(&mut self, sent: Sent) {
        if self.kept.len() == Self::KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(sent);
        self.total += 1;
    }
}
