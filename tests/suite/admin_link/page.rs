//! What stands on the page.

use super::{badges, make, stored};
use crate::sign_in;
use crate::support::TestApp;

#[tokio::test]
async fn it_says_who_asks_for_what_and_how_each_step_stands() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Mail", &["support@contoso.example", "sales@contoso.example"]).await;
    let page = app.stranger().get(&make(&ana, &application).await).await;
    assert_eq!(badges(&page), ["Exists", "Granted", "Has one that works"]);
    let known = app.sample("Contoso Mail");
    let text = page.text();
    for part in [
        "Asked by Ana Ruiz (ana@contoso.example) on 23 Nov 2026",
        "for 2 mailboxes.",
        "sales@contoso.example",
        known.client_id.to_string().as_str(),
        known.tenant_id.to_string().as_str(),
        "Mail.ReadWrite (Application)",
        "Mail.Send (Application)",
        "open every mailbox of the tenant",
        "API permissions",
        "New-ManagementRoleAssignment",
        "Ana Ruiz will not see it",
        "until 24 Nov 2026, 13:00",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("(Delegated)") && !page.body.contains("AADSTS"));
    assert!(page.header("content-security-policy").contains(&format!("form-action 'self' {}", app.sim.authority())));
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    app.stop().await;
}

#[tokio::test]
async fn permissions_redirect_uri_and_script_follow_from_the_ways_of_access() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let typed = [("address", "shared@contoso.example"), ("person", "olga@contoso.example"), ("how", "link")];
    sign_in::save(&app, &ana, "Contoso Sign-in", &typed).await.location();
    let application = format!("/applications/{}", sign_in::application(&app, "Contoso Sign-in").await);
    let link = make(&ana, &application).await;
    let page = app.stranger().get(&link).await;
    let text = page.text();
    assert!(text.contains("Mail.Send.Shared (Delegated)") && text.contains("offline_access (Delegated)"), "{text}");
    assert!(!text.contains("(Application)") && page.all("#limit").is_empty(), "{text}");
    assert_eq!(page.one("#redirect-uri"), format!("{}/oauth/callback", app.url));
    let id = application.rsplit('/').next().unwrap();
    let typed = [("address", "support@contoso.example"), ("application", id)];
    ana.open_and_submit("/mailboxes/new", "/mailboxes", &typed).await.location();
    let text = app.stranger().get(&link).await.text();
    assert!(text.contains("Mail.Send (Application)") && text.contains("Mail.Send.Shared (Delegated)"), "both: {text}");
    app.stop().await;
}

#[tokio::test]
async fn a_certificate_that_waits_can_be_taken_along() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Mail", &[]).await;
    let add = format!("{application}/certificates/new");
    ana.open_and_submit(&add, &add, &[]).await.location();
    let link = make(&ana, &application).await;
    let tom = app.stranger();
    let page = tom.get(&link).await;
    assert!(page.text().contains("The certificate that Postkey made"), "{}", page.text());
    let file = tom.get_bytes(&page.href(&format!("{link}/certificate.cer"))).await;
    assert_eq!(file[0], 0x30, "a certificate in DER form");
    app.stop().await;
}

#[tokio::test]
async fn at_another_address_of_this_host_it_leads_to_the_public_one_first() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Mail", &[]).await;
    let link = make(&ana, &application).await;
    let tom = app.stranger();
    let fields = tom.get(&link).await.form(&format!("{link}/consent"), &[]);
    let other = app.url.replace("127.0.0.1", "localhost");
    let host = other.strip_prefix("http://").unwrap();
    let headers = [("sec-fetch-site", "same-origin"), ("origin", other.as_str()), ("host", host)];
    let answer = tom.post_with(&format!("{link}/consent"), &fields, &headers).await;
    answer.expect_redirect(&format!("{}{link}", app.url));
    app.stop().await;
}
