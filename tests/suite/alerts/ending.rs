//! Warnings before a secret ends.

use postkey::expiry::warn;

use super::{add_hook, send_all};
use crate::mailboxes::add;
use crate::safety::world::meddle;
use crate::support::app::NOON;
use crate::support::{Engine, HookSink, TestApp};

const DAY: i64 = 86_400;

async fn look(app: &TestApp) {
    warn::look(app.inside()).await.unwrap();
    send_all(app).await;
}

#[tokio::test]
async fn each_of_the_seven_warnings_comes_once_and_a_date_that_was_put_off_begins_anew() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let hooks = HookSink::start().await;
        add_hook(&ana, &hooks, &[]).await;
        add_hook(&ana, &HookSink::start().await, &[("warnings", ""), ("name", "Without warnings")]).await;
        add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
        let ends = |days: i64| format!("UPDATE credentials SET expires_at = {}", NOON + days * DAY);
        meddle(&app.inside().db, &ends(62)).await;
        for _ in 0..64 * 4 {
            look(&app).await;
            app.advance(DAY / 4);
        }
        let days: Vec<i64> =
            hooks.received().iter().map(|it| it.json()["data"]["credential"]["days"].as_i64().unwrap()).collect();
        assert_eq!(days, [60, 30, 14, 7, 3, 1, 0]);
        let told = hooks.told();
        assert_eq!(told[0].0, "credential.ending");
        assert!(told[2].1.starts_with("[Postkey] Contoso Mail: secret …"), "{told:?}");
        assert!(told[2].1.contains("ends in 14 days (24 Jan 2027), 1 mailbox"), "{told:?}");
        assert!(told[6].1.contains("ended 24 Jan 2027"), "{told:?}");
        meddle(&app.inside().db, &ends(64 + 90)).await;
        look(&app).await;
        assert_eq!(hooks.told().len(), 7, "that it was put off is no news");
        app.advance(61 * DAY);
        look(&app).await;
        assert_eq!(hooks.told().len(), 8);
        app.stop().await;
    }
}

#[tokio::test]
async fn what_another_secret_takes_over_from_is_no_news() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    meddle(&app.inside().db, &format!("UPDATE credentials SET expires_at = {}", NOON + 5 * DAY)).await;
    let copy = "INSERT INTO credentials (id, application_id, kind, state, hint, sealed, thumbprint_sha256,
            certificate_pem, created_by, created_at, expires_at)
        SELECT 'cred_ffffffffffffffffffffffff', application_id, kind, state, 'x7B', sealed, thumbprint_sha256,
            certificate_pem, created_by, created_at, expires_at + 8640000
        FROM credentials LIMIT 1";
    meddle(&app.inside().db, copy).await;
    look(&app).await;
    assert_eq!(hooks.told(), []);
    app.stop().await;
}
