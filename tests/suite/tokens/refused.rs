//! Renewals that Microsoft refuses: what is believed, and when.

use postkey_simulator::{Fault, Page, Place, Refusal, Rotation};

use super::{HOUR, Stage};
use crate::sign_in::OLGA;

const NEEDS_SIGN_IN: [&str; 2] = ["Needs sign-in", "Needs sign-in"];

#[tokio::test]
async fn a_refusal_is_confirmed_by_a_second_one_before_needs_sign_in_is_said() {
    let stage = Stage::start(Rotation::Lenient).await;
    let stored = stage.refresh_tokens().await;
    stage.later(HOUR).await;
    let now = stage.app.sim.clock().now();
    stage.app.sim.estate(|estate| estate.revoke_sessions(OLGA, now));
    assert_eq!(stage.says().await, NEEDS_SIGN_IN);
    assert_eq!(stage.renewals(), 2);
    assert_eq!(stage.refresh_tokens().await, stored, "it is not thrown away");
    assert_eq!(stage.grant().await.attempted_at, None);
    // Asked again later, Microsoft is asked again.
    assert_eq!(stage.says().await, NEEDS_SIGN_IN);
    assert_eq!(stage.renewals(), 4);
    stage.app.stop().await;
}

#[tokio::test]
async fn one_refusal_that_is_not_confirmed_costs_nothing() {
    let stage = Stage::start(Rotation::Lenient).await;
    stage.later(HOUR).await;
    stage.app.sim.fault(Fault::aadsts(50_173).grant_type("refresh_token").times(1));
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    assert_eq!((stage.renewals(), stage.grant().await.generation), (2, 2));
    stage.app.stop().await;
}

#[tokio::test]
async fn a_refusal_that_nobody_can_confirm_is_not_believed() {
    let stage = Stage::start(Rotation::Lenient).await;
    stage.later(HOUR).await;
    stage.app.sim.fault(Fault::aadsts(50_173).grant_type("refresh_token").times(1));
    stage.app.sim.fault(Fault::status(Place::Token, 503, Page::Json).grant_type("refresh_token").times(1));
    let said = stage.says().await;
    assert_eq!(said[0], "Microsoft not reachable", "{said:?}");
    assert_eq!(stage.renewals(), 2);
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    stage.app.stop().await;
}

/// AADSTS50196 is a request loop that comes dressed as `invalid_grant`.
#[tokio::test]
async fn a_request_loop_is_no_refusal_and_a_token_that_still_works_goes_on() {
    let stage = Stage::start(Rotation::Lenient).await;
    stage.app.sim.fault(Fault::aadsts(50_196).grant_type("refresh_token"));
    // Renewal is due, and the token has a second more than the margin.
    stage.app.sim.estate(|estate| estate.settings.refresh_in = Some(600));
    stage.later(HOUR).await;
    let said = stage.says().await;
    assert_eq!(said[0], "Throttled", "{said:?}");
    assert_eq!(stage.renewals(), 1, "a loop is not answered by one more request");
    stage.app.sim.clear_faults();
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    stage.app.sim.fault(Fault::aadsts(50_196).grant_type("refresh_token"));
    stage.later(700).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"], "the stored token is good for most of an hour");
    assert_eq!(stage.renewals(), 3);
    stage.app.stop().await;
}

#[tokio::test]
async fn where_the_newest_refresh_token_is_unknown_the_one_before_it_is_tried_once() {
    let stage = Stage::start(Rotation::Lenient).await;
    stage.later(HOUR).await;
    stage.check().await;
    let (newest, previous) = stage.refresh_tokens().await;
    assert!(stage.app.sim.estate(|estate| estate.grants.forget(&newest)));
    stage.later(HOUR).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    assert_eq!(stage.renewals(), 3, "the first renewal, the refused one, and the one with the token before");
    let (current, kept) = stage.refresh_tokens().await;
    assert_ne!(current, newest);
    assert_eq!(kept, previous, "what has just worked is kept");
    assert_eq!(stage.grant().await.generation, 3);
    // Both unknown: two requests, and then it is said.
    for token in [Some(current), kept].into_iter().flatten() {
        assert!(stage.app.sim.estate(|estate| estate.grants.forget(&token)));
    }
    stage.later(HOUR).await;
    assert_eq!(stage.says().await, NEEDS_SIGN_IN);
    assert_eq!(stage.renewals(), 5);
    stage.app.stop().await;
}

#[tokio::test]
async fn after_needs_sign_in_one_sign_in_mends_it() {
    let stage = Stage::start(Rotation::Strict).await;
    stage.later(HOUR).await;
    let now = stage.app.sim.clock().now();
    stage.app.sim.estate(|estate| estate.reset_password(OLGA, "another horse", now));
    assert_eq!(stage.says().await, NEEDS_SIGN_IN);
    let action = format!("{}/sign-in", stage.mailbox);
    let answer = stage.ana.open_and_submit(&action, &action, &[("how", "now")]).await;
    crate::sign_in::come_back(&stage.app, &stage.ana, answer.location(), OLGA).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    stage.later(HOUR).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    stage.app.stop().await;
}

/// As where a server revokes access tokens together with the sign-in.
#[tokio::test]
async fn a_token_that_is_refused_before_its_end_needs_sign_in_if_the_saved_sign_in_is_refused_too() {
    let stage = Stage::start(Rotation::Lenient).await;
    let now = stage.app.sim.clock().now();
    stage.app.sim.fault(Fault::graph(Refusal::TokenSignature));
    assert_eq!(stage.says().await[0], "Set-up fault", "a new token is refused like the old one");
    assert_eq!(stage.renewals(), 1);
    stage.app.sim.estate(|estate| estate.revoke_sessions(OLGA, now));
    assert_eq!(stage.says().await, NEEDS_SIGN_IN);
    assert_eq!(stage.renewals(), 3);
    stage.app.stop().await;
}
