//! `web/session_store.rs`.

use std::collections::HashMap;

use postkey::web::session_store::{ABSOLUTE, IDLE, Sessions};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

use super::World;

fn store(world: &World) -> Sessions {
    Sessions::new(world.db().clone(), world.app.clock.clone())
}

fn record(text: &str) -> Record {
    let data = HashMap::from([("text".to_owned(), text.into())]);
    Record { id: Id::default(), data, expiry_date: time::OffsetDateTime::UNIX_EPOCH }
}

fn text(record: Option<Record>) -> Option<String> {
    record.map(|record| record.data["text"].as_str().unwrap().to_owned())
}

async fn begun(store: &Sessions, content: &str) -> Record {
    let mut record = Record { id: Id(rand(content)), ..record(content) };
    store.create(&mut record).await.unwrap();
    record
}

/// Any number will do, if it differs.
fn rand(content: &str) -> i128 {
    content.bytes().fold(7, |sum, byte| sum * 257 + i128::from(byte))
}

#[tokio::test]
async fn a_session_reads_back_and_its_id_is_nowhere_in_the_database() {
    for world in World::all().await {
        let store = store(&world);
        let record = begun(&store, "ünïcode “'").await;
        assert_eq!(text(store.load(&record.id).await.unwrap()).as_deref(), Some("ünïcode “'"));
        assert_eq!(text(store.load(&Id(1)).await.unwrap()), None);
        let like = format!("SELECT COUNT(*) FROM sessions WHERE id_hash LIKE '%{0}%' OR data LIKE '%{0}%'", record.id);
        assert_eq!(world.count(&like).await, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 1);
        world.close().await;
    }
}

#[tokio::test]
async fn a_session_whose_id_is_taken_gets_another() {
    for world in World::all().await {
        let store = store(&world);
        let first = begun(&store, "first").await;
        let mut second = Record { id: first.id, ..record("second") };
        store.create(&mut second).await.unwrap();
        assert_ne!(second.id, first.id);
        assert_eq!(text(store.load(&first.id).await.unwrap()).as_deref(), Some("first"));
        world.close().await;
    }
}

#[tokio::test]
async fn a_save_changes_a_session_and_never_brings_one_back() {
    for world in World::all().await {
        let store = store(&world);
        let record = begun(&store, "before").await;
        let changed = Record { id: record.id, ..self::record("after") };
        store.save(&changed).await.unwrap();
        assert_eq!(text(store.load(&record.id).await.unwrap()).as_deref(), Some("after"));
        store.delete(&record.id).await.unwrap();
        store.save(&changed).await.unwrap();
        assert_eq!(text(store.load(&record.id).await.unwrap()), None);
        assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 0);
        store.delete(&record.id).await.unwrap();
        world.close().await;
    }
}

#[tokio::test]
async fn a_session_dies_when_it_is_idle_and_when_it_is_old() {
    for world in World::all().await {
        let (store, clock) = (store(&world), world.app.clock.clone());
        let idle = begun(&store, "idle").await;
        clock.advance(IDLE - 1);
        assert!(store.load(&idle.id).await.unwrap().is_some());
        clock.advance(IDLE - 1);
        assert!(store.load(&idle.id).await.unwrap().is_some(), "the use before was not noted");
        clock.advance(IDLE);
        assert!(store.load(&idle.id).await.unwrap().is_none());
        store.save(&idle).await.unwrap();
        assert!(store.load(&idle.id).await.unwrap().is_none(), "a save brought it back");
        let busy = begun(&store, "busy").await;
        let ends = world.now().plus(ABSOLUTE);
        while world.now().plus(IDLE / 2) < ends {
            clock.advance(IDLE / 2);
            assert!(store.load(&busy.id).await.unwrap().is_some());
        }
        clock.advance(IDLE / 2);
        assert!(store.load(&busy.id).await.unwrap().is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn the_sweep_takes_the_dead_and_leaves_the_living() {
    for world in World::all().await {
        let store = store(&world);
        begun(&store, "dead").await;
        world.app.clock.advance(IDLE);
        let living = begun(&store, "living").await;
        store.sweep().await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 1);
        assert!(store.load(&living.id).await.unwrap().is_some());
        world.close().await;
    }
}

#[tokio::test]
async fn a_mangled_session_is_an_error_and_not_a_panic() {
    for world in World::all().await {
        let store = store(&world);
        let record = begun(&store, "whole").await;
        world.by_hand("UPDATE sessions SET data = '{'").await;
        assert!(store.load(&record.id).await.is_err());
        world.close().await;
    }
}
