//! The process is killed while people save: what was acknowledged is there, nothing is half there.

use std::time::{Duration, Instant};

use postkey::db::Db;
use postkey_simulator::{Options, Simulator};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::binary::{Place, Server};
use super::world::{add_application, column};
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Browser, TestApp};

const ROUNDS: usize = 6;
const SAVES: usize = 5;

/// Saves that were under way when the server was killed, with what was acknowledged.
async fn save_and_kill(server: Server, session: &str, round: usize) -> Vec<String> {
    let (told, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let mut saves = JoinSet::new();
    for number in 0..SAVES {
        let address = format!("round{round}-{number}@contoso.example");
        let browser = Browser::new(&server.url);
        browser.set_cookie("postkey", session);
        let page = browser.get("/mailboxes/new").await;
        let fields = page.form("/mailboxes", &[("address", &address)]);
        let told = told.clone();
        saves.spawn(async move {
            // A connection that breaks is no answer: the save may have been kept or not.
            let answered = browser.try_post("/mailboxes", &fields).await;
            let kept = answered.is_some_and(|answer| answer.status == 303);
            let _ = told.send(());
            kept.then_some(address)
        });
    }
    // A different moment in each round: before the first answer, after the first, after the second …
    for _ in 0..round % SAVES {
        hear.recv().await;
    }
    tokio::task::spawn_blocking(|| server.kill()).await.unwrap();
    saves.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_moment_loses_nothing_that_was_acknowledged() {
    let sim = Simulator::start(Options::default()).await.unwrap();
    let home = TempDir::new().unwrap();
    let place = Place::new(home.path(), &postkey::config::Database::Sqlite).with(&sim);
    let mut server = place.serve();
    let code = server.setup_code();
    let browser = Browser::new(&server.url);
    let typed = [("code", code.as_str()), ("name", "Ana"), ("email", EMAIL), ("password", PASSWORD)];
    browser.open_and_submit("/setup", "/setup", &typed).await.expect_redirect("/?done=welcome");
    let session = browser.session().unwrap();
    let sample = sim.estate(|estate| estate.application("Contoso Mail").cloned()).unwrap();
    let (tenant, client) = (sample.tenant_id.to_string(), sample.client_id.to_string());
    let typed = [("name", "Contoso Mail"), ("tenant", &tenant), ("client_id", &client), ("secret", sample.secret())];
    browser.open_and_submit("/applications/new", "/applications/new", &typed).await.location();
    let mut kept = Vec::new();
    for round in 0..ROUNDS {
        kept.extend(save_and_kill(server, &session, round).await);
        let start = Instant::now();
        server = place.serve();
        assert!(start.elapsed() < Duration::from_secs(5), "round {round}: {:?}", start.elapsed());
        let browser = Browser::new(&server.url);
        browser.set_cookie("postkey", &session);
        let list = browser.get("/mailboxes?n=200").await;
        assert_eq!(list.status, 200, "round {round}: {}", list.text());
        for address in &kept {
            assert!(list.body.contains(address.as_str()), "round {round}: {address} was acknowledged and is gone");
        }
    }
    server.kill();
    assert!(kept.len() >= ROUNDS, "only {} saves were acknowledged", kept.len());
    let db = Db::open_sqlite(&place.data()).await.unwrap();
    assert_eq!(column(&db, "PRAGMA integrity_check").await, ["ok"]);
    assert!(column(&db, "SELECT \"table\" FROM pragma_foreign_key_check").await.is_empty());
    let unnoted = "SELECT address FROM mailboxes m WHERE NOT EXISTS
        (SELECT 1 FROM audit a WHERE a.object = m.id AND a.action = 'mailbox.created')";
    assert!(column(&db, unnoted).await.is_empty(), "a mailbox without the entry of its making");
    let orphans = "SELECT id FROM mailboxes WHERE application_id NOT IN (SELECT id FROM applications)
        UNION ALL SELECT id FROM applications WHERE id NOT IN (SELECT application_id FROM credentials)";
    assert!(column(&db, orphans).await.is_empty());
    db.close().await;
    sim.stop().await;
}

/// A save that makes an application, its secret and a mailbox at once is there whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_with_its_application_is_kept_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    add_application(&app, &browser, "Contoso Mail").await;
    let reader = app.sample("Contoso Reader");
    let (tenant, client) = (reader.tenant_id.to_string(), reader.client_id.to_string());
    let db = &app.inside().db;
    for table in ["applications", "credentials", "mailboxes", "audit"] {
        let trigger = format!("CREATE TRIGGER cut BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'cut'); END");
        super::world::meddle(db, &trigger).await;
        let before = super::world::dump(db, &[]).await;
        let typed = [
            ("address", "cut@contoso.example"),
            ("application", "new"),
            ("name", "Reader"),
            ("tenant", &tenant),
            ("client_id", &client),
            ("secret", reader.secret()),
        ];
        let page = browser.open_and_submit("/mailboxes/new", "/mailboxes", &typed).await;
        assert_eq!(page.status, 500, "{table}");
        assert!(super::world::dump(db, &[]).await == before, "{table}: a part was kept");
        super::world::meddle(db, "DROP TRIGGER cut").await;
    }
    app.stop().await;
}
