//! The token keeper: renewals ahead of need, while nobody asks.

use postkey::tokens::Want;
use postkey_simulator::{Failure, Fault, Kind, Lifetime, Place, RetryAfter};
use std::time::Duration;

use crate::safety::world::{column, meddle};
use crate::sign_in::{self, OLGA};
use crate::support::{Browser, Engine, TestApp};

/// How long an access token lives here, in seconds: its turn comes between 30 and 42 minutes.
const HOUR: i64 = 3_600;
const DUE: i64 = HOUR * 7 / 10;

pub(super) async fn start(engine: Engine) -> (TestApp, Browser) {
    let app = TestApp::with(engine, |config| config.keeper = true).await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 });
    let ana = app.owner().await;
    (app, ana)
}

/// `count` mailboxes, each with a sign-in of its own.
pub(super) async fn signed_in(app: &TestApp, ana: &Browser, count: usize) {
    for number in 0..count {
        sign_in::signed_in(app, ana, &format!("box{number}@contoso.example"), OLGA).await;
    }
    app.sim.clear_requests();
}

/// A mailbox that is opened by a sample application without a user. Gives its path.
pub(crate) async fn opened_by(app: &TestApp, ana: &Browser, sample: &str, address: &str) -> String {
    let known = app.sample(sample);
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let typed = [
        ("address", address),
        ("application", "new"),
        ("name", sample),
        ("tenant", &tenant),
        ("client_id", &client_id),
        ("secret", known.secret()),
    ];
    ana.open_and_submit("/mailboxes/new", "/mailboxes", &typed).await.location();
    sign_in::path_of(app, address).await
}

/// Lets the keeper look at what is due, and waits until everything that it began has ended.
pub(crate) async fn settle(app: &TestApp) {
    let inside = app.inside();
    let mut beat = inside.beat.subscribe();
    let leased = "SELECT CAST((SELECT COUNT(*) FROM grants WHERE leased_until > 0)
        + (SELECT COUNT(*) FROM delegated_grants WHERE leased_until > 0) AS TEXT)";
    // The second round certainly began after the clock was moved.
    for _ in 0..2 {
        let seen = beat.borrow_and_update().rounds;
        inside.wake.notify_one();
        let waited = tokio::time::timeout(Duration::from_secs(10), beat.wait_for(|beat| beat.rounds > seen)).await;
        waited.expect("the keeper looks").unwrap();
    }
    while column(&inside.db, leased).await != ["0"] {
        tokio::task::yield_now().await;
    }
}

pub(super) async fn generations(app: &TestApp) -> Vec<String> {
    let both =
        "SELECT CAST(generation AS TEXT) FROM grants UNION ALL SELECT CAST(generation AS TEXT) FROM delegated_grants";
    column(&app.inside().db, both).await
}

#[tokio::test]
async fn every_token_is_renewed_once_between_half_and_seven_tenths_of_its_life_and_nobody_has_to_ask() {
    for engine in Engine::all() {
        let (app, ana) = start(engine).await;
        signed_in(&app, &ana, 6).await;
        opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
        app.sim.clear_requests();
        app.advance(HOUR / 2 - 30);
        settle(&app).await;
        assert_eq!(app.sim.count(Kind::Token), 0, "too early");
        app.advance(DUE - HOUR / 2 + 30);
        settle(&app).await;
        assert_eq!(generations(&app).await, ["2"; 7]);
        assert_eq!((app.sim.count_grants("refresh_token"), app.sim.count_grants("client_credentials")), (6, 1));
        app.advance(60);
        settle(&app).await;
        assert_eq!(app.sim.count(Kind::Token), 7, "each once");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_refresh_in_of_microsofts_is_honoured() {
    let (app, ana) = start(Engine::Sqlite).await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 86_400 });
    signed_in(&app, &ana, 1).await;
    let turn = column(&app.inside().db, "SELECT CAST(next_at - issued_at AS TEXT) FROM delegated_grants").await;
    let turn: i64 = turn[0].parse().unwrap();
    assert!((43_200..=60_480).contains(&turn), "{turn}");
    app.stop().await;
}

#[tokio::test]
async fn an_outage_of_six_hours_loses_nothing_asks_ever_more_slowly_and_ends_within_five_minutes() {
    let (app, ana) = start(Engine::Sqlite).await;
    signed_in(&app, &ana, 10).await;
    let application = sign_in::application(&app, sign_in::SIGN_IN).await;
    app.advance(DUE);
    app.sim.fault(Fault::status(Place::Token, 503, postkey_simulator::Page::Json));
    let began = app.sim.count(Kind::Token);
    for _ in 0..6 * 60 {
        app.advance(60);
        settle(&app).await;
    }
    let asked = app.sim.count(Kind::Token) - began;
    assert!(asked >= 24, "it is never given up: {asked}");
    assert!(asked <= 6 * 60 * 8, "each try is one of a few that are allowed at once: {asked}");
    let failing = "SELECT failure FROM delegated_grants WHERE failures > 0";
    assert!(column(&app.inside().db, failing).await.iter().all(|json| json.contains("provider_down")));
    let dead = "SELECT address FROM mailboxes WHERE incoming = 'needs_sign_in'";
    assert!(column(&app.inside().db, dead).await.is_empty(), "nobody is asked to sign in again");
    app.sim.clear_faults();
    let before = app.sim.count(Kind::Token);
    for _ in 0..30 {
        app.advance(60);
        settle(&app).await;
    }
    assert_eq!(generations(&app).await, ["2"; 10], "{application}");
    assert_eq!(app.sim.count(Kind::Token) - before, 10, "one request each, and no storm");
    app.stop().await;
}

#[tokio::test]
async fn an_application_that_is_asked_to_wait_is_left_alone_by_everybody_and_the_others_go_on() {
    let (app, ana) = start(Engine::Sqlite).await;
    let mail = opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
    signed_in(&app, &ana, 1).await;
    let throttled = app.sample("Contoso Mail").client_id;
    app.sim.fault(Fault::new(Place::Token, Failure::Throttle(RetryAfter::Seconds(1_200))).application(throttled));
    app.advance(DUE);
    settle(&app).await;
    assert_eq!((app.sim.count_grants("client_credentials"), app.sim.count_grants("refresh_token")), (1, 1));
    app.advance(1_199);
    ana.sign_in(crate::support::app::EMAIL, crate::support::app::PASSWORD).await.location();
    ana.check_now(&mail).await;
    settle(&app).await;
    assert_eq!(app.sim.count_grants("client_credentials"), 1, "not before the time that was named");
    app.sim.clear_faults();
    app.advance(200);
    settle(&app).await;
    assert_eq!(app.sim.count_grants("client_credentials"), 2);
    app.stop().await;
}

#[tokio::test]
async fn one_application_that_hangs_does_not_keep_the_others_waiting() {
    let (app, ana) = start(Engine::Sqlite).await;
    signed_in(&app, &ana, 12).await;
    opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
    app.sim.clear_requests();
    let slow = app.sample(sign_in::SIGN_IN).client_id;
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 1_500 }).application(slow));
    app.advance(DUE);
    app.inside().wake.notify_one();
    let good = async {
        while app.sim.count_grants("client_credentials") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), good).await.expect("the good one is renewed");
    assert!(app.sim.count_grants("refresh_token") <= 8, "the slow one has eight places");
    settle(&app).await;
    assert_eq!(app.sim.count_grants("refresh_token"), 12, "and comes to its end");
    app.stop().await;
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_tried_daily_and_at_once_when_it_is_mended() {
    let (app, ana) = start(Engine::Sqlite).await;
    let mail = opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
    app.sim.clear_requests();
    app.sim.fault(Fault::aadsts(7_000_222));
    app.advance(DUE);
    settle(&app).await;
    for _ in 0..6 {
        app.advance(HOUR);
        settle(&app).await;
    }
    assert_eq!(app.sim.count(Kind::Token), 1, "an expired secret is not shown again and again");
    app.sim.clear_faults();
    ana.sign_in(crate::support::app::EMAIL, crate::support::app::PASSWORD).await.location();
    ana.check_now(&mail).await;
    settle(&app).await;
    assert_eq!(generations(&app).await, ["2"]);
    app.stop().await;
}

#[tokio::test]
async fn a_stop_lets_the_renewals_under_way_end_and_keeps_what_they_bring() {
    let (app, ana) = start(Engine::Sqlite).await;
    signed_in(&app, &ana, 12).await;
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 300 }));
    app.advance(DUE);
    app.inside().wake.notify_one();
    app.sim.wait_for_arrival(Kind::Token, 8).await;
    let app = app.restart().await;
    let now: usize = generations(&app).await.iter().filter(|generation| *generation == "2").count();
    assert!(now >= 8, "{now}");
    app.sim.clear_faults();
    settle(&app).await;
    assert_eq!((generations(&app).await, app.sim.count(Kind::Token)), (vec!["2".to_owned(); 12], 12));
    app.stop().await;
}

#[tokio::test]
async fn what_a_killed_process_had_is_renewed_after_the_start() {
    let (app, ana) = start(Engine::Sqlite).await;
    signed_in(&app, &ana, 1).await;
    meddle(&app.inside().db, "UPDATE delegated_grants SET leased_until = 9999999999, leased_by = 'gone'").await;
    app.advance(DUE);
    let app = app.restart().await;
    settle(&app).await;
    assert_eq!(generations(&app).await, ["2"]);
    app.stop().await;
}

#[tokio::test]
async fn three_processes_on_one_postgresql_renew_each_token_once_even_if_one_of_them_is_gone() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let (app, ana) = start(Engine::Postgres).await;
    signed_in(&app, &ana, 12).await;
    let (second, third) = (app.replica().await, app.replica().await);
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 50 }));
    app.advance(DUE);
    for running in [&second, &third] {
        running.app.wake.notify_one();
    }
    settle(&app).await;
    assert_eq!((generations(&app).await, app.sim.count(Kind::Token)), (vec!["2".to_owned(); 12], 12));
    // One of them had a grant when it was killed, and a caller of another one waits for nothing.
    meddle(
        &app.inside().db,
        &format!(
            "UPDATE delegated_grants SET leased_until = {}, leased_by = 'gone'
            WHERE id = (SELECT MIN(id) FROM delegated_grants)",
            app.clock.now().plus(DUE + 150).seconds()
        ),
    )
    .await;
    third.stop().await;
    app.advance(DUE);
    second.app.wake.notify_one();
    app.inside().wake.notify_one();
    // What was answered must be stored before the clock moves on, or its lease would end on the way.
    let leased = "SELECT CAST(COUNT(*) AS TEXT) FROM delegated_grants WHERE leased_until > 0 OR generation = 2";
    while column(&app.inside().db, leased).await != ["1"] {
        tokio::task::yield_now().await;
    }
    app.advance(150);
    settle(&app).await;
    assert_eq!((generations(&app).await, app.sim.count(Kind::Token)), (vec!["3".to_owned(); 12], 24));
    second.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn whoever_wants_a_token_that_another_process_renews_gets_the_good_one_or_the_new_one() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let stage = super::Stage::on(Engine::Postgres, postkey_simulator::Rotation::Strict).await;
    let other = stage.app.replica().await;
    stage.later(HOUR).await;
    stage.app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 400 }).times(1));
    let known = stage.application.known_to_microsoft().unwrap();
    let (ours, theirs) = tokio::join!(stage.token(Want::Good), async {
        stage.app.sim.wait_for_arrival(Kind::Token, 1).await;
        let got =
            postkey::tokens::refresh::delegated_token(&other.app, &stage.id, &stage.application, &known, Want::Good);
        got.await.unwrap()
    });
    assert_eq!(ours.unwrap().token.reveal(), theirs.unwrap().token.reveal());
    assert_eq!(stage.renewals(), 1);
    other.stop().await;
    stage.app.stop().await;
}
