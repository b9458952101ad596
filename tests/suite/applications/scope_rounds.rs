//! Scope checks that nobody asks for.

use postkey::app::App;
use postkey::applications::{scope_rounds, scope_store, scope_turn_store};
use postkey::words::ScopeVerdict;
use postkey_simulator::{Call, Fault, Kind, Page, Place};

use super::id;
use super::scope_check::{CEO, SUPPORT, name, with_mailbox};
use crate::safety::world::{column, meddle};
use crate::support::{Engine, TestApp};

const HOUR: i64 = 3_600;
/// When the turn of every application has come that was checked before.
const TURN: i64 = 24 * HOUR * 11 / 10;

async fn limited(app: &TestApp) -> String {
    let ana = app.owner().await;
    let here = with_mailbox(app, &ana, "Contoso Support Desk").await;
    name(&ana, &here, SUPPORT, CEO).await.location();
    app.sim.clear_requests();
    here
}

fn lift(app: &TestApp) {
    let desk = app.sample("Contoso Support Desk").client_id.to_string();
    app.sim.estate(|estate| estate.application_mut(&desk).unwrap().lift_limit());
}

fn tried(app: &TestApp) -> u64 {
    app.sim.count(Kind::Graph(Call::Inbox))
}

async fn round(app: &App) {
    scope_rounds::round(app).await.unwrap();
}

#[tokio::test]
async fn once_a_day_the_limit_is_proven_again_and_what_is_the_same_is_one_row() {
    let app = TestApp::start().await;
    let here = limited(&app).await;
    round(app.inside()).await;
    assert_eq!(tried(&app), 0, "its turn has not come");
    for day in 1..=3 {
        app.advance(TURN);
        round(app.inside()).await;
        round(app.inside()).await;
        assert_eq!(tried(&app), 2 * day);
    }
    let id = id(&here).parse().unwrap();
    let checks = scope_turn_store::newest(&app.inside().db, &id, 9).await.unwrap();
    assert_eq!(
        checks.iter().map(|check| (check.reason.as_str(), check.times)).collect::<Vec<_>>(),
        [("round", 3), ("saved", 1)]
    );
    assert!(checks.iter().all(|check| check.verdict == ScopeVerdict::Holds));
    app.stop().await;
}

#[tokio::test]
async fn a_scope_that_was_widened_is_found_within_its_day_and_told_until_it_is_refused_again() {
    let app = TestApp::start().await;
    let here = limited(&app).await;
    let db = &app.inside().db;
    assert!(scope_store::widened(db).await.unwrap().is_empty());
    lift(&app);
    app.advance(TURN);
    let found_at = app.clock.now();
    round(app.inside()).await;
    let widened = scope_store::widened(db).await.unwrap();
    assert_eq!(widened.len(), 1);
    assert_eq!((widened[0].application_id.as_str(), widened[0].name.as_str()), (id(&here), "Contoso Support Desk"));
    assert_eq!((widened[0].addresses.as_slice(), widened[0].since), ([CEO.to_owned()].as_slice(), found_at));
    app.sim.fault(Fault::status(Place::Graph, 503, Page::Html));
    app.advance(TURN);
    round(app.inside()).await;
    assert_eq!(scope_store::widened(db).await.unwrap(), widened, "Microsoft did not say otherwise");
    app.sim.clear_faults();
    let desk = app.sample("Contoso Support Desk").client_id.to_string();
    app.sim.estate(|estate| estate.application_mut(&desk).unwrap().limit_to(["sales@contoso.example"]));
    app.advance(HOUR * 11 / 10);
    round(app.inside()).await;
    assert!(scope_store::widened(db).await.unwrap().is_empty(), "after trouble that passes it is tried an hour later");
    assert_eq!(scope_store::too_narrow(db).await.unwrap()[0].addresses, [SUPPORT]);
    app.stop().await;
}

#[tokio::test]
async fn a_stored_token_that_is_older_than_the_limit_does_not_tell_of_a_scope_that_is_mended() {
    let app = TestApp::start().await;
    limited(&app).await;
    lift(&app);
    app.advance(TURN);
    round(app.inside()).await;
    assert_eq!(scope_store::widened(&app.inside().db).await.unwrap().len(), 1);
    let desk = app.sample("Contoso Support Desk").client_id.to_string();
    app.sim.estate(|estate| estate.application_mut(&desk).unwrap().limit_to([SUPPORT]));
    app.advance(600);
    meddle(&app.inside().db, "UPDATE scopes SET check_at = 0").await;
    round(app.inside()).await;
    assert!(scope_store::widened(&app.inside().db).await.unwrap().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn the_product_goes_round_by_itself() {
    let app = TestApp::with(Engine::Sqlite, |config| config.keeper = true).await;
    limited(&app).await;
    app.advance(TURN);
    let inside = app.inside();
    let found = async {
        while column(&inside.db, "SELECT id FROM scope_checks WHERE reason = 'round'").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(15), found).await.unwrap();
    app.stop().await;
}

#[tokio::test]
async fn two_processes_on_one_database_check_once() {
    let Some(engine) = Engine::all().into_iter().find(|engine| *engine == Engine::Postgres) else { return };
    let app = TestApp::on(engine).await;
    limited(&app).await;
    let replica = app.replica().await;
    app.advance(TURN);
    tokio::join!(round(app.inside()), round(&replica.app));
    assert_eq!(tried(&app), 2);
    replica.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn who_only_signs_people_in_meanwhile_is_left_alone() {
    let app = TestApp::start().await;
    limited(&app).await;
    lift(&app);
    meddle(&app.inside().db, "UPDATE mailboxes SET access_type = 'delegated'").await;
    app.advance(TURN);
    round(app.inside()).await;
    assert_eq!(tried(&app), 0);
    app.stop().await;
}
