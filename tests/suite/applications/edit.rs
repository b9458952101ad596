//! `/applications/{id}/edit`.

use postkey::tokens;

use super::{add, add_mailbox, audited, id};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn a_new_name_changes_nothing_else() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let mailbox = add_mailbox(&browser, &here, "support@contoso.example").await;
    let path = format!("{here}/edit");
    browser
        .open_and_submit(&path, &path, &[("name", "Mail for the call centre")])
        .await
        .expect_redirect(&format!("{here}?done=saved"));
    let page = browser.get(&here).await;
    assert_eq!(page.one("h1"), "Mail for the call centre");
    assert_eq!(page.all("#credentials td[data-l=State] .st"), ["In use"]);
    assert!(browser.get(&mailbox).await.text().contains("Connected"));
    assert_eq!(audited(&app, &here).await, ["application.added", "application.changed", "credential.added"]);
    app.stop().await;
}

#[tokio::test]
async fn with_another_client_id_nothing_that_was_known_holds_any_more() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        let mailbox = add_mailbox(&browser, &here, "support@contoso.example").await;
        let path = format!("{here}/edit");
        let other = app.sample("Contoso Reader").client_id.to_string();
        browser
            .open_and_submit(&path, &path, &[("client_id", &other)])
            .await
            .expect_redirect(&format!("{here}?done=application-moved"));
        let grant =
            tokens::store::find(&app.inside().db, &id(&here).parse().unwrap(), tokens::store::GRAPH).await.unwrap();
        assert!(grant.is_none());
        let page = browser.get(&here).await;
        assert_eq!(page.all("#credentials td[data-l=State] .st"), ["Not tested yet"]);
        assert!(browser.get(&mailbox).await.text().contains("Not checked yet"));
        assert_eq!(audited(&app, &here).await, ["application.added", "application.moved", "credential.added"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn of_two_who_edit_at_once_the_second_is_told() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        let path = format!("{here}/edit");
        let (one, other) = (browser.get(&path).await, browser.get(&path).await);
        browser.submit(&one, &path, &[("name", "One")]).await.expect_redirect(&format!("{here}?done=saved"));
        let late = browser.submit(&other, &path, &[("name", "Other")]).await;
        assert_eq!(late.status, 409);
        assert!(late.one(".summary").contains("Someone changed this application while you were editing."));
        assert!(late.body.contains("value=\"Other\""), "what was typed is kept");
        assert_eq!(browser.get(&here).await.one("h1"), "One");
        browser.submit(&late, &path, &[]).await.expect_redirect(&format!("{here}?done=saved"));
        assert_eq!(browser.get(&here).await.one("h1"), "Other");
        app.stop().await;
    }
}

#[tokio::test]
async fn names_and_ids_of_another_application_are_refused() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    add(&app, &browser, "Fabrikam Mail").await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let path = format!("{here}/edit");
    let other = app.sample("Fabrikam Mail");
    let (tenant, client_id) = (other.tenant_id.to_string(), other.client_id.to_string());
    let page = browser
        .open_and_submit(&path, &path, &[("name", "fabrikam mail"), ("tenant", &tenant), ("client_id", &client_id)])
        .await;
    assert_eq!(page.status, 422);
    assert_eq!(page.all(".summary li").len(), 2, "{:?}", page.all(".summary li"));
    app.stop().await;
}
