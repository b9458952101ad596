//! Which mailboxes there are, and what is the matter with each. No I/O.

use postkey::mailboxes::Access;

use crate::addresses::{longest, ordinary as ordinary_name};

/// Applications by name. [`crate::estate`] adds those that are not in the simulator's sample estate.
pub(crate) mod app {
    pub(crate) const MAIL: &str = "Contoso Mail";
    pub(crate) const ARCHIVE: &str = "Contoso Archive";
    pub(crate) const INTRANET: &str = "Contoso Intranet";
    pub(crate) const WAREHOUSE: &str = "Contoso Warehouse";
    pub(crate) const VAULT: &str = "Contoso Vault";
    pub(crate) const READER: &str = "Contoso Reader";
    pub(crate) const DESK: &str = "Contoso Support Desk";
    pub(crate) const INVOICES: &str = "Contoso Invoices";
    pub(crate) const RETIRED: &str = "Contoso Retired";
    pub(crate) const FABRIKAM: &str = "Fabrikam Mail";
    /// Healthy, but its secret ends soon.
    pub(crate) const PAYROLL: &str = "Contoso Payroll";
    /// Postkey has a wrong secret of it.
    pub(crate) const NEWSLETTER: &str = "Contoso Newsletter";
    /// Postkey's sealed secret of it was tampered with.
    pub(crate) const RESTORED: &str = "Contoso Restored";
    /// Nobody at Microsoft knows it.
    pub(crate) const LOBBY: &str = "Contoso Lobby";
    /// Nobody at Microsoft knows its tenant.
    pub(crate) const ABROAD: &str = "Contoso Abroad";
    /// People sign in to it and consent for themselves.
    pub(crate) const SIGN_IN: &str = "Contoso Sign-in";
    /// People sign in to it, and only an administrator may consent.
    pub(crate) const APPROVAL: &str = "Contoso Approval";
}

/// What goes wrong at the simulated Microsoft while a mailbox is checked, and no longer afterwards.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// Too many requests.
    Throttled,
    /// A gateway answers.
    Down,
    /// The token is not taken.
    TokenRefused,
    /// A refusal that Postkey has no article for.
    New,
    /// The clocks differ too much for a certificate's signature.
    Clock,
}

/// What came of signing in with Microsoft for a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Story {
    /// The right person signed in.
    Connected,
    /// The same, and then an administrator of the tenant ended all of the person's sessions.
    Revoked,
    /// A link was made and not used yet.
    Link,
    /// A link was made, and somebody else signed in by it.
    WrongAccount,
    /// The person pressed Cancel.
    Declined,
    /// A rule of the tenant stopped it.
    Blocked,
    /// Only an administrator may allow it.
    NeedsAdministrator,
}

/// What has happened to a mailbox.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It was checked.
    Checked,
    /// It was checked, and a test message was sent.
    Tested,
    /// It was checked while something was wrong.
    Troubled(Trouble),
    /// It was checked so long ago that the result proves nothing.
    Stale,
    /// It was not checked.
    New,
    /// It was checked and then paused.
    Paused,
    /// It was checked and then put into the bin.
    Deleted,
    /// It is opened on behalf of a user.
    SignIn(Story),
}

impl Fate {
    /// Whether more mailboxes are made after this one. What a person granted is for one mailbox only.
    pub(crate) fn is_copied(self) -> bool {
        !matches!(self, Self::Deleted | Self::SignIn(_))
    }
}

/// A mailbox of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its address.
    pub(crate) address: String,
    /// What people call it; may be empty.
    pub(crate) name: &'static str,
    /// The application that opens it.
    pub(crate) application: &'static str,
    /// Who signs in for it, if another than the mailbox itself; else empty.
    pub(crate) person: &'static str,
    /// What has happened to it.
    pub(crate) fate: Fate,
}

impl Row {
    /// How Postkey opens it.
    pub(crate) fn access(&self) -> Access {
        match self.fate {
            Fate::SignIn(_) => Access::OnBehalfOfUser {
                person: Some(self.person).filter(|person| !person.is_empty()).map(str::to_owned),
            },
            _ => Access::WithoutUser,
        }
    }
}

/// All mailboxes.
pub(crate) struct Plan {
    /// Those that are really checked: at most [`MOST_CHECKED`], and the bin.
    pub(crate) rows: Vec<Row>,
    /// How many more there are, copied from the checked ones.
    pub(crate) copies: usize,
}

/// Most mailboxes that are really checked at the start; more are copied from them.
const MOST_CHECKED: usize = 200;

const CONTOSO: &str = "contoso.example";
const FABRIKAM_DOMAIN: &str = "fabrikam.example";

/// The default outbound mailbox.
pub(crate) const DEFAULT: &str = "support@contoso.example";

type Telling = (&'static str, &'static str, &'static str, Fate);

/// One for everything that can be the matter. The part before the `@` in contoso.example, name, application, fate.
const TELLING: [Telling; 32] = [
    ("support", "Customer support", app::MAIL, Fate::Tested),
    ("archive", "Archive", app::ARCHIVE, Fate::Checked),
    ("intranet", "Intranet", app::INTRANET, Fate::Checked),
    ("warehouse", "", app::WAREHOUSE, Fate::Checked),
    ("vault", "", app::VAULT, Fate::Troubled(Trouble::Clock)),
    ("keys", "", app::VAULT, Fate::Checked),
    ("reader", "Read only", app::READER, Fate::Checked),
    ("front-desk", "Front desk", app::DESK, Fate::Checked),
    ("billing", "Billing", app::INVOICES, Fate::Checked),
    ("ceo", "Chief executive", app::INVOICES, Fate::Checked),
    ("retired", "", app::RETIRED, Fate::Checked),
    ("payroll", "Payroll", app::PAYROLL, Fate::Checked),
    ("newsletter", "Newsletter", app::NEWSLETTER, Fate::Checked),
    ("restored", "", app::RESTORED, Fate::Checked),
    ("lobby", "", app::LOBBY, Fate::Checked),
    ("abroad", "", app::ABROAD, Fate::Checked),
    ("fax", "Fax", app::MAIL, Fate::Checked),
    ("onprem", "Old mail server", app::MAIL, Fate::Checked),
    ("everyone", "Everyone (a list)", app::MAIL, Fate::Checked),
    ("misspelt.nobody", "", app::MAIL, Fate::Checked),
    ("promotions", "Promotions", app::MAIL, Fate::Troubled(Trouble::Throttled)),
    ("surveys", "Surveys", app::MAIL, Fate::Troubled(Trouble::Down)),
    ("partners", "Partners", app::MAIL, Fate::Troubled(Trouble::TokenRefused)),
    ("labs", "Labs", app::MAIL, Fate::Troubled(Trouble::New)),
    ("night-shift", "Night shift", app::MAIL, Fate::Stale),
    ("reception", "Reception", app::MAIL, Fate::New),
    ("summer-camp", "Summer camp", app::MAIL, Fate::Paused),
    ("sales", "Sales", app::MAIL, Fate::Tested),
    ("riyadh", "خدمة العملاء – الرياض", app::MAIL, Fate::Checked),
    ("athens", "Εξυπηρέτηση πελατών, Αθήνα", app::MAIL, Fate::Checked),
    ("deliveries", "🚚 Deliveries 📦", app::MAIL, Fate::Tested),
    ("osaka", "大阪カスタマーサポート", app::MAIL, Fate::Checked),
];

/// One for everything that can come of a sign-in; beside the mailbox the person who signs in, if it is another.
const SIGN_INS: [(&str, &str, &str, &str, Story); 8] = [
    ("olga", "Olga Petrova", "", app::SIGN_IN, Story::Connected),
    ("shared", "Reception desk", "olga@contoso.example", app::SIGN_IN, Story::Connected),
    ("careers", "Careers", "", app::SIGN_IN, Story::Revoked),
    ("press", "Press", "", app::SIGN_IN, Story::Link),
    ("fairs", "Fairs", "", app::SIGN_IN, Story::WrongAccount),
    ("complaints", "Complaints", "", app::SIGN_IN, Story::Declined),
    ("karl", "Karl Brandt", "", app::SIGN_IN, Story::Blocked),
    ("legal", "Legal", "", app::APPROVAL, Story::NeedsAdministrator),
];

/// In the bin.
const BIN: [&str; 3] = ["fair-2019", "old-newsletter", "interns"];

/// Addresses that nobody has at the simulated Microsoft, so that checking them says so.
pub(crate) const NOBODY: [&str; 1] = ["misspelt.nobody@contoso.example"];

/// What the ordinary mailboxes are like, in parts of a hundred.
const ORDINARY: [(usize, &str, Fate); 9] = [
    (72, app::MAIL, Fate::Checked),
    (82, app::FABRIKAM, Fate::Checked),
    (88, app::PAYROLL, Fate::Checked),
    (92, app::ARCHIVE, Fate::Checked),
    (94, app::READER, Fate::Checked),
    (95, app::INVOICES, Fate::Checked),
    (97, app::MAIL, Fate::Paused),
    (98, app::MAIL, Fate::New),
    (100, app::MAIL, Fate::Stale),
];

impl Plan {
    /// A plan for this many living mailboxes; a few in the bin come on top. None at all for 0.
    pub(crate) fn new(mailboxes: usize) -> Self {
        if mailboxes == 0 {
            return Self { rows: Vec::new(), copies: 0 };
        }
        let telling = TELLING.into_iter().map(|(local, name, application, fate)| Row {
            address: at(local, CONTOSO),
            name,
            application,
            person: "",
            fate,
        });
        let sign_ins = SIGN_INS.into_iter().map(|(local, name, person, application, story)| Row {
            address: at(local, CONTOSO),
            name,
            application,
            person,
            fate: Fate::SignIn(story),
        });
        let long = Row { address: longest(), name: "", application: app::MAIL, person: "", fate: Fate::Checked };
        let ordinary = (0..).map(ordinary);
        let living = telling.chain([long]).chain(sign_ins).chain(ordinary).take(mailboxes.min(MOST_CHECKED));
        let bin = BIN.into_iter().map(|local| Row {
            address: at(local, CONTOSO),
            name: "",
            application: app::MAIL,
            person: "",
            fate: Fate::Deleted,
        });
        Self { rows: living.chain(bin).collect(), copies: mailboxes.saturating_sub(MOST_CHECKED) }
    }

    /// How many mailboxes there will be, without the bin.
    pub(crate) fn living(&self) -> usize {
        self.rows.iter().filter(|row| row.fate != Fate::Deleted).count() + self.copies
    }

    /// The address of a copy, in the domain of its model.
    pub(crate) fn copy_address(&self, number: usize, model: &str) -> String {
        let domain = model.rsplit_once('@').map_or(CONTOSO, |(_, domain)| domain);
        at(&ordinary_name(MOST_CHECKED + number), domain)
    }

    /// Addresses that somebody has at the simulated Microsoft. Copies are opened by the applications of their models.
    pub(crate) fn existing(&self) -> impl Iterator<Item = String> {
        let rows = self.rows.iter().map(|row| row.address.clone());
        let models: Vec<&str> =
            self.rows.iter().filter(|row| row.fate.is_copied()).map(|row| row.address.as_str()).collect();
        let copies = (0..self.copies).map(move |number| self.copy_address(number, models[number % models.len()]));
        rows.chain(copies).filter(|address| !NOBODY.contains(&address.as_str()))
    }
}

fn at(local: &str, domain: &str) -> String {
    format!("{local}@{domain}")
}

fn ordinary(number: usize) -> Row {
    // 37 has no factor in common with 100, so that neighbours differ.
    let part = number * 37 % 100;
    let (_, application, fate) = ORDINARY.into_iter().find(|(below, ..)| part < *below).unwrap_or(ORDINARY[0]);
    let domain = if application == app::FABRIKAM { FABRIKAM_DOMAIN } else { CONTOSO };
    Row { address: at(&ordinary_name(number), domain), name: "", application, person: "", fate }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_as_many_as_were_asked_for_and_all_differ() {
        for wanted in [1, 33, 200, 5_000] {
            let plan = Plan::new(wanted);
            assert_eq!(plan.living(), wanted);
            let mut all: Vec<String> = plan.rows.iter().map(|row| row.address.clone()).collect();
            all.extend((0..plan.copies).map(|number| plan.copy_address(number, DEFAULT)));
            let distinct: BTreeSet<&String> = all.iter().collect();
            assert_eq!(distinct.len(), all.len());
        }
        assert!(Plan::new(0).rows.is_empty());
    }
}
