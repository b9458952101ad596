//! `/applications/{id}/delete`.

use super::{add, add_mailbox, audited, credentials, id};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn an_application_that_mailboxes_use_stays() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        let path = format!("{here}/delete");
        let question = browser.get(&path).await;
        add_mailbox(&browser, &here, "support@contoso.example").await;
        let page = browser.get(&path).await;
        assert_eq!(page.one("h1"), "Contoso Mail cannot be deleted yet");
        assert!(page.body.contains(&format!("/mailboxes?app={}", id(&here))));
        let late = browser.submit(&question, &path, &[]).await;
        assert_eq!(late.status, 409);
        assert!(late.text().contains("1 mailbox uses it and would stop. Nothing was changed."), "{}", late.text());
        assert_eq!(browser.get(&here).await.status, 200);
        app.stop().await;
    }
}

#[tokio::test]
async fn deleting_erases_credentials_tokens_and_what_lies_in_the_bin() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        let mailbox = add_mailbox(&browser, &here, "support@contoso.example").await;
        let gone = format!("{mailbox}/delete");
        browser.open_and_submit(&gone, &gone, &[]).await.expect_redirect(&format!("{mailbox}?done=deleted"));
        let path = format!("{here}/delete");
        let page = browser.get(&path).await;
        assert!(page.text().contains("1 mailbox in the bin used it. It is erased too"), "{}", page.text());
        browser.submit(&page, &path, &[]).await.expect_redirect("/applications?done=application-deleted");
        assert_eq!(browser.get(&here).await.status, 404);
        assert_eq!(browser.get(&mailbox).await.status, 404);
        assert!(credentials(&app, &here).await.is_empty());
        assert_eq!(audited(&app, &here).await, ["application.added", "application.deleted", "credential.added"]);
        add(&app, &browser, "Contoso Mail").await;
        app.stop().await;
    }
}
