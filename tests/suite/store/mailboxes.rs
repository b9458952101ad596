//! `mailboxes/store.rs`: settings, pause, default outbound. The bin is in `bin.rs`, checks are in `checks.rs`.

use postkey::error::AppError;
use postkey::ids::MailboxId;
use postkey::mailboxes::mailbox::{Health, Mailbox, Stamp};
use postkey::mailboxes::store::{self, Written};
use postkey::words::Status;

use super::World;

async fn update(world: &World, mailbox: &Mailbox, unverify: bool) -> Written {
    let mut tx = world.db().begin().await.unwrap();
    let done = store::update(&mut tx, mailbox, unverify, world.now()).await.unwrap();
    if done == Written::Done {
        tx.commit().await.unwrap();
    }
    done
}

#[tokio::test]
async fn a_mailbox_reads_back_as_it_was_written() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let plain = world.added(&mail, "support@contoso.example").await;
        let odd = Mailbox {
            display_name: "Εξυπηρέτηση 🚚 “'; DROP TABLE mailboxes; --".to_owned(),
            ..world.mailbox(&mail, "O'Brien+Ünïcode_%@Contoso.example")
        };
        world.add(&odd).await;
        for mailbox in [plain, odd] {
            assert_eq!(store::find(world.db(), &mailbox.id).await.unwrap(), Some(mailbox.clone()));
            assert_eq!(store::get(world.db(), &mailbox.id).await.unwrap(), mailbox);
            let upper = mailbox.address.to_uppercase();
            assert_eq!(store::by_address(world.db(), &upper).await.unwrap(), Some(mailbox.id));
        }
        let nobody = MailboxId::new(world.now(), &world.app.chance);
        assert_eq!(store::find(world.db(), &nobody).await.unwrap(), None);
        assert!(matches!(store::get(world.db(), &nobody).await, Err(AppError::NotFound)));
        assert_eq!(store::by_address(world.db(), "%").await.unwrap(), None);
        let nul = store::by_address(world.db(), "support\0@contoso.example").await;
        assert!(matches!(nul, Ok(None) | Err(AppError::BadRequest(_))), "{nul:?}");
        world.close().await;
    }
}

#[tokio::test]
async fn an_address_in_any_case_is_taken_once_even_by_two_at_once() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let add = async |mailbox: Mailbox| {
            let mut tx = world.db().begin().await.unwrap();
            let done = store::insert(&mut tx, &mailbox).await.unwrap();
            if done == Written::Done {
                tx.commit().await.unwrap();
            }
            done
        };
        let (lower, upper) =
            (world.mailbox(&mail, "ärger@contoso.example"), world.mailbox(&mail, "ÄRGER@Contoso.example"));
        let mut done = <[Written; 2]>::from(tokio::join!(add(lower), add(upper)));
        done.sort_by_key(|done| *done == Written::Taken);
        assert_eq!(done, [Written::Done, Written::Taken]);
        let other = world.added(&mail, "other@contoso.example").await;
        let changed = Mailbox { address: "Ärger@contoso.example".to_owned(), ..other.clone() };
        assert_eq!(update(&world, &changed, true).await, Written::Taken);
        assert_eq!(world.find(&other).await, other);
        world.close().await;
    }
}

#[tokio::test]
async fn whoever_saves_second_over_the_same_version_is_told() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let named = |name: &str| Mailbox { display_name: name.to_owned(), ..mailbox.clone() };
        let (first, second) = (named("First"), named("Second"));
        let (one, two) = tokio::join!(update(&world, &first, false), update(&world, &second, false));
        assert!((one == Written::Done) != (two == Written::Done), "{one:?} {two:?}");
        assert!((one == Written::Changed) != (two == Written::Changed), "{one:?} {two:?}");
        let kept = if one == Written::Done { first } else { second };
        assert_eq!(world.find(&mailbox).await, Mailbox { version: 2, ..kept });
        world.close().await;
    }
}

#[tokio::test]
async fn a_name_leaves_the_health_alone_and_another_address_makes_it_unverified() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        world.checked(&mailbox, Status::Connected, Status::Ready).await;
        let before = world.find(&mailbox).await;
        world.app.clock.advance(60);
        let named = Mailbox { display_name: "Support".to_owned(), ..before.clone() };
        assert_eq!(update(&world, &named, false).await, Written::Done);
        assert_eq!(world.find(&mailbox).await.health, before.health);
        let moved = Mailbox { address: "sales@contoso.example".to_owned(), version: 2, ..before.clone() };
        assert_eq!(update(&world, &moved, true).await, Written::Done);
        let health = world.find(&mailbox).await.health;
        assert_eq!(health, Health::unverified(world.now()));
        assert_eq!(store::by_address(world.db(), "support@contoso.example").await.unwrap(), None);
        world.close().await;
    }
}

#[tokio::test]
async fn pausing_and_resuming_happen_once() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let (id, now) = (&mailbox.id, world.now());
        assert_eq!(world.write(async |tx| store::resume(tx, id, now).await).await, Written::Changed);
        assert_eq!(world.write(async |tx| store::pause(tx, id, "Ana", now).await).await, Written::Done);
        assert_eq!(world.write(async |tx| store::pause(tx, id, "Tom", now.plus(5)).await).await, Written::Changed);
        assert_eq!(world.find(&mailbox).await.paused, Some(Stamp { by: "Ana".to_owned(), at: now }));
        assert_eq!(world.write(async |tx| store::resume(tx, id, now).await).await, Written::Done);
        assert_eq!(world.find(&mailbox).await.paused, None);
        assert_eq!(world.find(&mailbox).await.version, 1, "settings did not change");
        world.close().await;
    }
}

#[tokio::test]
async fn one_mailbox_at_most_is_the_default_outbound_and_a_deleted_one_never() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let (one, two) =
            (world.added(&mail, "one@contoso.example").await, world.added(&mail, "two@contoso.example").await);
        assert_eq!(store::default_outbound(world.db()).await.unwrap(), None);
        for mailbox in [&one, &two, &two] {
            world.write(async |tx| store::set_default_outbound(tx, &mailbox.id).await).await;
            assert_eq!(store::default_outbound(world.db()).await.unwrap().as_ref(), Some(&mailbox.id));
        }
        world.write(async |tx| store::delete(tx, &one.id, "Ana", world.now()).await).await;
        assert_eq!(store::default_outbound(world.db()).await.unwrap().as_ref(), Some(&two.id));
        world.write(async |tx| store::delete(tx, &two.id, "Ana", world.now()).await).await;
        assert_eq!(store::default_outbound(world.db()).await.unwrap(), None);
        world.close().await;
    }
}

#[tokio::test]
async fn an_impossible_mailbox_is_an_error_and_not_a_panic() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        for column in ["incoming", "outgoing"] {
            let mailbox = world.added(&mail, &format!("{column}@contoso.example")).await;
            world.by_hand(&format!("UPDATE mailboxes SET {column} = 'excellent' WHERE id = '{}'", mailbox.id)).await;
            let failed = store::find(world.db(), &mailbox.id).await.unwrap_err();
            assert!(matches!(failed, AppError::Internal(_)), "{failed:?}");
        }
        world.close().await;
    }
}
