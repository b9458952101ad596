//! What was typed about a mailbox to [`NewMailbox`], or every mistake at once.

use serde::Deserialize;

use crate::app::App;
use crate::applications::form::{self as application_form, NewApplication};
use crate::applications::{Application, store as applications};
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::user;
use crate::web::forms::FormErrors;

use super::{Access, store};

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
    /// `application` or `delegated`.
    pub access: String,
    /// Address of the person who signs in, if it is another than the mailbox.
    pub person: String,
    /// `now` or `link`: how that person signs in.
    pub how: String,
    /// Days for which a link is good.
    pub days: String,
    /// `1`: Postkey mails the link.
    pub mail: String,
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
    /// How it is opened.
    pub access: Access,
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
    let access = access(typed, address.as_deref().unwrap_or_default(), errors);
    let application = application(app, typed, errors).await?;
    let (Some(address), Some(display_name), Some(access), Some(application)) =
        (address, display_name, access, application)
    else {
        return Ok(None);
    };
    Ok(errors.is_empty().then_some(NewMailbox { address, display_name, access, application }))
}

/// What to say of an address that another mailbox has.
pub fn taken(address: &str) -> String {
    format!("{address} is already a mailbox here. Open it from the list, or enter another address.")
}

/// Reads the access type, and who signs in for the mailbox at `of`.
pub fn access(typed: &Typed, of: &str, errors: &mut FormErrors) -> Option<Access> {
    match typed.access.as_str() {
        "" | "application" => Some(Access::WithoutUser),
        "delegated" => {
            let person = match typed.person.trim() {
                "" => None,
                person => Some(errors.keep("person", address(person))?),
            };
            Some(Access::OnBehalfOfUser { person: person.filter(|person| !person.eq_ignore_ascii_case(of)) })
        }
        _ => {
            errors.add("access", "Choose one of the access types in the list.");
            None
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_person_is_another_one_or_nobody() {
        let read = |access: &str, person: &str| {
            let typed = Typed { access: access.to_owned(), person: person.to_owned(), ..Typed::default() };
            let mut errors = FormErrors::default();
            (access_of(&typed, &mut errors), errors.all().len())
        };
        fn access_of(typed: &Typed, errors: &mut FormErrors) -> Option<Access> {
            super::access(typed, "Support@contoso.example", errors)
        }
        let of = |person: Option<&str>| Some(Access::OnBehalfOfUser { person: person.map(str::to_owned) });
        assert_eq!(read("", "olga@contoso.example"), (Some(Access::WithoutUser), 0));
        assert_eq!(read("delegated", ""), (of(None), 0));
        assert_eq!(read("delegated", " support@contoso.example"), (of(None), 0));
        assert_eq!(read("delegated", "<olga@contoso.example>"), (of(Some("olga@contoso.example")), 0));
        assert_eq!(read("delegated", "olga"), (None, 1));
        assert_eq!(read("implicit", ""), (None, 1));
    }

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
