//! `/sign-in/{sign_in}`: how each sign-in ends for the owner of a mailbox, who has no account here, and for whoever helps.

use postkey_simulator::{Failure, Fault, Page, Place};

use super::{JAN, OLGA, SIGN_IN, begin, come_back, land, make_link, parameter, path_of, results, rows, save, waiting};
use crate::support::{Browser, Page as Shown, TestApp};

/// Presses the button of a link.
async fn press(browser: &Browser, link: &str) -> String {
    browser.open_and_submit(link, link, &[]).await.location().to_owned()
}

async fn world(sample: &str) -> (TestApp, Browser, String, String) {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = waiting(&app, &browser, sample).await;
    let link = make_link(&browser, &mailbox).await;
    (app, browser, mailbox, link)
}

/// Nothing on a page for owners needs explaining by somebody else.
fn for_people(page: &Shown) {
    assert_eq!(page.status, 200, "{}", page.text());
    for word in ["AADSTS", "mb_", "app_", "usr_", "invalid_", "_denied", "correlation", "Trace"] {
        assert!(!page.text().contains(word), "{word}: {}", page.text());
    }
    assert_eq!(page.all("h1").len(), 1);
    assert!(page.all("main form").len() <= 1, "one next step");
}

#[tokio::test]
async fn success_names_the_mailbox_and_uses_the_link_up() {
    let (app, _, mailbox, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    let page = come_back(&app, &owner, &press(&owner, &link).await, OLGA).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "The mailbox is connected");
    assert!(page.text().contains(OLGA) && page.all("main form").is_empty());
    let again = owner.get(&link).await;
    assert_eq!((again.status, again.one("h1").as_str()), (404, "This mailbox is already connected"));
    assert!(again.text().contains("olga@contoso.example signed in on"));
    let seen = app.owner().await.get(&mailbox).await;
    assert_eq!(seen.all(".kv dd")[..2], ["Connected", "Ready"]);
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_account_is_dropped_told_and_mended_with_one_button() {
    let (app, browser, mailbox, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    let page = come_back(&app, &owner, &press(&owner, &link).await, JAN).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "You signed in with a different account");
    assert_eq!(page.all(".kv dd"), [OLGA, JAN]);
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    let again = page.actions()[0].clone();
    let at_microsoft = owner.submit(&page, &again, &[]).await.location().to_owned();
    assert_eq!(parameter(&at_microsoft, "prompt"), "select_account");
    assert!(!at_microsoft.contains("login_hint"), "the chooser takes no hint");
    let page = come_back(&app, &owner, &at_microsoft, OLGA).await;
    assert_eq!(page.one("h1"), "The mailbox is connected");
    assert_eq!(results(&app).await, ["wrong_account", "connected"]);
    let tries = browser.get(&format!("{mailbox}/sign-in")).await;
    assert!(tries.one("#tries").contains("Wrong account") && tries.one("#tries").contains(JAN));
    app.stop().await;
}

#[tokio::test]
async fn a_guest_has_no_mailbox_here_and_is_the_wrong_account() {
    let (app, _, _, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    let page = come_back(&app, &owner, &press(&owner, &link).await, "gita@partner.example").await;
    assert_eq!(page.one("h1"), "You signed in with a different account");
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    app.stop().await;
}

#[tokio::test]
async fn declining_saves_nothing_and_can_be_tried_again() {
    let (app, browser, mailbox, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    let callback = app.sim.decline(&press(&owner, &link).await, OLGA).await.unwrap();
    let page = land(&app, &owner, &callback).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "You chose not to allow access");
    let again = page.actions()[0].clone();
    come_back(&app, &owner, owner.submit(&page, &again, &[]).await.location(), OLGA).await;
    assert_eq!(results(&app).await, ["declined", "connected"]);
    let list = browser.get(&format!("{mailbox}/sign-in")).await;
    let tried = list.links().into_iter().rfind(|href| href.contains("/sign-in/si_")).unwrap();
    let tried = browser.get(&tried).await;
    assert!(tried.one("#technical").contains("AADSTS65004"), "whoever helps sees it: {}", tried.text());
    app.stop().await;
}

#[tokio::test]
async fn an_organisation_that_lets_only_administrators_allow_it_is_told_as_that() {
    let (app, browser, mailbox, link) = world("Contoso Approval").await;
    let owner = app.stranger();
    let at_microsoft = press(&owner, &link).await;
    assert!(app.sim.approve(&at_microsoft, OLGA).await.is_err(), "Microsoft keeps her on its own page");
    let state = parameter(&at_microsoft, "state");
    let refused =
        "error=consent_required&error_description=AADSTS90094%3A%20The%20grant%20requires%20admin%20permission.";
    let to = owner.get(&format!("/oauth/callback?{refused}&state={state}")).await.location().to_owned();
    let page = owner.get(&to).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "Your organisation must approve this first");
    assert!(page.text().contains("Ana Ruiz"), "who to tell");
    let reference = page.one("main strong.nowrap");
    let tries = browser.get(&format!("{mailbox}/sign-in")).await;
    assert!(tries.one("#tries").contains(&reference), "the reference leads to the whole record");
    let back = app.sim.decline(&press(&owner, &link).await, OLGA).await.unwrap();
    let page = land(&app, &owner, &back).await;
    assert!(page.text().contains("Microsoft asked for an administrator"), "{}", page.text());
    app.stop().await;
}

#[tokio::test]
async fn who_signs_in_while_the_mailbox_cannot_be_opened_need_not_do_it_again() {
    let (app, browser, mailbox, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    app.sim.fault(Fault::status(Place::Call(postkey_simulator::Call::Inbox), 503, Page::Empty).times(1));
    let page = come_back(&app, &owner, &press(&owner, &link).await, OLGA).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "You are signed in, but the mailbox does not open yet");
    browser.check_now(&mailbox).await;
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Connected");
    app.stop().await;
}

#[tokio::test]
async fn a_rule_of_the_organisation_is_named_as_such_and_gives_a_reference() {
    let (app, _, _, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    app.sim.fault(Fault::aadsts(53_003).times(1));
    let page = come_back(&app, &owner, &press(&owner, &link).await, OLGA).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "A rule of your organisation blocked it");
    assert_eq!(page.one("main strong.nowrap").len(), 7);
    app.stop().await;
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_says_so_and_the_link_stays_good() {
    let (app, _, _, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    let callback = app.sim.approve(&press(&owner, &link).await, OLGA).await.unwrap();
    app.advance(600);
    let page = land(&app, &owner, &callback).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "This took too long");
    assert_eq!(app.sim.count_grants("authorization_code"), 0);
    assert_eq!(owner.get(&link).await.status, 200);
    app.stop().await;
}

#[tokio::test]
async fn trouble_at_microsoft_before_or_after_the_sign_in_is_told_and_loses_nothing() {
    let (app, browser, mailbox, link) = world(SIGN_IN).await;
    let owner = app.stranger();
    app.sim.fault(Fault::status(Place::Discovery, 503, Page::Html).times(1));
    let to = press(&owner, &link).await;
    let page = owner.get(&to).await;
    for_people(&page);
    assert_eq!(page.one("h1"), "Signing in did not work");
    for place in [Place::Token, Place::Keys, Place::Call(postkey_simulator::Call::Me)] {
        app.sim.fault(Fault::status(place, 503, Page::Empty).times(1));
        let page = come_back(&app, &owner, &press(&owner, &link).await, OLGA).await;
        assert_eq!(page.one("h1"), "Signing in did not work", "{place:?}");
    }
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    come_back(&app, &owner, &press(&owner, &link).await, OLGA).await;
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Connected");
    app.stop().await;
}

#[tokio::test]
async fn the_console_shows_the_same_results_with_what_microsoft_said() {
    let (app, browser, mailbox, _) = world(SIGN_IN).await;
    let onwards = come_back(&app, &browser, &begin(&browser, &mailbox).await, JAN).await;
    let to = onwards.header("refresh").strip_prefix("0;url=").unwrap().to_owned();
    assert_eq!(onwards.one("main a"), "Show it now");
    let page = browser.get(&to).await;
    assert!(page.text().contains("You signed in with a different account") && page.text().contains(JAN));
    let again = browser.submit(&page, &format!("{mailbox}/sign-in"), &[]).await.location().to_owned();
    assert_eq!(parameter(&again, "prompt"), "select_account");
    app.sim.fault(Fault::aadsts(53_003).times(1));
    let onwards = come_back(&app, &browser, &again, OLGA).await;
    let page = browser.get(onwards.header("refresh").strip_prefix("0;url=").unwrap()).await;
    assert!(page.one("#technical").contains("AADSTS53003") && page.one("#technical").contains("correlation ID"));
    app.stop().await;
}

#[tokio::test]
async fn a_guest_is_told_that_guests_cannot_be_used_and_whoever_cannot_mend_it_is_not_told_to_try_again() {
    let app = TestApp::start().await;
    let (ana, owner) = (app.owner().await, app.stranger());
    let typed = [("address", "shared@contoso.example"), ("person", "gita@partner.example"), ("how", "link")];
    save(&app, &ana, SIGN_IN, &typed).await.location();
    let mailbox = path_of(&app, "shared@contoso.example").await;
    let link = make_link(&ana, &mailbox).await;
    let leads = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let page = come_back(&app, &owner, &leads, "gita@partner.example").await;
    assert!(page.text().contains("a guest has no mailbox there"), "{}", page.text());
    assert!(!page.text().contains("is the right account"), "{}", page.text());

    app.sim.fault(Fault::new(Place::Token, Failure::Aadsts(7_000_222)).times(1));
    let leads = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let page = come_back(&app, &owner, &leads, OLGA).await;
    assert!(page.text().contains("mended in Postkey first"), "{}", page.text());
    assert!(page.all("main form").is_empty(), "nothing to press that would not help");
    app.stop().await;
}
