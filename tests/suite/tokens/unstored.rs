//! Microsoft has answered, and the database refuses to keep it: the token is not used, and what was stored before is
//! what the next renewal goes by.

use postkey::tokens::Want;
use postkey_simulator::{Rotation, Why};

use super::{HOUR, Stage};
use crate::safety::world::{dump, meddle};

/// Fails as a full disk does: at the write that stores the answer, after the note that a renewal began.
const CUT: &str = "CREATE TRIGGER cut BEFORE UPDATE OF refresh_token ON delegated_grants
    BEGIN SELECT RAISE(ABORT, 'cut'); END";

/// Leaves the answer to one renewal unstored.
async fn cut_a_renewal(stage: &Stage) {
    let db = &stage.app.inside().db;
    stage.later(HOUR).await;
    meddle(db, CUT).await;
    let stored = (stage.refresh_tokens().await, stage.grant().await.generation);
    let action = format!("{}/check", stage.mailbox);
    let answer = stage.ana.open_and_submit(&stage.mailbox, &action, &[]).await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert_eq!((stage.renewals(), stage.families()[0].generation), (1, 2), "Microsoft gave a new refresh token");
    assert_eq!(stage.inbox_reads(), 0, "the access token was used although it is not stored");
    assert_eq!((stage.refresh_tokens().await, stage.grant().await.generation), stored);
    assert!(stage.grant().await.attempted_at.is_some(), "that a renewal began is on record");
    meddle(db, "DROP TRIGGER cut").await;
}

#[tokio::test]
async fn where_used_refresh_tokens_stay_valid_the_next_check_renews_with_the_stored_one() {
    let stage = Stage::start(Rotation::Lenient).await;
    cut_a_renewal(&stage).await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    assert_eq!((stage.renewals(), stage.inbox_reads()), (2, 1));
    let grant = stage.grant().await;
    assert_eq!((grant.generation, grant.attempted_at), (2, None));
    stage.app.stop().await;
}

#[tokio::test]
async fn where_each_refresh_token_works_once_the_loss_is_told_at_the_next_check() {
    let stage = Stage::start(Rotation::Strict).await;
    cut_a_renewal(&stage).await;
    assert_eq!(stage.says().await, ["Needs sign-in", "Needs sign-in"]);
    assert_eq!(stage.renewals(), 3, "one refusal and its confirmation");
    assert_eq!(stage.families()[0].revoked.map(|revoked| revoked.why), Some(Why::Reused));
    assert_eq!(stage.inbox_reads(), 0);
    stage.app.stop().await;
}

#[tokio::test]
async fn whoever_asks_for_the_token_gets_an_error_and_no_token() {
    let stage = Stage::start(Rotation::Lenient).await;
    stage.later(HOUR).await;
    meddle(&stage.app.inside().db, CUT).await;
    let answers = futures_util::future::join_all((0..5).map(|_| stage.try_token(Want::Good))).await;
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    meddle(&stage.app.inside().db, "DROP TRIGGER cut").await;
    assert!(!stage.token(Want::Good).await.unwrap().cached);
    stage.app.stop().await;
}

/// The note that a renewal begins comes first: where even that cannot be stored, Microsoft is not asked.
#[tokio::test]
async fn microsoft_is_not_asked_for_what_could_not_be_stored() {
    let stage = Stage::start(Rotation::Strict).await;
    stage.later(HOUR).await;
    let cut = "CREATE TRIGGER cut BEFORE UPDATE ON delegated_grants BEGIN SELECT RAISE(ABORT, 'cut'); END";
    meddle(&stage.app.inside().db, cut).await;
    let before = dump(&stage.app.inside().db, &["audit", "mailboxes", "sessions"]).await;
    assert!(stage.try_token(Want::Good).await.is_err());
    assert_eq!(stage.renewals(), 0);
    assert!(dump(&stage.app.inside().db, &["audit", "mailboxes", "sessions"]).await == before);
    meddle(&stage.app.inside().db, "DROP TRIGGER cut").await;
    assert_eq!(stage.says().await, ["Connected", "Ready"]);
    stage.app.stop().await;
}
