//! `If-None-Match` and `wait`: a worker hears at once of another token, and of a pause.

use std::time::{Duration, Instant};

use super::{HOUR, SUPPORT, json, problem, start};
use crate::sign_in;
use crate::support::Engine;

#[tokio::test]
async fn a_worker_that_knows_the_token_is_told_so_at_once_or_after_its_wait() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    let first = worker.token(SUPPORT).await;
    let tag = first.header("etag").to_owned();
    let ask = async |path: &str, tag: &str| {
        worker.get_with(&format!("/{SUPPORT}/token{path}"), &[("if-none-match", tag)]).await
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let page = ask("", &known).await;
        assert_eq!((page.status, page.body.as_str(), page.header("etag")), (304, "", tag.as_str()), "{known}");
    }
    assert_eq!(ask("?wait=60", "\"other.1\"").await.status, 200);
    let begun = Instant::now();
    assert_eq!(ask("?wait=1", &tag).await.status, 304);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    app.advance(HOUR);
    assert_eq!(json(&ask("?wait=60", &tag).await)["generation"], 2, "what does not last is renewed, whoever knows it");
    app.stop().await;
}

#[tokio::test]
async fn who_waits_hears_of_a_renewal_and_of_a_pause_when_it_happens() {
    let (app, ana, worker) = start(Engine::Sqlite).await;
    let path = sign_in::path_of(&app, SUPPORT).await;
    let tag = worker.token(SUPPORT).await.header("etag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    let wait = format!("/{SUPPORT}/token?wait=60");
    let renew = async {
        let grant = crate::safety::world::column(&app.inside().db, "SELECT id FROM grants").await.concat();
        app.advance(10);
        let page = format!("/tokens/{grant}");
        ana.open_and_submit(&page, &format!("{page}/renew"), &[]).await.location();
    };
    let (waited, ()) = tokio::join!(worker.get_with(&wait, &known), renew);
    assert_eq!((waited.status, &json(&waited)["generation"]), (200, &2.into()), "{}", waited.body);
    let tag = waited.header("etag").to_owned();
    let known = [("if-none-match", tag.as_str())];
    let pause = format!("{path}/pause");
    let (waited, _) = tokio::join!(worker.get_with(&wait, &known), ana.open_and_submit(&pause, &pause, &[]));
    problem(&waited, "paused");
    app.stop().await;
}

#[tokio::test]
async fn who_waits_takes_no_place_and_a_stop_does_not_wait_for_them() {
    let app = crate::support::TestApp::with(Engine::Sqlite, |config| config.places.api = 1).await;
    let ana = app.owner().await;
    crate::tokens::keeper::opened_by(&app, &ana, "Contoso Mail", SUPPORT).await;
    let (_, key) = crate::keys::make(&ana, &[]).await;
    let worker = super::Worker::new(&app, &key);
    let tag = worker.token(SUPPORT).await.header("etag").to_owned();
    let waiting = super::Worker::new(&app, &key);
    let waits = tokio::spawn(async move {
        waiting.get_with(&format!("/{SUPPORT}/token?wait=60"), &[("if-none-match", tag.as_str())]).await.status
    });
    while worker.token(SUPPORT).await.status != 200 {
        tokio::task::yield_now().await;
    }
    app.stop().await;
    assert_eq!(waits.await.unwrap(), 304);
}
