//! `db/news.rs`: what is told to a transaction is heard when it ends, and read by others in the order of the commits.

use std::sync::{Arc, Mutex};

use postkey::mailboxes::store as mailboxes;

use super::World;

#[tokio::test]
async fn what_is_changed_is_heard_when_it_is_kept_and_not_when_it_is_dropped() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "a@x.example").await;
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let ear = heard.clone();
        world.db().news().listen(move |subject| ear.lock().unwrap().push(subject.to_owned()));
        let now = world.now();
        world.undo(async |tx| mailboxes::pause(tx, &mailbox.id, "Ana", now).await).await;
        assert!(heard.lock().unwrap().is_empty());
        world.write(async |tx| mailboxes::pause(tx, &mailbox.id, "Ana", now).await).await;
        assert_eq!(*heard.lock().unwrap(), [mailbox.id.to_string()]);
        world.close().await;
    }
}

#[tokio::test]
async fn other_processes_read_what_was_changed_in_the_order_of_the_commits() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "a@x.example").await;
        let before = world.db().newest_change().await.unwrap();
        let mut first = world.db().begin().await.unwrap();
        first.tell("one");
        first.tell("two");
        first.commit().await.unwrap();
        world.write(async |tx| mailboxes::resume(tx, &mailbox.id, world.now()).await).await;
        let changes = world.db().changes_after(before).await.unwrap();
        if world.db().newest_change().await.unwrap() == before {
            assert!(changes.is_empty(), "alone on its data, nobody else reads them");
        } else {
            let subjects: Vec<&str> = changes.iter().map(|change| change.subjects.as_str()).collect();
            assert_eq!(subjects, ["one two", mailbox.id.as_str()]);
            assert_eq!(changes.iter().map(|change| change.n).collect::<Vec<_>>(), [before + 1, before + 2]);
            assert_eq!(world.db().changes_after(before + 1).await.unwrap().len(), 1);
            world.by_hand("UPDATE change_count SET n = n + 10001").await;
        }
        world.db().forget_changes().await.unwrap();
        assert!(world.db().changes_after(0).await.unwrap().len() <= 1);
        world.close().await;
    }
}
