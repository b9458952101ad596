//! `/mailboxes/{id}/edit`.

use super::{add, add_more, statuses};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn a_changed_address_is_checked_at_once_and_a_changed_name_is_not() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let path = add(&app, &browser, "fax@contoso.example", "Contoso Mail").await;
        assert_eq!(statuses(&browser.get(&path).await).0, "Mailbox not found");
        let edit = format!("{path}/edit");
        browser
            .open_and_submit(&edit, &edit, &[("address", "support@contoso.example")])
            .await
            .expect_redirect(&format!("{path}?done=saved"));
        assert_eq!(statuses(&browser.get(&path).await).0, "Connected");
        app.sim.clear_requests();
        browser.open_and_submit(&edit, &edit, &[("display_name", "Front desk")]).await;
        assert!(browser.get(&path).await.text().contains("Front desk"));
        assert!(app.sim.requests().is_empty());
        app.stop().await;
    }
}

#[tokio::test]
async fn two_people_who_edit_at_once_do_not_undo_each_other() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let edit = format!("{path}/edit");
        let (first, second) = (browser.get(&edit).await, browser.get(&edit).await);
        browser
            .submit(&first, &edit, &[("display_name", "First")])
            .await
            .expect_redirect(&format!("{path}?done=saved"));
        let late = browser.submit(&second, &edit, &[("display_name", "Second")]).await;
        assert_eq!(late.status, 409);
        assert!(late.body.contains("value=\"Second\""));
        browser.submit(&late, &edit, &[]).await.expect_redirect(&format!("{path}?done=saved"));
        app.stop().await;
    }
}

#[tokio::test]
async fn an_address_of_another_mailbox_is_refused() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let path = add_more(&browser, "sales@contoso.example").await;
    let edit = format!("{path}/edit");
    let page = browser.open_and_submit(&edit, &edit, &[("address", "Support@contoso.example")]).await;
    assert_eq!(page.status, 422);
    assert!(page.one(".summary li").contains("already a mailbox here"));
    app.stop().await;
}
