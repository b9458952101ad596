//! Whose key it is (S-92 to S-94), and that there is a place.

use futures_util::future::join_all;
use postkey_simulator::{Fault, Place};

use super::{HOUR, SUPPORT, Worker, json, problem, start};
use crate::safety::world::column;
use crate::support::{Engine, TestApp};

const TOKEN: &str = "/api/v1/mailboxes/support@contoso.example/token";

#[tokio::test]
async fn without_a_key_that_works_there_is_nothing_not_even_whether_a_mailbox_exists() {
    let (app, ana, _) = start(Engine::Sqlite).await;
    let (_, key) = crate::keys::make(&ana, &[]).await;
    let other = if key.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("Bearer {}{other}", &key[..key.len() - 1]);
    let unknown = postkey::keys::text::make(&postkey::chance::Chance::System).1;
    let unknown = format!("Bearer {}", secrecy::ExposeSecret::expose_secret(&unknown));
    let basic = format!("Basic {key}");
    for brought in ["", "Bearer", "Bearer ", "Bearer pk_live_", &key, &basic, &mistyped, &unknown, "Bearer \u{e9}"] {
        let stranger = app.stranger();
        for path in [TOKEN, "/api/v1/mailboxes", "/api/v1/mailboxes/nobody@contoso.example"] {
            let page = stranger.get_with(path, &[("authorization", brought)]).await;
            let refused = json(&page);
            // After some wrong ones it is too many, which says no more.
            assert!(matches!(page.status, 401 | 429), "{brought}: {}", page.status);
            assert!(refused["code"] == "unauthorized" || refused["code"] == "too_many_requests", "{refused}");
            assert!(page.headers.get("set-cookie").is_none());
            assert_eq!(page.header("www-authenticate").is_empty(), page.status == 429);
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn cookies_open_nothing_and_a_key_in_the_address_is_refused() {
    let (app, ana, _) = start(Engine::Sqlite).await;
    let (_, key) = crate::keys::make(&ana, &[]).await;
    let page = ana.get(TOKEN).await;
    problem(&page, "unauthorized");
    let bearer = format!("Bearer {key}");
    let strayed =
        [format!("{TOKEN}?access_token={key}"), format!("{TOKEN}?key={key}"), format!("/api/v1/mailboxes/{key}")];
    for address in strayed {
        for headers in [vec![], vec![("authorization", bearer.as_str())]] {
            let page = app.stranger().get_with(&address, &headers).await;
            let refused = problem(&page, "bad_request");
            assert!(!refused.to_string().contains(&key), "{refused}");
        }
    }
    let two = [("authorization", bearer.as_str()), ("authorization", "Bearer other")];
    problem(&app.stranger().get_with(TOKEN, &two).await, "unauthorized");
    app.stop().await;
}

#[tokio::test]
async fn a_key_stops_at_once_when_it_is_revoked_and_by_itself_when_it_ends() {
    for engine in Engine::all() {
        let (app, ana, _) = start(engine).await;
        let (path, key) = crate::keys::make(&ana, &[("days", "30")]).await;
        let (_, other) = crate::keys::make(&ana, &[("days", "30")]).await;
        let (worker, other) = (Worker::new(&app, &key), Worker::new(&app, &other));
        assert_eq!(worker.token(SUPPORT).await.status, 200);
        let made = ana.open_and_submit(&path, &format!("{path}/rotate"), &[("hours", "1")]).await;
        let new = Worker::new(&app, &ana.get(made.location()).await.one("#key-text"));
        assert_eq!((worker.token(SUPPORT).await.status, new.token(SUPPORT).await.status), (200, 200), "side by side");
        let revoke = format!("{path}/revoke");
        ana.open_and_submit(&revoke, &revoke, &[]).await.location();
        let revoked = problem(&worker.token(SUPPORT).await, "unauthorized");
        assert_eq!(revoked["detail"], "This key was revoked.");
        assert_eq!(new.token(SUPPORT).await.status, 200);
        app.advance(30 * 24 * HOUR);
        let ended = problem(&other.token(SUPPORT).await, "unauthorized");
        assert_eq!(ended["detail"], "This key ended at 2026-12-23T12:00:00Z.");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_key_for_status_gets_status_and_no_token() {
    let (app, ana, _) = start(Engine::Sqlite).await;
    let (_, key) = crate::keys::make(&ana, &[("may", "status")]).await;
    let worker = Worker::new(&app, &key);
    assert_eq!(worker.get("").await.status, 200);
    assert_eq!(worker.get(&format!("/{SUPPORT}")).await.status, 200);
    for mailbox in [SUPPORT, "nobody@contoso.example"] {
        let refused = problem(&worker.token(mailbox).await, "forbidden");
        assert_eq!(refused["status"], 403);
        problem(&worker.refused(mailbox, "{\"generation\":1}").await, "forbidden");
    }
    app.stop().await;
}

#[tokio::test]
async fn after_many_wrong_keys_from_one_address_a_wrong_one_is_too_many_and_a_right_one_still_works() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    let wrong = Worker::new(&app, "pk_live_wrong");
    for _ in 0..20 {
        problem(&wrong.token(SUPPORT).await, "unauthorized");
    }
    let many = problem(&wrong.token(SUPPORT).await, "too_many_requests");
    assert_eq!((&many["status"], &many["retry_after"]), (&429.into(), &60.into()));
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    app.advance(60);
    problem(&wrong.token(SUPPORT).await, "unauthorized");
    app.stop().await;
}

#[tokio::test]
async fn when_all_places_are_taken_others_are_sent_away_at_once_and_it_recovers() {
    let app = TestApp::with(Engine::Sqlite, |config| config.places.api = 2).await;
    let ana = app.owner().await;
    crate::tokens::keeper::opened_by(&app, &ana, "Contoso Mail", SUPPORT).await;
    let (_, key) = crate::keys::make(&ana, &[]).await;
    let worker = Worker::new(&app, &key);
    app.advance(30 * HOUR);
    app.sim.fault(Fault::new(Place::Token, postkey_simulator::Failure::Delay { ms: 1_500 }).times(1));
    let all = join_all((0..6).map(|_| worker.token(SUPPORT))).await;
    let served = all.iter().filter(|page| page.status == 200).count();
    assert_eq!(served, 2, "{:?}", all.iter().map(|page| page.status).collect::<Vec<_>>());
    for page in all.iter().filter(|page| page.status != 200) {
        assert_eq!(problem(page, "try_later")["retry_after"], 1);
    }
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    app.stop().await;
}

#[tokio::test]
async fn nothing_that_is_wrong_with_a_request_is_a_fault_of_ours() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    let long = "x".repeat(3_000);
    for name in ["%00", "%ff", "mb_", "..", "%2e%2e%2f", "'", "%22", "mb_zzzzzzzzzzzzzzzzzzzzzzzz", &long, "a%0d%0ab"] {
        for rest in ["", "/token", "/token?min_ttl=1", "?status=x"] {
            let page = worker.get(&format!("/{name}{rest}")).await;
            assert!(matches!(page.status, 400 | 404), "{name}{rest}: {} {}", page.status, page.body);
        }
    }
    for body in ["", "{", "[]", "{\"generation\":\"1\"}", "{\"generation\":1,\"status\":99999}", "{\"generation\":-1}"]
    {
        let page = worker.refused(SUPPORT, body).await;
        problem(&page, "bad_request");
    }
    problem(&worker.refused(SUPPORT, &" ".repeat(17_000)).await, "too_large");
    assert!(column(&app.inside().db, "SELECT grant_id FROM token_refusals").await.is_empty());
    app.stop().await;
}

#[tokio::test]
async fn answers_are_counted_by_what_they_were() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    let tag = worker.token(SUPPORT).await.header("etag").to_owned();
    worker.get_with(&format!("/{SUPPORT}/token"), &[("if-none-match", &tag)]).await;
    worker.token("nobody@contoso.example").await;
    worker.get("?limit=1&limit=2").await;
    Worker::new(&app, "pk_live_wrong").token(SUPPORT).await;
    let mut page = prometheus_client::registry::Registry::default();
    app.inside().tally.register(&mut page);
    let mut text = String::new();
    prometheus_client::encoding::prometheus_text::encode(&mut text, &page).unwrap();
    for outcome in ["ok", "not_modified", "not_found", "bad_request", "unauthorized"] {
        let line = format!("api_answers_total{{outcome=\"{outcome}\"}} 1");
        assert!(text.lines().any(|known| known == line), "{outcome}: {text}");
    }
    app.stop().await;
}
