//! What must be true of the HTML of every page.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};

use crate::support::Page;

/// Everything that is wrong with the page at `path`.
pub(crate) fn faults(path: &str, page: &Page) -> Vec<String> {
    let html = Html::parse_document(&page.body);
    let mut wrong = Vec::new();
    // A parser mends what is broken, so what it made is compared with what was sent.
    for name in ["form", "table", "main", "dl", "ol", "ul", "li", "fieldset", "p", "section", "div", "a", "button"] {
        let sent = page
            .body
            .split('<')
            .filter(|tag| tag.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '>'])))
            .count();
        let made = all(&html, name).len();
        if sent != made {
            wrong.push(format!("{sent} <{name}> were sent, a browser makes {made} of them"));
        }
        let closed = page.body.matches(&format!("</{name}>")).count();
        if closed > sent {
            wrong.push(format!("{sent} <{name}> are closed {closed} times"));
        }
    }
    headings(&html, &mut wrong);
    let ids = identifiers(&html, &mut wrong);
    references(&html, &ids, &mut wrong);
    labels(&html, &ids, &mut wrong);
    small_things(&html, &mut wrong);
    wrong.into_iter().map(|fault| format!("{path}: {fault}")).collect()
}

fn all<'h>(html: &'h Html, selector: &str) -> Vec<ElementRef<'h>> {
    html.select(&Selector::parse(selector).unwrap()).collect()
}

fn inside<'h>(element: &ElementRef<'h>, selector: &str) -> Vec<ElementRef<'h>> {
    element.select(&Selector::parse(selector).unwrap()).collect()
}

fn words(element: &ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn headings(html: &Html, wrong: &mut Vec<String>) {
    let titles: Vec<String> = all(html, "head title").iter().map(words).collect();
    let well =
        matches!(&titles[..], [one] if one.strip_suffix(" – Postkey").is_some_and(|name| !name.trim().is_empty()));
    if !well {
        wrong.push(format!("the title is {titles:?}"));
    }
    let firsts: Vec<String> = all(html, "h1").iter().map(words).collect();
    if firsts.len() != 1 || firsts[0].is_empty() {
        wrong.push(format!("h1 is {firsts:?}"));
    }
    if all(html, "main#main[tabindex='-1']").len() != 1 || all(html, "html[lang=en]").len() != 1 {
        wrong.push("no main, or no language".to_owned());
    }
    let mut before = 1;
    for heading in all(html, "main h1, main h2, main h3, main h4, main h5, main h6") {
        let level: u32 = heading.value().name()[1..].parse().unwrap();
        if level > before + 1 {
            wrong.push(format!("h{level} “{}” after h{before}", words(&heading)));
        }
        before = level;
    }
}

fn identifiers(html: &Html, wrong: &mut Vec<String>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for element in all(html, "[id]") {
        let id = element.value().id().unwrap_or_default().to_owned();
        if id.is_empty() || id.contains(char::is_whitespace) || !ids.insert(id.clone()) {
            wrong.push(format!("the id {id:?} is empty, spaced or there twice"));
        }
    }
    ids
}

fn references(html: &Html, ids: &BTreeSet<String>, wrong: &mut Vec<String>) {
    for name in ["for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form"] {
        for element in all(html, &format!("[{name}]")) {
            let named = element.value().attr(name).unwrap_or_default().split_whitespace();
            wrong.extend(
                named.filter(|id| !ids.contains(*id)).map(|id| format!("{name} names {id}, which is not there")),
            );
        }
    }
    for link in all(html, "a[href^='#']") {
        let target = &link.value().attr("href").unwrap_or_default()[1..];
        if !ids.contains(target) {
            wrong.push(format!("a link leads to #{target}, which is not there"));
        }
    }
}

fn labels(html: &Html, ids: &BTreeSet<String>, wrong: &mut Vec<String>) {
    const FIELDS: &str = "input:not([type=hidden]):not([type=submit]), select, textarea";
    let named: BTreeSet<&str> = all(html, "label[for]").iter().filter_map(|label| label.value().attr("for")).collect();
    let wrapped: BTreeSet<_> =
        all(html, "label").iter().flat_map(|label| inside(label, FIELDS)).map(|field| field.id()).collect();
    for label in all(html, "label:not([for])") {
        if inside(&label, FIELDS).len() != 1 {
            wrong.push(format!("the label “{}” has no control", words(&label)));
        }
    }
    for field in all(html, FIELDS) {
        let value = field.value();
        let by_name = value.id().is_some_and(|id| named.contains(id) && ids.contains(id));
        let by_aria = value.attr("aria-label").or(value.attr("aria-labelledby")).is_some();
        if !by_name && !by_aria && !wrapped.contains(&field.id()) {
            wrong.push(format!("the field {:?} has no label", value.attr("name")));
        }
    }
    for control in all(html, "button, a[href], summary") {
        let named = control.value().attr("aria-label").is_some_and(|label| !label.is_empty());
        if words(&control).is_empty() && !named {
            wrong.push(format!("nothing says what this does: {}", control.html()));
        }
    }
}

fn small_things(html: &Html, wrong: &mut Vec<String>) {
    let stray = [
        ("time:not([datetime]), time[datetime='']", "a time without its datetime"),
        ("svg:not([aria-hidden=true], [role=img][aria-labelledby])", "an svg that is read out without a name"),
        ("svg[role=img]:not(main:has(details table) *)", "a picture without a table beside it"),
        ("img:not([alt])", "an image without a text"),
        ("th:not([scope])", "a table head without a scope"),
        ("[style], style", "a style of its own"),
        ("a[target]:not([rel='noopener noreferrer'])", "a link that opens a tab which can look back"),
        ("table:not(:has(caption))", "a table without a caption"),
    ];
    for (selector, fault) in stray {
        wrong.extend(all(html, selector).iter().map(|element| format!("{fault}: {}", element.html())));
    }
    for link in all(html, "a[target]") {
        if !words(&link).ends_with("(new tab)") {
            wrong.push(format!("nobody says that this opens a tab: {}", link.html()));
        }
    }
    for form in all(html, "form") {
        let posts = form.value().attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let keys = inside(&form, "input[type=hidden][name=_csrf]").len();
        if keys != usize::from(posts) {
            wrong.push(format!("the form to {:?} has {keys} keys", form.value().attr("action")));
        }
    }
}
