//! `/applications/{id}/sheet` and `/applications/{id}/limit.ps1`.

use super::{add, add_as, add_mailbox};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn the_sheet_holds_the_ids_the_steps_and_who_may_do_them() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        add_mailbox(&browser, &here, "support@contoso.example").await;
        let known = app.sample("Contoso Mail");
        let page = browser.get(&format!("{here}/sheet")).await;
        let text = page.text();
        for part in [
            known.client_id.to_string().as_str(),
            known.tenant_id.to_string().as_str(),
            "support@contoso.example",
            "Mail.ReadWrite",
            "Mail.Send",
            "Privileged Role Administrator or Global Administrator",
            "Remove every Mail.* application permission in Entra, and its consent, or the limit does nothing.",
            "30 minutes to 2 hours",
            &format!("{}{here}/secrets/new", app.url),
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert_eq!(page.all("main h2").len(), 5);
        app.stop().await;
    }
}

#[tokio::test]
async fn the_script_cannot_be_made_to_do_anything_else() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let secret = app.sample("Contoso Mail").secret().to_owned();
    let name = "x'; Remove-Item * #<script>alert(1)</script>";
    let here = add_as(&app, &browser, "Contoso Mail", &[("name", name), ("secret", &secret)]).await;
    add_mailbox(&browser, &here, "o'brien@contoso.example").await;
    let page = browser.get(&format!("{here}/sheet")).await;
    assert!(!page.body.contains("<script>alert"));
    assert!(page.one("#script").contains("'o''brien@contoso.example'"));
    let file = browser.get(&format!("{here}/limit.ps1")).await;
    assert_eq!(file.header("content-type"), "text/plain; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"limit-"));
    assert!(file.body.contains("    'o''brien@contoso.example'\r\n"));
    let dangerous: Vec<&str> = file.body.lines().filter(|line| line.contains("Remove-Item")).collect();
    assert!(
        dangerous.iter().all(|line| line.trim_start_matches('\u{feff}').starts_with("# ")
            || line.starts_with("$name = 'Postkey x Remove-Item ")),
        "{dangerous:?}"
    );
    app.stop().await;
}

#[tokio::test]
async fn above_twenty_mailboxes_the_limit_goes_by_a_group() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    for number in 0..21 {
        add_mailbox(&browser, &here, &format!("box{number:02}@contoso.example")).await;
    }
    let page = browser.get(&format!("{here}/sheet")).await;
    assert!(page.one("#script").contains("MemberOfGroup -eq"));
    assert!(page.text().contains("box19@contoso.example and 1 more"), "{}", page.text());
    app.stop().await;
}

#[tokio::test]
async fn without_mailboxes_there_is_no_script_yet() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let page = browser.get(&format!("{here}/sheet")).await;
    assert!(page.text().contains("No mailbox uses Contoso Mail yet."));
    assert!(!page.body.contains("limit.ps1"));
    assert_eq!(browser.get(&format!("{here}/limit.ps1")).await.status, 409);
    app.stop().await;
}
