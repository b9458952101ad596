//! What a mailbox page says of a status that no failed check explains. No I/O.

use crate::app::App;
use crate::applications::Application;
use crate::web::When;
use crate::web::when::date;
use crate::words::Status;

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
    /// Whether it is the application that needs a hand.
    pub of_application: bool,
}

impl Notice {
    /// What there is to say of this mailbox now, if anything.
    pub fn of(app: &App, mailbox: &Mailbox, application: &Application) -> Option<Self> {
        let (now, zone) = (app.clock.now(), &app.config.time_zone);
        let status = mailbox.shown(now, application.credential_ends_at).incoming;
        let (title, text) = match (status, mailbox.health.checked_at, application.credential_ends_at) {
            (Status::Unknown, Some(checked_at), _) => (
                "The last check is too old to be believed".to_owned(),
                format!("It ended on {}. Check now to know how it is.", When::at(checked_at, now, zone).absolute),
            ),
            (Status::Expiring, _, Some(end)) => (
                format!("The credential of {} ends on {}", application.name, date(end, zone)),
                "Mail stops then. Add a new one before: both work side by side, so nothing stops.".to_owned(),
            ),
            _ => return None,
        };
        let (family, icon) = (status.family().class(), status.icon().name());
        Some(Self { family, icon, title, text, of_application: status == Status::Expiring })
    }
}
