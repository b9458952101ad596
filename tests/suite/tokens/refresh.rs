//! Renewals that go well, and what becomes of the refresh tokens.

use std::collections::BTreeSet;

use postkey::tokens::Want;
use postkey_simulator::{Bend, Failure, Fault, Kind, Place, Rotation};

use super::{HOUR, Stage};
use crate::sign_in::{OLGA, come_back};
use crate::support::Engine;

#[tokio::test]
async fn a_token_is_used_until_five_minutes_before_its_end_and_then_renewed() {
    let stage = Stage::start(Rotation::Strict).await;
    stage.later(HOUR - 301).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    assert_eq!(stage.renewals(), 0);
    stage.later(1).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    assert_eq!((stage.renewals(), stage.grant().await.generation), (1, 2));
    assert_eq!(stage.families().len(), 1, "nobody signed in");
    stage.app.stop().await;
}

#[tokio::test]
async fn the_refresh_token_before_is_kept_beside_the_new_one_and_goes_when_that_was_used() {
    for engine in Engine::all() {
        let stage = Stage::on(engine, Rotation::Strict).await;
        let (first, none) = stage.refresh_tokens().await;
        assert_eq!(none, None);
        stage.later(HOUR).await;
        stage.check().await;
        let (second, before) = stage.refresh_tokens().await;
        assert_eq!(before.as_deref(), Some(first.as_str()));
        assert_ne!(second, first);
        stage.later(HOUR).await;
        stage.check().await;
        let (third, before) = stage.refresh_tokens().await;
        assert_eq!(before.as_deref(), Some(second.as_str()));
        assert!(third != second && third != first);
        let grant = stage.grant().await;
        assert_eq!((grant.generation, grant.attempted_at), (3, None));
        stage.app.stop().await;
    }
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_or_with_an_empty_one_leaves_the_stored_one() {
    for bend in [Bend::RefreshTokenMissing, Bend::RefreshTokenEmpty] {
        let stage = Stage::start(Rotation::Lenient).await;
        let stored = stage.refresh_tokens().await;
        let fault = Fault::new(Place::Token, Failure::Bent(bend)).grant_type("refresh_token").times(1);
        stage.app.sim.fault(fault);
        stage.later(HOUR).await;
        assert_eq!(stage.says().await, ["Connected", "Ready"], "{bend:?}");
        assert_eq!(stage.refresh_tokens().await, stored, "{bend:?}");
        assert_eq!((stage.renewals(), stage.grant().await.generation), (1, 2));
        stage.later(HOUR).await;
        assert_eq!(stage.says().await, ["Connected", "Ready"], "{bend:?}");
        assert_eq!(stage.refresh_tokens().await.1, Some(stored.0));
        stage.app.stop().await;
    }
}

#[tokio::test]
async fn fifty_who_want_a_token_that_has_ended_get_the_same_new_one_by_one_request() {
    let stage = Stage::start(Rotation::Strict).await;
    stage.later(HOUR).await;
    let slow = Fault::new(Place::Token, Failure::Delay { ms: 50 });
    stage.app.sim.fault(slow);
    let all = futures_util::future::join_all((0..50).map(|_| stage.token(Want::Good))).await;
    let tokens: BTreeSet<String> = all.into_iter().map(|got| got.unwrap().token.reveal().to_owned()).collect();
    assert_eq!((tokens.len(), stage.renewals()), (1, 1));
    assert_eq!(stage.grant().await.generation, 2);
    stage.app.stop().await;
}

#[tokio::test]
async fn fifty_who_want_a_token_that_is_refused_get_the_same_answer_by_one_request_and_its_confirmation() {
    let stage = Stage::start(Rotation::Strict).await;
    stage.later(HOUR).await;
    stage.app.sim.fault(Fault::aadsts(50_173).grant_type("refresh_token"));
    stage.app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 50 }));
    let all = futures_util::future::join_all((0..50).map(|_| stage.token(Want::Good))).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!((stage.renewals(), stage.grant().await.generation), (2, 1));
    stage.app.stop().await;
}

#[tokio::test]
async fn fifty_times_check_now_at_once_make_one_renewal() {
    let stage = Stage::start(Rotation::Strict).await;
    stage.later(HOUR).await;
    let action = format!("{}/check", stage.mailbox);
    let fields = stage.ana.get(&stage.mailbox).await.form(&action, &[]);
    let all = futures_util::future::join_all((0..50).map(|_| stage.ana.post(&action, &fields))).await;
    assert!(all.iter().any(|answer| answer.location().ends_with("?done=checked")));
    assert!(all.iter().all(|answer| answer.location().starts_with(&stage.mailbox)));
    assert_eq!((stage.renewals(), stage.grant().await.generation), (1, 2));
    stage.app.stop().await;
}

#[tokio::test]
async fn a_sign_in_while_a_renewal_is_under_way_wins_and_nothing_is_lost() {
    for engine in Engine::all() {
        let stage = Stage::on(engine, Rotation::Strict).await;
        stage.later(HOUR).await;
        let slow = Fault::new(Place::Token, Failure::Delay { ms: 400 }).grant_type("refresh_token").times(1);
        stage.app.sim.fault(slow);
        let action = format!("{}/sign-in", stage.mailbox);
        let at_microsoft = stage.ana.open_and_submit(&action, &action, &[("how", "now")]).await;
        let check = stage.ana.check_now(&stage.mailbox);
        let sign_in = async {
            stage.app.sim.wait_for_arrival(Kind::Token, 1).await;
            come_back(&stage.app, &stage.ana, at_microsoft.location(), OLGA).await
        };
        let ((), onwards) = tokio::join!(check, sign_in);
        assert!(onwards.header("refresh").ends_with("?done=signed-in"), "{}", onwards.text());
        let families = stage.families();
        assert_eq!(families.iter().map(|family| family.generation).collect::<Vec<_>>(), [2, 1]);
        let (current, previous) = stage.refresh_tokens().await;
        let family_of =
            |token: &str| stage.app.sim.estate(|estate| estate.grants.family_of(token).map(|family| family.number));
        assert_eq!(family_of(&current), Some(2), "the newer sign-in is stored");
        assert_eq!(family_of(&previous.unwrap()), Some(1), "and the renewal that it met is kept beside it");
        assert_eq!(stage.grant().await.generation, 3);
        stage.later(HOUR).await;
        assert_eq!(stage.says().await, ["Connected", "Ready"]);
        assert!(stage.families().iter().all(|family| family.revoked.is_none()));
        stage.app.stop().await;
    }
}
