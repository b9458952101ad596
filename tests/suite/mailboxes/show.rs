//! `/mailboxes/{id}`.

use postkey_simulator::{Call, Kind};

use super::{add, add_more, statuses};
use crate::support::TestApp;

#[tokio::test]
async fn the_page_names_cause_remedy_and_who_can_and_keeps_the_ids_for_the_administrator() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Archive").await;
    add_more(&browser, "sales@contoso.example").await;
    let page = browser.get(&path).await;
    let bar = page.one("section.bar");
    for part in [
        "The secret of Contoso Archive expired",
        "Why",
        "What to do",
        "Who can",
        "1 more mailbox",
        "AADSTS7000222",
        "correlation ID",
        "trace ID",
    ] {
        assert!(bar.contains(part), "{part} is missing in {bar}");
    }
    let rungs = page.all(".ladder li .name");
    assert_eq!(rungs.len(), 7);
    assert!(rungs[1].contains("Passed") && rungs[2].contains("Failed") && rungs[3].contains("Not tried"), "{rungs:?}");
    app.stop().await;
}

#[tokio::test]
async fn green_decays_to_unknown_when_nobody_has_looked_for_three_intervals() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    for _ in 0..13 {
        app.advance(15 * 60);
        browser.get("/").await;
    }
    assert_eq!(statuses(&browser.get(&path).await).0, "Unknown");
    assert_eq!(browser.get("/mailboxes").await.all("tbody td .st")[0], "Unknown");
    assert_eq!(browser.get("/mailboxes?status=unknown").await.all("tbody tr").len(), 1);
    assert_eq!(browser.get("/mailboxes?status=connected").await.all("tbody tr").len(), 0);
    app.stop().await;
}

#[tokio::test]
async fn no_page_asks_microsoft_while_it_renders() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    app.sim.clear_requests();
    for page in [
        "/",
        "/mailboxes",
        "/mailboxes.csv",
        "/mailboxes/new",
        &path,
        &format!("{path}/checks"),
        &format!("{path}/edit"),
        "/applications",
    ] {
        assert_eq!(browser.get(page).await.status, 200, "{page}");
    }
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn a_permission_granted_since_the_token_was_issued_is_found_with_a_new_token() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Intranet").await;
    assert_eq!(statuses(&browser.get(&path).await).0, "Needs admin consent");
    let roles = app.sample("Contoso Mail").roles;
    app.sim.estate(|estate| estate.application_mut("Contoso Intranet").unwrap().roles = roles);
    app.advance(90);
    browser
        .open_and_submit(&path, &format!("{path}/check"), &[])
        .await
        .expect_redirect(&format!("{path}?done=checked"));
    assert_eq!(statuses(&browser.get(&path).await), ("Connected".to_owned(), "Ready".to_owned()));
    assert_eq!(app.sim.count(Kind::Token), 2);
    app.stop().await;
}

#[tokio::test]
async fn a_check_leaves_nothing_in_the_mailbox() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let before = app.sim.estate(|estate| estate.mailboxes.messages("support@contoso.example").len());
    add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    assert_eq!(app.sim.count(Kind::Graph(Call::CreateDraft)), 1);
    assert_eq!(app.sim.estate(|estate| estate.mailboxes.messages("support@contoso.example").len()), before);
    assert_eq!(app.sim.estate(|estate| estate.outbox.total()), 0);
    app.stop().await;
}

#[tokio::test]
async fn an_address_leads_to_its_mailbox_and_nonsense_to_nothing() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    browser.get("/mailboxes/Support@contoso.example").await.expect_redirect(&path);
    for nothing in ["/mailboxes/mb_0000000000aaaaaaaaaaaaaa", "/mailboxes/nobody@contoso.example", "/mailboxes/%00"] {
        assert_eq!(browser.get(nothing).await.status, 404, "{nothing}");
    }
    app.stop().await;
}
