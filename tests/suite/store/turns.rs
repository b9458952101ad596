//! `tokens/turn_store.rs`: whose turn it is, in both tables of grants; and `mailboxes/turn_store.rs`.

use postkey::ids::{ApplicationId, GrantId};
use postkey::mailboxes::turn_store as mailboxes;
use postkey::microsoft::Failure;
use postkey::tokens::turn_store::{self as store, Lease, Missed, Turn, Whose};
use postkey::tokens::{delegated_store, store as grants};
use postkey::words::Cause;

use super::delegated::{delegated, grant as persons};
use super::grants::grant as applications;
use super::{World, grants::save};

/// One grant of each kind, due in half an hour: the application with its grant's ID, and the person's.
pub(super) async fn world_with_both(world: &World) -> (ApplicationId, GrantId, GrantId) {
    let mail = world.stored("Mail").await;
    let of_application = applications(world, &mail, 1);
    assert!(save(world, &of_application).await);
    let mailbox = delegated(world, &mail, None).await;
    let of_person = persons(world, &mailbox, &GrantId::new(world.now(), &world.app.chance), 1);
    assert!(world.write(async |tx| delegated_store::save_signed_in(tx, &of_person).await).await);
    (mail.id, of_application.id, of_person.id)
}

async fn claim(world: &World, whose: Whose, application: &ApplicationId, by: &str) -> Vec<Turn> {
    let lease = Lease { by, now: world.now(), until: world.now().plus(150) };
    world.write(async |tx| store::claim(tx, whose, application, 10, lease).await).await
}

async fn begin(world: &World, whose: Whose, id: &GrantId, generation: i64, by: &str) -> bool {
    let lease = Lease { by, now: world.now(), until: world.now().plus(150) };
    world.write(async |tx| store::begin(tx, whose, (id, generation), lease).await).await
}

#[tokio::test]
async fn what_is_due_is_claimed_once_until_its_lease_ends() {
    for world in World::all().await {
        let (mail, of_application, of_person) = world_with_both(&world).await;
        assert!(store::due(world.db(), world.now()).await.unwrap().is_empty());
        world.app.clock.advance(1_800);
        assert_eq!(store::due(world.db(), world.now()).await.unwrap(), std::slice::from_ref(&mail));
        for (whose, id) in [(Whose::Application, &of_application), (Whose::Person, &of_person)] {
            let turns = claim(&world, whose, &mail, "one").await;
            assert_eq!(turns.iter().map(|turn| &turn.id).collect::<Vec<_>>(), [id]);
            assert_eq!(turns[0].mailbox_id.is_some(), whose == Whose::Person);
            assert!(claim(&world, whose, &mail, "two").await.is_empty());
            assert!(!begin(&world, whose, id, 1, "two").await, "another process has it");
            assert!(begin(&world, whose, id, 1, "one").await, "its own process goes on");
            assert!(!begin(&world, whose, id, 2, "one").await, "another generation");
        }
        assert!(store::due(world.db(), world.now()).await.unwrap().is_empty(), "it is somebody's");
        world.app.clock.advance(150);
        assert_eq!(claim(&world, Whose::Person, &mail, "two").await.len(), 1, "whoever had it is gone");
        assert!(begin(&world, Whose::Application, &of_application, 1, "two").await);
        world.close().await;
    }
}

#[tokio::test]
async fn of_two_processes_that_claim_at_once_each_gets_others() {
    for world in World::all().await {
        let (mail, ..) = world_with_both(&world).await;
        world.app.clock.advance(1_800);
        let names = ["one", "two", "three", "four"];
        let all = futures_util::future::join_all(names.map(|by| claim(&world, Whose::Person, &mail, by))).await;
        assert_eq!(all.iter().map(Vec::len).sum::<usize>(), 1);
        world.close().await;
    }
}

#[tokio::test]
async fn a_try_that_brought_nothing_is_counted_with_its_reason_and_one_that_went_well_forgets_it() {
    for world in World::all().await {
        let (mail, of_application, of_person) = world_with_both(&world).await;
        world.app.clock.advance(1_800);
        let failure = Failure::of(Cause::ProviderDown, "down", world.now());
        let missed = Missed { failure: &failure, at: world.now(), next_at: world.now().plus(60) };
        for (whose, id) in [(Whose::Application, &of_application), (Whose::Person, &of_person)] {
            assert!(begin(&world, whose, id, 1, "one").await);
            world.write(async |tx| store::miss(tx, whose, (id, 1), &missed).await).await;
            world.write(async |tx| store::miss(tx, whose, (id, 7), &missed).await).await;
            assert_eq!(store::generation(world.db(), whose, id).await.unwrap(), Some(1));
        }
        let failed = "SELECT (SELECT COUNT(*) FROM grants WHERE failures = 1 AND failure LIKE '%provider_down%' AND leased_until = 0)
            + (SELECT COUNT(*) FROM delegated_grants WHERE failures = 1 AND failed_at IS NOT NULL AND attempted_at IS NULL)";
        assert_eq!(world.count(failed).await, 2);
        assert!(store::due(world.db(), world.now()).await.unwrap().is_empty());
        world.write(async |tx| store::hurry(tx, &mail, world.now()).await).await;
        assert_eq!(store::due(world.db(), world.now()).await.unwrap(), std::slice::from_ref(&mail));

        let grant = grants::find(world.db(), &mail, grants::GRAPH).await.unwrap().unwrap();
        assert_eq!(grant.failures, 1);
        assert!(save(&world, &grants::Grant { generation: 2, next_at: world.now().plus(9), ..grant }).await);
        let after = grants::find(world.db(), &mail, grants::GRAPH).await.unwrap().unwrap();
        assert_eq!((after.failures, after.next_at), (0, world.now().plus(9)));
        world.close().await;
    }
}

#[tokio::test]
async fn a_turn_that_was_not_used_is_given_back_and_put_off_by_its_holder_alone() {
    for world in World::all().await {
        let (mail, of_application, of_person) = world_with_both(&world).await;
        world.app.clock.advance(1_800);
        for (whose, id) in [(Whose::Application, &of_application), (Whose::Person, &of_person)] {
            assert_eq!(claim(&world, whose, &mail, "one").await.len(), 1);
            let later = (world.now(), world.now().plus(60));
            world.write(async |tx| store::put_off(tx, whose, id, later, "two").await).await;
            assert!(!begin(&world, whose, id, 1, "two").await, "it is not theirs to give back");
            world.write(async |tx| store::put_off(tx, whose, id, later, "one").await).await;
            assert!(begin(&world, whose, id, 1, "two").await);
        }
        assert!(store::due(world.db(), world.now().plus(59)).await.unwrap().is_empty());
        world.write(async |tx| store::release_all(tx).await).await;
        assert_eq!(store::due(world.db(), world.now().plus(60)).await.unwrap().len(), 1);
        world.close().await;
    }
}

#[tokio::test]
async fn a_mailbox_is_claimed_once_for_a_check_unless_it_is_paused_deleted_or_waits_for_somebody() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "sales@contoso.example").await;
        delegated(&world, &world.stored("Other").await, Some("olga@contoso.example")).await;
        for (address, column) in [("paused@contoso.example", "paused_at"), ("gone@contoso.example", "deleted_at")] {
            world.added(&mail, address).await;
            world.by_hand(&format!("UPDATE mailboxes SET {column} = 1 WHERE address = '{address}'")).await;
        }
        let due = async || mailboxes::due(world.db(), world.now()).await.unwrap();
        let claim = async || {
            let times = (world.now(), world.now().plus(600));
            world.write(async |tx| mailboxes::claim(tx, &mail.id, 10, times).await).await
        };
        assert!(due().await.is_empty(), "the check of the Save goes first");
        world.app.clock.advance(600);
        assert_eq!(due().await, std::slice::from_ref(&mail.id));
        let all = futures_util::future::join_all((0..4).map(|_| claim())).await;
        assert_eq!(all.concat(), std::slice::from_ref(&mailbox.id));
        assert!(due().await.is_empty());
        world.app.clock.advance(600);
        assert_eq!(claim().await.len(), 1, "whatever became of the check");
        let now = world.now();
        world.write(async |tx| mailboxes::plan(tx, &mailbox.id, now.plus(90)).await).await;
        world.write(async |tx| mailboxes::hurry(tx, &mailbox.id, now.plus(60)).await).await;
        world.write(async |tx| mailboxes::hurry(tx, &mailbox.id, now.plus(80)).await).await;
        world.app.clock.advance(60);
        assert_eq!(claim().await.len(), 1);
        world.write(async |tx| mailboxes::hurry_all(tx, &mail.id, world.now()).await).await;
        assert!(due().await.is_empty(), "it was not connected");
        world.by_hand("UPDATE mailboxes SET incoming = 'connected' WHERE address = 'sales@contoso.example'").await;
        world.write(async |tx| mailboxes::hurry_all(tx, &mail.id, world.now()).await).await;
        assert_eq!(due().await, std::slice::from_ref(&mail.id));
        world.close().await;
    }
}

#[tokio::test]
async fn after_the_clock_was_put_back_what_was_planned_by_it_does_not_wait_for_that_time() {
    for world in World::all().await {
        let (mail, ..) = world_with_both(&world).await;
        world.app.clock.advance(-7_200);
        let now = world.now();
        world.write(async |tx| store::bring_back(tx, now, now.plus(7_201), now.plus(450)).await).await;
        assert!(store::due(world.db(), now).await.unwrap().is_empty(), "not issued so late");
        world.write(async |tx| store::bring_back(tx, now, now.plus(300), now.plus(450)).await).await;
        assert_eq!(store::due(world.db(), now).await.unwrap(), std::slice::from_ref(&mail));
        let turns = claim(&world, Whose::Person, &mail, "one").await;
        let mailbox = turns[0].mailbox_id.clone().unwrap();
        assert_eq!(claim(&world, Whose::Application, &mail, "one").await.len(), 1);
        for (planned, comes) in [(2 * 3_600, 2 * 3_600), (2 * 3_600 + 1, 3_600)] {
            let at = now.plus(planned);
            world.write(async |tx| mailboxes::plan(tx, &mailbox, at).await).await;
            world.write(async |tx| mailboxes::bring_back(tx, now, 3_600).await).await;
            let turn = mailboxes::planned(world.db(), &mailbox).await.unwrap().unwrap().since(now);
            assert!(turn <= comes && turn >= 0, "{turn}");
        }
        world.close().await;
    }
}
