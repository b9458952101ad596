//! The form of a scope check: which mailboxes must open, and which must stay closed.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::users::user;
use crate::web::forms::{Field, FormErrors};
use crate::words::Must;

use super::scope::{MOST_NAMES, Named};

/// What was typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// Addresses that must open, one a line.
    pub open: String,
    /// Addresses that must stay closed, one a line.
    pub closed: String,
    /// The version of the names that it was made from; 0 if there were none.
    pub version: i64,
}

/// The fields as the page shows them.
#[derive(Debug)]
pub struct Fields {
    /// What must open.
    pub open: Field,
    /// What must stay closed.
    pub closed: Field,
    /// See [`Typed::version`].
    pub version: i64,
}

impl Fields {
    /// The form with what was typed and what is wrong with it.
    pub fn new(typed: &Typed, errors: &FormErrors) -> Self {
        let open_hint = "One address a line, at most 20. If none of them opens, a refusal proves nothing.";
        let closed_hint =
            "One address a line, at most 20. They must exist in the same tenant, and no mail in them is read.";
        Self {
            open: Field::text("open", "Must open", open_hint).holding(&typed.open).checked(errors),
            closed: Field::text("closed", "Must stay closed", closed_hint).holding(&typed.closed).checked(errors),
            version: typed.version,
        }
    }
}

/// Reads both lists. Every mistake is noted at its field.
pub fn parse(typed: &Typed, errors: &mut FormErrors) -> Option<Vec<Named>> {
    let open = errors.keep("open", list(&typed.open, Must::Open));
    let closed = errors.keep("closed", list(&typed.closed, Must::StayClosed));
    let (open, closed) = (open?, closed?);
    let keys: BTreeSet<String> = open.iter().map(|named| key(&named.address)).collect();
    if let Some(both) = closed.iter().find(|named| keys.contains(&key(&named.address))) {
        errors.add("closed", format!("{} stands in both lists. Take it out of one.", both.address));
        return None;
    }
    Some(open.into_iter().chain(closed).collect())
}

/// An address as it is compared.
pub fn key(address: &str) -> String {
    address.to_lowercase()
}

fn list(typed: &str, must: Must) -> Result<Vec<Named>, String> {
    let mut seen = BTreeSet::new();
    let (mut names, mut wrong) = (Vec::new(), Vec::new());
    for part in typed.split(['\n', ',', ';']).map(cleaned).filter(|part| !part.is_empty()) {
        match user::email(&part) {
            Ok(address) if seen.insert(key(&address)) => names.push(Named::new(address, must)),
            Ok(_) => {}
            Err(_) => wrong.push(part),
        }
    }
    if let Some(first) = wrong.first() {
        let shown: String = first.chars().take(60).collect();
        let more = match wrong.len() {
            1 => String::new(),
            2 => " One more line is wrong too.".to_owned(),
            count => format!(" {} more lines are wrong too.", count - 1),
        };
        return Err(format!(
            "“{shown}” is not an e-mail address. Write one a line, such as support@contoso.com.{more}"
        ));
    }
    match (names.len(), must) {
        (0, Must::Open) => Err("Name at least one mailbox that must open.".to_owned()),
        (0, Must::StayClosed) => {
            Err("Name at least one mailbox that must stay closed, for example ceo@contoso.com.".to_owned())
        }
        (count, _) if count > MOST_NAMES => Err(format!("These are {count} addresses. Name at most {MOST_NAMES}.")),
        _ => Ok(names),
    }
}

/// The text without what surrounds an address that was pasted.
fn cleaned(part: &str) -> String {
    let invisible =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{a0}');
    let text: String = part.chars().filter(|c| !invisible(*c)).collect();
    let text = text.trim_matches(|c| matches!(c, '<' | '>' | '"' | '\''));
    text.strip_prefix("mailto:").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(open: &str, closed: &str) -> (Option<Vec<Named>>, FormErrors) {
        let typed = Typed { open: open.to_owned(), closed: closed.to_owned(), version: 0 };
        let mut errors = FormErrors::default();
        (parse(&typed, &mut errors), errors)
    }

    #[test]
    fn addresses_are_understood_however_they_are_listed_and_each_counts_once() {
        let (names, errors) = read("a@x.example\r\n\r\n <B@x.example>, mailto:A@x.example;\n", "ceo@x.example\u{200b}");
        let names: Vec<(String, Must)> = names.unwrap().into_iter().map(|named| (named.address, named.must)).collect();
        let expected = [("a@x.example", Must::Open), ("B@x.example", Must::Open), ("ceo@x.example", Must::StayClosed)];
        assert_eq!(names, expected.map(|(address, must)| (address.to_owned(), must)));
        assert!(errors.is_empty());
    }

    #[test]
    fn every_mistake_is_told_at_its_field() {
        let many: String = (0..=MOST_NAMES).map(|number| format!("box{number}@x.example\n")).collect();
        for (open, closed, field, words) in [
            ("", "ceo@x.example", "open", "at least one mailbox that must open"),
            ("a@x.example", " \n", "closed", "at least one mailbox that must stay closed"),
            ("a@x.example\nceo", "ceo@x.example", "open", "“ceo” is not an e-mail address"),
            ("a@x.example", "ceo\ncfo\ncto", "closed", "2 more lines are wrong too"),
            ("a@x.example", "A@X.example", "closed", "stands in both lists"),
            (&many, "ceo@x.example", "open", "These are 21 addresses"),
        ] {
            let (names, errors) = read(open, closed);
            assert!(names.is_none(), "{words}");
            assert!(errors.of(field).is_some_and(|said| said.contains(words)), "{words}: {errors:?}");
        }
        assert_eq!(read("", "").1.all().len(), 2, "both at once");
    }
}
