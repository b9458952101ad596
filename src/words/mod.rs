//! Every status word and every failure sentence of Postkey in one place, so that a page, a mail, the API and a
//! translation say the same. Knows nothing of Microsoft's wire formats and nothing of Postkey's features.

mod alert;
pub mod articles;
mod cause;
mod code;
mod consent_result;
mod deeds;
mod facts;
mod hand_off_mail;
mod lasted;
pub mod links;
mod look;
mod mail_trouble;
mod problem_kind;
mod scope;
mod sign_in_result;
mod status;
mod who;

pub use alert::{EndingWords, ProblemWords, story_of};
pub use articles::{Article, FilledArticle};
pub use cause::Cause;
pub use code::{Code, Transport};
pub use consent_result::ConsentResult;
pub use deeds::{deed, is_change};
pub use facts::Facts;
pub use hand_off_mail::HandOffMail;
pub use lasted::lasted;
pub use links::{LinkFacts, LinkKind, Portal};
pub use look::{Family, Icon};
pub use mail_trouble::MailTrouble;
pub use problem_kind::ProblemKind;
pub use scope::{Must, ScopeOutcome, ScopeVerdict};
pub use sign_in_result::SignInResult;
pub use status::Status;
pub use who::Who;

/// Gives an enum with `value` and `parse` its text form in JSON, in forms and in the database.
macro_rules! text_form {
    ($type:ty, $what:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.value())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("unknown {}: {text:?}", $what)))
            }
        }
    };
}
pub(crate) use text_form;
