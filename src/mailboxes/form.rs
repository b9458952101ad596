//! What was typed about a mailbox to [`NewMailbox`], or every mistake at once.

use serde::Deserialize;

use crate::app::App;
use crate::applications::form::{self as application_form, Fields, NewApplication};
use crate::applications::{Application, store as applications};
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::user;
use crate::web::forms::{Choice, Field, FormErrors};

use super::store;

/// Above this many applications a list to choose from is easier than cards.
const MOST_CARDS: usize = 6;

/// What was typed, as the browser sent it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// E-mail address of the mailbox.
    pub address: String,
    /// What people here call it.
    pub display_name: String,
    /// `office365`.
    pub account_type: String,
    /// `application`.
    pub access: String,
    /// ID of a stored application, or `new`.
    pub application: String,
    /// The settings' version that the form was made from, when editing.
    pub version: i64,
    /// A new application, typed in place.
    #[serde(flatten)]
    pub typed_application: application_form::Typed,
}

/// Which application opens the mailbox.
#[derive(Debug)]
pub enum Chosen {
    /// One that is stored.
    Stored(Box<Application>),
    /// One that was typed in place.
    New(Box<NewApplication>),
}

/// A mailbox that can be stored.
#[derive(Debug)]
pub struct NewMailbox {
    /// Its e-mail address.
    pub address: String,
    /// What people here call it; may be empty.
    pub display_name: String,
    /// What opens it.
    pub application: Chosen,
}

/// Reads the form.
///
/// # Errors
/// If the database cannot be asked. What is wrong with the form goes to `errors`.
pub async fn parse(app: &App, typed: &Typed, errors: &mut FormErrors) -> Result<Option<NewMailbox>> {
    let address = errors.keep("address", address(&typed.address));
    if let Some(address) = &address
        && store::by_address(&app.db, address).await?.is_some()
    {
        errors.add("address", taken(address));
    }
    let display_name = errors.keep("display_name", display_name(&typed.display_name));
    if !matches!(typed.account_type.as_str(), "" | "office365") {
        errors.add("account_type", "Choose one of the account types in the list.");
    }
    if !matches!(typed.access.as_str(), "" | "application") {
        errors.add("access", "Choose one of the access types in the list.");
    }
    let application = application(app, typed, errors).await?;
    let (Some(address), Some(display_name), Some(application)) = (address, display_name, application) else {
        return Ok(None);
    };
    Ok(errors.is_empty().then_some(NewMailbox { address, display_name, application }))
}

/// What to say of an address that another mailbox has.
pub fn taken(address: &str) -> String {
    format!("{address} is already a mailbox here. Open it from the list, or enter another address.")
}

/// Reads the address of a mailbox.
///
/// # Errors
/// What to say at the form.
pub fn address(typed: &str) -> std::result::Result<String, String> {
    let invisible =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{a0}');
    let text: String = typed.chars().filter(|c| !invisible(*c)).collect();
    let text = text.trim_matches(|c| matches!(c, '<' | '>' | '"' | '\''));
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    if text.is_empty() {
        return Err("Enter the mailbox's e-mail address, for example support@contoso.com.".to_owned());
    }
    user::email(text).map_err(|_| "This is not an e-mail address. It should look like support@contoso.com.".to_owned())
}

/// Reads the name that people here give a mailbox.
///
/// # Errors
/// What to say at the form.
pub fn display_name(typed: &str) -> std::result::Result<String, &'static str> {
    let name: String = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let fine = name.chars().count() <= 100 && !name.chars().any(char::is_control);
    fine.then_some(name).ok_or("Use at most 100 characters for the name.")
}

async fn application(app: &App, typed: &Typed, errors: &mut FormErrors) -> Result<Option<Chosen>> {
    if let Ok(id) = typed.application.parse::<ApplicationId>()
        && let Some(stored) = applications::find(&app.db, &id).await?
    {
        return Ok(Some(Chosen::Stored(Box::new(stored))));
    }
    if !matches!(typed.application.as_str(), "" | "new") {
        errors.add("application", "This application is no longer here. Choose another, or add one.");
        return Ok(None);
    }
    let new = application_form::parse(app, &typed.typed_application, errors).await?;
    Ok(new.map(|new| Chosen::New(Box::new(new))))
}

/// The fields as the page shows them.
#[derive(Debug)]
pub struct MailboxFields {
    /// E-mail address.
    pub address: Field,
    /// What people here call it.
    pub display_name: Field,
    /// Which provider.
    pub account_type: Field,
    /// The providers that work.
    pub account_types: Vec<Choice>,
    /// Which grant.
    pub access: Field,
    /// The grants that work.
    pub accesses: Vec<Choice>,
    /// Which application.
    pub application: Field,
    /// The stored ones and, last, a new one.
    pub applications: Vec<Choice>,
    /// Whether to show them as cards.
    pub cards: bool,
    /// A new application, typed in place.
    pub new: Fields,
}

impl MailboxFields {
    /// The fields holding what was typed, with what is wrong.
    ///
    /// # Errors
    /// If the applications cannot be read.
    pub async fn new(app: &App, typed: &Typed, errors: &FormErrors) -> Result<Self> {
        let stored = applications::list(&app.db).await?;
        // The one that most mailboxes use is most likely meant.
        let usual = stored.iter().max_by_key(|listed| listed.mailboxes).map(|listed| listed.application.id.to_string());
        let chosen = match typed.application.as_str() {
            "" => usual.unwrap_or_else(|| "new".to_owned()),
            chosen => chosen.to_owned(),
        };
        let now = app.clock.now();
        let mut choices: Vec<Choice> = stored
            .iter()
            .map(|listed| {
                let note = format!(
                    "{} · {}",
                    mailboxes_words(listed.mailboxes),
                    ends_words(listed.application.credential_ends_at, now)
                );
                Choice::new(listed.application.id.as_str(), &listed.application.name, &note, &chosen)
            })
            .collect();
        choices.push(Choice::new("new", "Add an application", "It must be registered in Microsoft Entra.", &chosen));
        let hint = "The mailbox to read and send from, for example support@contoso.com";
        Ok(Self {
            address: Field::text("address", "E-mail address", hint)
                .kind("email")
                .holding(&typed.address)
                .checked(errors),
            display_name: Field::text("display_name", "Name", "What people here call it, if not by its address.")
                .optional()
                .holding(&typed.display_name)
                .checked(errors),
            account_type: Field::text("account_type", "Account Type", "").checked(errors),
            account_types: vec![Choice::new("office365", "Office365", "", "office365")],
            access: Field::text("access", "Access Type", "How Postkey proves that it may open this mailbox.")
                .checked(errors),
            accesses: vec![Choice::new(
                "application",
                "Without a user",
                "An application with its own secret or certificate. Nobody signs in.",
                "application",
            )],
            application: Field::text("application", "Which application?", "").checked(errors),
            cards: choices.len() <= MOST_CARDS,
            applications: choices,
            new: Fields::new(app, &typed.typed_application, errors),
        })
    }
}

/// How many mailboxes, in words.
pub fn mailboxes_words(count: i64) -> String {
    match count {
        0 => "no mailboxes".to_owned(),
        1 => "1 mailbox".to_owned(),
        count => format!("{count} mailboxes"),
    }
}

fn ends_words(ends: Option<UnixTime>, now: UnixTime) -> String {
    match ends.map(|ends| ends.since(now)) {
        None => "end of its credential not known".to_owned(),
        Some(left) if left <= 0 => "credential has ended".to_owned(),
        Some(left) => match left / 86_400 {
            0 => "credential ends today".to_owned(),
            1 => "credential good for 1 day".to_owned(),
            days => format!("credential good for {days} days"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_whatever_surrounds_it() {
        for pasted in [
            "support@contoso.example",
            "  support@contoso.example\r\n",
            "<support@contoso.example>",
            " <support@contoso.example>\u{200b} ",
            "mailto:support@contoso.example",
            "support@contoso.example\u{200b}",
        ] {
            assert_eq!(address(pasted).as_deref(), Ok("support@contoso.example"), "{pasted:?}");
        }
        for wrong in ["", "support", "support@", "a b", "@contoso.example", "sup\u{0}port@contoso.example"] {
            assert!(address(wrong).is_err(), "{wrong:?}");
        }
    }
}
