//! `tokens/store.rs`.

use postkey::applications::Application;
use postkey::ids::{CredentialId, GrantId};
use postkey::tokens::store::{self, GRAPH, Grant};
use secrecy::SecretString;

use super::World;

pub(super) fn grant(world: &World, application: &Application, generation: i64) -> Grant {
    let id = GrantId::new(world.now(), &world.app.chance);
    let sealed = world.app.keyring.seal(Grant::place(&id), &SecretString::from("token".to_owned())).unwrap();
    Grant {
        application_id: application.id.clone(),
        audience: GRAPH.to_owned(),
        generation,
        credential_id: CredentialId::new(world.now(), &world.app.chance),
        sealed,
        roles: "[]".to_owned(),
        issued_at: world.now(),
        renew_at: world.now().plus(1_800),
        expires_at: world.now().plus(3_600),
        next_at: world.now().plus(1_800),
        failures: 0,
        failure: String::new(),
        id,
    }
}

/// As a replica does: in a transaction of its own.
pub(super) async fn save(world: &World, grant: &Grant) -> bool {
    world.write(async |tx| store::save(tx, grant).await).await
}

async fn found(world: &World, application: &Application) -> Option<(i64, CredentialId)> {
    let found = store::find(world.db(), &application.id, GRAPH).await.unwrap();
    found.map(|found| (found.generation, found.credential_id))
}

#[tokio::test]
async fn a_grant_reads_back_as_it_was_saved() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        assert!(store::find(world.db(), &mail.id, GRAPH).await.unwrap().is_none());
        let first = grant(&world, &mail, 1);
        assert!(save(&world, &first).await);
        let found = store::find(world.db(), &mail.id, GRAPH).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{first:?}"));
        assert!(store::find(world.db(), &mail.id, "outlook").await.unwrap().is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn a_generation_is_saved_only_over_the_one_before_it() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let first = grant(&world, &mail, 1);
        assert!(save(&world, &first).await);
        let next = |generation| Grant { generation, id: first.id.clone(), ..grant(&world, &mail, generation) };
        assert!(!save(&world, &next(1)).await, "the same again");
        assert!(!save(&world, &next(3)).await, "one was left out");
        let second = next(2);
        assert!(save(&world, &second).await);
        assert!(!save(&world, &next(2)).await, "a late replica");
        assert!(!save(&world, &grant(&world, &mail, 3)).await, "a grant of another life");
        assert_eq!(found(&world, &mail).await, Some((2, second.credential_id)));
        world.close().await;
    }
}

#[tokio::test]
async fn of_replicas_that_save_the_same_generation_at_once_exactly_one_wins() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let firsts: [Grant; 4] = std::array::from_fn(|_| grant(&world, &mail, 1));
        let [a, b, c, d] = &firsts;
        let won = <[bool; 4]>::from(tokio::join!(save(&world, a), save(&world, b), save(&world, c), save(&world, d)));
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        let winner = &firsts[won.iter().position(|won| *won).unwrap()];
        for generation in 2..5 {
            let next: [Grant; 2] =
                std::array::from_fn(|_| Grant { id: winner.id.clone(), ..grant(&world, &mail, generation) });
            let won = <[bool; 2]>::from(tokio::join!(save(&world, &next[0]), save(&world, &next[1])));
            assert!(won[0] != won[1], "generation {generation}: {won:?}");
            let kept = &next[usize::from(won[1])];
            assert_eq!(found(&world, &mail).await, Some((generation, kept.credential_id.clone())));
        }
        world.close().await;
    }
}

#[tokio::test]
async fn what_is_forgotten_is_gone_and_only_for_that_application() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        for application in [&mail, &other] {
            assert!(save(&world, &grant(&world, application, 1)).await);
        }
        world.write(async |tx| store::forget(tx, &mail.id).await).await;
        assert_eq!(found(&world, &mail).await, None);
        assert!(found(&world, &other).await.is_some());
        world.close().await;
    }
}

#[tokio::test]
async fn an_application_that_was_moved_or_deleted_is_no_longer_what_it_was() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        assert!(world.undo(async |tx| store::still_is(tx, &mail).await).await);
        let renamed = Application { name: "Other name".to_owned(), ..mail.clone() };
        assert!(world.undo(async |tx| store::still_is(tx, &renamed).await).await, "a name is no matter to Microsoft");
        let moved = Application { client_id: world.application("x").client_id, ..mail.clone() };
        assert!(!world.undo(async |tx| store::still_is(tx, &moved).await).await);
        let gone = world.application("Gone");
        assert!(!world.undo(async |tx| store::still_is(tx, &gone).await).await);
        world.close().await;
    }
}
