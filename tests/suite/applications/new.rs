//! `GET` and `POST /applications/new`.

use postkey::users::Role;

use super::{add, add_as, audited, credentials, person};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn an_application_is_stored_with_its_secret_sealed() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        let page = browser.get(&format!("{here}?done=application-added")).await;
        assert_eq!(page.one("h1"), "Contoso Mail");
        assert!(page.one(".flash").starts_with("The application is saved."));
        let secret = app.sample("Contoso Mail").secret().to_owned();
        assert!(!page.body.contains(&secret));
        assert!(page.text().contains(&format!("…{}", &secret[secret.len() - 3..])), "{}", page.text());
        assert_eq!(audited(&app, &here).await, ["application.added", "credential.added"]);
        assert!(app.sim.requests().is_empty(), "saving asks Microsoft nothing");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_secret_id_is_refused_before_anybody_is_asked() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let known = app.sample("Contoso Mail");
    let secret_id = known.secret_id().unwrap().to_string();
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let typed =
        [("name", "Contoso Mail"), ("tenant", tenant.as_str()), ("client_id", &client_id), ("secret", &secret_id)];
    let page = browser.open_and_submit("/applications/new", "/applications/new", &typed).await;
    assert_eq!(page.status, 422);
    assert!(page.one("#secret-e").contains("That looks like the Secret ID."));
    assert!(page.one("title").starts_with("Error: "));
    assert!(!page.body.contains(&secret_id), "what was typed as a secret does not come back");
    assert!(page.body.contains(&client_id), "the rest does");
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn the_same_registration_and_the_same_name_are_told() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    add(&app, &browser, "Contoso Mail").await;
    let known = app.sample("Contoso Mail");
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let typed = [("name", "CONTOSO MAIL"), ("tenant", tenant.as_str()), ("client_id", &client_id), ("secret", "x")];
    let page = browser.open_and_submit("/applications/new", "/applications/new", &typed).await;
    assert_eq!(page.status, 422);
    let errors = page.all(".summary li").join(" ");
    assert!(
        errors.contains("already stored as Contoso Mail")
            && errors.contains("already an application called CONTOSO MAIL"),
        "{errors}"
    );
    app.stop().await;
}

#[tokio::test]
async fn with_a_certificate_the_page_says_what_to_do_next() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add_as(&app, &browser, "Contoso Vault", &[("proof", "certificate")]).await;
    let page = browser.get(&here).await;
    assert_eq!(page.one("#upload-title"), "Give Microsoft the certificate");
    assert!(page.text().contains(&credentials(&app, &here).await[0].hint));
    app.stop().await;
}

#[tokio::test]
async fn only_application_administrators_add_or_change() {
    let app = TestApp::start().await;
    let owner = app.owner().await;
    let here = add(&app, &owner, "Contoso Mail").await;
    let credential = super::newest(&app, &here).await;
    let mailboxes = person(&app, Role::MailboxAdministrator).await;
    let paths = [
        "/applications/new".to_owned(),
        format!("{here}/edit"),
        format!("{here}/delete"),
        format!("{here}/secrets/new"),
        format!("{here}/certificates/new"),
        format!("{credential}/retire"),
        format!("{credential}/end"),
    ];
    for path in &paths {
        let page = mailboxes.get(path).await;
        assert_eq!(page.status, 403, "{path}");
        assert!(page.body.contains("Only application administrators can do this."), "{path}");
        let key = mailboxes.get("/").await.form("/logout", &[]);
        assert_eq!(mailboxes.post(path, &key).await.status, 403, "{path}");
        assert_eq!(owner.get(path).await.status, 200, "{path}");
        assert_eq!(app.stranger().get(path).await.status, 303, "{path}");
    }
    let page = mailboxes.get(&here).await;
    assert_eq!(page.status, 200);
    let buttons = page.all("main .btn");
    assert_eq!(
        buttons,
        [
            "Scope check",
            "Copy Application (client) ID",
            "Copy Directory (tenant) ID",
            "Ask a tenant administrator",
            "Instructions for the tenant administrator"
        ]
    );
    app.stop().await;
}
