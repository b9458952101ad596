//! Why there is no token: each code with its cause, who can mend it and since when.

use postkey_simulator::{Failure, Fault, Kind, Page, Place, RetryAfter};

use super::{HOUR, SUPPORT, later, problem, start};
use crate::safety::world::meddle;
use crate::sign_in::{self, OLGA};
use crate::support::Engine;

#[tokio::test]
async fn while_microsoft_is_down_a_token_is_given_to_its_last_second_and_nobody_hammers() {
    for engine in Engine::all() {
        let (app, ana, worker) = start(engine).await;
        sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
        app.sim.clear_requests();
        app.sim.fault(Fault::status(Place::Token, 503, Page::Html));
        // The sign-in took a second.
        app.advance(HOUR - 101);
        for (mailbox, left) in [(SUPPORT, 100), (OLGA, 101)] {
            let before = app.sim.count(Kind::Token);
            for _ in 0..5 {
                let said = super::json(&worker.token(mailbox).await);
                assert_eq!((&said["expires_in"], &said["cached"]), (&left.into(), &true.into()), "{said}");
            }
            assert_eq!(app.sim.count(Kind::Token) - before, 1, "{mailbox}");
        }
        app.advance(99);
        assert_eq!(super::json(&worker.token(SUPPORT).await)["expires_in"], 1);
        app.advance(2);
        for mailbox in [SUPPORT, OLGA] {
            let down = problem(&worker.token(mailbox).await, "try_later");
            assert_eq!(
                (&down["cause"], &down["who"], &down["status"]),
                (&"provider_down".into(), &"nobody".into(), &503.into())
            );
            assert!((1..=300).contains(&down["retry_after"].as_i64().unwrap()), "{down}");
        }
        // Of an hour that everybody asks through, Microsoft sees a handful of tries.
        let before = app.sim.count(Kind::Token);
        for _ in 0..60 {
            app.advance(10);
            problem(&worker.token(OLGA).await, "try_later");
        }
        assert!(app.sim.count(Kind::Token) - before <= 10, "{}", app.sim.count(Kind::Token) - before);
        app.sim.clear_faults();
        app.advance(1_800);
        for mailbox in [SUPPORT, OLGA] {
            assert_eq!(worker.token(mailbox).await.status, 200, "{mailbox}");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn the_time_that_microsoft_names_is_passed_on() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    app.sim.fault(Fault::new(Place::Token, Failure::Throttle(RetryAfter::Seconds(60))));
    app.advance(HOUR);
    let throttled = problem(&worker.token(SUPPORT).await, "try_later");
    assert_eq!(throttled["cause"], "throttled");
    assert!((60..=70).contains(&throttled["retry_after"].as_i64().unwrap()), "{throttled}");
    app.advance(30);
    let again = problem(&worker.token(SUPPORT).await, "try_later");
    assert!((30..=40).contains(&again["retry_after"].as_i64().unwrap()), "{again}");
    assert_eq!(app.sim.count(Kind::Token), 1);
    app.stop().await;
}

#[tokio::test]
async fn an_application_that_is_refused_is_broken_until_it_is_mended_and_what_lasts_is_still_given() {
    let (app, ana, worker) = start(Engine::Sqlite).await;
    app.sim.fault(Fault::aadsts(7_000_222));
    app.advance(HOUR - 200);
    let broken = problem(&worker.token(SUPPORT).await, "application_broken");
    assert_eq!((&broken["cause"], &broken["who"]), (&"secret_expired".into(), &"application_administrator".into()));
    assert_eq!(broken["since"], "2026-11-23T12:56:40Z");
    assert!(
        broken["detail"].as_str().unwrap().contains("Contoso Mail") || !broken["detail"].as_str().unwrap().is_empty()
    );
    assert_eq!(worker.get(&format!("/{SUPPORT}/token?min_ttl=200")).await.status, 200, "it is good for that");
    for _ in 0..5 {
        problem(&worker.token(SUPPORT).await, "application_broken");
    }
    assert_eq!(app.sim.count(Kind::Token), 1, "nothing was mended, so nobody asks");
    app.sim.clear_faults();
    let ana = match ana.get("/").await.status {
        200 => ana,
        _ => app.owner().await,
    };
    let application = format!("/applications/{}", sign_in::application(&app, "Contoso Mail").await);
    let page = ana.get(&application).await;
    let test = page.actions().into_iter().find(|action| action.ends_with("/test")).unwrap();
    ana.submit(&page, &test, &[]).await.location();
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    app.stop().await;
}

#[tokio::test]
async fn a_mailbox_waits_for_its_person_before_the_first_sign_in_and_after_the_last() {
    let (app, ana, worker) = start(Engine::Sqlite).await;
    sign_in::save(&app, &ana, sign_in::SIGN_IN, &[("address", OLGA), ("how", "link")]).await.location();
    let waiting = problem(&worker.token(OLGA).await, "needs_sign_in");
    assert_eq!((&waiting["cause"], &waiting["who"]), (&"needs_sign_in".into(), &"mailbox_owner".into()));
    assert_eq!(waiting["since"], "2026-11-23T12:00:00Z");
    let jan = sign_in::signed_in(&app, &ana, sign_in::JAN, sign_in::JAN).await;
    assert_eq!(worker.token(sign_in::JAN).await.status, 200);
    later(&app, &ana, HOUR).await;
    let now = app.sim.clock().now();
    app.sim.estate(|estate| estate.revoke_sessions(sign_in::JAN, now));
    let over = problem(&worker.token(sign_in::JAN).await, "needs_sign_in");
    assert_eq!((&over["status"], &over["since"]), (&409.into(), &"2026-11-23T13:00:01Z".into()));
    let forget = format!("{jan}/sign-in/forget");
    ana.open_and_submit(&forget, &forget, &[]).await.location();
    problem(&worker.token(sign_in::JAN).await, "needs_sign_in");
    app.stop().await;
}

#[tokio::test]
async fn what_a_policy_forbids_is_not_connected() {
    let (app, ana, worker) = start(Engine::Sqlite).await;
    sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
    app.sim.fault(Fault::aadsts(53_003).grant_type("refresh_token"));
    app.advance(HOUR);
    let blocked = problem(&worker.token(OLGA).await, "not_connected");
    assert_eq!(blocked["cause"], "blocked");
    app.stop().await;
}

#[tokio::test]
async fn when_the_database_is_away_or_broken_a_worker_is_told_so_and_nothing_else() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    meddle(&app.inside().db, "ALTER TABLE mailboxes RENAME TO hidden").await;
    let broken = problem(&worker.token(SUPPORT).await, "internal");
    assert!(!broken.to_string().contains("table") && broken["who"] == "operations", "{broken}");
    meddle(&app.inside().db, "ALTER TABLE hidden RENAME TO mailboxes").await;
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    app.stop().await;
}
