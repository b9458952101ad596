//! What is known about one failure, and how it gets into a sentence.

/// What is known about one failure, to be put into an article. What is missing becomes a neutral phrase.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Name of the application in Postkey.
    pub application: Option<String>,
    /// Address of the mailbox.
    pub mailbox: Option<String>,
    /// Address of the person who signs in for it.
    pub person: Option<String>,
    /// Name or ID of the tenant.
    pub tenant: Option<String>,
    /// Application (client) ID.
    pub client_id: Option<String>,
    /// The host that was asked.
    pub host: Option<String>,
    /// The day something ended, as it is to be read.
    pub date: Option<String>,
}

impl Facts {
    /// Puts the facts in, in one pass, so that a fact that looks like a placeholder is left as it is.
    pub(super) fn put_into(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        for (at, part) in text.split(['[', ']']).enumerate() {
            let is_optional = at % 2 == 1;
            let part = if is_optional { self.put_into_all(part) } else { Some(self.put_into_part(part)) };
            filled.push_str(part.as_deref().unwrap_or_default());
        }
        filled
    }

    /// As [`Facts::put_into_part`], but only if every fact is known.
    pub(super) fn put_into_all(&self, part: &str) -> Option<String> {
        let known = |name: &str| self.fact(name).is_some_and(|(fact, _)| fact.is_some());
        let mut names = part.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
        names.all(|(name, _)| known(name)).then(|| self.put_into_part(part))
    }

    fn put_into_part(&self, part: &str) -> String {
        let mut pieces = part.split('{');
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            filled.push_str(self.get(name).unwrap_or(name));
            filled.push_str(rest);
        }
        filled
    }

    /// The same facts, to stand between single quotes in PowerShell.
    pub(super) fn quoted(&self) -> Self {
        let quoted = |fact: &Option<String>| fact.as_ref().map(|fact| doubled(fact));
        Self {
            application: quoted(&self.application),
            mailbox: quoted(&self.mailbox),
            person: quoted(&self.person),
            tenant: quoted(&self.tenant),
            client_id: quoted(&self.client_id),
            host: quoted(&self.host),
            date: quoted(&self.date),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fact(name).map(|(fact, neutral)| fact.unwrap_or(neutral))
    }

    /// The fact of this name, and what stands for it when it is not known.
    fn fact(&self, name: &str) -> Option<(Option<&str>, &'static str)> {
        let (fact, neutral) = match name {
            "application" => (&self.application, "the application"),
            "mailbox" => (&self.mailbox, "the mailbox"),
            "person" => (&self.person, "the person who signs in"),
            "tenant" => (&self.tenant, "the tenant"),
            "client_id" => (&self.client_id, "the client ID"),
            "host" => (&self.host, "Microsoft"),
            "date" => (&self.date, "that day"),
            _ => return None,
        };
        Some((fact.as_deref(), neutral))
    }
}

/// Doubles everything that PowerShell takes for a single quote, the typographic ones included.
fn doubled(fact: &str) -> String {
    let is_quote = |c| matches!(c, '\'' | '\u{2018}'..='\u{201B}');
    fact.chars().flat_map(|c| std::iter::repeat_n(c, if is_quote(c) { 2 } else { 1 })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_put_in_once_and_missing_ones_stay_neutral() {
        let facts = Facts { application: Some("{mailbox} [x]".into()), ..Facts::default() };
        assert_eq!(facts.put_into("{application} of {tenant}: {no} {"), "{mailbox} [x] of the tenant: no ");
        assert_eq!(facts.put_into("plain"), "plain");
    }

    #[test]
    fn a_part_in_brackets_needs_all_its_facts() {
        let facts = Facts { date: Some("2 March".into()), ..Facts::default() };
        let text = "It expired[ on {date}][ for {mailbox}][ on {date} for {mailbox}].";
        assert_eq!(facts.put_into(text), "It expired on 2 March.");
        assert_eq!(Facts::default().put_into(text), "It expired.");
    }

    #[test]
    fn a_fact_cannot_leave_the_quotes_of_a_command() {
        let facts = Facts { mailbox: Some("o'neil\u{2019};x@contoso.com".into()), ..Facts::default() };
        let command = facts.quoted().put_into_all("Get-Mailbox '{mailbox}'");
        assert_eq!(command.as_deref(), Some("Get-Mailbox 'o''neil\u{2019}\u{2019};x@contoso.com'"));
        assert_eq!(Facts::default().quoted().put_into_all("Get-Mailbox '{mailbox}'"), None);
    }
}
