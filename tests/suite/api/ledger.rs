//! Which key took what, and when: written down within a second, or before.

use super::{SUPPORT, Worker, problem, start};
use crate::safety::world::{column, meddle};
use crate::sign_in;
use crate::support::{Engine, TestApp};

async fn until(app: &TestApp, sql: &str, expected: &str) {
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        while column(&app.inside().db, sql).await.concat() != expected {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "{sql} stays {}", column(&app.inside().db, sql).await.concat());
}

const TIMES: &str = "SELECT CAST(COALESCE(SUM(times), 0) AS TEXT) FROM hand_outs";

#[tokio::test]
async fn hand_outs_are_folded_and_shown_with_the_token_and_with_the_key() {
    for engine in Engine::all() {
        let (app, ana, worker) = start(engine).await;
        for _ in 0..41 {
            assert_eq!(worker.token(SUPPORT).await.status, 200);
        }
        until(&app, TIMES, "41").await;
        assert_eq!(column(&app.inside().db, "SELECT key_id FROM hand_outs").await.len(), 1);
        let grant = column(&app.inside().db, "SELECT id FROM grants").await.concat();
        let token = ana.get(&format!("/tokens/{grant}")).await;
        assert!(token.text().contains("41 times today"), "{}", token.text());
        let key = token.href("/keys/key_");
        let page = ana.get(&key).await;
        assert!(page.text().contains(SUPPORT) && page.all("td.num") == ["41"], "{}", page.text());
        assert!(column(&app.inside().db, "SELECT CAST(used_at AS TEXT) FROM api_keys").await == ["1795435200"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn what_was_handed_out_before_a_stop_is_written_down() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    for _ in 0..7 {
        worker.token(SUPPORT).await;
    }
    let app = app.restart().await;
    assert_eq!(column(&app.inside().db, TIMES).await, ["7"]);
    app.stop().await;
}

#[tokio::test]
async fn with_the_strict_log_a_token_is_handed_out_only_after_it_is_written_down() {
    let app = TestApp::with(Engine::Sqlite, |config| config.strict_hand_out_log = true).await;
    let ana = app.owner().await;
    crate::tokens::keeper::opened_by(&app, &ana, "Contoso Mail", SUPPORT).await;
    let (_, key) = crate::keys::make(&ana, &[]).await;
    let worker = Worker::new(&app, &key);
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    assert_eq!(column(&app.inside().db, TIMES).await, ["1"]);
    meddle(&app.inside().db, "ALTER TABLE hand_outs RENAME TO hidden").await;
    let refused = worker.token(SUPPORT).await;
    assert!(!refused.body.contains("eyJ"));
    problem(&refused, "internal");
    meddle(&app.inside().db, "ALTER TABLE hidden RENAME TO hand_outs").await;
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    app.stop().await;
}

#[tokio::test]
async fn what_the_database_does_not_take_now_is_written_down_later() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    until(&app, TIMES, "1").await;
    meddle(&app.inside().db, "CREATE TRIGGER deaf BEFORE INSERT ON hand_outs BEGIN SELECT RAISE(ABORT, 'full'); END")
        .await;
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    let path = sign_in::path_of(&app, SUPPORT).await;
    assert!(path.starts_with("/mailboxes/"));
    meddle(&app.inside().db, "DROP TRIGGER deaf").await;
    until(&app, TIMES, "2").await;
    app.stop().await;
}
