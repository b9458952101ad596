//! Who can put something right.

use super::text_form;

/// The kind of person who can put something right.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Who {
    /// Nobody has to do anything.
    Nobody,
    /// The person who sets up mailboxes in Postkey.
    MailboxAdministrator,
    /// Somebody who may change the app registration.
    ApplicationAdministrator,
    /// Somebody who may grant application permissions in the tenant.
    TenantAdministrator,
    /// Somebody who may change mailboxes and their limits in Exchange.
    ExchangeAdministrator,
    /// Somebody who may change Conditional Access policies.
    ConditionalAccessAdministrator,
    /// The person whose sign-in is used.
    MailboxOwner,
    /// Whoever runs Postkey itself.
    Operations,
}

impl Who {
    /// Every kind of person.
    pub const ALL: &[Self] = &[
        Self::Nobody,
        Self::MailboxAdministrator,
        Self::ApplicationAdministrator,
        Self::TenantAdministrator,
        Self::ExchangeAdministrator,
        Self::ConditionalAccessAdministrator,
        Self::MailboxOwner,
        Self::Operations,
    ];

    /// The stable name in the API.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::MailboxAdministrator => "mailbox_administrator",
            Self::ApplicationAdministrator => "application_administrator",
            Self::TenantAdministrator => "tenant_administrator",
            Self::ExchangeAdministrator => "exchange_administrator",
            Self::ConditionalAccessAdministrator => "conditional_access_administrator",
            Self::MailboxOwner => "mailbox_owner",
            Self::Operations => "operations",
        }
    }

    /// The person with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|who| who.value() == value)
    }

    /// Whether it passes by itself.
    pub const fn is_nobody(self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// Who that is, in Entra's own role names, to stand after "Who can:".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "nobody has to do anything",
            Self::MailboxAdministrator => "you, or another mailbox administrator of Postkey",
            Self::ApplicationAdministrator => {
                "an owner of the application, Application Administrator or Cloud Application Administrator"
            }
            Self::TenantAdministrator => "Privileged Role Administrator or Global Administrator of the tenant",
            Self::ExchangeAdministrator => "Exchange Administrator of the tenant",
            Self::ConditionalAccessAdministrator => "Conditional Access Administrator or Security Administrator",
            Self::MailboxOwner => "the person whose sign-in is used",
            Self::Operations => "whoever runs Postkey",
        }
    }
}

text_form!(Who, "person");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back() {
        for who in Who::ALL {
            assert_eq!(Who::parse(who.value()), Some(*who));
        }
        assert_eq!(Who::parse("boss"), None);
    }
}
