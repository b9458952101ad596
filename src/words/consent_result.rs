//! How a tenant administrator's consent at Microsoft ended, and what the administrator reads. They have no account here, so no
//! code stands in these words: a reference leads whoever helps to what Microsoft said.

use super::{Family, Icon, text_form};

/// How a consent ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ConsentResult {
    /// Microsoft says that it was granted.
    Granted,
    /// The administrator pressed Cancel, or Microsoft passed on a no.
    Declined,
    /// The account may not consent for the organisation.
    NeedsAdministrator,
    /// A rule of the organisation forbids it.
    Blocked,
    /// It took longer than ten minutes.
    Expired,
    /// The link or its application changed meanwhile.
    Changed,
    /// Anything else.
    Failed,
}

impl ConsentResult {
    /// Every way to end.
    pub const ALL: &[Self] = &[
        Self::Granted,
        Self::Declined,
        Self::NeedsAdministrator,
        Self::Blocked,
        Self::Expired,
        Self::Changed,
        Self::Failed,
    ];

    /// The stable name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::NeedsAdministrator => "needs_administrator",
            Self::Blocked => "blocked",
            Self::Expired => "expired",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }

    /// The result with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|result| result.value() == value)
    }

    /// In a word or two, for a list.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Granted => "Granted",
            Self::Declined => "Declined",
            Self::NeedsAdministrator => "Needs another administrator",
            Self::Blocked => "Blocked by policy",
            Self::Expired => "Took too long",
            Self::Changed => "Changed meanwhile",
            Self::Failed => "Failed",
        }
    }

    /// The headline on the page that ends it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Granted => "Admin consent is granted",
            Self::Declined => "Admin consent was declined",
            Self::NeedsAdministrator => "This account may not grant it",
            Self::Blocked => "A rule of your organisation blocked it",
            Self::Expired => "This took too long",
            Self::Changed => "This changed while you were at Microsoft",
            Self::Failed => "Admin consent did not work",
        }
    }

    /// What that means for the administrator, in at most three sentences.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Granted => "Microsoft says that it is stored, for the whole organisation.",
            Self::Declined => "Nothing was changed. If it was a mistake, grant it again and choose Accept.",
            Self::NeedsAdministrator => {
                "Nothing was changed. It takes a Privileged Role Administrator or a Global Administrator: send the link on to one."
            }
            Self::Blocked => {
                "Nothing was changed. Conditional Access or another policy did not let this account through; it can be found in the sign-in logs of Entra."
            }
            Self::Expired => {
                "Postkey changed nothing. It waits ten minutes for Microsoft’s answer; if you accepted after that, Microsoft may have stored it all the same."
            }
            Self::Changed => {
                "Postkey changed nothing, because the link has ended or the application is another one now. If you accepted, Microsoft may have stored it all the same."
            }
            Self::Failed => "Postkey changed nothing. Try again in a few minutes, or grant it in Entra by hand.",
        }
    }

    /// Whether whoever helps needs to be told the reference.
    pub const fn needs_help(self) -> bool {
        matches!(self, Self::NeedsAdministrator | Self::Blocked | Self::Changed | Self::Failed)
    }

    /// How serious it is.
    pub const fn family(self) -> Family {
        match self {
            Self::Granted => Family::Ok,
            Self::Blocked | Self::Failed => Family::Crit,
            Self::NeedsAdministrator => Family::Act,
            Self::Declined | Self::Expired | Self::Changed => Family::Warn,
        }
    }

    /// Its icon.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Granted => Icon::Ok,
            Self::NeedsAdministrator => Icon::PersonShield,
            Self::Blocked => Icon::OctagonBar,
            Self::Expired => Icon::Clock,
            Self::Declined | Self::Changed => Icon::Warn,
            Self::Failed => Icon::Octagon,
        }
    }
}

text_form!(ConsentResult, "result of a consent");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_and_its_words_are_for_people() {
        for result in ConsentResult::ALL {
            assert_eq!(ConsentResult::parse(result.value()), Some(*result));
            let words = format!("{} {}", result.title(), result.text());
            assert!(!words.contains("AADSTS") && !words.contains('!') && !words.contains('_'), "{words}");
            assert!(result.text().matches(". ").count() < 3, "{words}");
        }
        assert_eq!(ConsentResult::ALL.len(), ConsentResult::Failed as usize + 1, "ALL lists every result");
    }
}
