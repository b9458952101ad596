//! What people are told when something breaks, ends soon, or is over: one line, and the text of a mail.

use super::{Facts, LinkKind, ProblemKind, articles};

/// The line begins with it, so that a rule of a mail program can find it.
const MARK: &str = "[Postkey]";

/// What is told of a problem.
#[derive(Clone, Copy, Debug)]
pub struct ProblemWords<'a> {
    /// What is the matter.
    pub kind: ProblemKind,
    /// The application, or all of them.
    pub application: &'a str,
    /// Mailboxes that have stopped; of a solved one the most there were.
    pub mailboxes: i64,
    /// Tokens that cannot be renewed.
    pub tokens: i64,
    /// Mailboxes that go on until their token ends.
    pub threatened: i64,
    /// When the first of them stops; empty if there are none.
    pub stops: &'a str,
    /// The address of one mailbox that has stopped, or may be empty; of a scope the addresses that tell it.
    pub example: &'a str,
    /// Since when, with the zone.
    pub since: &'a str,
    /// How long it lasted so far.
    pub lasted: &'a str,
    /// Where it is in the console.
    pub href: &'a str,
}

impl ProblemWords<'_> {
    /// It is there.
    pub fn opened(&self) -> String {
        format!("{MARK} {}: {}, {}", self.kind.label(), self.application, self.extent())
    }

    /// More suffers from it.
    pub fn grew(&self) -> String {
        format!("{MARK} {}: {}, now {}", self.kind.label(), self.application, self.extent())
    }

    /// It is still there.
    pub fn reminder(&self) -> String {
        format!(
            "{MARK} Still there after {}: {}: {}, {}",
            self.lasted,
            self.kind.label(),
            self.application,
            self.extent()
        )
    }

    /// It is over.
    pub fn solved(&self) -> String {
        format!("{MARK} Solved after {}: {}: {}", self.lasted, self.kind.label(), self.application)
    }

    fn extent(&self) -> String {
        match self.mailboxes {
            _ if matches!(self.kind, ProblemKind::ScopeTooWide) => {
                format!("it opens {}, which it must not open", self.example)
            }
            _ if matches!(self.kind, ProblemKind::ScopeTooNarrow) => {
                format!("it does not open {}, which it must open", self.example)
            }
            0 => match self.threatened {
                0 => "mail still goes on".to_owned(),
                1 => format!("1 mailbox stops at {}", self.stops),
                count => format!("{count} mailboxes stop at {}", self.stops),
            },
            1 if !self.example.is_empty() => self.example.to_owned(),
            1 => "1 mailbox".to_owned(),
            mailboxes => format!("{mailboxes} mailboxes"),
        }
    }

    /// The text while it lasts.
    pub fn body(&self) -> String {
        let what = match (self.mailboxes, self.tokens) {
            (0, 0) => format!("{}.", capital(&self.extent())),
            (0, _) if self.threatened > 0 => format!("A token cannot be renewed: {}.", self.extent()),
            (0, 1) => "1 token cannot be renewed.".to_owned(),
            (0, tokens) => format!("{tokens} tokens cannot be renewed."),
            (1, _) => format!("{} has stopped.", if self.example.is_empty() { "1 mailbox" } else { self.example }),
            (mailboxes, _) => format!("{mailboxes} mailboxes have stopped."),
        };
        let Self { application, since, href, kind, .. } = self;
        let (title, act) = story_of(*kind, application);
        let act = if act.is_empty() { String::new() } else { format!("What to do: {}\n\n", act.join(" ")) };
        let who = kind.who().words();
        let who = if kind.who().is_nobody() {
            "Nobody has to do anything.".to_owned()
        } else {
            format!("Who can do it: {who}.")
        };
        format!("{title}\n\n{what} Since {since}.\nApplication: {application}\n\n{act}{who}\n\n{href}\n")
    }

    /// The text when it is over.
    pub fn solved_body(&self) -> String {
        let Self { application, since, lasted, href, kind, .. } = self;
        let most = match self.mailboxes {
            0 => "No mailbox had stopped.".to_owned(),
            1 => "1 mailbox had stopped. It works again, was paused or deleted, or has another problem.".to_owned(),
            mailboxes => format!(
                "{mailboxes} mailboxes had stopped. Each works again, was paused or deleted, or has another problem."
            ),
        };
        let most = if kind.status().is_none() { String::new() } else { format!("{most} ") };
        format!(
            "{}: {application}. It is over.\n\n{most}It began {since} and lasted {lasted}.\n\n{href}\n",
            kind.label()
        )
    }
}

/// What happened to `application`, and what to do, one sentence each.
pub fn story_of(kind: ProblemKind, application: &str) -> (String, Vec<String>) {
    let facts = Facts { application: Some(application.to_owned()), ..Facts::default() };
    match kind {
        ProblemKind::Failing(cause) => {
            let article = articles::find(None, cause).fill(&facts);
            let act = if article.link == LinkKind::Nothing && cause.is_transient() { Vec::new() } else { article.act };
            (article.title, act)
        }
        ProblemKind::ScopeTooWide => (
            format!("{application} opens a mailbox that it must not open"),
            vec!["Limit it in Exchange: its scope check names the mailbox and has the script.".to_owned()],
        ),
        ProblemKind::ScopeTooNarrow => (
            format!("{application} does not open a mailbox that it must open"),
            vec!["Add the mailbox to the limit in Exchange: the scope check names it.".to_owned()],
        ),
        ProblemKind::SignInPending => ("A person has not signed in yet".to_owned(), Vec::new()),
    }
}

/// What is told before a credential ends.
#[derive(Clone, Copy, Debug)]
pub struct EndingWords<'a> {
    /// The application.
    pub application: &'a str,
    /// Which of its credentials.
    pub credential: &'a str,
    /// How far away the end is, to go on after a verb; empty if it has ended.
    pub in_days: &'a str,
    /// The day.
    pub day: &'a str,
    /// How many mailboxes stop then.
    pub mailboxes: i64,
    /// Where the new one is added.
    pub href: &'a str,
}

impl EndingWords<'_> {
    /// One line.
    pub fn subject(&self) -> String {
        let Self { application, credential, .. } = self;
        format!("{MARK} {application}: {credential} {}, {}", self.ends(), self.stops())
    }

    fn ends(&self) -> String {
        if self.in_days.is_empty() {
            format!("ended {}", self.day)
        } else {
            format!("ends {} ({})", self.in_days, self.day)
        }
    }

    fn stops(&self) -> String {
        match self.mailboxes {
            0 => "no mailbox uses it".to_owned(),
            1 => "1 mailbox".to_owned(),
            mailboxes => format!("{mailboxes} mailboxes"),
        }
    }

    /// The text.
    pub fn body(&self) -> String {
        let Self { application, credential, href, .. } = self;
        let stops = match (self.mailboxes, self.in_days.is_empty()) {
            (0, _) => "No mailbox uses this application.".to_owned(),
            (1, true) => "1 mailbox uses this application.".to_owned(),
            (mailboxes, true) => format!("{mailboxes} mailboxes use this application."),
            (1, false) => "1 mailbox stops then.".to_owned(),
            (mailboxes, false) => format!("{mailboxes} mailboxes stop then."),
        };
        let by = if self.in_days.is_empty() { "" } else { " before that day" };
        format!(
            "The {credential} of {application} {}. {stops}\n\n\
             What to do: make a new one in Entra and add it in Postkey{by}. Postkey tests it before it is used, and \
             the old one stays until you retire it.\n\n\
             Who can do it: an owner of the application, Application Administrator or Cloud Application Administrator.\n\n\
             {href}\n",
            self.ends()
        )
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::Cause;
    use super::*;

    fn words(kind: ProblemKind, mailboxes: i64) -> ProblemWords<'static> {
        ProblemWords {
            kind,
            application: "Contoso Mail",
            mailboxes,
            tokens: 1,
            threatened: 0,
            stops: "",
            example: "support@contoso.example",
            since: "23 Nov 2026, 09:14",
            lasted: "22 min",
            href: "https://postkey.example/problems/prb_1",
        }
    }

    #[test]
    fn the_line_says_what_where_and_how_much() {
        let expired = ProblemKind::Failing(Cause::SecretExpired);
        assert_eq!(words(expired, 12).opened(), "[Postkey] Secret expired: Contoso Mail, 12 mailboxes");
        assert_eq!(words(expired, 1).opened(), "[Postkey] Secret expired: Contoso Mail, support@contoso.example");
        assert_eq!(words(expired, 0).opened(), "[Postkey] Secret expired: Contoso Mail, mail still goes on");
        let coming = ProblemWords { threatened: 141, stops: "14:05", ..words(expired, 0) };
        assert_eq!(coming.opened(), "[Postkey] Secret expired: Contoso Mail, 141 mailboxes stop at 14:05");
        assert_eq!(words(expired, 14).grew(), "[Postkey] Secret expired: Contoso Mail, now 14 mailboxes");
        assert_eq!(words(expired, 12).solved(), "[Postkey] Solved after 22 min: Secret expired: Contoso Mail");
        let wide = words(ProblemKind::ScopeTooWide, 0).opened();
        assert_eq!(
            wide,
            "[Postkey] Opens too much: Contoso Mail, it opens support@contoso.example, which it must not open"
        );
    }

    #[test]
    fn the_text_says_why_what_to_do_who_and_where() {
        for kind in Cause::ALL.iter().copied().map(ProblemKind::Failing).chain(ProblemKind::PLAIN.iter().copied()) {
            let body = words(kind, 12).body();
            assert!(body.contains("https://postkey.example/problems/prb_1"), "{body}");
            assert!(body.contains("Since 23 Nov 2026, 09:14."), "{body}");
            assert!(body.contains("Who can do it: ") || body.contains("Nobody has to do anything."), "{body}");
            assert!(!body.contains(['{', '}']), "{body}");
        }
    }

    #[test]
    fn a_warning_names_the_day_and_what_stops() {
        let ending = EndingWords {
            application: "Contoso Mail",
            credential: "secret …Q4a",
            in_days: "in 14 days",
            day: "14 Mar 2027",
            mailboxes: 12,
            href: "https://postkey.example/expiry",
        };
        assert_eq!(ending.subject(), "[Postkey] Contoso Mail: secret …Q4a ends in 14 days (14 Mar 2027), 12 mailboxes");
        assert!(
            ending
                .body()
                .starts_with("The secret …Q4a of Contoso Mail ends in 14 days (14 Mar 2027). 12 mailboxes stop then.")
        );
        assert!(EndingWords { in_days: "", ..ending }.subject().contains("ended 14 Mar 2027"));
    }
}
