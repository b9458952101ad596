//! `alerts/channel_store.rs`, `alerts/outbox_store.rs` and `expiry/warn_store.rs`.

use postkey::alerts::message::{Message, State};
use postkey::alerts::outbox_store::Lease;
use postkey::alerts::quiet::Quiet;
use postkey::alerts::{Channel, Event, Kind, channel_store, outbox_store as store};
use postkey::clock::UnixTime;
use postkey::expiry::warn_store;
use postkey::ids::{AlertId, ChannelId};
use postkey::secrets::Sealed;

use super::World;

async fn channel(world: &World, name: &str) -> Channel {
    let id = ChannelId::new(world.now(), &world.app.chance);
    let target = world.app.keyring.seal(Channel::target_place(&id), &"https://x.example/y".into()).unwrap();
    let channel = Channel {
        id,
        kind: Kind::Webhook,
        name: name.to_owned(),
        target,
        shown: "https://x.example/…".to_owned(),
        key: Sealed::nothing(),
        warnings: true,
        quiet: Quiet { from: 1_320, until: 390 },
        paused_at: None,
        created_by: "Ana".to_owned(),
        created_at: world.now(),
    };
    world.write(async |tx| channel_store::insert(tx, &channel).await).await;
    channel
}

async fn message(world: &World, channel: &Channel, thread: &str, due: i64) -> Message {
    world.app.clock.advance(1);
    let now = world.now();
    let message = Message {
        id: AlertId::new(now, &world.app.chance),
        channel_id: channel.id.clone(),
        event: Event::Opened,
        thread: thread.to_owned(),
        subject: "subject".to_owned(),
        body: "body".to_owned(),
        payload: "{}".to_owned(),
        created_at: now,
        state: State::Waiting,
        tries: 0,
        due_at: now.plus(due),
        ended_at: None,
        said: String::new(),
    };
    let nobody = Lease { by: "", until: UnixTime::from_seconds(0) };
    world.write(async |tx| store::insert(tx, &message, nobody).await).await;
    message
}

async fn claim(world: &World, by: &str) -> Vec<AlertId> {
    let now = world.now();
    let lease = Lease { by, until: now.plus(120) };
    let claimed = world.write(async |tx| store::claim(tx, now, lease).await).await;
    claimed.into_iter().map(|message| message.id).collect()
}

#[tokio::test]
async fn a_channel_reads_back_changes_pauses_and_goes_with_its_messages() {
    for world in World::all().await {
        let mut ops = channel(&world, "Ops").await;
        world.app.clock.advance(1);
        let other = channel(&world, "Other").await;
        message(&world, &ops, "t", 0).await;
        let found = channel_store::get(world.db(), &ops.id).await.unwrap();
        assert_eq!((&found.target, &found.key, found.quiet), (&ops.target, &ops.key, ops.quiet));
        assert_eq!(
            (found.shown, found.created_by, found.created_at),
            ("https://x.example/…".to_owned(), "Ana".to_owned(), ops.created_at)
        );
        (ops.name, ops.warnings, ops.quiet) = ("Night".to_owned(), false, Quiet { from: 60, until: 120 });
        assert!(world.write(async |tx| channel_store::update(tx, &ops).await).await);
        let found = channel_store::get(world.db(), &ops.id).await.unwrap();
        assert_eq!(
            (found.name.as_str(), found.warnings, found.quiet, found.kind),
            ("Night", false, Quiet { from: 60, until: 120 }, Kind::Webhook)
        );
        let now = world.now();
        assert!(world.write(async |tx| channel_store::pause(tx, &ops.id, Some(now)).await).await);
        let names = |all: Vec<Channel>| all.into_iter().map(|it| it.name).collect::<Vec<_>>();
        assert_eq!(names(channel_store::all(world.db()).await.unwrap()), ["Night", "Other"]);
        assert_eq!(names(channel_store::living(world.db()).await.unwrap()), ["Other"]);
        assert!(world.write(async |tx| channel_store::delete(tx, &ops.id).await).await);
        assert!(!world.write(async |tx| channel_store::delete(tx, &ops.id).await).await);
        assert!(!world.write(async |tx| channel_store::update(tx, &ops).await).await);
        assert!(store::of_channel(world.db(), &ops.id, 9).await.unwrap().is_empty());
        assert!(channel_store::get(world.db(), &ops.id).await.is_err());
        assert_eq!(channel_store::get(world.db(), &other.id).await.unwrap().name, "Other");
        world.close().await;
    }
}

#[tokio::test]
async fn messages_of_a_channel_go_out_one_by_one_and_those_of_one_matter_in_their_order() {
    for world in World::all().await {
        let (ops, other) = (channel(&world, "Ops").await, channel(&world, "Other").await);
        let later = message(&world, &ops, "a", 7_200).await;
        let first = message(&world, &ops, "b", 0).await;
        let second = message(&world, &ops, "c", 0).await;
        let elsewhere = message(&world, &other, "b", 0).await;
        let mut claimed = claim(&world, "one").await;
        claimed.sort();
        assert_eq!(claimed, [first.id.clone(), elsewhere.id.clone()], "what waits for the morning holds up nothing");
        assert_eq!(claim(&world, "two").await, [], "one of each channel at a time");
        let failed = Message { due_at: world.now().plus(60), said: "no".to_owned(), ..first.clone() };
        world.write(async |tx| store::end(tx, &failed, "two").await).await;
        assert_eq!(store::of_channel(world.db(), &ops.id, 9).await.unwrap()[1].tries, 0, "it is not theirs");
        world.write(async |tx| store::end(tx, &failed, "one").await).await;
        let same = message(&world, &ops, "b", 0).await;
        assert_eq!(claim(&world, "two").await, std::slice::from_ref(&second.id), "another matter is not held up");
        let counted = postkey::metrics::store::snapshot(world.db(), world.now(), false).await.unwrap();
        assert_eq!(counted.undelivered, 1);
        let done =
            |message: &Message| Message { state: State::Delivered, ended_at: Some(world.now()), ..message.clone() };
        world.write(async |tx| store::end(tx, &done(&second), "two").await).await;
        assert_eq!(claim(&world, "two").await, [], "of one matter the older one first");
        world.app.clock.advance(60);
        assert_eq!(claim(&world, "two").await, std::slice::from_ref(&first.id));
        world.write(async |tx| store::end(tx, &done(&first), "two").await).await;
        assert_eq!(claim(&world, "two").await, std::slice::from_ref(&same.id));
        world.write(async |tx| store::release(tx).await).await;
        assert!(claim(&world, "three").await.contains(&same.id));
        let last = store::last(world.db()).await.unwrap();
        assert_eq!(last.iter().map(|it| &it.id).collect::<Vec<_>>(), [&second.id]);
        assert_eq!((last[0].tries, last[0].state), (1, State::Delivered));
        world.app.clock.advance(91 * 86_400);
        store::sweep(&world.app).await.unwrap();
        let kept = store::of_channel(world.db(), &ops.id, 9).await.unwrap();
        assert_eq!(kept.iter().map(|it| &it.id).collect::<Vec<_>>(), [&same.id, &later.id], "what waits is kept");
        world.close().await;
    }
}

#[tokio::test]
async fn what_was_never_tried_can_be_withdrawn_and_then_nobody_knows_of_it() {
    for world in World::all().await {
        let ops = channel(&world, "Ops").await;
        message(&world, &ops, "a", 7_200).await;
        message(&world, &ops, "b", 0).await;
        claim(&world, "one").await;
        let now = world.now();
        for (thread, withdrawn, knows) in [("a", 1, false), ("b", 0, true), ("c", 0, false)] {
            let count = world.write(async |tx| store::withdraw(tx, &ops.id, thread, now).await).await;
            assert_eq!(count, withdrawn, "{thread}");
            assert_eq!(world.write(async |tx| store::knows(tx, &ops.id, thread).await).await, knows, "{thread}");
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_warning_is_noted_by_one_process_only() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        super::credentials::stored(&world, &mail, None).await;
        let warned = warn_store::warned(world.db()).await.unwrap();
        let (id, before) = warned.into_iter().next().unwrap();
        assert_eq!(before, None);
        let set = async |before, now| world.write(async |tx| warn_store::set(tx, &id, before, now).await).await;
        assert!(set(None, Some(30)).await && !set(None, Some(30)).await && set(Some(30), Some(14)).await);
        assert_eq!(warn_store::warned(world.db()).await.unwrap()[&id], Some(14));
        assert!(set(Some(14), None).await);
        world.close().await;
    }
}
