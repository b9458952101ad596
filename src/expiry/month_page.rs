//! `GET /expiry?view=month&month=2026-03`: a month as a table. Every entry leads to its place in the list.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;

use crate::app::App;
use crate::error::{AppError, Result};
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::{Page, Shell, Tab};

use super::Item;
use super::item::day_of;
use super::month;

/// Entries of one day that are named; the rest is a number.
const NAMED: usize = 3;

#[derive(Template)]
#[template(path = "expiry/month.html")]
struct Month {
    shell: Shell,
    tabs: Vec<Tab>,
    title: String,
    caption: String,
    weeks: Vec<Vec<Option<Day>>>,
    before: Option<Leaf>,
    after: Option<Leaf>,
    today: Option<Leaf>,
}

/// A link to another month.
struct Leaf {
    href: String,
    label: String,
}

struct Day {
    number: i8,
    is_today: bool,
    entries: Vec<Entry>,
    more: Option<Entry>,
}

/// One thing that ends on the day.
struct Entry {
    href: String,
    family: &'static str,
    icon: &'static str,
    name: String,
    rest: String,
}

/// The month that the address names, with the items in it.
pub(super) fn show(app: &App, me: &SignedIn, items: &[Item], asked: &str, tabs: Vec<Tab>) -> Result<Response> {
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let today = day_of(now, zone).ok_or_else(|| AppError::internal(anyhow::anyhow!("today is no date")))?;
    let month = month::parse(asked, today)?;
    let mut by_day: BTreeMap<Date, Vec<&Item>> = BTreeMap::new();
    for item in items {
        if let Some(day) = item.day(zone) {
            by_day.entry(day).or_default().push(item);
        }
    }
    let (before, after) = month::neighbours(month, today, by_day.keys().copied());
    let count = by_day.range(month..=month.last_of_month()).map(|(_, items)| items.len()).sum();
    let day = |day: Date| {
        let of = by_day.get(&day).map(Vec::as_slice).unwrap_or_default();
        let more = of.get(NAMED).map(|first| rest(first, of.len() - NAMED));
        let entries = of.iter().take(NAMED).map(|item| entry(app, item, day)).collect();
        Day { number: day.day(), is_today: day == today, entries, more }
    };
    let page = Month {
        shell: me.shell(app, Section::Expiry),
        tabs,
        title: named(month),
        caption: counted(count),
        weeks: month::weeks(month).into_iter().map(|week| week.map(|place| place.map(day)).into()).collect(),
        before: before.map(leaf),
        after: after.map(leaf),
        today: (month != today.first_of_month()).then(|| Leaf { label: "This month".to_owned(), ..leaf(today) }),
    };
    Ok(Page::new(page).into_response())
}

fn named(month: Date) -> String {
    month.strftime("%B %Y").to_string()
}

fn counted(count: usize) -> String {
    match count {
        0 => "Nothing ends in this month".to_owned(),
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

fn leaf(month: Date) -> Leaf {
    Leaf { href: format!("/expiry?view=month&month={}", month::value(month)), label: named(month) }
}

fn href(item: &Item) -> String {
    format!("/expiry?days=all#{}", item.key())
}

fn entry(app: &App, item: &Item, day: Date) -> Entry {
    let badge = item.badge(app.clock.now());
    let day = day.strftime("%-d %B");
    Entry {
        href: href(item),
        family: badge.family,
        icon: badge.icon,
        name: item.name().to_owned(),
        rest: format!(", {}, {day}: {}, stops {}", item.part(), badge.label, item.stops_words()),
    }
}

fn rest(first: &Item, count: usize) -> Entry {
    Entry { href: href(first), family: "idle", icon: "plus", name: format!("{count} more"), rest: String::new() }
}
