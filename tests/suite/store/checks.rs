//! Checks: their claims in `mailboxes/store.rs`, and `mailboxes/history.rs`.

use postkey::applications::Application;
use postkey::error::AppError;
use postkey::mailboxes::history::{self, Check};
use postkey::mailboxes::ladder::Rung;
use postkey::mailboxes::mailbox::{CHECK_ENDS, Mailbox};
use postkey::mailboxes::store;
use postkey::microsoft::Failure;
use postkey::words::{Cause, Status};

use super::World;

async fn begin(world: &World, mailbox: &Mailbox) -> bool {
    world.write(async |tx| store::begin_check(tx, &mailbox.id, world.now()).await).await
}

async fn finish(world: &World, mailbox: &Mailbox, check: &Check, sent: bool) -> bool {
    world.write(async |tx| store::finish_check(tx, mailbox, check, sent).await).await
}

async fn world_with_one(world: &World) -> (Application, Mailbox) {
    let mail = world.stored("Mail").await;
    let mailbox = world.added(&mail, "support@contoso.example").await;
    (mail, mailbox)
}

#[tokio::test]
async fn of_many_who_begin_a_check_at_once_one_runs_it() {
    for world in World::all().await {
        let (_, mailbox) = world_with_one(&world).await;
        let begun = <[bool; 4]>::from(tokio::join!(
            begin(&world, &mailbox),
            begin(&world, &mailbox),
            begin(&world, &mailbox),
            begin(&world, &mailbox)
        ));
        assert_eq!(begun.iter().filter(|begun| **begun).count(), 1, "{begun:?}");
        assert_eq!(world.find(&mailbox).await.health.checking_since, Some(world.now()));
        world.app.clock.advance(CHECK_ENDS - 1);
        assert!(!begin(&world, &mailbox).await);
        world.app.clock.advance(1);
        assert!(begin(&world, &mailbox).await, "a dead check holds the mailbox for ever");
        world.close().await;
    }
}

#[tokio::test]
async fn since_moves_only_when_the_verdict_changes() {
    for world in World::all().await {
        let (_, mailbox) = world_with_one(&world).await;
        let start = world.now();
        world.app.clock.advance(10);
        let first = world.checked(&mailbox, Status::Connected, Status::Ready).await;
        world.app.clock.advance(10);
        let second = world.checked(&mailbox, Status::Connected, Status::Ready).await;
        let health = world.find(&mailbox).await.health;
        assert_eq!((health.since, health.checked_at), (start.plus(10), Some(start.plus(20))));
        assert_eq!((health.good_at, health.sent_at), (Some(start.plus(20)), None));
        assert_eq!(health.last_check, Some(second.id));
        assert_eq!(health.checking_since, None);
        world.app.clock.advance(10);
        let broken = Status::Failing(Cause::SecretExpired);
        world.checked(&mailbox, broken, broken).await;
        let health = world.find(&mailbox).await.health;
        assert_eq!((health.since, health.good_at), (start.plus(30), Some(start.plus(20))));
        assert_ne!(health.last_check, Some(first.id));
        let check = world.check(&mailbox, Status::Connected, Status::Connected);
        assert!(begin(&world, &mailbox).await);
        assert!(finish(&world, &mailbox, &check, true).await);
        assert_eq!(world.find(&mailbox).await.health.sent_at, Some(world.now()));
        world.close().await;
    }
}

#[tokio::test]
async fn a_verdict_on_what_the_mailbox_no_longer_is_is_not_kept() {
    for world in World::all().await {
        let (mail, mailbox) = world_with_one(&world).await;
        assert!(begin(&world, &mailbox).await);
        let late = world.check(&mailbox, Status::Connected, Status::Ready);
        let moved = Mailbox { address: "sales@contoso.example".to_owned(), ..mailbox.clone() };
        world.write(async |tx| store::update(tx, &moved, true, world.now()).await).await;
        assert_eq!(world.find(&mailbox).await.health.checking_since, None, "the new address waits for the old check");
        assert!(!finish(&world, &mailbox, &late, false).await);
        assert!(begin(&world, &mailbox).await);
        assert!(!finish(&world, &mailbox, &late, false).await, "the newer check runs in the same second");
        assert_eq!(world.find(&mailbox).await.health.incoming, Status::Unverified);
        let other = world.stored("Other").await;
        let moved = Mailbox { application_id: other.id.clone(), version: 2, ..moved };
        let late = world.check(&mailbox, Status::Connected, Status::Ready);
        let before = Mailbox { application_id: mail.id.clone(), ..moved.clone() };
        world.write(async |tx| store::update(tx, &moved, true, world.now()).await).await;
        assert!(begin(&world, &mailbox).await);
        assert!(!finish(&world, &before, &late, false).await);
        assert!(finish(&world, &moved, &late, false).await);
        world.close().await;
    }
}

#[tokio::test]
async fn a_check_that_died_and_was_taken_over_says_nothing_any_more() {
    for world in World::all().await {
        let (_, mailbox) = world_with_one(&world).await;
        assert!(begin(&world, &mailbox).await);
        let dead = world.check(&mailbox, Status::Failing(Cause::NoAccess), Status::Failing(Cause::NoAccess));
        world.app.clock.advance(CHECK_ENDS);
        assert!(begin(&world, &mailbox).await);
        assert!(!finish(&world, &mailbox, &dead, false).await);
        world.write(async |tx| store::abandon_check(tx, &mailbox.id, dead.started_at).await).await;
        assert_eq!(world.find(&mailbox).await.health.checking_since, Some(world.now()), "the new one still runs");
        world.write(async |tx| store::abandon_check(tx, &mailbox.id, world.now()).await).await;
        let health = world.find(&mailbox).await.health;
        assert_eq!((health.checking_since, health.incoming), (None, Status::Unverified));
        world.close().await;
    }
}

#[tokio::test]
async fn after_a_start_no_check_that_was_cut_off_holds_its_mailbox() {
    for world in World::all().await {
        let (mail, cut_off) = world_with_one(&world).await;
        assert!(begin(&world, &cut_off).await);
        world.app.clock.advance(CHECK_ENDS);
        let fresh = world.added(&mail, "fresh@contoso.example").await;
        assert!(begin(&world, &fresh).await);
        world.write(async |tx| store::forget_interrupted_checks(tx, world.now()).await).await;
        assert_eq!(world.find(&cut_off).await.health.checking_since, None);
        let running = world.find(&fresh).await.health.checking_since;
        let of_another_replica = world.engine == crate::support::Engine::Postgres;
        assert_eq!(running.is_some(), of_another_replica);
        world.close().await;
    }
}

#[tokio::test]
async fn the_history_is_newest_first_and_has_an_end_for_each_mailbox() {
    for world in World::all().await {
        let (mail, mailbox) = world_with_one(&world).await;
        let other = world.added(&mail, "other@contoso.example").await;
        let spared = world.checked(&other, Status::Connected, Status::Ready).await;
        let mut all = Vec::new();
        for number in 0..2_505 {
            // Two in each second: the ID decides between them.
            world.app.clock.advance(number % 2);
            all.push(world.check(&mailbox, Status::Connected, Status::Ready));
        }
        world
            .write(async |tx| {
                for check in &all {
                    history::insert(tx, check).await?;
                }
                Ok(())
            })
            .await;
        all.sort_by(|a, b| b.finished_at.cmp(&a.finished_at).then(b.id.cmp(&a.id)));
        let ids = |checks: &[Check]| checks.iter().map(|check| check.id.clone()).collect::<Vec<_>>();
        let kept = history::newest(world.db(), &mailbox.id, 9_000).await.unwrap();
        // Those of one second go together.
        assert!((2_500..=2_502).contains(&kept.len()), "{}", kept.len());
        assert_eq!(ids(&kept), ids(&all[..kept.len()]));
        assert_eq!(ids(&history::newest(world.db(), &mailbox.id, 3).await.unwrap()), ids(&all[..3]));
        assert_eq!(ids(&history::newest(world.db(), &other.id, 3).await.unwrap()), [spared.id]);
        world.close().await;
    }
}

#[tokio::test]
async fn the_ladder_reads_back_step_by_step() {
    for world in World::all().await {
        let (_, mailbox) = world_with_one(&world).await;
        let mut check = world.check(&mailbox, Status::Failing(Cause::NoAccess), Status::Failing(Cause::NoAccess));
        check.ladder.ok(Rung::Tenant, "Microsoft knows it “' – ünïcode");
        check.ladder.failed(Rung::Mailbox, Failure::of(Cause::NoAccess, "ErrorAccessDenied", world.now()));
        check.ladder.may_send = Some(false);
        world.write(async |tx| history::insert(tx, &check).await).await;
        let found = history::newest(world.db(), &mailbox.id, 1).await.unwrap().remove(0);
        assert_eq!(found.ladder, check.ladder);
        assert_eq!((found.asked_by, found.reason), (check.asked_by, check.reason));
        assert_eq!((found.incoming, found.outgoing), (check.incoming, check.outgoing));
        world.close().await;
    }
}

#[tokio::test]
async fn what_an_application_has_stopped_is_found_and_nothing_else() {
    for world in World::all().await {
        let (mail, stopped) = world_with_one(&world).await;
        let other = world.stored("Other").await;
        let expired = Status::Failing(Cause::SecretExpired);
        world.checked(&stopped, expired, expired).await;
        let kinds = [
            (&mail, "closed", Status::Failing(Cause::NoAccess)),
            (&mail, "fine", Status::Connected),
            (&mail, "paused", expired),
            (&mail, "deleted", expired),
            (&other, "theirs", expired),
        ];
        for (application, name, status) in kinds {
            let mailbox = world.added(application, &format!("{name}@x.example")).await;
            world.checked(&mailbox, status, status).await;
            let (id, now) = (&mailbox.id, world.now());
            match name {
                "paused" => _ = world.write(async |tx| store::pause(tx, id, "Ana", now).await).await,
                "deleted" => _ = world.write(async |tx| store::delete(tx, id, "Ana", now).await).await,
                _ => {}
            }
        }
        let found = store::stopped_by_application(world.db(), &mail.id).await.unwrap();
        assert_eq!(found, [stopped.id]);
        world.close().await;
    }
}

#[tokio::test]
async fn an_impossible_check_is_an_error_and_not_a_panic() {
    for world in World::all().await {
        let (_, mailbox) = world_with_one(&world).await;
        for column in ["incoming", "outgoing", "ladder"] {
            world.checked(&mailbox, Status::Connected, Status::Ready).await;
            world.by_hand(&format!("UPDATE checks SET {column} = '{{'")).await;
            let failed = history::newest(world.db(), &mailbox.id, 10).await.unwrap_err();
            assert!(matches!(failed, AppError::Internal(_)), "{failed:?}");
            world.by_hand("DELETE FROM checks").await;
        }
        world.close().await;
    }
}

#[tokio::test]
async fn rounds_that_say_the_same_are_one_row_and_everything_else_is_its_own() {
    for world in World::all().await {
        let (_, mailbox) = world_with_one(&world).await;
        let round = |incoming| Check { reason: "round".to_owned(), ..world.check(&mailbox, incoming, Status::Ready) };
        let first = round(Status::Connected);
        world.write(async |tx| history::insert(tx, &first).await).await;
        let repeats = async |check: &Check| world.write(async |tx| history::repeat(tx, &first.id, check).await).await;
        world.app.clock.advance(3_600);
        let second = round(Status::Connected);
        assert!(repeats(&second).await);
        assert!(!repeats(&round(Status::Failing(Cause::NoAccess))).await, "another verdict");
        let kept = history::newest(world.db(), &mailbox.id, 9).await.unwrap();
        assert_eq!((kept.len(), kept[0].times, kept[0].finished_at), (1, 2, second.finished_at));
        let asked = world.check(&mailbox, Status::Connected, Status::Ready);
        world.write(async |tx| history::insert(tx, &asked).await).await;
        assert!(!world.write(async |tx| history::repeat(tx, &asked.id, &second).await).await, "somebody asked for it");
        world.close().await;
    }
}
