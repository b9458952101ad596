//! the product's clock jumps while the keeper runs, and later it is set right again. Microsoft's goes on as it was.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postkey::applications::store as applications;
use postkey::tokens::{Want, obtain, refresh};
use postkey_simulator::{Failure, Fault, Kind, Mailbox, MailboxKind, Place, RetryAfter};

use super::HOUR;
use super::keeper::{opened_by, settle, signed_in, start};
use crate::safety::world::{column, meddle};
use crate::sign_in::OLGA;
use crate::support::{Browser, Engine, TestApp};

const YEAR: i64 = 365 * 24 * HOUR;
/// How many people's tokens there are, and one of an application.
const PEOPLES: usize = 6;

/// Seconds for which a token is still good by Microsoft's clock.
fn left(app: &TestApp, token: &str) -> i64 {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["exp"].as_i64().unwrap() - app.sim.clock().now().as_second()
}

/// Asks for every token as whoever needs it does, and gives the least time for which one is good.
async fn shortest(app: &TestApp) -> i64 {
    let inside = app.inside();
    let mut shortest = i64::MAX;
    for listed in applications::list(&inside.db).await.unwrap() {
        let (application, known) = (&listed.application, listed.application.known_to_microsoft().unwrap());
        let ids = format!("SELECT mailbox_id FROM delegated_grants WHERE application_id = '{}'", application.id);
        for id in column(&inside.db, &ids).await {
            let id = id.parse().unwrap();
            let got = refresh::delegated_token(inside, &id, application, &known, Want::Good).await.unwrap().unwrap();
            shortest = shortest.min(left(app, got.token.reveal()));
        }
        let grants = format!("SELECT id FROM grants WHERE application_id = '{}'", application.id);
        if !column(&inside.db, &grants).await.is_empty() {
            let got = obtain::application_token(inside, application, &known, Want::Good).await.unwrap().unwrap();
            shortest = shortest.min(left(app, got.token.reveal()));
        }
    }
    shortest
}

/// Shared mailboxes for which Olga signs in, and which she may open.
async fn people(app: &TestApp, ana: &Browser, count: usize) {
    for number in 0..count {
        let mailbox = Mailbox::new(&format!("box{number}@contoso.example"), MailboxKind::User).shared_with(OLGA);
        app.sim.estate(|estate| estate.mailboxes.put(mailbox));
    }
    signed_in(app, ana, count).await;
}

/// Waits until the rounds of checks have looked by the clock as it is now.
async fn checked(app: &TestApp) {
    let mut beat = app.inside().checks_beat.subscribe();
    for _ in 0..2 {
        let seen = beat.borrow_and_update().rounds;
        app.inside().checks.notify_one();
        let waited = tokio::time::timeout(Duration::from_secs(10), beat.wait_for(|beat| beat.rounds > seen)).await;
        waited.expect("mailboxes are looked at").unwrap();
    }
}

/// Two hours in steps of five minutes, in which every token that is handed out works and no mailbox stops.
async fn two_good_hours(app: &TestApp, when: &str) {
    settle(app).await;
    let all = PEOPLES as u64 + 1;
    assert!(app.sim.count(Kind::Token) <= all, "{when}: at most one renewal each for the jump");
    let ready = app.stranger().get("/readyz").await;
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok"), "{when}: the keeper goes on");
    for step in 0..24 {
        let left = shortest(app).await;
        assert!(left > 0, "{when}, step {step}: a token is handed out {left} s before its end");
        app.advance(300);
        settle(app).await;
    }
    let asked = app.sim.count(Kind::Token);
    assert!((2 * all..=5 * all).contains(&asked), "{when}: {asked} requests");
    checked(app).await;
    let banner = app.owner().await.get("/").await.all(".bar.crit[role=alert] h2");
    assert!(banner.is_empty(), "{when}: {banner:?}");
    let stopped = "SELECT address || ' ' || incoming FROM mailboxes WHERE incoming <> 'connected'";
    assert_eq!(column(&app.inside().db, stopped).await, [""; 0], "{when}");
}

#[tokio::test]
async fn a_clock_that_jumps_hands_out_no_token_past_its_end_makes_no_storm_and_the_keeper_goes_on() {
    for seconds in [HOUR, -HOUR, 24 * HOUR, -10 * YEAR] {
        let (app, ana) = start(Engine::Sqlite).await;
        people(&app, &ana, PEOPLES).await;
        opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
        for (jump, when) in [(seconds, format!("after {seconds} s")), (-seconds, format!("back from {seconds} s"))] {
            settle(&app).await;
            app.sim.clear_requests();
            app.jump(jump);
            two_good_hours(&app, &when).await;
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn what_a_clock_in_the_future_put_off_does_not_wait_for_the_future_when_it_is_set_right() {
    for engine in Engine::all() {
        let (app, ana) = start(engine).await;
        opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
        signed_in(&app, &ana, 1).await;
        app.jump(YEAR);
        app.sim.fault(Fault::new(Place::Token, Failure::Throttle(RetryAfter::Seconds(3_600))));
        settle(&app).await;
        meddle(&app.inside().db, &format!("UPDATE mailboxes SET check_at = {}", app.clock.now().plus(HOUR).seconds()))
            .await;
        app.sim.clear_faults();
        app.sim.clear_requests();
        app.jump(-YEAR);
        let both = tokio::time::timeout(Duration::from_secs(10), app.sim.wait_for(Kind::Token, 2)).await;
        assert!(both.is_ok(), "neither rests until the clock comes there again");
        settle(&app).await;
        assert_eq!(app.sim.count(Kind::Token), 2, "each once");
        for table in ["grants", "delegated_grants"] {
            let far = format!("SELECT id FROM {table} WHERE next_at > {}", app.clock.now().plus(HOUR).seconds());
            assert!(column(&app.inside().db, &far).await.is_empty(), "{table}");
        }
        let far = format!("SELECT id FROM mailboxes WHERE check_at > {}", app.clock.now().plus(2 * HOUR).seconds());
        let near = async {
            while !column(&app.inside().db, &far).await.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(10), near).await.is_ok(), "nor do checks");
        app.stop().await;
    }
}

#[tokio::test]
async fn no_session_lives_longer_because_the_clock_was_put_back() {
    let (app, ana) = start(Engine::Sqlite).await;
    assert_eq!(ana.get("/").await.status, 200);
    app.jump(-60);
    assert_eq!(ana.get("/").await.status, 200, "a minute is no reason");
    app.jump(-HOUR);
    assert_eq!(ana.get("/").await.location(), "/login");
    app.stop().await;
}
