//! Signing in from the console, in this browser.

use postkey_simulator::Kind;

use super::{OLGA, SIGN_IN, come_back, path_of, save};
use crate::support::TestApp;

#[tokio::test]
async fn save_leads_to_microsoft_and_back_to_a_connected_mailbox() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let leads = save(&app, &browser, SIGN_IN, &[("address", OLGA), ("how", "now")]).await;
    let at_microsoft = leads.location().to_owned();
    assert!(at_microsoft.starts_with(&format!("{}/", app.sim.authority())), "{at_microsoft}");
    let mailbox = path_of(&app, OLGA).await;
    assert_eq!(browser.get(&mailbox).await.one(".kv dd"), "Waiting for sign-in");
    let onwards = come_back(&app, &browser, &at_microsoft, OLGA).await;
    assert_eq!(onwards.header("refresh"), format!("0;url={mailbox}?done=signed-in"));
    let page = browser.get(&mailbox).await;
    assert_eq!(page.all(".kv dd")[..2], ["Connected", "Ready"], "{}", page.text());
    assert!(page.text().contains("olga@contoso.example signed in, good for"));
    assert_eq!(app.sim.count(Kind::Token), 1);
    app.stop().await;
}

#[tokio::test]
async fn one_person_may_sign_in_for_several_mailboxes_and_each_has_a_grant_of_its_own() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let own = super::signed_in(&app, &browser, OLGA, OLGA).await;
    let shared = super::signed_in(&app, &browser, "shared@contoso.example", OLGA).await;
    assert_eq!(super::rows(&app, "delegated_grants").await, 2);
    browser.open_and_submit(&format!("{own}/sign-in/forget"), &format!("{own}/sign-in/forget"), &[]).await.location();
    browser.check_now(&shared).await;
    assert_eq!(browser.get(&shared).await.all(".kv dd")[0], "Connected");
    app.stop().await;
}

#[tokio::test]
async fn check_now_renews_the_saved_sign_in_and_nobody_has_to_sign_in_again() {
    let app = TestApp::start().await;
    let year = std::time::Duration::from_secs(365 * 24 * 3_600);
    app.sim.estate(|estate| estate.application_mut(SIGN_IN).unwrap().secrets[0].end += year);
    let browser = app.owner().await;
    let mailbox = super::signed_in(&app, &browser, OLGA, OLGA).await;
    for hours in 1..=3 {
        app.advance(2 * 3_600);
        // Whoever was away for so long has to log in to Postkey again.
        let browser = app.owner().await;
        browser.check_now(&mailbox).await;
        assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Connected");
        assert_eq!(app.sim.count_grants("refresh_token"), hours);
    }
    app.advance(89 * 24 * 3_600);
    let browser = app.owner().await;
    browser.check_now(&mailbox).await;
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Connected", "used within 90 days");
    app.advance(91 * 24 * 3_600);
    let browser = app.owner().await;
    browser.check_now(&mailbox).await;
    let page = browser.get(&mailbox).await;
    assert_eq!(page.all(".kv dd")[0], "Needs sign-in");
    assert!(page.text().contains("90 days"), "{}", page.text());
    super::come_back(&app, &browser, &super::begin(&browser, &mailbox).await, OLGA).await;
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Expiring", "it works; only the secret ends soon");
    app.stop().await;
}
