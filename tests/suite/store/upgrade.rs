//! Migrations: run again they change nothing, and a database of a newer Postkey is refused.

use postkey::app::App;
use postkey::chance::Chance;
use postkey::config::Config;

use super::{World, standing};

/// Everything about the tables that a migration could change.
async fn tables(world: &World) -> i64 {
    match world.db() {
        postkey::db::Db::Sqlite { .. } => {
            world.count("SELECT CAST(SUM(length(sql)) AS BIGINT) FROM sqlite_schema").await
        }
        postkey::db::Db::Postgres(..) => {
            world.count("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'public'").await
        }
    }
}

/// Stops and opens the same data again.
async fn again(world: World) -> (anyhow::Result<App>, tempfile::TempDir) {
    let World { app, home, .. } = world;
    let config: Config = (*app.config).clone();
    app.db.close().await;
    drop(app);
    let opened = App::open(config, standing(), Chance::seeded(2)).await;
    (
        opened.map(|(app, made)| {
            assert!(!made, "a second master key");
            app
        }),
        home,
    )
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let (before, ran) = (tables(&world).await, world.count("SELECT COUNT(*) FROM _sqlx_migrations").await);
        let engine = world.engine;
        let (app, home) = again(world).await;
        let world = World { app: app.unwrap(), engine, home };
        assert_eq!(tables(&world).await, before);
        assert_eq!(world.count("SELECT COUNT(*) FROM _sqlx_migrations").await, ran);
        assert_eq!(world.find(&mailbox).await, mailbox);
        world.close().await;
    }
}

#[tokio::test]
async fn a_database_of_a_newer_postkey_is_refused_in_words_and_left_as_it_is() {
    for world in World::all().await {
        let checksum = if matches!(world.db(), postkey::db::Db::Sqlite { .. }) { "x'00'" } else { "'\\x00'::bytea" };
        let newer = format!(
            "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)
             VALUES (9999, 'from the future', CURRENT_TIMESTAMP, TRUE, {checksum}, 0)"
        );
        world.by_hand(&newer).await;
        let (opened, _home) = again(world).await;
        let said = format!("{:#}", opened.unwrap_err());
        assert!(said.contains("newer Postkey") && said.contains("9999"), "{said}");
    }
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_refused() {
    for world in World::all().await {
        let checksum = if matches!(world.db(), postkey::db::Db::Sqlite { .. }) { "x'00'" } else { "'\\x00'::bytea" };
        world.by_hand(&format!("UPDATE _sqlx_migrations SET checksum = {checksum} WHERE version = 1")).await;
        let (opened, _home) = again(world).await;
        let said = format!("{:#}", opened.unwrap_err());
        assert!(said.contains("tables could not be brought up to date"), "{said}");
    }
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused_in_words() {
    let world = World::on(crate::support::Engine::Sqlite).await;
    let config: Config = (*world.app.config).clone();
    let refused = App::open(config, standing(), Chance::seeded(2)).await.unwrap_err();
    let said = format!("{refused:#}");
    assert!(said.contains("another Postkey") && said.contains("POSTKEY_DATA_DIR"), "{said}");
    world.close().await;
}
