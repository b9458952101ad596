//! The form of a channel: what was typed, and what it means.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::app::App;
use crate::error::AppError;
use crate::hook;
use crate::mailboxes::store as mailboxes;
use crate::web::forms::{Field, FormErrors};

use super::Kind;
use super::quiet::Quiet;

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// `webhook` or `mail`; only of a new channel.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where it leads.
    pub target: String,
    /// `1` if it is told of what ends.
    pub warnings: String,
    /// Beginning of the quiet hours.
    pub quiet_from: String,
    /// Their end.
    pub quiet_until: String,
}

/// What it means.
#[derive(Debug)]
pub struct Wanted {
    /// What people call it.
    pub name: String,
    /// Where it leads; nothing if a webhook's address stays as it is.
    pub target: Option<Target>,
    /// Whether it is told of what ends.
    pub warnings: bool,
    /// When only what is urgent goes out.
    pub quiet: Quiet,
}

/// Where a channel leads.
#[derive(Debug)]
pub struct Target {
    /// The address; of a webhook it may be a secret.
    pub address: SecretString,
    /// What of it anybody may see.
    pub shown: String,
}

/// The fields as the page shows them.
pub struct Fields {
    /// What people call it.
    pub name: Field,
    /// Where it leads.
    pub target: Field,
    /// Whether it is told of what ends.
    pub warnings: bool,
    /// Beginning of the quiet hours.
    pub quiet_from: Field,
    /// Their end.
    pub quiet_until: Field,
}

const NAME_LONGEST: usize = 80;

impl Fields {
    /// The fields for a channel of `kind`; `stored` is whether an address is stored already.
    pub fn new(kind: Kind, typed: &Typed, errors: &FormErrors, stored: bool) -> Self {
        let target = match (kind, stored) {
            (Kind::Webhook, false) => Field::text("target", "Address", "Where the messages are posted to. Postkey stores it sealed, as it often is a secret.").kind("secret"),
            (Kind::Webhook, true) => Field::text("target", "New address", "Leave it empty to keep the stored one.").kind("secret").optional(),
            (Kind::Mail, _) => Field::text("target", "E-mail address", "One address; a group's address reaches several people. It must not be a mailbox that Postkey looks after.").kind("email"),
        };
        let time = |name, label, hint| Field::text(name, label, hint).kind("time").optional();
        Self {
            name: Field::text("name", "Name", "What people call it, for example Operations")
                .holding(&typed.name)
                .checked(errors),
            target: target.holding(&typed.target).checked(errors),
            warnings: typed.warnings == "1",
            quiet_from: time(
                "quiet_from",
                "Quiet from",
                "In quiet hours only what cannot wait goes out: mail has stopped, or an application opens too much. The rest waits until they end.",
            )
            .holding(&typed.quiet_from)
            .checked(errors),
            quiet_until: time("quiet_until", "Quiet until", "").holding(&typed.quiet_until).checked(errors),
        }
    }
}

/// Reads the form; every mistake at once.
pub fn parse(kind: Kind, typed: &Typed, stored: bool, errors: &mut FormErrors) -> Option<Wanted> {
    let name = typed.name.trim();
    let name = match name.chars().count() {
        0 => Err("Enter a name."),
        long if long > NAME_LONGEST => Err("Enter a shorter name, of at most 80 letters."),
        _ if name.chars().any(char::is_control) => Err("Enter a name of one line."),
        _ => Ok(name.to_owned()),
    };
    let name = errors.keep("name", name);
    let keeps = stored && kind == Kind::Webhook && typed.target.trim().is_empty();
    let target = if keeps { Some(None) } else { errors.keep("target", target(kind, &typed.target)).map(Some) };
    let quiet = errors.keep("quiet_from", Quiet::parse(&typed.quiet_from, &typed.quiet_until));
    Some(Wanted { name: name?, target: target?, warnings: typed.warnings == "1", quiet: quiet? })
}

/// Refuses an address that Postkey looks after: it may be what is broken.
///
/// # Errors
/// If the database cannot answer.
pub async fn apart(app: &App, kind: Kind, wanted: &Wanted, errors: &mut FormErrors) -> Result<(), AppError> {
    let Some(target) = wanted.target.as_ref().filter(|_| kind == Kind::Mail) else { return Ok(()) };
    if mailboxes::by_address(&app.db, &target.shown).await?.is_some() {
        errors.add("target", "Postkey looks after this mailbox, so it may be what is broken. Enter another address.");
    }
    Ok(())
}

fn target(kind: Kind, text: &str) -> Result<Target, &'static str> {
    let text = text.trim();
    match kind {
        Kind::Webhook => {
            let address = hook::address(text)?;
            Ok(Target { shown: shown(&address), address: address.to_string().into() })
        }
        Kind::Mail => {
            let address: email_address::EmailAddress =
                text.parse().map_err(|_| "Enter an e-mail address, for example ops@contoso.com.")?;
            Ok(Target { shown: address.to_string(), address: address.to_string().into() })
        }
    }
}

/// Scheme and host: path and query of a webhook's address often are a secret.
fn shown(address: &Url) -> String {
    format!("{}/…", address.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parsed(kind: Kind, target: &str, stored: bool) -> Result<Wanted, Vec<String>> {
        let typed = Typed { name: "Ops".to_owned(), target: target.to_owned(), ..Typed::default() };
        let mut errors = FormErrors::default();
        let wanted = parse(kind, &typed, stored, &mut errors);
        wanted.ok_or_else(|| errors.all().iter().map(|error| error.field.to_owned()).collect())
    }

    #[test]
    fn only_the_host_of_a_webhook_is_shown() {
        let target =
            parsed(Kind::Webhook, "https://hooks.example.com/services/T0/aB3dE", false).unwrap().target.unwrap();
        assert_eq!(target.shown, "https://hooks.example.com/…");
        assert_eq!(target.address.expose_secret(), "https://hooks.example.com/services/T0/aB3dE");
    }

    #[test]
    fn a_stored_address_of_a_webhook_may_be_kept_and_that_of_a_mail_is_typed() {
        assert!(parsed(Kind::Webhook, "", true).unwrap().target.is_none());
        assert_eq!(parsed(Kind::Webhook, "", false).unwrap_err(), ["target"]);
        assert_eq!(parsed(Kind::Mail, "", true).unwrap_err(), ["target"]);
        assert_eq!(
            parsed(Kind::Mail, "ops@contoso.example", false).unwrap().target.unwrap().shown,
            "ops@contoso.example"
        );
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let typed = Typed { target: "x".to_owned(), quiet_from: "22:00".to_owned(), ..Typed::default() };
        let mut errors = FormErrors::default();
        assert!(parse(Kind::Webhook, &typed, false, &mut errors).is_none());
        let fields: Vec<&str> = errors.all().iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "target", "quiet_from"]);
    }
}
