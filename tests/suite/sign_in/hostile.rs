//! What the token endpoint answers to a sign-in is believed only where it fits (S-59, S-62), and what is deleted is erased (S-63).

use postkey_simulator::{Bend, Failure, Fault, Place};

use super::{OLGA, SIGN_IN, begin, come_back, results, rows, signed_in, waiting};
use crate::safety::world::column;
use crate::support::{Browser, TestApp};

async fn bent(app: &TestApp, browser: &Browser, mailbox: &str, bend: Bend) -> String {
    app.sim.fault(Fault::new(Place::Token, Failure::Bent(bend)).times(1));
    come_back(app, browser, &begin(browser, mailbox).await, OLGA).await;
    results(app).await.pop().unwrap()
}

#[tokio::test]
async fn an_answer_beyond_belief_stores_nothing() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = waiting(&app, &browser, SIGN_IN).await;
    for bend in [
        Bend::TokenTypeOther,
        Bend::ExpiresInNegative,
        Bend::ExpiresInHuge,
        Bend::ExpiresInMissing,
        Bend::TokenMissing,
        Bend::TokenLong,
        Bend::RefreshTokenLong,
    ] {
        assert_eq!(bent(&app, &browser, &mailbox, bend).await, "failed", "{bend:?}");
    }
    for bend in [Bend::RefreshTokenMissing, Bend::RefreshTokenEmpty, Bend::ScopeFewer] {
        assert_eq!(bent(&app, &browser, &mailbox, bend).await, "missing_permission", "{bend:?}");
    }
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    app.stop().await;
}

#[tokio::test]
async fn more_than_was_asked_for_is_flagged_and_an_unlisted_scope_is_the_one_asked_for() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = waiting(&app, &browser, SIGN_IN).await;
    assert_eq!(bent(&app, &browser, &mailbox, Bend::ScopeMissing).await, "connected");
    assert_eq!(bent(&app, &browser, &mailbox, Bend::ScopeMore).await, "connected");
    let page = browser.get(&format!("{mailbox}/sign-in")).await;
    assert!(page.text().contains("More than needed"), "{}", page.text());
    let flagged =
        column(&app.inside().db, "SELECT detail FROM audit WHERE action = 'grant.signed_in' ORDER BY at, id").await;
    assert!(flagged[1].contains("with more than was asked for"), "{flagged:?}");
    app.stop().await;
}

#[tokio::test]
async fn an_opaque_access_token_that_graph_refuses_ends_the_sign_in_and_is_told_as_graphs_answer() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = waiting(&app, &browser, SIGN_IN).await;
    assert_eq!(bent(&app, &browser, &mailbox, Bend::TokenOpaque).await, "failed");
    let why = column(&app.inside().db, "SELECT failure FROM sign_ins").await;
    assert!(why[0].contains("InvalidAuthenticationToken"), "nothing here tried to read the token: {why:?}");
    app.stop().await;
}

#[tokio::test]
async fn deleting_erases_the_grant_and_says_what_stays_at_microsoft() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = signed_in(&app, &browser, OLGA, OLGA).await;
    let ask = browser.get(&format!("{mailbox}/delete")).await;
    assert!(ask.text().contains("My Apps") && ask.text().contains("Revoke sessions"), "{}", ask.text());
    browser.submit(&ask, &format!("{mailbox}/delete"), &[]).await.location();
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    let gone = browser.get(&mailbox).await;
    assert_eq!(gone.status, 410);
    assert!(gone.text().contains("somebody must sign in again") && gone.text().contains("Revoke sessions"));
    browser.submit(&gone, &format!("{mailbox}/restore"), &[]).await.location();
    let page = browser.get(&format!("{mailbox}/sign-in")).await;
    assert!(page.text().contains("No sign-in is stored for this mailbox"));
    app.stop().await;
}

#[tokio::test]
async fn a_sign_in_can_be_forgotten_without_losing_the_mailbox() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = signed_in(&app, &browser, OLGA, OLGA).await;
    let path = format!("{mailbox}/sign-in/forget");
    let ask = browser.get(&path).await;
    assert!(ask.text().contains("Revoke sessions"));
    browser.submit(&ask, &path, &[]).await.expect_redirect(&format!("{mailbox}/sign-in?done=forgotten"));
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Waiting for sign-in");
    app.advance(1);
    browser.check_now(&mailbox).await;
    let page = browser.get(&mailbox).await;
    assert!(page.text().contains("Nobody has signed in for olga@contoso.example yet"), "{}", page.text());
    come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
    let page = browser.get(&mailbox).await;
    assert_eq!(page.all(".kv dd")[0], "Connected");
    assert!(page.all(".timeline li").len() >= 3, "its history stays");
    app.stop().await;
}
