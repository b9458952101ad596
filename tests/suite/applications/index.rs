//! `GET /applications` and `GET /applications.csv`.

use postkey::users::Role;

use super::{add, add_as, add_mailbox, person};
use crate::support::{Engine, TestApp};

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn an_empty_list_leads_to_the_first_application() {
    let app = TestApp::start().await;
    let page = app.owner().await.get("/applications").await;
    assert_eq!(page.one(".empty h2"), "Add your first application");
    assert_eq!(page.all(".empty a"), ["Add an application"]);
    let viewer = person(&app, Role::Viewer).await;
    assert!(viewer.get("/applications").await.all(".empty a").is_empty());
    app.stop().await;
}

#[tokio::test]
async fn the_list_says_who_uses_each_and_how_long_its_credential_lasts() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let mail = add(&app, &browser, "Contoso Mail").await;
        let secret = app.sample("Contoso Archive").secret().to_owned();
        let archive = add_as(&app, &browser, "Contoso Archive", &[("secret", &secret), ("expires", "unknown")]).await;
        add_as(&app, &browser, "Contoso Vault", &[("proof", "certificate")]).await;
        add_mailbox(&browser, &mail, "support@contoso.example").await;
        add_mailbox(&browser, &mail, "sales@contoso.example").await;
        add_mailbox(&browser, &archive, "billing@contoso.example").await;

        let page = browser.get("/applications").await;
        let rows = page.all("tbody tr");
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(
            rows[0].starts_with("Contoso Archive")
                && rows[0].contains("Refused by Microsoft")
                && rows[0].ends_with("never"),
            "{}",
            rows[0]
        );
        assert!(rows[1].contains("2 that use Contoso Mail") && rows[1].contains("Ends in 180 days"), "{}", rows[1]);
        assert!(rows[2].contains("Not tested yet"), "{}", rows[2]);
        assert_eq!(page.all("tbody tr:nth-child(3) td[data-l=Mailboxes]"), ["0"]);

        app.advance(160 * DAY);
        let browser = app.owner().await;
        let page = browser.get("/applications").await;
        assert_eq!(page.all("tbody tr:nth-child(2) .st.warn"), ["Ends in 20 days"]);
        app.advance(30 * DAY);
        let browser = app.owner().await;
        assert_eq!(browser.get("/applications").await.all("tbody tr:nth-child(2) .st.crit"), ["Expired 23 May 2027"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn the_csv_holds_the_same_rows_without_formulas() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let secret = app.sample("Contoso Mail").secret().to_owned();
    add_as(&app, &browser, "Contoso Mail", &[("name", "=HYPERLINK(\"http://evil.example\")"), ("secret", &secret)])
        .await;
    let page = browser.get("/applications.csv").await;
    assert!(page.header("content-disposition").contains("applications.csv"));
    let lines: Vec<&str> = page.body.lines().collect();
    assert_eq!(lines[0], "id,name,cloud,tenant,client_id,mailboxes,credential,credential_ends_at,last_used_at");
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\",custom,"), "{}", lines[1]);
    assert!(lines[1].ends_with(",0,untested,,"), "{}", lines[1]);
    app.stop().await;
}
