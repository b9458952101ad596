//! What an application may be allowed to do, by the names Microsoft uses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An application permission of Microsoft Graph that concerns mail or people.
///
/// <https://learn.microsoft.com/graph/permissions-reference>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// Read mail without bodies.
    #[serde(rename = "Mail.ReadBasic.All")]
    MailReadBasicAll,
    /// Read mail.
    #[serde(rename = "Mail.Read")]
    MailRead,
    /// Read, create, change and delete mail; not send.
    #[serde(rename = "Mail.ReadWrite")]
    MailReadWrite,
    /// Send mail as any mailbox.
    #[serde(rename = "Mail.Send")]
    MailSend,
    /// Read mailbox settings.
    #[serde(rename = "MailboxSettings.Read")]
    MailboxSettingsRead,
    /// Read and change mailbox settings.
    #[serde(rename = "MailboxSettings.ReadWrite")]
    MailboxSettingsReadWrite,
    /// Read every person's name and address.
    #[serde(rename = "User.ReadBasic.All")]
    UserReadBasicAll,
    /// Read every person's profile.
    #[serde(rename = "User.Read.All")]
    UserReadAll,
}

impl Permission {
    /// Every permission the simulator knows.
    pub const ALL: [Self; 8] = [
        Self::MailReadBasicAll,
        Self::MailRead,
        Self::MailReadWrite,
        Self::MailSend,
        Self::MailboxSettingsRead,
        Self::MailboxSettingsReadWrite,
        Self::UserReadBasicAll,
        Self::UserReadAll,
    ];

    /// The name as it stands in a token's `roles`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MailReadBasicAll => "Mail.ReadBasic.All",
            Self::MailRead => "Mail.Read",
            Self::MailReadWrite => "Mail.ReadWrite",
            Self::MailSend => "Mail.Send",
            Self::MailboxSettingsRead => "MailboxSettings.Read",
            Self::MailboxSettingsReadWrite => "MailboxSettings.ReadWrite",
            Self::UserReadBasicAll => "User.ReadBasic.All",
            Self::UserReadAll => "User.Read.All",
        }
    }

    /// Whether Exchange can grant it for some mailboxes only. The directory knows no such thing.
    pub fn is_of_exchange(self) -> bool {
        !matches!(self, Self::UserReadBasicAll | Self::UserReadAll)
    }

    /// The permission with this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
