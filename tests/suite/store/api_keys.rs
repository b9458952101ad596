//! `keys/store.rs` and `tokens/handed_store.rs`.

use std::collections::{HashMap, HashSet};

use postkey::ids::{GrantId, KeyId, MailboxId};
use postkey::keys::{Key, Reach, Right, store};
use postkey::mailboxes::search::{self, Filter};
use postkey::tokens::handed_store::{self as handed, HandOut, Refused};
use secrecy::SecretString;

use super::World;

fn key(world: &World, name: &str, reach: Reach) -> Key {
    let id = KeyId::new(world.now(), &world.app.chance);
    Key {
        name: name.to_owned(),
        lookup: id.as_str()[15..27].to_owned(),
        hash: "h".repeat(64),
        may: Right::Tokens,
        reach,
        made_by: "Ana".to_owned(),
        made_at: world.now(),
        ends_at: world.now().plus(1_000),
        replaces: None,
        revoked: None,
        used_at: None,
        id,
    }
}

async fn added(world: &World, name: &str, reach: Reach) -> Key {
    let key = key(world, name, reach);
    world.write(async |tx| store::insert(tx, &key).await).await;
    key
}

#[tokio::test]
async fn keys_read_back_with_what_they_reach_while_it_is_there() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let (a, b) = (world.added(&mail, "A@x.example").await, world.added(&other, "b@x.example").await);
        let all = added(&world, "all", Reach::All).await;
        let apps = added(&world, "apps", Reach::Applications(HashSet::from([mail.id.clone()]))).await;
        let listed =
            HashMap::from([(a.id.clone(), "a@x.example".to_owned()), (b.id.clone(), "b@x.example".to_owned())]);
        let listed = added(&world, "listed", Reach::Mailboxes(listed)).await;
        for known in [&all, &apps, &listed] {
            assert_eq!(store::get(world.db(), &known.id).await.unwrap(), *known);
        }
        assert_eq!(store::all(world.db()).await.unwrap().len(), 3);
        let copy = Key { replaces: Some(listed.id.clone()), ..key(&world, "copy", listed.reach.clone()) };
        world.write(async |tx| store::insert_like(tx, &copy, &listed.id).await).await;
        assert_eq!(store::get(world.db(), &copy.id).await.unwrap(), copy);
        let reached =
            async |name: &str| store::reached(world.db(), &apps.id, name, &name.to_lowercase()).await.unwrap();
        assert_eq!(reached("a@X.example").await.as_ref(), Some(&a.id));
        assert_eq!(reached(a.id.as_str()).await.as_ref(), Some(&a.id));
        assert_eq!(
            (reached("b@x.example").await, reached(b.id.as_str()).await, reached("c").await),
            (None, None, None)
        );
        let found = async |key: &Key| {
            let filter = Filter { key: Some(key.id.clone()), sort: "address".to_owned(), ..Filter::default() };
            let rows = search::page(world.db(), &filter, world.now()).await.unwrap().rows;
            rows.into_iter().map(|row| row.mailbox.address).collect::<Vec<_>>()
        };
        assert_eq!(found(&apps).await, ["A@x.example"]);
        assert_eq!(found(&listed).await, ["A@x.example", "b@x.example"]);
        world.by_hand(&format!("UPDATE mailboxes SET deleted_at = 1, address_key = NULL WHERE id = '{}'", a.id)).await;
        let Reach::Mailboxes(left) = store::get(world.db(), &listed.id).await.unwrap().reach else { panic!() };
        assert_eq!(
            left.into_keys().collect::<Vec<_>>(),
            std::slice::from_ref(&b.id),
            "one in the bin is not among them"
        );
        assert_eq!(reached("a@x.example").await, None);
        world.by_hand("DELETE FROM mailboxes").await;
        let listed = store::get(world.db(), &listed.id).await.unwrap();
        assert_eq!(listed.reach, Reach::Mailboxes(HashMap::new()), "and not everything");
        world.close().await;
    }
}

#[tokio::test]
async fn a_key_ends_once_and_its_end_is_never_put_off() {
    for world in World::all().await {
        let key = added(&world, "key", Reach::All).await;
        let now = world.now();
        let end_by = async |at: i64| world.write(async |tx| store::end_by(tx, &key.id, now.plus(at), now).await).await;
        assert!(end_by(2_000).await);
        assert_eq!(store::get(world.db(), &key.id).await.unwrap().ends_at, now.plus(1_000));
        assert!(end_by(10).await);
        assert_eq!(store::get(world.db(), &key.id).await.unwrap().ends_at, now.plus(10));
        let late = world.write(async |tx| store::end_by(tx, &key.id, now.plus(99), now.plus(10)).await).await;
        assert!(!late, "it is over");
        for (first, used_at) in [(true, 5), (false, 3)] {
            assert_eq!(world.write(async |tx| store::revoke(tx, &key.id, "Ana", now).await).await, first);
            world.write(async |tx| store::used(tx, &key.id, now.plus(used_at)).await).await;
        }
        let found = store::get(world.db(), &key.id).await.unwrap();
        assert_eq!((found.revoked, found.used_at), (Some((now, "Ana".to_owned())), Some(now.plus(5))));
        assert!(!end_by(5).await);
        world.close().await;
    }
}

#[tokio::test]
async fn the_text_of_a_key_is_taken_once_by_its_own_session_and_in_time() {
    for world in World::all().await {
        let now = world.now();
        let place = postkey::secrets::Place { table: "api_key_flashes", column: "sealed", row: "x" };
        let sealed = world.app.keyring.seal(place, &SecretString::from("pk".to_owned())).unwrap();
        let (key, late) = (added(&world, "key", Reach::All).await, added(&world, "late", Reach::All).await);
        for one in [&key, &late] {
            world.write(async |tx| store::show_once(tx, &one.id, "mine", &sealed, now.plus(600)).await).await;
        }
        let take = async |key: &Key, session: &str, at: i64| {
            world.write(async |tx| store::take(tx, &key.id, session, now.plus(at)).await).await
        };
        assert_eq!(take(&key, "yours", 0).await, None);
        assert_eq!(take(&key, "mine", 599).await, Some(sealed));
        assert_eq!(take(&key, "mine", 599).await, None);
        assert_eq!(take(&late, "mine", 600).await, None);
        world.write(async |tx| store::sweep(tx, now.plus(600)).await).await;
        assert_eq!(world.count("SELECT COUNT(*) FROM api_key_flashes").await, 0);
        world.close().await;
    }
}

fn hand_out(world: &World, key: &Key, mailbox: &MailboxId, grant: &GrantId, seconds: i64) -> HandOut {
    let at = world.now().plus(seconds);
    HandOut {
        key: key.id.clone(),
        mailbox: mailbox.clone(),
        grant: grant.clone(),
        hour: at.seconds() / 3_600,
        day: if seconds < 86_400 { "2026-11-23" } else { "2026-11-24" }.to_owned(),
        times: 1,
        last_at: at,
    }
}

#[tokio::test]
async fn hand_outs_add_up_by_hour_and_by_day_and_are_forgotten() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let (a, b) = (world.added(&mail, "a@x.example").await, world.added(&mail, "b@x.example").await);
        let (one, two) = (added(&world, "one", Reach::All).await, added(&world, "two", Reach::All).await);
        let grant = GrantId::new(world.now(), &world.app.chance);
        let gone = MailboxId::new(world.now(), &world.app.chance);
        let add = async |all: Vec<HandOut>| world.write(async |tx| handed::add(tx, &mut all.clone()).await).await;
        let of = |key, mailbox: &MailboxId, seconds| hand_out(&world, key, mailbox, &grant, seconds);
        add(vec![of(&one, &a.id, 5), of(&one, &b.id, 9), of(&one, &gone, 10), of(&two, &a.id, 86_400)]).await;
        add(vec![HandOut { times: 3, ..of(&one, &a.id, 1) }, of(&one, &a.id, 4_000)]).await;
        let taken = handed::taken(world.db(), &one.id).await.unwrap();
        let taken: Vec<_> = taken.into_iter().map(|taken| (taken.address, taken.times, taken.last_at)).collect();
        let at = |seconds| world.now().plus(seconds);
        let expected = [("a@x.example", 1, at(4_000)), ("b@x.example", 1, at(9)), ("a@x.example", 4, at(5))];
        assert_eq!(taken, expected.map(|(address, times, last)| (address.to_owned(), times, last)));
        let takers = handed::takers(world.db(), &grant, "2026-11-23").await.unwrap();
        let takers: Vec<_> = takers.into_iter().map(|taker| (taker.name, taker.today, taker.last_at)).collect();
        // A mailbox that is gone was handed out all the same.
        assert_eq!(takers, [("two".to_owned(), 0, at(86_400)), ("one".to_owned(), 7, at(4_000))]);
        world.write(async |tx| handed::forget(tx, at(3_600)).await).await;
        assert_eq!(world.count("SELECT COUNT(*) FROM hand_outs").await, 2);
        assert_eq!(world.count("SELECT COUNT(*) FROM hand_out_days").await, 2);
        world.write(async |tx| handed::forget(tx, at(999_999)).await).await;
        assert!(handed::takers(world.db(), &grant, "2026-11-23").await.unwrap().is_empty());
        world.close().await;
    }
}

#[tokio::test]
async fn a_refusal_is_written_down_once_for_each_generation_and_the_newest_is_shown() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "a@x.example").await;
        let key = added(&world, "worker", Reach::All).await;
        let grant = GrantId::new(world.now(), &world.app.chance);
        let refuse = async |generation: i64, error: &str| {
            let (mailbox, key, at) = (&mailbox.id, &key.id, world.now());
            let refused = Refused { grant: &grant, generation, mailbox, key, status: 401, error, at };
            world.write(async |tx| handed::refuse(tx, &refused).await).await
        };
        assert!(handed::refusal(world.db(), &grant).await.unwrap().is_none());
        assert_eq!([refuse(1, "a").await, refuse(1, "b").await, refuse(2, "c").await], [true, false, true]);
        let newest = handed::refusal(world.db(), &grant).await.unwrap().unwrap();
        assert_eq!((newest.generation, newest.error.as_str(), newest.key_name.as_str()), (2, "c", "worker"));
        assert_eq!((newest.mailbox.as_str(), newest.status, newest.at), ("a@x.example", 401, world.now()));
        world.close().await;
    }
}
