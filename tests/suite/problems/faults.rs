//! each fault turns exactly one problem on within a minute, and it is over within a minute of the fault's end. None leaves
//! everything green.

use postkey_simulator::{Failure, Fault, Lifetime, Page, Place, Refusal, RetryAfter};

use super::{SETTLES, STAYS_AWAY, look, look_after};
use crate::alerts::add_hook;
use crate::mailboxes::add;
use crate::safety::world::column;
use crate::sign_in::{self, OLGA};
use crate::support::{HookSink, TestApp};

const OPEN: &str = "SELECT kind FROM problems WHERE solved_at IS NULL";
/// Seconds for which what passes by itself is left to pass.
const PASSES: i64 = 300;

/// What goes wrong, and the one problem that it is. The mailbox is opened by an application.
fn faults() -> Vec<(Fault, &'static str)> {
    let token = |failure| Fault::new(Place::Token, failure);
    let graph = |failure| Fault::new(Place::Graph, failure);
    let later = |status, page| Failure::Status { status, page, retry_after: RetryAfter::Absent };
    vec![
        (Fault::aadsts(7_000_222), "secret_expired"),
        (Fault::aadsts(7_000_215), "secret_refused"),
        (Fault::aadsts(700_016), "app_not_found"),
        (Fault::aadsts(90_002), "tenant_not_found"),
        (Fault::aadsts(53_003), "blocked"),
        (token(Failure::Throttle(RetryAfter::Seconds(30))), "throttled"),
        (token(later(503, Page::Json)), "provider_down"),
        (token(later(500, Page::Html)), "provider_down"),
        (token(Failure::HtmlWith200), "provider_down"),
        (token(Failure::TruncatedJson), "provider_down"),
        (token(Failure::CloseMidBody), "provider_down"),
        (token(Failure::DeepJson { levels: 500 }), "provider_down"),
        (graph(Failure::Throttle(RetryAfter::Seconds(30))), "throttled"),
        (graph(later(503, Page::Json)), "provider_down"),
        (graph(Failure::HtmlWith200), "provider_down"),
        (Fault::graph(Refusal::AccessDenied), "no_access"),
        (Fault::graph(Refusal::InvalidUser), "mailbox_not_found"),
    ]
}

/// Puts a fault in, looks, takes it out and looks again. Gives what was wrong meanwhile and what still is afterwards.
async fn suffer(app: &TestApp, mailbox: &str, fault: Fault) -> (Vec<String>, Vec<String>) {
    // The token that is stored has ended, and so have pauses of the fault before.
    app.advance(2 * 3_600);
    app.owner().await.check_now(mailbox).await;
    look_after(app, STAYS_AWAY).await;
    app.advance(3_600 - STAYS_AWAY);
    app.sim.fault(fault);
    app.owner().await.check_now(mailbox).await;
    look(app).await;
    look_after(app, PASSES).await;
    look_after(app, SETTLES).await;
    let during = column(&app.inside().db, OPEN).await;
    app.sim.clear_faults();
    app.advance(60);
    app.owner().await.check_now(mailbox).await;
    look(app).await;
    look_after(app, STAYS_AWAY).await;
    (during, column(&app.inside().db, OPEN).await)
}

#[tokio::test]
async fn each_fault_is_exactly_one_problem_that_is_told_once_and_over_within_a_minute_of_its_end() {
    let app = TestApp::start().await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 });
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let mut wrong = Vec::new();
    for (fault, expected) in faults() {
        let told = hooks.told().len();
        let (during, after) = suffer(&app, &mailbox, fault.clone()).await;
        let events: Vec<String> = hooks.told().drain(told..).map(|(event, _)| event).collect();
        if during != [expected] || !after.is_empty() || events != ["problem.opened", "problem.solved"] {
            wrong.push(format!("{fault:?}: {during:?}, afterwards {after:?}, told {events:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.stop().await;
}

#[tokio::test]
async fn a_sign_in_that_is_refused_is_exactly_one_problem() {
    for (number, expected) in [(50_173, "needs_sign_in"), (700_082, "needs_sign_in"), (65_001, "needs_consent")] {
        let app = TestApp::start().await;
        app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 });
        let ana = app.owner().await;
        let mailbox = sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
        let (during, after) = suffer(&app, &mailbox, Fault::aadsts(number)).await;
        assert_eq!((during, after), (vec![expected.to_owned()], Vec::new()), "AADSTS{number}");
        app.stop().await;
    }
}
