//! From the overview, every link that leads inside is followed.

use std::collections::{BTreeMap, BTreeSet};

use scraper::{Html, Selector};

use super::{Scene, sound};
use crate::mailboxes::{add, add_more};
use crate::source::assert_none;
use crate::support::{Browser, Page, TestApp};

/// More than this, and links multiply.
const MOST: usize = 400;

/// Where the page leads to: links, styles, scripts, pictures, and forms that only ask.
fn targets(page: &Page) -> BTreeSet<String> {
    let html = Html::parse_document(&page.body);
    let kinds =
        [("a[href], link[href]", "href"), ("script[src], img[src]", "src"), ("form:not([method=post])", "action")];
    let mut found = BTreeSet::new();
    for (selector, attribute) in kinds {
        let selector = Selector::parse(selector).unwrap();
        found.extend(html.select(&selector).filter_map(|element| element.value().attr(attribute)).map(str::to_owned));
    }
    let inside = |target: &String| target.starts_with('/') && !target.starts_with("//");
    found.into_iter().map(|target| target.split('#').next().unwrap_or_default().to_owned()).filter(inside).collect()
}

/// Follows every link from `starts`; gives what was wrong, and how many pages there were.
async fn crawl(browser: &Browser, starts: &[&str]) -> (Vec<String>, BTreeMap<String, u16>) {
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, u16> = BTreeMap::new();
    let mut next: Vec<(String, String)> =
        starts.iter().map(|path| ((*path).to_owned(), "the start".to_owned())).collect();
    while let Some((path, from)) = next.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        assert!(seen.len() < MOST, "links multiply: {:?}", seen.keys().rev().take(20).collect::<Vec<_>>());
        let page = browser.get(&path).await;
        seen.insert(path.clone(), page.status);
        if page.status >= 400 {
            wrong.push(format!("{from} leads to {path}, which answers {}", page.status));
        } else if page.status == 303 {
            next.push((page.location().to_owned(), path));
        } else if page.header("content-type").starts_with("text/html") {
            wrong.extend(sound::faults(&path, &page));
            next.extend(targets(&page).into_iter().map(|target| (target, path.clone())));
        }
    }
    (wrong, seen)
}

fn check(wrong: Vec<String>, seen: &BTreeMap<String, u16>, expected: &[&str]) {
    assert_none("pages with faults", wrong);
    let missed = expected.iter().filter(|part| !seen.keys().any(|path| path.contains(**part)));
    assert_none("pages that no link leads to", missed.map(|part| (*part).to_owned()));
}

#[tokio::test]
async fn every_page_is_sound_and_every_link_leads_somewhere() {
    let scene = Scene::new().await;
    crate::problems::look(&scene.app).await;
    let (wrong, seen) = crawl(&scene.ana, &["/", &format!("{}/sheet", scene.application)]).await;
    let expected = [
        "/mailboxes?",
        "/mailboxes.csv",
        "/mailboxes/new",
        "/mailboxes/new?copy=",
        "/checks",
        "/edit",
        "/test-message",
        "/pause",
        "/delete",
        "/applications",
        "/applications.csv",
        "/applications/new",
        "/secrets/new",
        "/certificates/new",
        "/retire",
        "/end",
        "/sheet",
        "/scope-check",
        "/admin-link",
        "/limit.ps1",
        "/problems.csv",
        "/settings/alerts/new?kind=webhook",
        "/tokens/",
        "/tokens.csv",
        "/expiry?days=",
        "/expiry?view=month&month=",
        "/expiry.csv",
        "/keys/new",
        "/api",
        "/explain",
        "/explain/",
        "/static/",
    ];
    check(wrong, &seen, &expected);
    scene.app.stop().await;
}

#[tokio::test]
async fn a_stranger_finds_sound_pages_too() {
    let app = TestApp::start().await;
    let (wrong, seen) = crawl(&app.stranger(), &["/setup", "/", "/explain"]).await;
    check(wrong, &seen, &["/setup", "/login"]);
    app.owner().await;
    let (wrong, seen) = crawl(&app.stranger(), &["/", "/mailboxes"]).await;
    check(wrong, &seen, &["/login"]);
    app.stop().await;
}

#[tokio::test]
async fn whoever_has_a_link_for_administrators_finds_sound_pages() {
    let scene = Scene::new().await;
    let add = format!("{}/certificates/new", scene.application);
    scene.ana.open_and_submit(&add, &add, &[]).await.location();
    let link = crate::admin_link::make(&scene.ana, &scene.application).await;
    let (wrong, seen) = crawl(&scene.app.stranger(), &[&link]).await;
    check(wrong, &seen, &["/limit.ps1", "/certificate.cer", "/static/"]);
    assert!(seen.keys().all(|path| path.starts_with(&link) || path.starts_with("/static/")), "{seen:?}");
    scene.app.stop().await;
}

#[tokio::test]
async fn an_empty_postkey_and_each_cause_have_sound_pages() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let (wrong, seen) = crawl(&ana, &["/", "/mailboxes", "/applications", "/tokens", "/expiry"]).await;
    check(wrong, &seen, &["/mailboxes/new", "/applications/new", "/expiry?view=month"]);
    let samples = [
        "Contoso Intranet",
        "Contoso Warehouse",
        "Contoso Reader",
        "Contoso Invoices",
        "Contoso Retired",
        "Fabrikam Mail",
    ];
    let mut wrong = Vec::new();
    for (number, sample) in samples.into_iter().enumerate() {
        let path = add(&app, &ana, &format!("box{number}@contoso.example"), sample).await;
        wrong.extend(sound::faults(sample, &ana.get(&path).await));
        let application = ana.get(&path).await.href("/applications/app_");
        wrong.extend(sound::faults(sample, &ana.get(&application).await));
    }
    add_more(&ana, "onprem@contoso.example").await;
    wrong.extend(sound::faults("/", &ana.get("/").await));
    assert_none("pages with faults", wrong);
    app.stop().await;
}
