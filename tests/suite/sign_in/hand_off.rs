//! `/s/{code}`: the link for the owner of a mailbox (S-60).

use super::{OLGA, SIGN_IN, come_back, make_link, path_of, rows, save, waiting};
use crate::safety::world::dump;
use crate::support::{Browser, TestApp};

async fn world() -> (TestApp, Browser, String, String) {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = waiting(&app, &browser, SIGN_IN).await;
    let link = make_link(&browser, &mailbox).await;
    (app, browser, mailbox, link)
}

#[tokio::test]
async fn the_page_says_who_asks_for_what_and_until_when() {
    let (app, _, _, link) = world().await;
    let page = app.stranger().get(&link).await;
    assert_eq!(page.status, 200);
    for words in ["Ana Ruiz", "ana@contoso.example", OLGA, "24 Nov 2026", "Sign in with Microsoft"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    assert!(page.body.contains("noindex") && page.header("referrer-policy") == "no-referrer");
    assert!(page.header("content-security-policy").contains(&app.sim.authority()), "its form may lead to Microsoft");
    assert!(!page.text().contains("Log out"), "it is no page of the console");
    app.stop().await;
}

#[tokio::test]
async fn a_hundred_scanners_change_nothing() {
    let (app, _, _, link) = world().await;
    app.sim.clear_requests();
    let before = dump(&app.inside().db, &[]).await;
    let scanner = app.stranger();
    for _ in 0..100 {
        assert_eq!(scanner.get(&link).await.status, 200);
    }
    assert!(dump(&app.inside().db, &[]).await == before);
    assert!(app.sim.requests().is_empty(), "Microsoft was asked");
    let owner = app.stranger();
    let at_microsoft = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    assert_eq!(come_back(&app, &owner, &at_microsoft, OLGA).await.one("h1"), "The mailbox is connected");
    app.stop().await;
}

#[tokio::test]
async fn an_ended_a_withdrawn_and_an_unknown_link_look_the_same() {
    let (app, browser, mailbox, withdrawn) = world().await;
    let sign_in = format!("{mailbox}/sign-in");
    browser.open_and_submit(&sign_in, &format!("{sign_in}/withdraw"), &[]).await.location();
    let ended = make_link(&browser, &mailbox).await;
    app.advance(24 * 60 * 60);
    let stranger = app.stranger();
    let unknown = stranger.get("/s/never-there").await;
    assert_eq!(unknown.status, 404);
    for link in [&withdrawn, &ended] {
        let page = stranger.get(link).await;
        assert_eq!((page.status, page.text()), (unknown.status, unknown.text()));
        assert!(!page.body.contains(OLGA) && page.all("main form").is_empty());
    }
    app.stop().await;
}

#[tokio::test]
async fn a_new_link_ends_the_one_before_it() {
    let (app, browser, mailbox, first) = world().await;
    let second = make_link(&browser, &mailbox).await;
    assert_ne!(first, second);
    let stranger = app.stranger();
    assert_eq!((stranger.get(&first).await.status, stranger.get(&second).await.status), (404, 200));
    app.stop().await;
}

#[tokio::test]
async fn a_link_that_ends_while_somebody_is_at_microsoft_brings_nothing() {
    let (app, browser, mailbox, link) = world().await;
    let owner = app.stranger();
    let at_microsoft = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let sign_in = format!("{mailbox}/sign-in");
    browser.open_and_submit(&sign_in, &format!("{sign_in}/withdraw"), &[]).await.location();
    come_back(&app, &owner, &at_microsoft, OLGA).await;
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    assert_eq!(app.sim.count_grants("authorization_code"), 0);
    app.stop().await;
}

#[tokio::test]
async fn the_link_is_shown_to_those_who_may_make_one_until_it_is_used() {
    let (app, browser, mailbox, link) = world().await;
    let code = link.strip_prefix("/s/").unwrap();
    let stored = dump(&app.inside().db, &[]).await;
    assert!(!stored.contains(code), "only its hash and its seal are stored");
    let page = browser.get(&format!("{mailbox}/sign-in")).await;
    assert!(page.one("#link").ends_with(code) && page.one("#link").starts_with(&app.url));
    let viewer = crate::safety::world::enrol(&app, "vera@contoso.example", postkey::users::Role::Viewer);
    viewer.await;
    let vera = app.stranger();
    vera.sign_in("vera@contoso.example", crate::support::app::PASSWORD).await.expect_redirect("/");
    let page = vera.get(&format!("{mailbox}/sign-in")).await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains(code) && page.all("main form").is_empty());
    app.stop().await;
}

#[tokio::test]
async fn save_with_a_link_leads_to_the_link_and_the_mailbox_waits() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let typed = [("address", OLGA), ("how", "link"), ("days", "7")];
    let leads = save(&app, &browser, SIGN_IN, &typed).await;
    let mailbox = path_of(&app, OLGA).await;
    leads.expect_redirect(&format!("{mailbox}/sign-in?done=link-made"));
    let page = browser.get(leads.location()).await;
    assert!(page.text().contains("30 Nov 2026"), "seven days: {}", page.text());
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Waiting for sign-in");
    let list = browser.get("/mailboxes?status=action").await;
    assert!(list.text().contains(OLGA), "it needs a person");
    app.stop().await;
}

#[tokio::test]
async fn two_tabs_of_one_link_both_end_well() {
    let (app, _, _, link) = world().await;
    let owner = app.stranger();
    let first = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let second = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    for at_microsoft in [second, first] {
        assert_eq!(come_back(&app, &owner, &at_microsoft, OLGA).await.one("h1"), "The mailbox is connected");
    }
    app.stop().await;
}
