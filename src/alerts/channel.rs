//! A way to tell people: a webhook or an address for mail. No I/O.

use crate::clock::UnixTime;
use crate::ids::ChannelId;
use crate::secrets::{Place, Sealed};

use super::quiet::Quiet;

/// How it reaches people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A signed POST to a program.
    Webhook,
    /// Mail to one address.
    Mail,
}

impl Kind {
    /// The stable name.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }

    /// The kind with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        [Self::Webhook, Self::Mail].into_iter().find(|kind| kind.value() == value)
    }

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Webhook => "Webhook",
            Self::Mail => "E-mail",
        }
    }
}

/// A way to tell people.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Ours.
    pub id: ChannelId,
    /// How it reaches people.
    pub kind: Kind,
    /// What people call it.
    pub name: String,
    /// Where it leads, sealed for [`Channel::target_place`].
    pub target: Sealed,
    /// What of that anybody may see.
    pub shown: String,
    /// The key that signs, sealed for [`Channel::key_place`]; nothing for mail.
    pub key: Sealed,
    /// Whether it is told of what ends before it ends.
    pub warnings: bool,
    /// When only what is urgent goes out.
    pub quiet: Quiet,
    /// Since when nothing is written to it.
    pub paused_at: Option<UnixTime>,
    /// Who added it.
    pub created_by: String,
    /// When.
    pub created_at: UnixTime,
}

impl Channel {
    /// Where its address is stored.
    pub fn target_place(id: &ChannelId) -> Place<'_> {
        Place { table: "alert_channels", column: "sealed_target", row: id.as_str() }
    }

    /// Where its key is stored.
    pub fn key_place(id: &ChannelId) -> Place<'_> {
        Place { table: "alert_channels", column: "sealed_key", row: id.as_str() }
    }
}
