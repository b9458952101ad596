//! `expiry/store.rs` and `expiry/feed_store.rs`.

use postkey::applications::credential::State;
use postkey::applications::{Credential, Kind, store as applications};
use postkey::chance::hash_of;
use postkey::clock::UnixTime;
use postkey::expiry::feed::Feed;
use postkey::expiry::item::{IDLE, IDLE_ENDS, Standpoint};
use postkey::expiry::{feed_store, store};
use postkey::ids::{FeedId, GrantId};
use postkey::mailboxes::mailbox::{Access, Health};
use postkey::mailboxes::{Mailbox, store as mailboxes};
use postkey::tokens::delegated_store as grants;
use secrecy::SecretString;

use super::World;
use super::credentials::{answer, stored};
use super::delegated::grant;

const DAY: i64 = 24 * 60 * 60;

async fn shown(world: &World) -> Vec<(String, Option<UnixTime>, Standpoint, i64)> {
    let all = store::all(world.db(), world.now(), 10).await.unwrap();
    all.into_iter().map(|item| (item.name().to_owned(), item.ends_at, item.standpoint, item.stops)).collect()
}

#[tokio::test]
async fn credentials_that_are_not_retired_are_listed_with_the_mailboxes_of_their_application() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        for address in ["a@x.example", "b@x.example", "c@x.example"] {
            world.added(&mail, address).await;
        }
        world.by_hand("UPDATE mailboxes SET deleted_at = 1, address_key = NULL WHERE address = 'c@x.example'").await;
        let end = |days: i64| Some(world.now().plus(days * DAY));
        let old = stored(&world, &mail, end(-1)).await;
        answer(&world, &old, State::Accepted).await;
        let unknown = stored(&world, &other, None).await;
        let gone = stored(&world, &other, end(3)).await;
        assert!(world.write(async |tx| applications::retire(tx, &gone, world.now()).await).await);
        let expected = |first| vec![first, ("Other".to_owned(), None, Standpoint::Unknown, 0)];
        assert_eq!(shown(&world).await, expected(("Mail".to_owned(), end(-1), Standpoint::Ended, 2)));
        let new: Credential = stored(&world, &mail, end(200)).await;
        answer(&world, &new, State::Accepted).await;
        let all = shown(&world).await;
        assert_eq!(all[0], ("Mail".to_owned(), end(-1), Standpoint::Replaced, 0));
        assert_eq!(all[1], ("Mail".to_owned(), end(200), Standpoint::Lasts, 2));
        assert_eq!((all.len(), unknown.kind), (3, Kind::Secret));
        world.by_hand("UPDATE credentials SET kind = 'secret', state = 'refused'").await;
        assert_eq!(shown(&world).await[0].2, Standpoint::Refused);
        world.close().await;
    }
}

#[tokio::test]
async fn sign_ins_are_listed_once_they_are_idle_the_oldest_first() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        for (address, age) in [("a@x.example", IDLE - 1), ("b@x.example", IDLE), ("c@x.example", IDLE_ENDS)] {
            let access = Access::OnBehalfOfUser { person: None };
            let health = Health::new(&access, world.now());
            let mailbox = Mailbox { access, health, ..world.mailbox(&mail, address) };
            world.add(&mailbox).await;
            let mut granted = grant(&world, &mailbox, &GrantId::new(world.now(), &world.app.chance), 1);
            granted.issued_at = world.now().plus(-age);
            assert!(world.write(async |tx| grants::save_signed_in(tx, &granted).await).await);
        }
        let at = |seconds: i64| Some(world.now().plus(seconds));
        let b = ("b@x.example".to_owned(), at(IDLE_ENDS - IDLE), Standpoint::Lasts, 1);
        let c = ("c@x.example".to_owned(), at(0), Standpoint::Ended, 1);
        assert_eq!(shown(&world).await, [c.clone(), b.clone()]);
        let one = store::all(world.db(), world.now(), 1).await.unwrap();
        assert_eq!((one.len(), one[0].name()), (1, "c@x.example"));
        let id = mailboxes::by_address(world.db(), "c@x.example").await.unwrap().unwrap();
        world.by_hand(&format!("UPDATE mailboxes SET deleted_at = 1, address_key = NULL WHERE id = '{id}'")).await;
        assert_eq!(shown(&world).await, [b]);
        world.close().await;
    }
}

fn feed(world: &World) -> Feed {
    let id = FeedId::new(world.now(), &world.app.chance);
    let sealed = world.app.keyring.seal(Feed::place(&id), &SecretString::from("code")).unwrap();
    Feed { id, sealed, made_by: "Ana".to_owned(), made_at: world.now() }
}

#[tokio::test]
async fn there_is_one_feed_which_only_those_replace_or_remove_who_have_seen_it() {
    for world in World::all().await {
        assert!(feed_store::find(world.db()).await.unwrap().is_none());
        let (first, second) = (feed(&world), feed(&world));
        let put = async |feed: &Feed, code: &str, there: &str| {
            world.write(async |tx| feed_store::put(tx, feed, &hash_of(code), there).await).await
        };
        let knows = async |code: &str| feed_store::knows(world.db(), &hash_of(code)).await.unwrap();
        assert!(put(&first, "one", "").await);
        assert_eq!(format!("{:?}", feed_store::find(world.db()).await.unwrap()), format!("{:?}", Some(&first)));
        assert!(!put(&second, "two", "").await && !put(&second, "two", second.id.as_str()).await);
        assert!(knows("one").await && !knows("two").await);
        assert!(put(&second, "two", first.id.as_str()).await);
        assert!(!knows("one").await && knows("two").await);
        let remove = async |there: &str| world.write(async |tx| feed_store::remove(tx, there).await).await;
        assert!(!remove(first.id.as_str()).await && remove(second.id.as_str()).await);
        assert!(!remove(second.id.as_str()).await && !knows("two").await);
        assert!(put(&first, "one", second.id.as_str()).await, "where none is, one can be made");
        world.close().await;
    }
}
