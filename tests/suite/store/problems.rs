//! `problems/store.rs` and `problems/seen_store.rs`.

use postkey::ids::ProblemId;
use postkey::mailboxes::mailbox::proof_from;
use postkey::mailboxes::store as mailboxes;
use postkey::metrics::store as metrics;
use postkey::problems::store::{self, Event};
use postkey::problems::{Problem, Seen, State, seen, seen_store};
use postkey::words::{Cause, ProblemKind, Status};

use super::World;

async fn seen_once(world: &World) -> Seen {
    let mail = world.stored("Mail").await;
    let mailbox = world.added(&mail, "a@x.example").await;
    let expired = Status::Failing(Cause::SecretExpired);
    world.checked(&mailbox, expired, expired).await;
    seen::now(world.db(), world.now()).await.unwrap().remove(0)
}

fn id(world: &World) -> ProblemId {
    ProblemId::new(world.now(), &world.app.chance)
}

#[tokio::test]
async fn the_same_problem_is_open_once_and_can_come_again_when_it_is_solved() {
    for world in World::all().await {
        let seen = seen_once(&world).await;
        let first = Problem::new(id(&world), &seen, world.now());
        let second = Problem::new(id(&world), &seen, world.now());
        assert!(world.write(async |tx| store::insert(tx, &first).await).await);
        assert!(!world.write(async |tx| store::insert(tx, &second).await).await);
        assert!(seen_store::sharing(world.db()).await.unwrap().is_empty());
        assert_eq!(store::open(world.db()).await.unwrap(), std::slice::from_ref(&first));
        let counted = metrics::snapshot(world.db(), world.now(), false).await.unwrap().problems;
        assert_eq!(counted, [("secret_expired".to_owned(), 1)].into());
        let mut solved = first.clone();
        (solved.gone_at, solved.solved_at) = (Some(world.now()), Some(world.now()));
        (solved.told_at, solved.told_mailboxes, solved.most_mailboxes) = (Some(world.now()), 3, 4);
        solved.threatened = Some((5, world.now()));
        world.write(async |tx| store::save(tx, &solved).await).await;
        assert_eq!(store::get(world.db(), &first.id).await.unwrap(), solved);
        assert_eq!(store::solved(world.db(), 9).await.unwrap(), [solved]);
        assert!(world.write(async |tx| store::insert(tx, &second).await).await);
        let open = world.write(async |tx| store::open_now(tx).await).await;
        assert_eq!(open, [second]);
        assert!(store::get(world.db(), &id(&world)).await.is_err());
        world.app.clock.advance(store::KEPT + 1);
        store::sweep(&world.app).await.unwrap();
        assert!(store::solved(world.db(), 9).await.unwrap().is_empty());
        assert_eq!(store::open(world.db()).await.unwrap().len(), 1, "an open one is kept");
        world.close().await;
    }
}

#[tokio::test]
async fn it_is_acknowledged_once_and_silenced_until_it_is_solved() {
    for world in World::all().await {
        let problem = Problem::new(id(&world), &seen_once(&world).await, world.now());
        let (id, now) = (&problem.id, world.now());
        world.write(async |tx| store::insert(tx, &problem).await).await;
        assert!(world.write(async |tx| store::acknowledge(tx, id, "Ana", now).await).await);
        assert!(!world.write(async |tx| store::acknowledge(tx, id, "Tom", now).await).await);
        assert!(world.write(async |tx| store::silence(tx, id, Some(("Tom", now.plus(60)))).await).await);
        // The watch saves what it saw before, and undoes neither.
        world.write(async |tx| store::save(tx, &problem).await).await;
        let found = store::get(world.db(), id).await.unwrap();
        assert_eq!(found.acknowledged, Some(("Ana".to_owned(), now)));
        assert_eq!((found.state(now), found.state(now.plus(60))), (State::Silenced, State::Acknowledged));
        assert!(world.write(async |tx| store::silence(tx, id, None).await).await);
        assert_eq!(store::get(world.db(), id).await.unwrap().silenced, None);
        for (at, what) in [(now, "opened"), (now.plus(1), "acknowledged")] {
            let event = Event { at, what: what.to_owned(), actor: "Ana".to_owned(), mailboxes: 1 };
            world.write(async |tx| store::note(tx, id, &format!("pev_{what}"), &event).await).await;
        }
        let story: Vec<String> =
            store::events(world.db(), id).await.unwrap().into_iter().map(|event| event.what).collect();
        assert_eq!(story, ["acknowledged", "opened"]);
        let solved = Problem { solved_at: Some(now), ..problem.clone() };
        world.write(async |tx| store::save(tx, &solved).await).await;
        assert!(!world.write(async |tx| store::silence(tx, id, None).await).await);
        world.close().await;
    }
}

#[tokio::test]
async fn the_watch_belongs_to_one_process_until_its_time_is_over() {
    for world in World::all().await {
        let now = world.now();
        let take = async |by: &str, at: i64| {
            world.write(async |tx| store::take(tx, by, now.plus(at), now.plus(at + 45)).await).await
        };
        assert!(take("one", 0).await && !take("two", 44).await && take("one", 44).await);
        assert!(!take("two", 88).await && take("two", 89).await && !take("one", 90).await);
        world.write(async |tx| store::release(tx).await).await;
        assert!(take("one", 91).await);
        world.close().await;
    }
}

#[tokio::test]
async fn what_has_stopped_and_what_passes_by_itself_are_counted_apart_and_old_proof_and_paused_ones_not_at_all() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let (expired, down) = (Status::Failing(Cause::SecretExpired), Status::Failing(Cause::ProviderDown));
        for (name, incoming, outgoing) in [
            ("a", expired, expired),
            ("b", Status::Connected, expired),
            ("c", down, down),
            ("d", Status::Connected, Status::Connected),
            ("paused", expired, expired),
        ] {
            let mailbox = world.added(&mail, &format!("{name}@x.example")).await;
            world.checked(&mailbox, incoming, outgoing).await;
            if name == "paused" {
                world.write(async |tx| mailboxes::pause(tx, &mailbox.id, "Ana", world.now()).await).await;
            }
        }
        let from = proof_from(world.now());
        let broken = seen_store::broken(world.db(), from).await.unwrap();
        assert_eq!(broken.iter().map(|it| it.mailboxes).sum::<i64>(), 2);
        assert!(broken.iter().all(|it| it.status == expired));
        let passing = seen_store::passing(world.db(), from).await.unwrap();
        assert_eq!((passing.len(), passing[0].status, passing[0].example.as_str()), (1, down, "c@x.example"));
        let kinds: Vec<_> = seen::now(world.db(), world.now().plus(300)).await.unwrap();
        let kinds: Vec<_> = kinds.iter().map(|it| (it.kind, it.mailboxes)).collect();
        let failing = ProblemKind::Failing;
        assert_eq!(kinds, [(failing(Cause::SecretExpired), 2), (failing(Cause::ProviderDown), 1)]);
        let old = seen_store::broken(world.db(), world.now().plus(1)).await.unwrap();
        assert!(old.iter().all(|it| it.old == it.mailboxes) && broken.iter().all(|it| it.old == 0));
        world.close().await;
    }
}
