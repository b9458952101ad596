//! The disk fails, others hold the database, two things happen at once.

use postkey::db::Db;
use postkey_simulator::{Call, Failure, Fault, Kind, Place};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::table::Who;
use super::world::{World, column, dump, meddle, one, person};
use crate::mailboxes::{add, add_more, statuses};
use crate::source::read;
use crate::support::app::EMAIL;
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn every_connection_keeps_what_was_saved_and_erases_what_was_deleted() {
    let app = TestApp::start().await;
    let Db::Sqlite { read, write, .. } = &app.inside().db else { panic!() };
    let mut all = vec![write.acquire().await.unwrap()];
    for _ in 0..4 {
        all.push(read.acquire().await.unwrap());
    }
    for connection in &mut all {
        for (pragma, wanted) in
            [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("secure_delete", "1")]
        {
            let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            let value: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut **connection).await.unwrap();
            assert_eq!(value, wanted, "{pragma}");
        }
    }
    let denied = sqlx::query("DELETE FROM users").execute(&mut *all[1]).await;
    assert!(denied.is_err(), "a reader can write");
    drop(all);
    app.stop().await;
}

#[tokio::test]
async fn the_sqlite_inside_is_one_and_a_good_one() {
    let app = TestApp::start().await;
    let version = one(&app.inside().db, "SELECT sqlite_version()").await;
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{version}");
    let lock = read("Cargo.lock");
    assert_eq!(lock.matches("name = \"libsqlite3-sys\"").count(), 1);
    app.stop().await;
}

/// SQLITE_FULL by a limit on the pages, which is what SQLite reports for a full disk.
#[tokio::test]
async fn a_full_disk_is_told_saves_nothing_by_halves_and_heals_by_itself() {
    let world = World::on(Engine::Sqlite).await;
    let browser = &world.owner.browser;
    let Db::Sqlite { write, .. } = world.db() else { panic!() };
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(write).await.unwrap();
    let full = format!("PRAGMA max_page_count = {pages}");
    let mut refused = 0;
    for number in 0..60 {
        // Each time anew: the limit belongs to the connection, and one that ran into it is replaced.
        sqlx::raw_sql(AssertSqlSafe(full.clone())).execute(write).await.unwrap();
        let before = dump(world.db(), &[]).await;
        let path = "/mailboxes";
        let fields = [
            ("address", format!("{}{number}@contoso.example", "long".repeat(15))),
            ("display_name", "x".repeat(100)),
            ("application", world.application.rsplit('/').next().unwrap().to_owned()),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        let answer = world.post(&world.owner, path, &fields).await;
        if answer.status == 503 {
            assert!(answer.text().contains("Nothing was saved"), "{}", answer.text());
            assert!(answer.header("retry-after").is_some());
            assert!(dump(world.db(), &[]).await == before, "half of it was saved");
            refused += 1;
        } else {
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        if refused == 3 {
            break;
        }
    }
    assert_eq!(refused, 3, "the disk never filled");
    for path in ["/", "/mailboxes", world.mailbox.as_str(), world.application.as_str()] {
        assert_eq!(browser.get(path).await.status, 200, "what is stored is still shown: {path}");
    }
    let ready = world.ask(&world.owner, "GET", "/readyz").await;
    assert_eq!(ready.status, 200);
    sqlx::raw_sql("PRAGMA max_page_count = 4294967294").execute(write).await.unwrap();
    assert_eq!(world.post(&world.owner, "/mailboxes", &world.good("/mailboxes")).await.status, 303);
    assert_eq!(column(world.db(), "PRAGMA integrity_check").await, ["ok"]);
    world.app.stop().await;
}

#[tokio::test]
async fn a_database_that_others_hold_is_told_after_five_seconds_and_heals_by_itself() {
    let world = World::on(Engine::Sqlite).await;
    let file = world.app.inside().config.data_dir.join("postkey.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut other = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    // The list is still shown while a form waits, and so is one that notes when the session was last seen.
    world.app.advance(61);
    let fields = world.good("/mailboxes");
    let save = world.post(&world.owner, "/mailboxes", &fields);
    let enter = world.app.stranger();
    let (saved, shown, login) =
        tokio::join!(save, world.ask(&world.owner, "GET", "/mailboxes"), enter.sign_in(EMAIL, "wrong wrong wrong"));
    assert_eq!(saved.status, 503, "{}", saved.head);
    assert_eq!(login.status, 503);
    assert_eq!(shown.status, 200);
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(world.post(&world.owner, "/mailboxes", &fields).await.status, 303);
    world.app.stop().await;
}

#[tokio::test]
async fn a_postgres_table_that_others_hold_is_told_after_five_seconds() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let world = World::on(Engine::Postgres).await;
    let Db::Postgres(pool, ..) = world.db() else { panic!() };
    let mut other = pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE mailboxes IN ACCESS EXCLUSIVE MODE").execute(&mut *other).await.unwrap();
    let path = format!("{}/pause", world.mailbox);
    let (saved, shown) =
        tokio::join!(world.post(&world.owner, &path, &[]), world.ask(&world.owner, "GET", "/applications"));
    assert_eq!((saved.status, shown.status), (503, 503));
    other.rollback().await.unwrap();
    assert_eq!(world.post(&world.owner, &path, &[]).await.status, 303);
    world.app.stop().await;
}

#[tokio::test]
async fn an_edit_during_a_check_survives_and_so_does_the_check() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        world.app.sim.clear_requests();
        let hold = Fault::new(Place::Call(Call::Inbox), Failure::Delay { ms: 400 }).times(1);
        world.app.sim.fault(hold);
        let check = format!("{}/check", world.mailbox);
        let edit = async {
            world.app.sim.wait_for_arrival(Kind::Graph(Call::Inbox), 1).await;
            let path = format!("{}/edit", world.mailbox);
            world.owner.browser.open_and_submit(&path, &path, &[("display_name", "Renamed")]).await
        };
        let (checked, edited) = tokio::join!(world.post(&world.owner, &check, &[]), edit);
        assert_eq!((checked.status, edited.status), (303, 303));
        assert!(checked.header("location").unwrap().ends_with("?done=checked"));
        let page = world.owner.browser.get(&world.mailbox).await;
        assert!(page.text().contains("Renamed"), "{}", page.text());
        assert_eq!(statuses(&page).0, "Connected");
        assert_eq!(column(world.db(), "SELECT id FROM mailboxes WHERE checking_since IS NOT NULL").await.len(), 0);
        world.app.stop().await;
    }
}

#[tokio::test]
async fn what_a_check_found_out_about_the_old_address_is_not_said_of_the_new_one() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        world.app.sim.clear_requests();
        world.app.sim.fault(Fault::new(Place::Call(Call::Inbox), Failure::Delay { ms: 400 }).times(1));
        let check = format!("{}/check", world.mailbox);
        let edit = async {
            world.app.sim.wait_for_arrival(Kind::Graph(Call::Inbox), 1).await;
            let path = format!("{}/edit", world.mailbox);
            world.owner.browser.open_and_submit(&path, &path, &[("address", "kiosk@contoso.example")]).await
        };
        let (checked, edited) = tokio::join!(world.post(&world.owner, &check, &[]), edit);
        assert_eq!((checked.status, edited.status), (303, 303));
        let id = world.mailbox.rsplit('/').next().unwrap();
        let incoming = column(world.db(), &format!("SELECT incoming FROM mailboxes WHERE id = '{id}'")).await;
        assert_ne!(incoming, ["connected"], "the new address has no mailbox");
        assert_eq!(column(world.db(), "SELECT id FROM mailboxes WHERE checking_since IS NOT NULL").await.len(), 0);
        world.app.stop().await;
    }
}

#[tokio::test]
async fn a_token_of_the_old_registration_is_not_kept_for_the_new_one() {
    let world = World::on(Engine::Sqlite).await;
    meddle(world.db(), "DELETE FROM grants").await;
    world.app.sim.clear_requests();
    world.app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 400 }).times(1));
    let other = world.app.sample("Contoso Reader").client_id.to_string();
    let check = format!("{}/check", world.mailbox);
    let edit = async {
        world.app.sim.wait_for_arrival(Kind::Token, 1).await;
        let path = format!("{}/edit", world.application);
        world.owner.browser.open_and_submit(&path, &path, &[("client_id", &other)]).await
    };
    let (_, edited) = tokio::join!(world.post(&world.owner, &check, &[]), edit);
    assert!(edited.location().ends_with("?done=application-moved"));
    assert_eq!(column(world.db(), "SELECT id FROM grants").await.len(), 0, "a token of another application was kept");
    let id = world.application.rsplit('/').next().unwrap();
    let state = one(world.db(), &format!("SELECT state FROM credentials WHERE application_id = '{id}'")).await;
    assert_eq!(state, "untested");
    let id = world.mailbox.rsplit('/').next().unwrap();
    let incoming = one(world.db(), &format!("SELECT incoming FROM mailboxes WHERE id = '{id}'")).await;
    assert_eq!(incoming, "unverified");
    world.app.stop().await;
}

/// A hundred mailboxes of one application, without a hundred forms.
async fn a_hundred(app: &TestApp) -> Vec<String> {
    let browser = app.owner().await;
    app.sim.estate(|estate| estate.add_mailboxes("contoso.example", 100, |number| format!("box{number}")));
    add(app, &browser, "support@contoso.example", "Contoso Mail").await;
    add_more(&browser, "box0@contoso.example").await;
    let own = "name NOT IN ('id', 'address', 'address_key', 'sort_key')";
    let sql = format!("SELECT name FROM pragma_table_info('mailboxes') WHERE {own}");
    let columns = column(&app.inside().db, &sql).await.join(", ");
    let copy = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
         INSERT INTO mailboxes (id, address, address_key, sort_key, {columns})
         SELECT printf('mb_%024x', i), 'box' || i || '@contoso.example', 'box' || i || '@contoso.example',
             'box' || i || '@contoso.example', {columns} FROM n, (SELECT * FROM mailboxes WHERE address = 'box0@contoso.example')"
    );
    meddle(&app.inside().db, &copy).await;
    column(&app.inside().db, "SELECT '/mailboxes/' || id FROM mailboxes WHERE address LIKE 'box%'").await
}

#[tokio::test]
async fn a_hundred_checks_at_once_ask_for_one_token_and_get_one_answer() {
    let app = TestApp::start().await;
    let paths = a_hundred(&app).await;
    assert_eq!(paths.len(), 100);
    for dead in [false, true] {
        // The token ends, and the session with it.
        app.advance(2 * 60 * 60);
        if dead {
            app.sim.fault(Fault::aadsts(7_000_222));
        }
        let owner = person(&app, EMAIL, Who::Owner).await;
        // So slow that all of them wait for the first.
        app.sim.estate(|estate| estate.settings.latency_ms = 700);
        app.sim.clear_requests();
        let checks = paths.iter().map(|path| {
            let action = format!("{path}/check");
            let fields = [("_csrf".to_owned(), owner.key.clone())];
            let browser = &owner.browser;
            async move { browser.post(&action, &fields).await.status }
        });
        let statuses = futures_util::future::join_all(checks).await;
        app.sim.estate(|estate| estate.settings.latency_ms = 0);
        assert!(statuses.iter().all(|status| *status == 303));
        assert_eq!(app.sim.count(Kind::Token), 1, "dead: {dead}");
    }
    app.stop().await;
}
