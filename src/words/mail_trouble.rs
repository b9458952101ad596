//! Why a mail of Postkey's own did not go out, for whoever waits for it and for whoever runs the host.

use super::text_form;

/// Why a mail did not go out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MailTrouble {
    /// Mail cannot be sent to an address like this.
    Address,
    /// The mail server cannot be reached.
    Unreachable,
    /// Encryption was not agreed on, or the certificate is not trusted.
    Encryption,
    /// What answers does not speak as a mail server does.
    NoMailServer,
    /// It refuses Postkey's user name or password.
    Credentials,
    /// It refuses the message for good.
    Refused,
    /// It does not take the message now.
    Busy,
    /// It did not answer in time; nothing was handed over.
    NoAnswer,
    /// It went silent while it was given the message.
    Unclear,
    /// Postkey was stopped meanwhile.
    Interrupted,
    /// The link ended before the message was handed over.
    LinkEnded,
}

impl MailTrouble {
    /// Every kind of trouble.
    pub const ALL: &[Self] = &[
        Self::Address,
        Self::Unreachable,
        Self::Encryption,
        Self::NoMailServer,
        Self::Credentials,
        Self::Refused,
        Self::Busy,
        Self::NoAnswer,
        Self::Unclear,
        Self::Interrupted,
        Self::LinkEnded,
    ];

    /// The stable name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Unreachable => "unreachable",
            Self::Encryption => "encryption",
            Self::NoMailServer => "no_mail_server",
            Self::Credentials => "credentials",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Unclear => "unclear",
            Self::Interrupted => "interrupted",
            Self::LinkEnded => "link_ended",
        }
    }

    /// The trouble with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trouble| trouble.value() == value)
    }

    /// What happened; `server` is the host and port of the mail server.
    pub fn what(self, server: &str) -> String {
        match self {
            Self::Address => "The address is not one that mail can be sent to.".to_owned(),
            Self::Unreachable => format!("The mail server {server} cannot be reached."),
            Self::Encryption => format!("No encrypted connection to the mail server {server} came about."),
            Self::NoMailServer => format!("What answers at {server} does not speak as a mail server does."),
            Self::Credentials => format!("The mail server {server} refuses Postkey's user name or password."),
            Self::Refused => format!("The mail server {server} refuses this message."),
            Self::Busy => format!("The mail server {server} does not take this message now."),
            Self::NoAnswer => format!("The mail server {server} does not answer in time."),
            Self::Unclear => {
                format!("The mail server {server} went silent at the end, so the message may have arrived or not.")
            }
            Self::Interrupted => {
                "Postkey was stopped before it heard from the mail server, so the message may have arrived or not."
                    .to_owned()
            }
            Self::LinkEnded => "The link ended before the message was handed over.".to_owned(),
        }
    }

    /// What helps, and who can do it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Address => "Whoever edits the mailbox corrects the person who signs in.",
            Self::Unreachable | Self::NoMailServer => {
                "Whoever runs Postkey's host checks the setting smtp_url and the way through the firewall."
            }
            Self::Encryption => {
                "Whoever runs Postkey's host checks smtp_url and the server's certificate; a certificate authority of \
                 your own is named by ca_file."
            }
            Self::Credentials => {
                "Whoever runs Postkey's host corrects the user in smtp_url or the file smtp_password_file names, and starts \
                 Postkey again."
            }
            Self::Refused => "Whoever runs the mail server can say why, and whether smtp_from may send.",
            Self::Busy | Self::NoAnswer => "It often passes by itself within minutes.",
            Self::Unclear | Self::Interrupted => "The link works either way, and once at most.",
            Self::LinkEnded => "A new link can be mailed.",
        }
    }
}

text_form!(MailTrouble, "trouble with mail");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_and_has_words() {
        for trouble in MailTrouble::ALL {
            assert_eq!(MailTrouble::parse(trouble.value()), Some(*trouble));
            let words = format!("{} {}", trouble.what("mail.example:465"), trouble.help());
            assert!(words.ends_with('.') && !words.contains('!') && !words.contains("  "), "{words}");
        }
        assert_eq!(MailTrouble::ALL.len(), MailTrouble::LinkEnded as usize + 1, "ALL lists every trouble");
    }
}
