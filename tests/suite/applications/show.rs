//! `GET /applications/{id}`.

use super::{add, add_mailbox, id, newest};
use crate::support::TestApp;

#[tokio::test]
async fn permissions_of_the_last_token_are_compared_with_what_is_needed() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Reader").await;
    assert!(browser.get(&here).await.text().contains("Not known: Microsoft has given no token yet."));
    add_mailbox(&browser, &here, "support@contoso.example").await;
    let page = browser.get(&here).await;
    let said = page.all("h2 ~ .kv dd");
    assert_eq!(said, ["Granted", "Not in the token"]);
    assert_eq!(page.all("h2 ~ .kv dt"), ["Mail.ReadWrite", "Mail.Send"]);
    assert!(page.body.contains(&format!("/mailboxes?app={}", id(&here))));
    app.stop().await;
}

#[tokio::test]
async fn a_name_is_text_whatever_it_looks_like() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let secret = app.sample("Contoso Mail").secret().to_owned();
    let name = "</title><script>alert(1)</script>\"'&";
    let here = super::add_as(&app, &browser, "Contoso Mail", &[("name", name), ("secret", &secret)]).await;
    for path in ["", "/edit", "/delete", "/sheet", "/secrets/new", "/certificates/new"] {
        let page = browser.get(&format!("{here}{path}")).await;
        assert!(!page.body.contains("<script>alert"), "{path}");
        assert!(page.one("h1").contains(name) || path == "/secrets/new", "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn in_a_cloud_of_microsoft_links_lead_to_the_portal_and_say_the_way() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let secret = app.sample("Contoso Mail").secret().to_owned();
    for (cloud, portal) in [("global", "https://entra.microsoft.com/"), ("china", "https://portal.azure.cn/")] {
        let here =
            super::add_as(&app, &browser, "Contoso Mail", &[("name", cloud), ("cloud", cloud), ("secret", &secret)])
                .await;
        let page = browser.get(&here).await;
        let client_id = app.sample("Contoso Mail").client_id;
        for blade in ["Overview", "Credentials", "CallAnAPI"] {
            let view = "#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~";
            assert!(
                page.body.contains(&format!("href=\"{portal}{view}/{blade}/appId/{client_id}\"")),
                "{cloud} {blade}"
            );
        }
        assert!(page.text().contains(&format!("App registrations › {cloud} › Certificates & secrets")));
        assert_eq!(
            page.body.matches("target=\"_blank\"").count(),
            page.body.matches("rel=\"noopener noreferrer\"").count()
        );
    }
    app.stop().await;
}

#[tokio::test]
async fn the_block_of_credentials_comes_alone_for_the_script() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let fragment = [("x-postkey-fragment", "credentials")];
    let part = browser.get_with(&here, &fragment).await;
    assert_eq!(part.status, 200);
    assert!(part.body.contains("Not tested yet") && !part.body.contains("<html"));
    assert!(part.body.contains("data-every=\"3\""), "a new secret may be answered any moment");
    let again = browser.get_with(&here, &[fragment[0], ("if-none-match", part.header("etag"))]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    app.advance(61);
    assert!(browser.get_with(&here, &fragment).await.body.contains("data-every=\"30\""));
    app.stop().await;
}

#[tokio::test]
async fn only_the_name_of_an_article_brings_one_onto_the_page() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let page = browser.get(&format!("{here}?why=AADSTS90002")).await;
    assert!(page.one("#trouble-title").starts_with("Microsoft does not know the tenant"));
    for why in ["", "nonsense", "%3Cscript%3E"] {
        assert!(browser.get(&format!("{here}?why={why}")).await.all("#trouble-title").is_empty(), "{why}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let credential = newest(&app, &here).await;
    for path in [
        here.replace("app_0", "app_1"),
        format!("{}/sheet", here.replace("app_0", "app_1")),
        credential.replace("cred_0", "cred_1") + "/retire",
        credential.replace("cred_0", "cred_1") + "/certificate.cer",
    ] {
        assert_eq!(browser.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(browser.get("/applications/x").await.status, 400);
    app.stop().await;
}
