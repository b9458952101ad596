//! Checks that nobody asks for.

use std::time::Duration;

use postkey_simulator::{Call, Failure, Fault, Kind, Lifetime, Place, Refusal, RetryAfter};

use super::{add, add_more, statuses};
use crate::safety::world::column;
use crate::sign_in::{self, OLGA};
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Browser, Engine, TestApp};

const HOUR: i64 = 3_600;
/// When the turn of every mailbox has come that was checked before.
const TURN: i64 = HOUR * 11 / 10;

async fn start() -> (TestApp, Browser) {
    let app = TestApp::with(Engine::Sqlite, |config| config.keeper = true).await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 });
    let ana = app.owner().await;
    (app, ana)
}

/// Makes the rounds look, and waits until a query gives what is expected.
async fn until(app: &TestApp, sql: &str, expected: &str) {
    let inside = app.inside();
    let waited = async {
        loop {
            inside.checks.notify_one();
            inside.wake.notify_one();
            if column(&inside.db, sql).await.first().is_some_and(|found| found == expected) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(15), waited).await.is_err() {
        panic!("{sql}: {:?} instead of {expected}", column(&inside.db, sql).await);
    }
}

/// How many checks of rounds are written down.
const ROUNDS: &str = "SELECT CAST(COALESCE(SUM(times), 0) AS TEXT) FROM checks WHERE reason = 'round'";

async fn shown(app: &TestApp, mailbox: &str) -> (String, String) {
    let browser = app.stranger();
    browser.sign_in(EMAIL, PASSWORD).await.location();
    statuses(&browser.get(mailbox).await)
}

async fn overview(app: &TestApp) -> String {
    let browser = app.stranger();
    browser.sign_in(EMAIL, PASSWORD).await.location();
    browser.get("/").await.text()
}

#[tokio::test]
async fn every_mailbox_is_opened_once_an_hour_lightly_and_stays_connected() {
    let (app, ana) = start().await;
    let support = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    add_more(&ana, "sales@contoso.example").await;
    app.sim.clear_requests();
    for round in 1..=4 {
        app.advance(TURN);
        until(&app, ROUNDS, &(2 * round).to_string()).await;
    }
    assert_eq!(shown(&app, &support).await, ("Connected".to_owned(), "Ready".to_owned()), "after more than four hours");
    assert_eq!(app.sim.count(Kind::Graph(Call::Inbox)), 8);
    assert_eq!(app.sim.count(Kind::Discovery), 0, "the tenant is known");
    let graph = app.sim.requests().iter().filter(|asked| matches!(asked.kind, Kind::Graph(_))).count();
    assert_eq!(graph, 8, "and nothing is written into the mailbox");
    assert_eq!(
        column(&app.inside().db, "SELECT id FROM checks").await.len(),
        4,
        "two that were saved, and two rows for the rounds"
    );
    app.stop().await;
}

#[tokio::test]
async fn a_mailbox_that_is_closed_is_told_within_its_round_and_heals_by_itself() {
    let (app, ana) = start().await;
    let support = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    app.sim.fault(Fault::new(Place::Graph, Failure::Graph(Refusal::AccessDenied)));
    app.advance(TURN);
    until(&app, "SELECT incoming FROM mailboxes", "no_access").await;
    assert_eq!(shown(&app, &support).await.0, "No access to mailbox");
    app.sim.clear_faults();
    app.advance(TURN);
    until(&app, "SELECT incoming FROM mailboxes", "connected").await;
    app.stop().await;
}

#[tokio::test]
async fn what_passes_by_itself_is_looked_at_again_after_five_minutes() {
    let (app, ana) = start().await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    app.sim.fault(Fault::new(Place::Graph, Failure::Throttle(RetryAfter::Seconds(30))));
    app.advance(TURN);
    until(&app, "SELECT incoming FROM mailboxes", "throttled").await;
    app.sim.clear_faults();
    app.advance(5 * 60 * 11 / 10);
    until(&app, "SELECT incoming FROM mailboxes", "connected").await;
    app.stop().await;
}

#[tokio::test]
async fn an_expired_secret_is_told_of_all_its_mailboxes_at_once_and_shown_to_microsoft_once() {
    let (app, ana) = start().await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    for address in ["sales@contoso.example", "billing@contoso.example", "shared@contoso.example"] {
        add_more(&ana, address).await;
    }
    app.sim.fault(Fault::aadsts(7_000_222));
    app.sim.clear_requests();
    app.advance(HOUR * 7 / 10);
    until(&app, "SELECT CAST(failures AS TEXT) FROM grants", "1").await;
    assert_eq!(
        column(&app.inside().db, "SELECT DISTINCT incoming FROM mailboxes").await,
        ["connected"],
        "the token still opens them"
    );
    let foreseen = overview(&app).await;
    for words in ["Secret expired · Contoso Mail", "4 mailboxes will stop when their token ends"] {
        assert!(foreseen.contains(words), "{words}: {foreseen}");
    }
    app.advance(HOUR * 3 / 10);
    until(&app, "SELECT CAST(COUNT(*) AS TEXT) FROM mailboxes WHERE incoming = 'secret_expired'", "4").await;
    assert_eq!(app.sim.count(Kind::Token), 1);
    let told = overview(&app).await;
    assert!(told.contains("4 mailboxes") && !told.contains("cannot be renewed"), "one problem, told once: {told}");
    app.stop().await;
}

#[tokio::test]
async fn a_sign_in_that_is_revoked_is_told_when_its_token_is_renewed_and_not_an_hour_later() {
    let (app, ana) = start().await;
    sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
    app.sim.fault(Fault::aadsts(50_173).grant_type("refresh_token"));
    app.advance(2 * HOUR);
    until(&app, "SELECT incoming FROM mailboxes", "needs_sign_in").await;
    app.stop().await;
}

#[tokio::test]
async fn what_waits_for_somebody_or_is_paused_is_left_alone() {
    let (app, ana) = start().await;
    let support = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    add_more(&ana, "sales@contoso.example").await;
    ana.open_and_submit(&format!("{support}/pause"), &format!("{support}/pause"), &[]).await.location();
    sign_in::waiting(&app, &ana, sign_in::SIGN_IN).await;
    app.sim.clear_requests();
    app.advance(TURN);
    until(&app, ROUNDS, "1").await;
    assert_eq!(app.sim.count(Kind::Graph(Call::Inbox)), 1);
    app.stop().await;
}
