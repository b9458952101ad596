//! Keys that do not fit (S-04), who may read the files (S-08), and two processes on one folder.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::binary::Place;
use super::world::{column, dump};
use crate::support::Engine;

/// Every file below `folder` with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    entries.unwrap_or_default().into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

/// A port that nobody has now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A place where Postkey has run before, with another key beside its own.
async fn used(engine: Engine) -> (TempDir, Place, Vec<u8>) {
    let home = TempDir::new().unwrap();
    let place = Place::new(home.path(), &engine.fresh().await);
    place.serve().stop();
    let elsewhere = TempDir::new().unwrap();
    let other = Place::new(elsewhere.path(), &postkey::config::Database::Sqlite);
    other.serve().stop();
    let wrong = fs::read(other.key()).unwrap();
    assert_ne!(wrong, fs::read(place.key()).unwrap());
    (home, place, wrong)
}

#[tokio::test]
async fn with_a_key_that_does_not_fit_it_refuses_and_touches_nothing() {
    for engine in Engine::all() {
        let (_home, mut place, wrong) = used(engine).await;
        let good = fs::read(place.key()).unwrap();
        let port = free_port();
        place.set("POSTKEY_LISTEN", &format!("127.0.0.1:{port}"));
        let header = "postkey-master-key-1 ";
        let short = format!("{header}{}\n", "A".repeat(41) + "B=");
        let cases: [(&str, Option<Vec<u8>>, u32); 8] = [
            ("needs key mk", Some(wrong), 0o600),
            ("no master key at", None, 0o600),
            ("is not a Postkey master key", Some(Vec::new()), 0o600),
            ("is not a Postkey master key", Some(short.into_bytes()), 0o600),
            ("is not a Postkey master key", Some(vec![0xff; 32]), 0o600),
            ("is not a Postkey master key", Some(good[..good.len() - 8].to_vec()), 0o600),
            ("can be read by others", Some(good.clone()), 0o644),
            ("can be read by others", Some(good.clone()), 0o640),
        ];
        for (said, key, mode) in cases {
            let _ = fs::remove_file(place.key());
            if let Some(key) = &key {
                fs::write(place.key(), key).unwrap();
                fs::set_permissions(place.key(), fs::Permissions::from_mode(mode)).unwrap();
            }
            let before = contents(&place.data());
            let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
            let start = Instant::now();
            // With its port taken, a server that binds before it looks at the key says so instead.
            let output = place.run(&["serve"], "");
            assert!(start.elapsed() < Duration::from_secs(2), "{said}: {:?}", start.elapsed());
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(78), "{error}");
            assert!(error.contains(said) && error.lines().count() == 1, "{error}");
            assert_eq!(said.contains("needs key"), error.matches("key mk").count() == 2, "both keys by name: {error}");
            assert!(contents(&place.data()) == before, "{said}: the data folder was touched");
            assert_eq!(place.key().exists(), key.is_some(), "{said}: a key was made");
            drop(listener);
        }
        fs::write(place.key(), &good).unwrap();
        fs::set_permissions(place.key(), fs::Permissions::from_mode(0o600)).unwrap();
        place.serve().stop();
    }
}

#[tokio::test]
async fn a_wrong_key_never_becomes_the_key_of_the_data() {
    let (_home, place, wrong) = used(Engine::Sqlite).await;
    let good = fs::read(place.key()).unwrap();
    let name = place.data().join("master-key.id");
    let named = fs::read(&name).unwrap();
    // Only the database was brought back from a backup, so nothing but the database itself can tell.
    fs::remove_file(&name).unwrap();
    fs::write(place.key(), &wrong).unwrap();
    let output = place.run(&["serve"], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{error}");
    fs::write(place.key(), &good).unwrap();
    place.serve().stop();
    assert_eq!(fs::read(&name).unwrap(), named);
    // And only the name was left behind: still no reason to make a new key.
    fs::remove_file(place.data().join("postkey.db")).unwrap();
    fs::remove_file(place.key()).unwrap();
    assert_eq!(place.run(&["serve"], "").status.code(), Some(78));
    assert!(!place.key().exists());
}

#[tokio::test]
async fn a_key_inside_the_data_folder_is_refused_however_it_is_written() {
    let home = TempDir::new().unwrap();
    let mut place = Place::new(home.path(), &postkey::config::Database::Sqlite);
    fs::create_dir_all(place.data().join("keys")).unwrap();
    std::os::unix::fs::symlink(place.data(), home.path().join("link")).unwrap();
    for inside in ["master.key", "keys/master.key", "keys/../master.key", "not/there/yet/master.key"] {
        for folder in [place.data(), home.path().join("link")] {
            place.set("POSTKEY_MASTER_KEY_FILE", &folder.join(inside).display().to_string());
            let output = place.run(&["serve"], "");
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(78), "{error}");
            assert!(error.contains("lies inside the data folder"), "{error}");
            assert!(!folder.join(inside).exists());
        }
    }
}

#[test]
fn whatever_the_umask_nobody_else_can_read_a_file() {
    let home = TempDir::new().unwrap();
    let mut place = Place::new(home.path(), &postkey::config::Database::Sqlite);
    fs::create_dir_all(place.data()).unwrap();
    fs::set_permissions(place.data(), fs::Permissions::from_mode(0o777)).unwrap();
    place.set("POSTKEY_MASTER_KEY_FILE", &home.path().join("a/b/key").display().to_string());
    let server = place.serve_with_umask("000");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut seen = Vec::new();
    for file in fs::read_dir(place.data()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        seen.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    seen.sort();
    assert_eq!(seen, ["master-key.id", "postkey.db", "postkey.db-shm", "postkey.db-wal", "postkey.lock", "setup-code"]);
    for (path, wanted) in
        [(place.data(), 0o700), (home.path().join("a/b/key"), 0o600), (home.path().join("a/b"), 0o700)]
    {
        assert_eq!(mode(&path), wanted, "{}", path.display());
    }
    server.stop();
    // As after it was copied here from a backup by somebody with a generous umask.
    fs::set_permissions(place.data().join("postkey.db"), fs::Permissions::from_mode(0o666)).unwrap();
    let server = place.serve_with_umask("000");
    assert_eq!(mode(&place.data().join("postkey.db")), 0o600, "one that was open to others is closed again");
    server.stop();
}

#[test]
fn a_second_process_on_the_same_folder_is_refused_in_words() {
    let home = TempDir::new().unwrap();
    let place = Place::new(home.path(), &postkey::config::Database::Sqlite);
    let server = place.serve();
    for words in [&["serve"][..], &["migrate"], &["user", "list"]] {
        let output = place.run(words, "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(error.contains("another Postkey (process ") && error.contains("already serves"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    server.kill();
    place.serve().stop();
}

#[tokio::test]
async fn a_refused_start_leaves_a_shared_database_as_it_was() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let database = Engine::Postgres.fresh().await;
    let home = TempDir::new().unwrap();
    let place = Place::new(home.path(), &database);
    place.serve().stop();
    let db = postkey::db::Db::open_postgres(database.postgres_url().unwrap()).await.unwrap();
    let before = dump(&db, &[]).await;
    assert_eq!(column(&db, "SELECT master_key_id FROM data_keys").await.len(), 1);
    fs::remove_file(place.key()).unwrap();
    assert_eq!(place.run(&["serve"], "").status.code(), Some(78));
    assert!(dump(&db, &[]).await == before);
    db.close().await;
}
