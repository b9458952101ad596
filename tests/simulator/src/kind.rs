//! What a request asks for.

use serde::{Deserialize, Serialize, Serializer};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `…/.well-known/openid-configuration`.
    Discovery,
    /// `…/discovery/v2.0/keys`.
    Keys,
    /// `/common/discovery/instance`.
    InstanceDiscovery,
    /// `…/oauth2/v2.0/token`.
    Token,
    /// `…/oauth2/v2.0/authorize`.
    Authorize,
    /// `…/v2.0/adminconsent` and `…/adminconsent`.
    AdminConsent,
    /// What a person does on the pages these two lead to, and signing out.
    SignInPages,
    /// Something under `/graph/v1.0`.
    Graph(Call),
    /// The control page or its API.
    Control,
    /// Anything else, which is answered 404.
    Other,
}

/// A call of Microsoft Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `GET /me`.
    Me,
    /// `GET /users/{m}`.
    User,
    /// `GET /users/{m}/mailFolders/inbox`.
    Inbox,
    /// `GET /users/{m}/messages`.
    Messages,
    /// `POST /users/{m}/messages`.
    CreateDraft,
    /// `DELETE /users/{m}/messages/{id}`.
    DeleteMessage,
    /// `POST /users/{m}/messages/{id}/permanentDelete`.
    PermanentDelete,
    /// `POST /users/{m}/sendMail`.
    SendMail,
    /// `GET /users/{m}/mailboxSettings`.
    MailboxSettings,
    /// A path of Graph that is not simulated.
    Unknown,
}

impl Kind {
    /// Whether a browser asks, which wants pages and redirects.
    pub(crate) fn is_for_browsers(self) -> bool {
        matches!(self, Self::Authorize | Self::AdminConsent | Self::SignInPages)
    }

    /// The word in the JSON API; for Graph `graph.` and the call.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Keys => "keys",
            Self::InstanceDiscovery => "instance_discovery",
            Self::Token => "token",
            Self::Authorize => "authorize",
            Self::AdminConsent => "admin_consent",
            Self::SignInPages => "sign_in_pages",
            Self::Graph(Call::Me) => "graph.me",
            Self::Graph(Call::User) => "graph.user",
            Self::Graph(Call::Inbox) => "graph.inbox",
            Self::Graph(Call::Messages) => "graph.messages",
            Self::Graph(Call::CreateDraft) => "graph.create_draft",
            Self::Graph(Call::DeleteMessage) => "graph.delete_message",
            Self::Graph(Call::PermanentDelete) => "graph.permanent_delete",
            Self::Graph(Call::SendMail) => "graph.send_mail",
            Self::Graph(Call::MailboxSettings) => "graph.mailbox_settings",
            Self::Graph(Call::Unknown) => "graph.unknown",
            Self::Control => "control",
            Self::Other => "other",
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
