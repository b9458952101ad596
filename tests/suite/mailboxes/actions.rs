//! `/mailboxes/{id}/check`, `test-message`, `pause`, `resume`, `default`, `delete` and `restore`.

use postkey_simulator::{Fault, Refusal};

use super::{add, add_more, statuses};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn a_test_message_is_sent_only_when_asked_and_earns_connected() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let action = format!("{path}/test-message");
    let wrong = browser.open_and_submit(&action, &action, &[("to", "nobody")]).await;
    assert_eq!(wrong.status, 422);
    browser
        .open_and_submit(&action, &action, &[("to", "sales@contoso.example")])
        .await
        .expect_redirect(&format!("{path}?done=sent"));
    let page = browser.get(&format!("{path}?done=sent")).await;
    assert_eq!(statuses(&page), ("Connected".to_owned(), "Connected".to_owned()));
    assert!(page.text().contains("Microsoft accepted the test message"));
    let sent: Vec<_> = app.sim.estate(|estate| {
        estate.outbox.iter().map(|sent| (sent.mailbox.to_string(), sent.recipients.clone())).collect()
    });
    assert_eq!(sent, [("support@contoso.example".to_owned(), vec!["sales@contoso.example".to_owned()])]);
    app.stop().await;
}

#[tokio::test]
async fn a_refused_test_message_breaks_sending_and_not_reading() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let action = format!("{path}/test-message");
    browser.open_and_submit(&action, &action, &[("to", "sales@contoso.example")]).await;
    assert_eq!(statuses(&browser.get(&path).await).1, "Connected");
    app.sim.fault(Fault::new(
        postkey_simulator::Place::Call(postkey_simulator::Call::SendMail),
        postkey_simulator::Failure::Graph(Refusal::SendAsDenied),
    ));
    browser
        .open_and_submit(&action, &action, &[("to", "sales@contoso.example")])
        .await
        .expect_redirect(&format!("{path}?done=not-sent"));
    let (incoming, outgoing) = statuses(&browser.get(&path).await);
    assert_eq!(incoming, "Connected");
    assert_eq!(outgoing, "No access to mailbox");
    app.sim.clear_faults();
    browser.open_and_submit(&path, &format!("{path}/check"), &[]).await;
    assert_eq!(statuses(&browser.get(&path).await).1, "Ready", "proof of sending ends with a refusal");
    app.stop().await;
}

#[tokio::test]
async fn a_paused_mailbox_says_so_until_it_is_resumed() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let pause = format!("{path}/pause");
        let question = browser.get(&pause).await;
        assert_eq!(question.one("h1"), "Pause support@contoso.example?");
        browser.submit(&question, &pause, &[]).await.expect_redirect(&format!("{path}?done=paused"));
        let page = browser.get(&path).await;
        assert!(page.text().contains("Paused by Ana Ruiz"));
        assert_eq!(statuses(&page).0, "Paused");
        browser.submit(&page, &format!("{path}/resume"), &[]).await;
        assert_eq!(statuses(&browser.get(&path).await).0, "Connected");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_deleted_mailbox_can_be_restored_for_thirty_days_unless_its_address_was_given_away() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let delete = format!("{path}/delete");
        browser.open_and_submit(&delete, &delete, &[]).await.expect_redirect(&format!("{path}?done=deleted"));
        let gone = browser.get(&path).await;
        assert_eq!(gone.status, 410);
        assert!(gone.text().contains("Ana Ruiz deleted it"));
        let second = add_more(&browser, "support@contoso.example").await;
        let restore = format!("{path}/restore");
        assert_eq!(browser.submit(&gone, &restore, &[]).await.status, 409);
        let delete = format!("{second}/delete");
        browser.open_and_submit(&delete, &delete, &[]).await;
        browser.submit(&gone, &restore, &[]).await.expect_redirect(&format!("{path}?done=restored"));
        assert_eq!(statuses(&browser.get(&path).await).0, "Paused");
        app.advance(31 * 24 * 60 * 60);
        postkey::mailboxes::store::erase_deleted(app.inside()).await.unwrap();
        let browser = app.owner().await;
        assert_eq!(browser.get(&second).await.status, 404);
        assert_eq!(browser.get(&path).await.status, 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn one_mailbox_at_most_is_the_default_outbound_one() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let first = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let second = add_more(&browser, "sales@contoso.example").await;
        for path in [&first, &second] {
            browser
                .open_and_submit(path, &format!("{path}/default"), &[])
                .await
                .expect_redirect(&format!("{path}?done=default"));
        }
        let marked: Vec<String> = browser
            .get("/mailboxes")
            .await
            .all("tbody th")
            .into_iter()
            .filter(|row| row.contains("default outbound"))
            .collect();
        assert_eq!(marked, ["sales@contoso.example default outbound"]);
        app.stop().await;
    }
}
