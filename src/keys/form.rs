//! What was typed to make a key, and what it means.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::app::App;
use crate::applications::store as applications;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::mailboxes::store as mailboxes;
use crate::web::forms::{Choice, Field, FormErrors};

use super::key::{Reach, Right};

/// Most letters of a name.
const NAME: usize = 60;
/// Most mailboxes of one key; for more, there are applications.
const MOST: usize = 500;
/// How long a key may be good, in days, and what that is called.
const LENGTHS: [(&str, &str); 4] = [("30", "30 days"), ("90", "90 days"), ("180", "180 days"), ("365", "1 year")];
const USUAL_LENGTH: &str = "90";
const DAY: i64 = 24 * 60 * 60;

/// What came.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    may: String,
    reach: String,
    application: Vec<String>,
    mailboxes: String,
    days: String,
}

/// What it means.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people here call it.
    pub name: String,
    /// What it may be used for.
    pub may: Right,
    /// Which mailboxes it is for.
    pub reach: Reach,
    /// Seconds for which it is good.
    pub lasts: i64,
}

/// The form as a page shows it.
pub struct Fields {
    /// What it is called.
    pub name: Field,
    /// What it may.
    pub may: Field,
    /// The answers to that.
    pub rights: Vec<Choice>,
    /// What it is for.
    pub reach: Field,
    /// The answers to that.
    pub reaches: Vec<Choice>,
    /// The stored applications.
    pub applications: Vec<Choice>,
    /// Whether any of them is ticked.
    pub ticked: bool,
    /// Addresses, one a line.
    pub mailboxes: Field,
    /// How long it is good.
    pub days: Field,
    /// The answers to that.
    pub lengths: Vec<Choice>,
}

impl Typed {
    /// The empty form; `application` is one to be for.
    pub fn new(application: Option<&ApplicationId>) -> Self {
        Self {
            may: Right::Tokens.value().to_owned(),
            reach: if application.is_some() { "applications" } else { "all" }.to_owned(),
            application: application.map(ToString::to_string).into_iter().collect(),
            days: USUAL_LENGTH.to_owned(),
            ..Self::default()
        }
    }
}

/// What was typed as a key to make; `None` if anything is wrong, which then stands in `errors`.
///
/// # Errors
/// If the database cannot answer.
pub async fn parse(app: &App, typed: &Typed, errors: &mut FormErrors) -> Result<Option<NewKey>> {
    let name = errors.keep("name", name(&typed.name));
    let may = errors.keep("may", Right::parse(&typed.may).ok_or("Choose what the key may do."));
    let reach = match typed.reach.as_str() {
        "all" => Some(Reach::All),
        "applications" => errors.keep("applications", chosen(app, &typed.application).await?),
        "mailboxes" => errors.keep("mailboxes", listed(app, &typed.mailboxes).await?),
        _ => errors.keep("reach", Err("Choose the mailboxes that the key is for.")),
    };
    let days = LENGTHS.iter().find(|(days, _)| *days == typed.days).and_then(|(days, _)| days.parse::<i64>().ok());
    let lasts = errors.keep("days", days.ok_or("Choose one of the lengths.")).map(|days| days * DAY);
    let all = name.zip(may).zip(reach).zip(lasts);
    Ok(all.map(|(((name, may), reach), lasts)| NewKey { name, may, reach, lasts }))
}

/// `text` if it can be the name of a key.
///
/// # Errors
/// What to say at the form.
pub fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("Enter a name, for example worker-eu-1.".to_owned()),
        1..=NAME if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err(format!("A name has at most {NAME} letters, in one line.")),
    }
}

async fn chosen(app: &App, ids: &[String]) -> Result<Result<Reach, &'static str>> {
    let stored: HashSet<ApplicationId> = applications::names(&app.db).await?.into_iter().map(|(id, _)| id).collect();
    let chosen: Option<HashSet<ApplicationId>> =
        ids.iter().map(|id| id.parse().ok().filter(|id| stored.contains(id))).collect();
    Ok(match chosen {
        Some(chosen) if !chosen.is_empty() => Ok(Reach::Applications(chosen)),
        Some(_) => Err("Tick at least one application."),
        None => Err("One of these applications is not there any more. Tick the right ones again."),
    })
}

async fn listed(app: &App, text: &str) -> Result<Result<Reach, String>> {
    let addresses: Vec<&str> = text.split([',', ';']).flat_map(str::split_whitespace).collect();
    if addresses.is_empty() {
        return Ok(Err("Enter at least one address.".to_owned()));
    }
    if addresses.len() > MOST {
        return Ok(Err(format!("A key lists at most {MOST} mailboxes. Choose applications instead.")));
    }
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    for address in addresses {
        match mailboxes::by_address(&app.db, address).await? {
            Some(id) => drop(found.insert(id, mailboxes::address_key(address))),
            None => missing.push(address),
        }
    }
    if missing.is_empty() {
        return Ok(Ok(Reach::Mailboxes(found)));
    }
    let (shown, more) = missing.split_at(missing.len().min(5));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    Ok(Err(format!("Postkey has no mailbox {}{more}. Add it first, or correct the address.", shown.join(", "))))
}

/// What the page shows: the same again, with what is wrong.
///
/// # Errors
/// If the database cannot answer.
pub async fn fields(app: &App, typed: &Typed, errors: &FormErrors) -> Result<Fields> {
    let choice = |value: &str, label: &str, note: &str, chosen: &str| Choice::new(value, label, note, chosen);
    let stored = applications::names(&app.db).await?;
    let ticked = |(id, name): &(ApplicationId, String)| Choice {
        checked: typed.application.iter().any(|chosen| chosen == id.as_str()),
        ..Choice::new(id.as_str(), name, "", "")
    };
    Ok(Fields {
        name: Field { max: 60, ..Field::text("name", "Name", "The worker that uses it, for example worker-eu-1.") }
            .holding(&typed.name)
            .checked(errors),
        may: Field::text("may", "What may it do?", "").checked(errors),
        rights: vec![
            choice("tokens", "Get tokens", "Reads and sends mail with them, and sees how mailboxes are.", &typed.may),
            choice("status", "See status only", "Sees how mailboxes are. For monitoring.", &typed.may),
        ],
        reach: Field::text("reach", "For which mailboxes?", "").checked(errors),
        reaches: vec![
            choice("all", "All mailboxes", "Those that are added later, too.", &typed.reach),
            choice(
                "applications",
                "Those of some applications",
                "Open Applications below, and tick them.",
                &typed.reach,
            ),
            choice("mailboxes", "Some mailboxes", "List them below.", &typed.reach),
        ],
        applications: stored.iter().map(ticked).collect(),
        ticked: !typed.application.is_empty(),
        mailboxes: Field::text("mailboxes", "Mailboxes", "Their addresses, one in each line.")
            .optional()
            .holding(&typed.mailboxes)
            .checked(errors),
        days: Field::text("days", "Good for", "Then it stops by itself. Replace it before that.").checked(errors),
        lengths: LENGTHS.iter().map(|(days, label)| choice(days, label, "", &typed.days)).collect(),
    })
}
