//! `GET /expiry/feed/{code}.ics`: what ends, for calendars, which have no account. It holds names, days and numbers, nothing secret:
//! not even the last characters of a secret, which only tell people with an account which one is meant.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property, Trigger};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::App;
use crate::applications::Kind;
use crate::chance::hash_of;
use crate::error::{AppError, Result};
use crate::web::csrf::FormKey;
use crate::web::link::no_link;

use super::Item;
use super::index::SIGN_INS;
use super::item::{Standpoint, What};
use super::{feed_store, store};

/// How often a calendar should look again.
const EVERY: &str = "PT6H";
/// Days before the end on which a calendar reminds.
const REMINDERS: [i64; 5] = [30, 14, 7, 3, 1];

/// `GET /expiry/feed/{code}.ics`
pub async fn feed(State(app): State<App>, key: FormKey, Path(file): Path<String>) -> Result<Response> {
    let code = file.strip_suffix(".ics").unwrap_or_default();
    if !feed_store::knows(&app.db, &hash_of(code)).await? {
        return Ok(no_link(&app, &key));
    }
    let items = store::all(&app.db, app.clock.now(), SIGN_INS).await?;
    let text = calendar(&app, &items)?;
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response())
}

fn calendar(app: &App, items: &[Item]) -> Result<String> {
    let mut calendar = Calendar::empty();
    let name = match app.config.organisation.as_str() {
        "" => "Postkey expiry".to_owned(),
        organisation => format!("Postkey expiry · {organisation}"),
    };
    for (key, value) in [("VERSION", "2.0"), ("PRODID", "-//Postkey//Expiry//EN"), ("METHOD", "PUBLISH")] {
        calendar.append_property((key, value));
    }
    calendar.name(&plain(&name)).append_property(("X-PUBLISHED-TTL", EVERY));
    calendar.append_property(Property::new("REFRESH-INTERVAL", EVERY).add_parameter("VALUE", "DURATION").done());
    let now = Timestamp::from_second(app.clock.now().seconds()).map_err(AppError::internal)?;
    let stamp = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    // What another takes over needs nobody, and a calendar cannot show what has no day.
    for item in items.iter().filter(|item| item.standpoint != Standpoint::Replaced) {
        if let Some(day) = item.day(&app.config.time_zone) {
            calendar.push(event(app, item, day, &stamp));
        }
    }
    Ok(calendar.to_string())
}

fn event(app: &App, item: &Item, day: Date, stamp: &str) -> Event {
    let public = app.config.public_url.as_str().trim_end_matches('/');
    let host = app.config.public_url.host_str().unwrap_or("postkey");
    let page = format!("{public}/expiry?days=all#{}", item.key());
    let title = plain(&title(item));
    let mut event = Event::new();
    let uid = |part: &str| format!("{}{part}@{host}", item.key());
    event.uid(&uid("")).summary(&title).description(&plain(&text(item, &page)));
    event.add_property("DTSTAMP", stamp).add_property("TRANSP", "TRANSPARENT").url(&page);
    event.append_property(on("DTSTART", day));
    event.append_property(on("DTEND", day.tomorrow().unwrap_or(day)));
    for days in REMINDERS {
        let mut alarm = Alarm::display(&title, Trigger::before_start(TimeDelta::days(days)));
        // The crate writes the trigger in seconds, which summer time moves; and what has no name and no time gets new ones
        // each time it is read.
        alarm.add_property("TRIGGER", format!("-P{days}D")).add_property("DTSTAMP", stamp);
        event.alarm(alarm.uid(&uid(&format!("-{days}"))).done());
    }
    event.done()
}

fn on(key: &str, day: Date) -> Property {
    Property::new(key, day.strftime("%Y%m%d").to_string()).add_parameter("VALUE", "DATE").done()
}

fn title(item: &Item) -> String {
    let what = match &item.what {
        What::Credential(stored) if stored.kind == Kind::Certificate => "Certificate ends",
        What::Credential(_) => "Secret ends",
        What::SignIn(_) => "Unused sign-in ends",
        What::Key(_) => "API key ends",
    };
    format!("{what}: {}", item.name())
}

fn text(item: &Item, page: &str) -> String {
    let words = match (&item.what, item.stops) {
        (What::SignIn(_), _) => {
            "Microsoft ends a sign-in that nothing has used for 90 days. A check renews it.".to_owned()
        }
        (What::Key(_), _) => "The workers that use it get no tokens from then on. Replace it before.".to_owned(),
        (_, 0) => "No mailbox uses it.".to_owned(),
        (_, 1) => "1 mailbox stops then, unless a new one is added in Postkey before.".to_owned(),
        (_, count) => format!("{count} mailboxes stop then, unless a new one is added in Postkey before."),
    };
    format!("{words} {page}")
}

/// Without line ends and other control characters, which would begin a line of their own in the file.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
