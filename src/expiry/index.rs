//! `GET /expiry`, what ends by month or as a calendar, and `GET /expiry.csv`, the same rows for a spreadsheet.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, Tab, When, lists};

use super::feed::{self, FeedView};
use super::item::{Item, What};
use super::list::{self, Group};
use super::month_page;
use super::store;
use super::window::{OFFERED, Window};

/// Unused sign-ins on the page. Beyond, something else is the matter: nothing is renewed any more.
pub(super) const SIGN_INS: i64 = 500;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `month` for the calendar.
    view: String,
    /// The month of the calendar.
    month: String,
    /// How far the list looks ahead.
    days: String,
}

#[derive(Template)]
#[template(path = "expiry/index.html")]
struct Index {
    shell: Shell,
    tabs: Vec<Tab>,
    windows: Vec<Chip>,
    groups: Vec<Group>,
    caption: String,
    /// What is said if there is no row.
    empty: String,
    /// How much lies beyond the window.
    later: String,
    csv: String,
    has_actions: bool,
    has_sign_ins: bool,
    /// Whether something has no date, which no calendar can show.
    has_undated: bool,
    cut_at: Option<i64>,
    feed: FeedView,
}

/// A window to choose.
struct Chip {
    href: String,
    label: String,
    count: String,
    current: bool,
}

/// `GET /expiry`
pub async fn index(State(app): State<App>, me: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let now = app.clock.now();
    let items = store::all(&app.db, now, SIGN_INS).await?;
    if asked.view == "month" {
        return month_page::show(&app, &me, &items, &asked.month, tabs(true));
    }
    let window = Window::parse(&asked.days)?;
    let feed = feed::view(&app, &me).await?;
    Ok(Page::new(page(&app, &me, &items, window, feed)).into_response())
}

fn page(app: &App, me: &SignedIn, items: &[Item], window: Window, feed: FeedView) -> Index {
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let shown: Vec<Item> = items.iter().filter(|item| window.holds(item, now)).cloned().collect();
    let sign_ins = items.iter().filter(|item| matches!(item.what, What::SignIn(_))).count();
    let groups = list::groups(&shown, me, now, zone);
    let mut rows = groups.iter().flat_map(|group| &group.rows);
    Index {
        shell: me.shell(app, Section::Expiry),
        tabs: tabs(false),
        windows: windows(window),
        caption: format!("{}, as of {}", counted(shown.len()), When::at(now, now, zone).absolute),
        empty: empty(items, window),
        later: later(items.len() - shown.len()),
        csv: lists::with("/expiry.csv", &[], "days", &window.value()),
        has_actions: rows.any(|row| row.action.is_some()),
        has_sign_ins: shown.iter().any(|item| matches!(item.what, What::SignIn(_))),
        has_undated: shown.iter().any(|item| item.ends_at.is_none()),
        cut_at: (sign_ins as i64 >= SIGN_INS).then_some(SIGN_INS),
        groups,
        feed,
    }
}

fn tabs(month: bool) -> Vec<Tab> {
    vec![
        Tab { href: "/expiry".to_owned(), label: "List", current: !month },
        Tab { href: "/expiry?view=month".to_owned(), label: "Month", current: month },
    ]
}

fn windows(chosen: Window) -> Vec<Chip> {
    let chip = |window: Window| Chip {
        href: format!("/expiry?days={}", window.value()),
        label: window.label(),
        count: String::new(),
        current: window == chosen,
    };
    OFFERED.map(chip).into()
}

fn counted(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

fn empty(items: &[Item], window: Window) -> String {
    match window {
        Window::Days(365) if !items.is_empty() => "Nothing ends in the next year.".to_owned(),
        Window::Days(days) if !items.is_empty() => format!("Nothing ends in the next {days} days."),
        _ => "Nothing that ends is stored yet. Secrets and certificates of applications appear here.".to_owned(),
    }
}

fn later(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "1 more ends later".to_owned(),
        count => format!("{count} more end later"),
    }
}

const HEAD: [&str; 7] = ["id", "kind", "name", "part", "ends_at", "state", "stops_mailboxes"];

/// `GET /expiry.csv`
pub async fn csv(State(app): State<App>, _me: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let now = app.clock.now();
    let window = Window::parse(&asked.days)?;
    let items = store::all(&app.db, now, i64::MAX).await?;
    lists::csv("expiry.csv", HEAD, items.iter().filter(|item| window.holds(item, now)).map(cells))
}

fn cells(item: &Item) -> [String; 7] {
    [
        item.key().to_owned(),
        item.kind().to_owned(),
        item.name().to_owned(),
        item.part(),
        iso(item.ends_at),
        item.standpoint.value().to_owned(),
        item.stops.to_string(),
    ]
}

fn iso(at: Option<UnixTime>) -> String {
    let stamp = at.and_then(|at| jiff::Timestamp::from_second(at.seconds()).ok());
    stamp.map(|stamp| stamp.to_string()).unwrap_or_default()
}
