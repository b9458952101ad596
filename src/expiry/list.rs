//! The list by month, as the page shows it. No I/O.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::applications::Kind;
use crate::applications::standing::Standing;
use crate::clock::UnixTime;
use crate::users::{Role, SignedIn};
use crate::web::When;

use super::Item;
use super::item::{Standpoint, What, day_of};

/// What ends in the same month, or what belongs together otherwise.
pub struct Group {
    /// Its headline.
    pub title: String,
    /// What ends, in order.
    pub rows: Vec<RowView>,
}

/// One row.
pub struct RowView {
    /// Its place on the page.
    pub key: String,
    /// The application or mailbox.
    pub name: String,
    /// Where that is.
    pub href: String,
    /// What of it ends.
    pub part: String,
    /// The day with its weekday, and the exact moment.
    pub day: Option<(String, When)>,
    /// How it stands.
    pub badge: Standing,
    /// What stops.
    pub stops: String,
    /// Where one mends it, for those who may.
    pub action: Option<Action>,
}

/// A link to where one mends it.
pub struct Action {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: &'static str,
    /// Whether somebody should do it soon.
    pub soon: bool,
}

/// The items in their groups; `items` are in order.
pub fn groups(items: &[Item], me: &SignedIn, now: UnixTime, zone: &TimeZone) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for item in items {
        let (title, row) = (title(item, now, zone), view(item, me, now, zone));
        match groups.last_mut().filter(|group| group.title == title) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { title, rows: vec![row] }),
        }
    }
    groups
}

fn title(item: &Item, now: UnixTime, zone: &TimeZone) -> String {
    let month = |day: Date| day.first_of_month();
    match (item.ends_at, item.day(zone)) {
        (Some(end), _) if end <= now => "Overdue".to_owned(),
        (_, Some(day)) if day_of(now, zone).map(month) == Some(month(day)) => "This month".to_owned(),
        (_, Some(day)) => day.strftime("%B %Y").to_string(),
        (_, None) => "No date".to_owned(),
    }
}

fn view(item: &Item, me: &SignedIn, now: UnixTime, zone: &TimeZone) -> RowView {
    let day = item.day(zone).map(|day| day.strftime("%a %-d %b %Y").to_string());
    RowView {
        key: item.key().to_owned(),
        name: item.name().to_owned(),
        href: match &item.what {
            What::Credential(stored) => format!("/applications/{}", stored.application_id),
            What::SignIn(sign_in) => format!("/mailboxes/{}", sign_in.mailbox_id),
            What::Key(key) if me.may(Role::ApplicationAdministrator) => format!("/keys/{}", key.id),
            What::Key(key) => format!("#{}", key.id),
        },
        part: item.part(),
        day: day.zip(item.ends_at.map(|end| When::at(end, now, zone))),
        badge: item.badge(now),
        stops: item.stops_words(),
        action: action(item, me),
    }
}

fn action(item: &Item, me: &SignedIn) -> Option<Action> {
    let (least, href, label) = match &item.what {
        What::SignIn(sign_in) => {
            (Role::MailboxAdministrator, format!("/mailboxes/{}/sign-in", sign_in.mailbox_id), "Sign in again")
        }
        What::Key(key) => (Role::ApplicationAdministrator, format!("/keys/{}", key.id), "Replace it"),
        What::Credential(stored) => {
            let here = format!("/applications/{}", stored.application_id);
            let (path, label) = match (item.standpoint, stored.kind) {
                (Standpoint::Replaced, _) => (format!("{here}/credentials/{}/retire", stored.id), "Retire it"),
                (Standpoint::Unknown, Kind::Secret) => {
                    (format!("{here}/credentials/{}/end", stored.id), "Enter the date")
                }
                (_, Kind::Secret) => (format!("{here}/secrets/new"), "Add the new secret"),
                (_, Kind::Certificate) => (format!("{here}/certificates/new"), "Add the new certificate"),
            };
            (Role::ApplicationAdministrator, path, label)
        }
    };
    // Of many that last, none should look like something to do.
    let soon = item.standpoint != Standpoint::Lasts;
    me.may(least).then_some(Action { href, label, soon })
}
