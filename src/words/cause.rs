//! Why something fails, in Postkey's own vocabulary. Everything else in Postkey decides by cause, never by a number
//! that Microsoft may change.

use std::fmt;

use super::{Family, Icon, Who, text_form};

/// Why something fails.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// Microsoft asked us to wait.
    Throttled,
    /// No usable answer came.
    ProviderDown,
    /// The saved sign-in no longer works; a person must sign in.
    NeedsSignIn,
    /// An administrator must allow the application.
    NeedsConsent,
    /// The application's client secret has ended.
    SecretExpired,
    /// The client secret is wrong.
    SecretRefused,
    /// The certificate is not on the application, or its signature was not accepted.
    CertificateRefused,
    /// The application is not in this tenant, or is disabled there.
    AppNotFound,
    /// The tenant is not known in this cloud.
    TenantNotFound,
    /// A policy of the tenant forbids it.
    Blocked,
    /// The token is good, but this mailbox is closed to it.
    NoAccess,
    /// There is no usable mailbox at this address.
    MailboxNotFound,
    /// Another account signed in than the one expected.
    WrongAccount,
    /// The registration, or Postkey's settings for it, do not fit.
    SetupFault,
    /// Postkey's clock and Microsoft's differ too much.
    ClockSkew,
    /// Postkey's own sealed secret does not open.
    SecretUnreadable,
    /// Microsoft refused for a reason that Postkey has no article for.
    Other,
}

impl Cause {
    /// Every cause.
    pub const ALL: &[Self] = &[
        Self::Throttled,
        Self::ProviderDown,
        Self::NeedsSignIn,
        Self::NeedsConsent,
        Self::SecretExpired,
        Self::SecretRefused,
        Self::CertificateRefused,
        Self::AppNotFound,
        Self::TenantNotFound,
        Self::Blocked,
        Self::NoAccess,
        Self::MailboxNotFound,
        Self::WrongAccount,
        Self::SetupFault,
        Self::ClockSkew,
        Self::SecretUnreadable,
        Self::Other,
    ];

    /// The stable name in the API and in the database; it never changes once released.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::ProviderDown => "provider_down",
            Self::NeedsSignIn => "needs_sign_in",
            Self::NeedsConsent => "needs_consent",
            Self::SecretExpired => "secret_expired",
            Self::SecretRefused => "secret_refused",
            Self::CertificateRefused => "certificate_refused",
            Self::AppNotFound => "app_not_found",
            Self::TenantNotFound => "tenant_not_found",
            Self::Blocked => "blocked",
            Self::NoAccess => "no_access",
            Self::MailboxNotFound => "mailbox_not_found",
            Self::WrongAccount => "wrong_account",
            Self::SetupFault => "setup_fault",
            Self::ClockSkew => "clock_skew",
            Self::SecretUnreadable => "secret_integrity",
            Self::Other => "other",
        }
    }

    /// The cause with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.value() == value)
    }

    /// The words on the status badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Throttled => "Throttled",
            Self::ProviderDown => "Microsoft not reachable",
            Self::NeedsSignIn => "Needs sign-in",
            Self::NeedsConsent => "Needs admin consent",
            Self::SecretExpired => "Secret expired",
            Self::SecretRefused => "Secret refused",
            Self::CertificateRefused => "Certificate refused",
            Self::AppNotFound => "Application not found",
            Self::TenantNotFound => "Tenant not found",
            Self::Blocked => "Blocked by policy",
            Self::NoAccess => "No access to mailbox",
            Self::MailboxNotFound => "Mailbox not found",
            Self::WrongAccount => "Wrong account",
            Self::SetupFault => "Set-up fault",
            Self::ClockSkew => "Clocks differ",
            Self::SecretUnreadable => "Stored secret unreadable",
            Self::Other => "Refused, new reason",
        }
    }

    /// How serious it is.
    pub const fn family(self) -> Family {
        match self {
            Self::Throttled | Self::ProviderDown => Family::Warn,
            Self::NeedsSignIn | Self::NeedsConsent | Self::WrongAccount => Family::Act,
            _ => Family::Crit,
        }
    }

    /// Its icon.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Throttled => Icon::Hourglass,
            Self::ProviderDown => Icon::Cloud,
            Self::NeedsSignIn => Icon::Person,
            Self::NeedsConsent => Icon::PersonShield,
            Self::WrongAccount => Icon::PersonUnequal,
            Self::SecretExpired | Self::ClockSkew => Icon::OctagonClock,
            Self::SecretRefused | Self::CertificateRefused | Self::SecretUnreadable => Icon::OctagonKey,
            Self::AppNotFound | Self::TenantNotFound => Icon::OctagonQuestion,
            Self::Blocked => Icon::OctagonBar,
            Self::NoAccess => Icon::OctagonLock,
            Self::MailboxNotFound => Icon::OctagonEnvelope,
            Self::SetupFault | Self::Other => Icon::Octagon,
        }
    }

    /// Who can usually put it right; an article may know better.
    pub const fn who(self) -> Who {
        match self {
            Self::Throttled | Self::ProviderDown => Who::Nobody,
            Self::NeedsSignIn | Self::WrongAccount => Who::MailboxOwner,
            Self::NeedsConsent => Who::TenantAdministrator,
            Self::SecretExpired | Self::SecretRefused | Self::CertificateRefused | Self::AppNotFound => {
                Who::ApplicationAdministrator
            }
            Self::TenantNotFound | Self::SetupFault | Self::MailboxNotFound => Who::MailboxAdministrator,
            Self::Blocked => Who::ConditionalAccessAdministrator,
            Self::NoAccess => Who::ExchangeAdministrator,
            Self::ClockSkew | Self::SecretUnreadable | Self::Other => Who::Operations,
        }
    }

    /// Whether it passes by itself, so that Postkey tries again and nobody is asked to do anything.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::ProviderDown)
    }

    /// Whether it hurts every mailbox of the application alike (one problem, one alert) when it is met while a
    /// token without a user is fetched; otherwise it is about one mailbox or one person.
    pub const fn of_application(self) -> bool {
        !matches!(self, Self::NeedsSignIn | Self::WrongAccount | Self::NoAccess | Self::MailboxNotFound)
    }

    /// How far a check comes that ends with it: the earlier, the less it says of what comes after.
    const fn reach(self) -> u8 {
        match self {
            Self::ProviderDown | Self::Throttled | Self::ClockSkew | Self::SecretUnreadable => 0,
            Self::TenantNotFound => 1,
            Self::AppNotFound => 2,
            Self::SecretExpired | Self::SecretRefused | Self::CertificateRefused => 3,
            Self::Blocked | Self::NeedsSignIn | Self::NeedsConsent | Self::WrongAccount => 4,
            Self::SetupFault | Self::Other => 5,
            Self::NoAccess | Self::MailboxNotFound => 6,
        }
    }

    /// Whether nothing can be known of `other` while this stops the application: then that one is not over because it is no longer
    /// seen.
    pub const fn veils(self, other: Self) -> bool {
        self.of_application() && (self.reach() < other.reach() || (other.is_transient() && !self.is_transient()))
    }

    /// Whether a new credential of the application is the remedy.
    pub const fn is_of_credential(self) -> bool {
        matches!(self, Self::SecretExpired | Self::SecretRefused | Self::CertificateRefused | Self::SecretUnreadable)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

text_form!(Cause, "cause");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_and_is_unique() {
        for cause in Cause::ALL {
            assert_eq!(Cause::parse(cause.value()), Some(*cause));
        }
        assert_eq!(Cause::parse("Secret expired"), None);
        assert_eq!(Cause::ALL.len(), Cause::Other as usize + 1, "ALL lists every cause");
    }

    #[test]
    fn an_earlier_failure_hides_a_later_one_and_not_the_other_way_round() {
        assert!(Cause::ProviderDown.veils(Cause::Blocked) && Cause::Blocked.veils(Cause::MailboxNotFound));
        assert!(Cause::Blocked.veils(Cause::Throttled));
        assert!(!Cause::NeedsConsent.veils(Cause::SecretExpired) && !Cause::NoAccess.veils(Cause::MailboxNotFound));
        assert!(!Cause::NeedsSignIn.veils(Cause::NoAccess), "that is of one person");
        for cause in Cause::ALL {
            assert!(!cause.veils(*cause), "{cause}");
        }
    }

    #[test]
    fn only_what_passes_by_itself_asks_nobody() {
        for cause in Cause::ALL {
            assert_eq!(cause.is_transient(), cause.who() == Who::Nobody, "{cause:?}");
        }
    }
}
