//! A person with an account, and what roles allow.

use email_address::EmailAddress;

use crate::ids::UserId;

/// A person with an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// The account.
    pub id: UserId,
    /// The address that the person signs in with.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// What the person may do.
    pub role: Role,
}

/// What a person may do. Each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Sees everything but secrets, which nobody sees.
    Viewer,
    /// Checks now, silences.
    Operator,
    /// Adds and edits mailboxes.
    MailboxAdministrator,
    /// Adds applications and their credentials.
    ApplicationAdministrator,
    /// People and settings.
    Owner,
}

impl Role {
    /// All roles, the one that may least first.
    pub const ALL: [Self; 5] =
        [Self::Viewer, Self::Operator, Self::MailboxAdministrator, Self::ApplicationAdministrator, Self::Owner];

    /// The role's name in the database.
    pub fn value(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::MailboxAdministrator => "mailbox_administrator",
            Self::ApplicationAdministrator => "application_administrator",
            Self::Owner => "owner",
        }
    }

    /// The role that `value` names.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.value() == value)
    }
}

/// An e-mail address as it is compared: whoever writes it in capitals is the same person.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// `text` if it can be an e-mail address.
///
/// # Errors
/// What to say at the form.
pub fn email(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Enter an e-mail address, for example ana@contoso.com.".to_owned());
    }
    let plain = text.len() <= 254 && EmailAddress::is_valid(text) && text.chars().all(|c| !c.is_control());
    plain
        .then(|| text.to_owned())
        .ok_or_else(|| "This is not an e-mail address. It should look like ana@contoso.com.".to_owned())
}
