//! What a person may let an application do, by the names Microsoft uses.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A delegated permission: one of OpenID Connect's, or one of Microsoft Graph's that concern mail or people.
///
/// <https://learn.microsoft.com/graph/permissions-reference>. Their order is that of a token's `scp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read mail.
    MailRead,
    /// Read mail of mailboxes shared with the person.
    MailReadShared,
    /// Read mail without bodies.
    MailReadBasic,
    /// Read mail without bodies of mailboxes shared with the person.
    MailReadBasicShared,
    /// Read, create, change and delete mail; not send.
    MailReadWrite,
    /// The same in mailboxes shared with the person.
    MailReadWriteShared,
    /// Send mail as the person.
    MailSend,
    /// Send mail as mailboxes the person may send as.
    MailSendShared,
    /// Change recipients and text of messages that were sent; only an administrator may consent.
    MailAdvancedReadWrite,
    /// Read mailbox settings.
    MailboxSettingsRead,
    /// Read and change mailbox settings.
    MailboxSettingsReadWrite,
    /// Read the person's own profile.
    UserRead,
    /// Read every person's profile; only an administrator may consent.
    UserReadAll,
    /// Read every person's name and address.
    UserReadBasicAll,
    /// Get an `id_token`.
    OpenId,
    /// Have the name in the `id_token`.
    Profile,
    /// Have the address in the `id_token`.
    Email,
    /// Get a refresh token.
    OfflineAccess,
}

impl Scope {
    /// Every delegated permission the simulator knows.
    pub const ALL: [Self; 18] = [
        Self::MailRead,
        Self::MailReadShared,
        Self::MailReadBasic,
        Self::MailReadBasicShared,
        Self::MailReadWrite,
        Self::MailReadWriteShared,
        Self::MailSend,
        Self::MailSendShared,
        Self::MailAdvancedReadWrite,
        Self::MailboxSettingsRead,
        Self::MailboxSettingsReadWrite,
        Self::UserRead,
        Self::UserReadAll,
        Self::UserReadBasicAll,
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::OfflineAccess,
    ];

    /// The name as it stands in a request, without the resource.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MailRead => "Mail.Read",
            Self::MailReadShared => "Mail.Read.Shared",
            Self::MailReadBasic => "Mail.ReadBasic",
            Self::MailReadBasicShared => "Mail.ReadBasic.Shared",
            Self::MailReadWrite => "Mail.ReadWrite",
            Self::MailReadWriteShared => "Mail.ReadWrite.Shared",
            Self::MailSend => "Mail.Send",
            Self::MailSendShared => "Mail.Send.Shared",
            Self::MailAdvancedReadWrite => "Mail-Advanced.ReadWrite",
            Self::MailboxSettingsRead => "MailboxSettings.Read",
            Self::MailboxSettingsReadWrite => "MailboxSettings.ReadWrite",
            Self::UserRead => "User.Read",
            Self::UserReadAll => "User.Read.All",
            Self::UserReadBasicAll => "User.ReadBasic.All",
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::OfflineAccess => "offline_access",
        }
    }

    /// The permission with this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str().eq_ignore_ascii_case(name))
    }

    /// The permissions in a list separated by spaces; unknown names are left out.
    pub fn list(names: &str) -> BTreeSet<Self> {
        names.split_whitespace().filter_map(Self::named).collect()
    }

    /// Whether it is of OpenID Connect and belongs to no resource.
    pub fn is_openid(self) -> bool {
        matches!(self, Self::OpenId | Self::Profile | Self::Email | Self::OfflineAccess)
    }

    /// Whether a person who is no administrator may never consent to it.
    pub fn needs_administrator(self) -> bool {
        matches!(self, Self::MailAdvancedReadWrite | Self::UserReadAll)
    }

    /// What the consent page says it allows.
    pub fn words(self) -> &'static str {
        match self {
            Self::MailRead => "Read your mail",
            Self::MailReadShared => "Read mail you can access",
            Self::MailReadBasic => "Read your basic mail",
            Self::MailReadBasicShared => "Read basic mail you can access",
            Self::MailReadWrite => "Read and write access to your mail",
            Self::MailReadWriteShared => "Read and write mail you can access",
            Self::MailSend => "Send mail as you",
            Self::MailSendShared => "Send mail on behalf of others or yourself",
            Self::MailAdvancedReadWrite => "Change sensitive properties of your mail",
            Self::MailboxSettingsRead => "Read your mailbox settings",
            Self::MailboxSettingsReadWrite => "Read and write your mailbox settings",
            Self::UserRead => "Sign you in and read your profile",
            Self::UserReadAll => "Read all users' full profiles",
            Self::UserReadBasicAll => "Read all users' basic profiles",
            Self::OpenId => "Sign you in",
            Self::Profile => "View your basic profile",
            Self::Email => "View your email address",
            Self::OfflineAccess => "Maintain access to data you have given it access to",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| serde::de::Error::custom(format!("there is no delegated permission '{name}'")))
    }
}
