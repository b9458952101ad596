//! `db/mod.rs` and `audit/mod.rs`: what a transaction keeps.

use postkey::applications::store as applications;
use postkey::audit::{self, Entry};
use postkey::error::AppError;
use postkey::mailboxes::store::{self, Written};

use super::World;

const ENTRY: Entry<'static> =
    Entry { actor: "Ána", action: "mailbox.created", object: "mb_1", detail: "support@contoso.example “'" };

async fn entries(world: &World) -> i64 {
    world.count("SELECT COUNT(*) FROM audit").await
}

#[tokio::test]
async fn an_error_in_a_transaction_leaves_nothing_of_it() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        world.added(&mail, "taken@contoso.example").await;
        let before = entries(&world).await;
        let mut tx = world.db().begin().await.unwrap();
        let other = world.application("Other");
        applications::insert(&mut tx, &other).await.unwrap();
        store::insert(&mut tx, &world.mailbox(&other, "new@contoso.example")).await.unwrap();
        audit::record(&mut tx, &world.app, ENTRY).await.unwrap();
        let taken = store::insert(&mut tx, &world.mailbox(&other, "TAKEN@contoso.example")).await.unwrap();
        assert_eq!(taken, Written::Taken);
        drop(tx);
        assert_eq!(applications::find(world.db(), &other.id).await.unwrap(), None);
        assert_eq!(world.count("SELECT COUNT(*) FROM mailboxes").await, 1);
        assert_eq!(entries(&world).await, before);
        world.added(&mail, "next@contoso.example").await;
        world.close().await;
    }
}

#[tokio::test]
async fn what_is_recorded_is_kept_with_the_change_and_readers_see_neither_before() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.mailbox(&mail, "support@contoso.example");
        let mut tx = world.db().begin().await.unwrap();
        store::insert(&mut tx, &mailbox).await.unwrap();
        audit::record(&mut tx, &world.app, ENTRY).await.unwrap();
        assert_eq!(store::find(world.db(), &mailbox.id).await.unwrap(), None, "a reader waits for no writer");
        assert_eq!(entries(&world).await, 0);
        tx.commit().await.unwrap();
        assert!(store::find(world.db(), &mailbox.id).await.unwrap().is_some());
        let exact = "SELECT COUNT(*) FROM audit WHERE actor = 'Ána' AND action = 'mailbox.created' AND object = 'mb_1'
            AND detail LIKE 'support%“''' AND request_id = '' AND at = 1795435200";
        assert_eq!(world.count(exact).await, 1);
        world.close().await;
    }
}

#[tokio::test]
async fn a_mailbox_of_an_application_that_is_not_there_is_refused() {
    for world in World::all().await {
        let orphan = world.mailbox(&world.application("Nowhere"), "orphan@contoso.example");
        let mut tx = world.db().begin().await.unwrap();
        let refused = store::insert(&mut tx, &orphan).await.unwrap_err();
        assert!(matches!(refused, AppError::Internal(_)), "{refused:?}");
        drop(tx);
        world.close().await;
    }
}

#[tokio::test]
async fn the_database_answers_until_it_is_closed() {
    for world in World::all().await {
        assert!(world.db().answers().await);
        world.db().tidy().await.unwrap();
        assert!(world.db().answers().await);
        world.db().close().await;
        assert!(!world.db().answers().await);
        let refused = world.db().begin().await.unwrap_err();
        assert!(matches!(refused, AppError::Busy(_) | AppError::Internal(_)), "{refused:?}");
    }
}
