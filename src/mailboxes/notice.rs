//! What a mailbox page says of a status that no failed check explains. No I/O.

use crate::app::App;
use crate::applications::Application;
use crate::web::When;
use crate::web::when::date;
use crate::words::{Status, Who};

use super::Mailbox;

/// A status in words.
#[derive(Debug)]
pub struct Notice {
    /// Family of colours.
    pub family: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// What is the matter.
    pub title: String,
    /// What follows from it.
    pub text: String,
    /// Who can do something about it; empty if nobody has to.
    pub who: &'static str,
    /// Whether it is the application that needs a hand.
    pub of_application: bool,
}

impl Notice {
    /// What there is to say of this mailbox now, if anything.
    pub fn of(app: &App, mailbox: &Mailbox, application: &Application) -> Option<Self> {
        let (now, zone) = (app.clock.now(), &app.config.time_zone);
        let status = mailbox.shown(now, application.credential_ends_at).incoming;
        let (title, text, who) = match (status, mailbox.health.checked_at, application.credential_ends_at) {
            (Status::Unknown, Some(checked_at), _) => (
                "The last check is too old to be believed".to_owned(),
                format!("It ended on {}. Check now to know how it is.", When::at(checked_at, now, zone).absolute),
                Who::Operations,
            ),
            (Status::Expiring, _, Some(end)) => (
                format!("The credential of {} ends on {}", application.name, date(end, zone)),
                "Mail stops then. Add a new one before: both work side by side, so nothing stops.".to_owned(),
                Who::ApplicationAdministrator,
            ),
            (Status::Unverified, ..) => (
                "Not checked yet".to_owned(),
                "The mailbox is saved. Microsoft has not been asked about it.".to_owned(),
                Who::Nobody,
            ),
            (Status::SignInPending, ..) => (
                format!("{} has to sign in once", mailbox.signs_in().unwrap_or("A person")),
                "Until then Postkey cannot open the mailbox. Nothing is lost: mail waits in it.".to_owned(),
                Who::MailboxOwner,
            ),
            (Status::Degraded, ..) => (
                "It works, but slowly".to_owned(),
                "Microsoft takes long to answer. Mail is late, not lost.".to_owned(),
                Who::Nobody,
            ),
            _ => return None,
        };
        let (family, icon) = (status.family().class(), status.icon().name());
        let who = if who == Who::Nobody { "" } else { who.words() };
        Some(Self { family, icon, title, text, who, of_application: status == Status::Expiring })
    }
}
