//! `metrics/store.rs`: everything that the metrics read.

use std::collections::BTreeMap;

use postkey::ids::GrantId;
use postkey::metrics::store::{self, Application};
use postkey::tokens::delegated_store;

use super::World;
use super::delegated::{delegated, grant as persons};
use super::grants::{grant as applications, save};
use super::shown::{every_kind, rows};

#[tokio::test]
async fn mailboxes_are_counted_by_what_they_show() {
    for world in World::all().await {
        every_kind(&world).await;
        let name = |incoming: postkey::words::Status, outgoing: postkey::words::Status| {
            format!("{} {}", incoming.value(), outgoing.value())
        };
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        for row in rows(&world, "").await {
            let shown = row.mailbox.shown(world.now(), row.ends);
            *expected.entry(name(shown.incoming, shown.outgoing)).or_default() += 1;
        }
        let mut found: BTreeMap<String, i64> = BTreeMap::new();
        for (shown, mailboxes) in store::snapshot(world.db(), world.now(), false).await.unwrap().mailboxes {
            *found.entry(name(shown.incoming, shown.outgoing)).or_default() += mailboxes;
        }
        assert_eq!(found, expected);
        world.by_hand("UPDATE mailboxes SET deleted_at = 1, address_key = NULL").await;
        let after = store::snapshot(world.db(), world.now(), true).await.unwrap();
        assert!(after.mailboxes.iter().all(|(_, mailboxes)| *mailboxes == 0) && after.named.is_empty());
        world.close().await;
    }
}

#[tokio::test]
async fn what_ends_is_read_of_applications_and_of_mailboxes_only_when_they_are_to_be_named() {
    for world in World::all().await {
        let (mail, bare) = (world.stored("Mail").await, world.stored("Bare").await);
        let ends = world.now().plus(86_400);
        world
            .by_hand(&format!(
                "UPDATE applications SET credential_ends_at = {} WHERE id = '{}'",
                ends.seconds(),
                mail.id
            ))
            .await;
        let of_application = applications(&world, &mail, 1);
        assert!(save(&world, &of_application).await);
        let shared = world.added(&mail, "shared@x.example").await;
        let own = delegated(&world, &mail, None).await;
        let of_person = persons(&world, &own, &GrantId::new(world.now(), &world.app.chance), 1);
        assert!(world.write(async |tx| delegated_store::save_signed_in(tx, &of_person).await).await);
        world.added(&bare, "no-token@x.example").await;

        let found = store::snapshot(world.db(), world.now(), false).await.unwrap();
        let token_ends_at = Some(of_application.expires_at);
        let expected = [
            Application { id: mail.id.clone(), credential_ends_at: Some(ends), token_ends_at },
            Application { id: bare.id.clone(), credential_ends_at: None, token_ends_at: None },
        ];
        assert_eq!(found.applications, expected);
        assert_eq!((found.due, found.named.len(), found.at), (0, 0, world.now()));

        world.app.clock.advance(1_800);
        let found = store::snapshot(world.db(), world.now(), true).await.unwrap();
        assert_eq!(found.due, 2);
        let named: BTreeMap<_, _> =
            found.named.into_iter().map(|named| (named.id, (named.address, named.ends_at))).collect();
        assert_eq!(named[&shared.id], ("shared@x.example".to_owned(), of_application.expires_at));
        assert_eq!(named[&own.id], (own.address.clone(), of_person.expires_at));
        assert_eq!(named.len(), 2, "one without a token has no end");
        world.close().await;
    }
}
