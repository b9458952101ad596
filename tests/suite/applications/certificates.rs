//! `/applications/{id}/certificates/new`, and the file to upload to Entra.

use postkey_simulator::Certificate;

use super::{add, add_as, add_mailbox, newest};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn a_certificate_proves_the_application_once_it_is_uploaded() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add_as(&app, &browser, "Contoso Vault", &[("proof", "certificate")]).await;
        let credential = newest(&app, &here).await;
        let test = format!("{credential}/test");
        let early = browser.open_and_submit(&here, &test, &[]).await;
        early.expect_redirect(&format!("{here}?done=test-refused&why=AADSTS700027"));
        let page = browser.get(early.location()).await;
        assert_eq!(page.all("#credentials td[data-l=State] .st"), ["Refused by Microsoft"]);
        assert_eq!(page.one("#upload-title"), "Give Microsoft the certificate");

        upload(&app, &browser, &format!("{credential}/certificate.cer")).await;
        browser.open_and_submit(&here, &test, &[]).await.expect_redirect(&format!("{here}?done=test-accepted"));
        let page = browser.get(&here).await;
        assert_eq!(page.all("#credentials td[data-l=State] .st"), ["In use"]);
        assert!(page.all("#upload-title").is_empty());
        let mailbox = add_mailbox(&browser, &here, "shared@contoso.example").await;
        assert!(browser.get(&mailbox).await.text().contains("Microsoft accepts it"));
        app.stop().await;
    }
}

/// As the tenant administrator does with the file from the page.
async fn upload(app: &TestApp, browser: &crate::support::Browser, path: &str) {
    let http = reqwest::Client::builder().build().unwrap();
    let cookie = format!("postkey={}", browser.session().unwrap());
    let response = http.get(format!("{}{path}", app.url)).header("cookie", cookie).send().await.unwrap();
    let file = response.bytes().await.unwrap();
    let certificate = Certificate::parse(&file).unwrap();
    let client_id = app.sample("Contoso Vault").client_id.to_string();
    app.sim.estate(|estate| estate.application_mut(&client_id).unwrap().certificates.push(certificate));
}

#[tokio::test]
async fn the_file_is_public_and_holds_no_key() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add_as(&app, &browser, "Contoso Vault", &[("proof", "certificate")]).await;
    let path = format!("{}/certificate.cer", newest(&app, &here).await);
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "application/pkix-cert");
    assert!(page.header("content-disposition").starts_with("attachment; filename=\"postkey-"));
    assert!(!page.body.contains("PRIVATE"));
    assert_eq!(super::person(&app, postkey::users::Role::Viewer).await.get(&path).await.status, 200);
    assert!(app.stranger().get(&path).await.location().starts_with("/login"), "for people with an account");
    app.stop().await;
}

#[tokio::test]
async fn a_certificate_is_added_beside_the_secret_that_stays_in_use() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    add_mailbox(&browser, &here, "support@contoso.example").await;
    app.advance(60);
    let path = format!("{here}/certificates/new");
    browser.open_and_submit(&path, &path, &[]).await.expect_redirect(&format!("{here}?done=certificate-added"));
    let page = browser.get(&here).await;
    assert_eq!(page.all("#credentials td[data-l=State] .st"), ["Not tested yet", "In use"]);
    let certificate = newest(&app, &here).await;
    let secret = format!("{here}/credentials/{}", super::credentials(&app, &here).await[1].id);
    assert_eq!(browser.get(&format!("{certificate}/end")).await.status, 409, "its end stands in it");
    assert_eq!(browser.get(&format!("{secret}/certificate.cer")).await.status, 404);
    let other = add(&app, &browser, "Fabrikam Mail").await;
    let foreign = certificate.replace(&here, &other);
    assert_eq!(browser.get(&format!("{foreign}/certificate.cer")).await.status, 404, "not below another application");
    app.stop().await;
}
