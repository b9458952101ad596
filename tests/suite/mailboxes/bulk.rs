//! `/mailboxes/bulk`.

use super::{add, add_more};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn many_are_paused_only_after_a_page_that_names_them() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let first = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        add_more(&browser, "sales@contoso.example").await;
        let list = browser.get("/mailboxes").await;
        let id = first.rsplit('/').next().unwrap();
        let question = browser.submit(&list, "/mailboxes/bulk", &[("do", "pause"), ("id", id)]).await;
        assert_eq!(question.one("h1"), "Pause 1 mailbox?");
        assert!(
            question.text().contains("support@contoso.example") && !question.text().contains("sales@contoso.example")
        );
        assert_eq!(browser.get("/mailboxes?status=paused").await.all("tbody tr").len(), 0);
        browser.submit(&question, "/mailboxes/bulk", &[]).await.expect_redirect("/mailboxes?done=bulk-paused");
        assert_eq!(browser.get("/mailboxes?status=paused").await.all("tbody tr").len(), 1);
        app.stop().await;
    }
}

#[tokio::test]
async fn all_that_match_can_be_paused_and_resumed_at_once() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        for address in ["sales@contoso.example", "billing@contoso.example"] {
            add_more(&browser, address).await;
        }
        let list = browser.get("/mailboxes?q=s%40").await;
        let question = browser.submit(&list, "/mailboxes/bulk", &[("do", "pause"), ("all", "1")]).await;
        browser.submit(&question, "/mailboxes/bulk", &[]).await;
        assert_eq!(browser.get("/mailboxes?status=paused").await.all("tbody th a"), ["sales@contoso.example"]);
        let all = browser.get("/mailboxes").await;
        let question = browser.submit(&all, "/mailboxes/bulk", &[("do", "resume"), ("all", "1")]).await;
        browser.submit(&question, "/mailboxes/bulk", &[]).await.expect_redirect("/mailboxes?done=bulk-resumed");
        assert_eq!(browser.get("/mailboxes?status=paused").await.all("tbody tr").len(), 0);
        app.stop().await;
    }
}

#[tokio::test]
async fn all_that_match_are_those_of_the_list_even_for_a_status_that_is_not_on_offer() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let list = browser.get("/mailboxes?status=ready").await;
    assert_eq!(list.all("tbody tr").len(), 1);
    let question = browser.submit(&list, "/mailboxes/bulk", &[("do", "pause"), ("all", "1")]).await;
    assert_eq!(question.one("h1"), "Pause 1 mailbox?");
    assert!(question.body.contains("name=\"status\" value=\"ready\""), "{}", question.body);
    app.stop().await;
}

#[tokio::test]
async fn choosing_nothing_changes_nothing_and_says_so() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let list = browser.get("/mailboxes").await;
    browser.submit(&list, "/mailboxes/bulk", &[("do", "pause")]).await.expect_redirect("/mailboxes?done=none-chosen");
    assert_eq!(browser.submit(&list, "/mailboxes/bulk", &[("do", "drop")]).await.status, 400);
    app.stop().await;
}
