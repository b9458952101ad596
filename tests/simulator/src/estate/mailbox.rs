//! One address and what is behind it.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

/// What an address leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxKind {
    /// A person's mailbox in Exchange Online.
    #[default]
    User,
    /// A shared mailbox: like a person's, but nobody signs in as it.
    Shared,
    /// A person without an Exchange Online licence: 404 `MailboxNotEnabledForRESTAPI`.
    Unlicensed,
    /// A mailbox on the company's own Exchange server: 404 `MailboxNotEnabledForRESTAPI`.
    OnPremises,
    /// A group with a mailbox of its own that this route does not reach: 404 `ErrorItemNotFound`.
    Group,
    /// A distribution list: 404 `ErrorInvalidUser`.
    DistributionList,
    /// A person who never had a mailbox: 404 `ResourceNotFound`.
    NoMailbox,
}

impl MailboxKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::User,
        Self::Shared,
        Self::Unlicensed,
        Self::OnPremises,
        Self::Group,
        Self::DistributionList,
        Self::NoMailbox,
    ];

    /// The word in the JSON API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Shared => "shared",
            Self::Unlicensed => "unlicensed",
            Self::OnPremises => "on_premises",
            Self::Group => "group",
            Self::DistributionList => "distribution_list",
            Self::NoMailbox => "no_mailbox",
        }
    }

    /// Whether Graph's mail routes reach it.
    pub fn is_reachable(self) -> bool {
        matches!(self, Self::User | Self::Shared)
    }

    /// Whether the directory has a user account for it.
    pub fn has_an_account(self) -> bool {
        !matches!(self, Self::Group | Self::DistributionList)
    }
}

/// One address and what is behind it.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub(super) address: Arc<str>,
    name: Option<Box<str>>,
    /// What the address leads to.
    pub kind: MailboxKind,
    /// Messages in the inbox, of which only the newest are kept in full.
    pub total: u32,
    /// Unread messages in the inbox.
    pub unread: u32,
    /// Addresses of people with Full Access.
    pub full_access: BTreeSet<String>,
    /// Addresses of people with Send As.
    pub send_as: BTreeSet<String>,
}

impl Mailbox {
    /// An empty mailbox of this kind.
    pub fn new(address: &str, kind: MailboxKind) -> Self {
        let (full_access, send_as) = Default::default();
        Self { address: address.to_lowercase().into(), name: None, kind, total: 0, unread: 0, full_access, send_as }
    }

    /// With a display name other than the address.
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With this many messages in the inbox.
    pub fn holding(mut self, total: u32, unread: u32) -> Self {
        (self.total, self.unread) = (total, unread);
        self
    }

    /// Shared with `person`, who may open it and send as it.
    pub fn shared_with(mut self, person: &str) -> Self {
        self.full_access.insert(person.to_lowercase());
        self.send_as.insert(person.to_lowercase());
        self
    }

    /// The primary address, in small letters.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The display name.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.address)
    }
}
