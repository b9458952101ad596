//! `/applications/{id}/secrets/new`, the test of a credential, and its end date.

use postkey_simulator::{Failure, Fault, Kind, Page, Place};

use super::{add, add_mailbox, add_secret, audited, credentials, new_secret_in_entra, newest};
use crate::support::{Engine, TestApp};

fn states(page: &crate::support::Page) -> Vec<String> {
    page.all("#credentials td[data-l=State] .st")
}

#[tokio::test]
async fn a_second_secret_takes_over_once_microsoft_accepts_it() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        add_mailbox(&browser, &here, "support@contoso.example").await;
        assert_eq!(states(&browser.get(&here).await), ["In use"]);
        let value = new_secret_in_entra(&app, "Contoso Mail");
        app.advance(60);
        let added = add_secret(&browser, &here, &value).await;
        added.expect_redirect(&format!("{here}?done=credential-added"));
        let page = browser.get(added.location()).await;
        assert!(page.one(".flash").starts_with("Stored, and Microsoft accepts it."));
        assert_eq!(states(&page), ["In use", "Accepted"]);
        assert!(!page.body.contains(&value));
        assert!(
            page.all("#credentials tbody th")[0].starts_with("Secret …ore"),
            "{:?}",
            page.all("#credentials tbody th")
        );
        let audited = audited(&app, &here).await;
        assert_eq!(
            audited,
            ["application.added", "credential.added", "credential.added", "credential.test_asked", "credential.tested"]
        );
        app.stop().await;
    }
}

#[tokio::test]
async fn a_refused_secret_leaves_the_old_one_in_use_and_says_why() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    add_mailbox(&browser, &here, "support@contoso.example").await;
    app.advance(60);
    let added = add_secret(&browser, &here, "n0t-the-right-secret-value").await;
    added.expect_redirect(&format!("{here}?done=credential-refused&why=AADSTS7000215"));
    let page = browser.get(added.location()).await;
    assert_eq!(states(&page), ["Refused by Microsoft", "In use"]);
    assert_eq!(page.one("#trouble-title"), "Microsoft refused the secret of Contoso Mail");
    assert!(!page.body.contains("n0t-the-right-secret-value"));
    app.advance(2 * 60 * 60);
    let browser = app.owner().await;
    let checked = browser.open_and_submit(&here, &format!("{}/test", old(&app, &here).await), &[]).await;
    checked.expect_redirect(&format!("{here}?done=test-accepted"));
    app.stop().await;
}

async fn old(app: &TestApp, here: &str) -> String {
    format!("{here}/credentials/{}", credentials(app, here).await.last().unwrap().id)
}

#[tokio::test]
async fn a_secret_id_in_place_of_the_value_makes_no_request() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    app.sim.clear_requests();
    let secret_id = app.sample("Contoso Mail").secret_id().unwrap().to_string();
    let page = add_secret(&browser, &here, &secret_id).await;
    assert_eq!(page.status, 422);
    assert!(page.one("#secret-e").contains("Secret ID"));
    assert!(app.sim.requests().is_empty());
    assert_eq!(credentials(&app, &here).await.len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn while_microsoft_is_away_a_new_secret_is_kept_and_not_used() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    add_mailbox(&browser, &here, "support@contoso.example").await;
    let value = new_secret_in_entra(&app, "Contoso Mail");
    app.sim.fault(Fault::status(Place::Token, 503, Page::Html));
    app.advance(60);
    let added = add_secret(&browser, &here, &value).await;
    assert!(added.location().starts_with(&format!("{here}?done=credential-untested&why=")), "{}", added.location());
    let page = browser.get(added.location()).await;
    assert_eq!(states(&page), ["Not tested yet", "In use"]);
    app.sim.clear_faults();
    let test = format!("{}/test", newest(&app, &here).await);
    browser.open_and_submit(&here, &test, &[]).await.expect_redirect(&format!("{here}?done=test-accepted"));
    assert_eq!(states(&browser.get(&here).await), ["In use", "Accepted"]);
    app.stop().await;
}

#[tokio::test]
async fn a_slow_answer_is_not_waited_for_and_still_arrives() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 5_000 }));
    let asked = std::time::Instant::now();
    let test = format!("{}/test", newest(&app, &here).await);
    browser.open_and_submit(&here, &test, &[]).await.expect_redirect(&format!("{here}?done=test-asking"));
    assert!(asked.elapsed().as_millis() < 4_900, "{:?}", asked.elapsed());
    assert_eq!(states(&browser.get(&here).await), ["Not tested yet"]);
    app.sim.wait_for(Kind::Token, 1).await;
    for _ in 0..50 {
        if states(&browser.get(&here).await) == ["In use"] {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(states(&browser.get(&here).await), ["In use"]);
    app.stop().await;
}

#[tokio::test]
async fn the_end_of_a_secret_can_be_set_and_forgotten() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        add_mailbox(&browser, &here, "support@contoso.example").await;
        let path = format!("{}/end", newest(&app, &here).await);
        assert!(browser.get(&path).await.body.contains("value=\"2027-05-23\""));
        let set = browser.open_and_submit(&path, &path, &[("expires", "on"), ("expires_on", "2026-12-01")]).await;
        set.expect_redirect(&format!("{here}?done=end-saved"));
        let page = browser.get(&here).await;
        assert_eq!(page.one("#credentials td[data-l=Ends]"), "Ends in 7 days 1 Dec 2026");
        assert_eq!(browser.get("/applications").await.all("tbody .st.warn"), ["Ends in 7 days"]);
        let past = browser.open_and_submit(&path, &path, &[("expires", "on"), ("expires_on", "2026-11-01")]).await;
        assert_eq!(past.status, 422);
        assert!(past.one("#expires_on-e").contains("This day has passed"));
        browser
            .open_and_submit(&path, &path, &[("expires", "unknown")])
            .await
            .expect_redirect(&format!("{here}?done=end-saved"));
        assert_eq!(browser.get("/applications").await.all("tbody .st.info"), ["End not known"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn no_page_asks_microsoft_while_it_renders() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    app.sim.clear_requests();
    let credential = newest(&app, &here).await;
    let pages = [
        "/applications".to_owned(),
        "/applications.csv".to_owned(),
        here.clone(),
        format!("{here}/edit"),
        format!("{here}/delete"),
        format!("{here}/sheet"),
        format!("{here}/secrets/new"),
        format!("{here}/certificates/new"),
        format!("{credential}/retire"),
        format!("{credential}/end"),
    ];
    for path in pages {
        assert_eq!(browser.get(&path).await.status, 200, "{path}");
    }
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}
