//! The fields of a mailbox as its forms show them.

use crate::app::App;
use crate::applications::form::Fields;
use crate::applications::store as applications;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::web::forms::{Choice, Field, FormErrors};
use crate::web::link;

use super::form::Typed;

/// Above this many applications a list to choose from is easier than cards.
const MOST_CARDS: usize = 6;

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
    /// Who signs in, if it is another than the mailbox.
    pub person: Field,
    /// How that person signs in.
    pub how: Field,
    /// Here and now, or by a link.
    pub hows: Vec<Choice>,
    /// How long a link is good.
    pub days: Field,
    /// The lengths to choose from.
    pub lengths: Vec<Choice>,
    /// Whether Postkey is to mail the link; `None` if it has no mail server.
    pub mail: Option<bool>,
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
        let how = if typed.how == "link" { "link" } else { "now" };
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
            access: access_field(errors),
            accesses: accesses(&typed.access),
            person: person_field(typed, errors),
            how: Field::text("how", "How does that person sign in?", "").checked(errors),
            hows: vec![
                Choice::new("now", "Now, in this browser", "You sign in yourself, right after saving.", how),
                Choice::new("link", "By a link", "You get a link to send. It needs no account in Postkey.", how),
            ],
            days: Field::text("days", "The link is good for", "").checked(errors),
            lengths: link::lengths(&typed.days),
            mail: app.mail.is_some().then_some(typed.mail == "1"),
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

/// The field of the access type.
pub fn access_field(errors: &FormErrors) -> Field {
    Field::text("access", "Access Type", "How Postkey proves that it may open this mailbox.").checked(errors)
}

/// The access types to choose from.
pub fn accesses(chosen: &str) -> Vec<Choice> {
    let chosen = if chosen == "delegated" { chosen } else { "application" };
    vec![
        Choice::new(
            "application",
            "Without a user",
            "An application with its own secret or certificate. Nobody signs in.",
            chosen,
        ),
        Choice::new(
            "delegated",
            "On behalf of a user",
            "A person signs in with Microsoft, and again after a revoked session or 90 days without use.",
            chosen,
        ),
    ]
}

/// The field of the person who signs in.
pub fn person_field(typed: &Typed, errors: &FormErrors) -> Field {
    let hint =
        "Empty if they sign in as the mailbox itself. For a shared mailbox, somebody with Full Access and Send As.";
    Field::text("person", "Person who signs in", hint).kind("email").optional().holding(&typed.person).checked(errors)
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
