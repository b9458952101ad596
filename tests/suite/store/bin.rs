//! The bin of `mailboxes/store.rs`: delete, restore, erase.

use postkey::error::AppError;
use postkey::mailboxes::history;
use postkey::mailboxes::mailbox::{BIN_LASTS, Mailbox, Stamp};
use postkey::mailboxes::store::{self, Written};
use postkey::words::Status;

use super::World;

async fn delete(world: &World, mailbox: &Mailbox) -> Written {
    world.write(async |tx| store::delete(tx, &mailbox.id, "Ana", world.now()).await).await
}

async fn restore(world: &World, mailbox: &Mailbox) -> Written {
    let mut tx = world.db().begin().await.unwrap();
    let done = store::restore(&mut tx, &mailbox.id, "Tom", world.now()).await.unwrap();
    if done == Written::Done {
        tx.commit().await.unwrap();
    }
    done
}

#[tokio::test]
async fn a_deleted_mailbox_is_found_only_by_its_id_and_frees_its_address() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "Support@contoso.example").await;
        assert_eq!(delete(&world, &mailbox).await, Written::Done);
        assert_eq!(delete(&world, &mailbox).await, Written::Changed);
        assert_eq!(world.find(&mailbox).await.deleted, Some(Stamp { by: "Ana".to_owned(), at: world.now() }));
        assert!(matches!(store::get(world.db(), &mailbox.id).await, Err(AppError::NotFound)));
        assert_eq!(store::by_address(world.db(), &mailbox.address).await.unwrap(), None);
        let (id, now) = (&mailbox.id, world.now());
        assert_eq!(world.write(async |tx| store::pause(tx, id, "Ana", now).await).await, Written::Changed);
        assert!(!world.write(async |tx| store::begin_check(tx, id, now).await).await);
        let mut tx = world.db().begin().await.unwrap();
        assert_eq!(store::update(&mut tx, &mailbox, false, now).await.unwrap(), Written::Changed);
        drop(tx);
        let successor = world.added(&mail, "support@CONTOSO.example").await;
        assert_eq!(store::by_address(world.db(), &mailbox.address).await.unwrap(), Some(successor.id));
        world.close().await;
    }
}

#[tokio::test]
async fn a_restored_mailbox_is_paused_and_has_its_address_again_unless_it_is_taken() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "Support@contoso.example").await;
        assert_eq!(restore(&world, &mailbox).await, Written::Changed, "it lives");
        delete(&world, &mailbox).await;
        assert_eq!(restore(&world, &mailbox).await, Written::Done);
        let found = world.find(&mailbox).await;
        assert_eq!((found.deleted, found.paused), (None, Some(Stamp { by: "Tom".to_owned(), at: world.now() })));
        assert_eq!(store::by_address(world.db(), "support@contoso.example").await.unwrap(), Some(mailbox.id.clone()));
        delete(&world, &mailbox).await;
        world.added(&mail, "support@contoso.example").await;
        assert_eq!(restore(&world, &mailbox).await, Written::Taken);
        assert!(world.find(&mailbox).await.deleted.is_some());
        world.close().await;
    }
}

#[tokio::test]
async fn what_lay_long_enough_in_the_bin_is_erased_with_its_checks() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let old = world.added(&mail, "old@contoso.example").await;
        world.checked(&old, Status::Connected, Status::Ready).await;
        delete(&world, &old).await;
        world.app.clock.advance(1);
        let young = world.added(&mail, "young@contoso.example").await;
        delete(&world, &young).await;
        let living = world.added(&mail, "living@contoso.example").await;
        world.app.clock.advance(BIN_LASTS - 1);
        store::erase_deleted(&world.app).await.unwrap();
        assert_eq!(store::find(world.db(), &old.id).await.unwrap(), None);
        assert!(history::newest(world.db(), &old.id, 10).await.unwrap().is_empty());
        world.find(&young).await;
        world.find(&living).await;
        world.app.clock.advance(1);
        store::erase_deleted(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM mailboxes").await, 1);
        world.close().await;
    }
}
