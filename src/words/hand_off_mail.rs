//! The mail that brings a hand-off link to whoever signs in for a mailbox. They know nothing of Postkey.

/// What the mail says.
#[derive(Clone, Copy, Debug)]
pub struct HandOffMail<'a> {
    /// Who asks.
    pub asker: &'a str,
    /// The e-mail address of whoever asks.
    pub contact: &'a str,
    /// The organisation's name; may be empty.
    pub organisation: &'a str,
    /// The mailbox.
    pub mailbox: &'a str,
    /// The account that must sign in.
    pub person: &'a str,
    /// The link, in full.
    pub link: &'a str,
    /// Until when it works, with the zone.
    pub until: &'a str,
}

impl HandOffMail<'_> {
    /// The subject.
    pub fn subject(&self) -> String {
        format!("{} asks you to connect {}", self.asker, self.mailbox)
    }

    /// The text. The link stands alone on its line, so that no reader's program takes more or less for it.
    pub fn body(&self) -> String {
        let Self { asker, contact, mailbox, person, link, until, .. } = self;
        let of = if self.organisation.is_empty() { String::new() } else { format!(" of {}", self.organisation) };
        format!(
            "{asker} ({contact}) asks you to let Postkey{of} read and send mail for {mailbox}.\n\n\
             Open this page and sign in with Microsoft as {person}:\n\n\
             {link}\n\n\
             The link works once, until {until}.\n\n\
             Not expected? Do nothing. If you have a question, answer this mail: {asker} gets it.\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_says_who_asks_for_what_where_and_until_when() {
        let mail = HandOffMail {
            asker: "Ana Ruiz",
            contact: "ana@contoso.example",
            organisation: "",
            mailbox: "support@contoso.example",
            person: "olga@contoso.example",
            link: "https://postkey.example/s/code",
            until: "24 Nov 2026, 13:00, Europe/Madrid (UTC+01:00)",
        };
        assert_eq!(mail.subject(), "Ana Ruiz asks you to connect support@contoso.example");
        let body = mail.body();
        let lines: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with("Ana Ruiz (ana@contoso.example) asks you to let Postkey read"));
        assert!(lines[1].ends_with("as olga@contoso.example:"));
        assert_eq!(lines[2], mail.link);
        assert_eq!(lines[3], "The link works once, until 24 Nov 2026, 13:00, Europe/Madrid (UTC+01:00).");
        assert!(lines[4].starts_with("Not expected? Do nothing."));
        assert!(HandOffMail { organisation: "Contoso", ..mail }.body().contains("Postkey of Contoso read"));
    }
}
