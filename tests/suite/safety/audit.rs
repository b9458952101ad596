//! Nothing is changed that is not written down (S-100, S-101).

use super::table::changing;
use super::world::{World, column, dump, meddle};
use crate::support::Engine;

/// What stands before the trigger, and the trigger that refuses every entry.
const DEAF: [&str; 2] = [
    "CREATE TRIGGER deaf BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit is full'); END",
    "CREATE FUNCTION deaf() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'the audit is full'; END $$ LANGUAGE plpgsql;
     CREATE TRIGGER deaf BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION deaf()",
];
const HEARING: [&str; 2] = ["DROP TRIGGER deaf", "DROP TRIGGER deaf ON audit"];

/// A guess must stay counted, whatever becomes of its entry.
const COUNTED: &[&str] = &["throttles"];

#[tokio::test]
async fn without_an_audit_nothing_is_changed_and_nobody_is_asked() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        let which = usize::from(engine == Engine::Postgres);
        meddle(world.db(), DEAF[which]).await;
        let before = dump(world.db(), COUNTED).await;
        world.app.sim.clear_requests();
        for (route, _) in changing().filter(|(route, _)| *route != "/setup") {
            let path = world.fill(route).await;
            for form in world.forms(route) {
                let answer = world.post(&world.owner, &path, &form).await;
                assert!(matches!(answer.status, 500 | 503), "{path}: {}", answer.status);
                assert!(dump(world.db(), COUNTED).await == before, "{path} changed something that is not written down");
            }
        }
        assert!(world.app.sim.requests().is_empty(), "Microsoft was asked");
        assert_eq!(world.ask(&world.owner, "GET", "/").await.status, 200, "the session goes on");
        meddle(world.db(), HEARING[which]).await;
        let path = world.fill("/mailboxes/{id}/default").await;
        assert_eq!(world.post(&world.owner, &path, &[]).await.status, 303);
        world.app.stop().await;
    }
}

#[tokio::test]
async fn the_first_account_is_not_made_without_an_entry() {
    let app = crate::support::TestApp::start().await;
    let db = &app.inside().db;
    meddle(db, DEAF[0]).await;
    let before = dump(db, COUNTED).await;
    let typed = [
        ("code", app.setup_code.as_str()),
        ("name", "Ana"),
        ("email", "ana@contoso.example"),
        ("password", crate::support::app::PASSWORD),
    ];
    let page = app.stranger().open_and_submit("/setup", "/setup", &typed).await;
    assert_eq!(page.status, 500);
    assert!(dump(db, COUNTED).await == before);
    meddle(db, HEARING[0]).await;
    app.stranger().open_and_submit("/setup", "/setup", &typed).await.expect_redirect("/?done=welcome");
    app.stop().await;
}

#[tokio::test]
async fn every_change_leaves_an_entry_with_who_what_and_when() {
    let world = World::on(Engine::Sqlite).await;
    let mut routes: Vec<&str> = changing().map(|(route, _)| route).filter(|route| *route != "/setup").collect();
    // What ends something comes last, and the session at the very end.
    let ends = |route: &str| {
        let of_sign_in = route.ends_with("/withdraw") || route.ends_with("/forget");
        // The form speaks of the address that was there first, which is withdrawn before another is made.
        let last = route.ends_with("/retire") || route.ends_with("/delete") || route == "/expiry/feed";
        (matches!(route, "/login" | "/logout"), last, of_sign_in)
    };
    routes.sort_by_key(|route| ends(route));
    let nobody = world.anonymous().await;
    for route in routes {
        meddle(world.db(), "UPDATE mailboxes SET paused_at = NULL WHERE address = 'support@contoso.example'").await;
        let path = world.fill(route).await;
        let known = column(world.db(), "SELECT id FROM audit").await;
        let who = if route == "/login" { &nobody } else { &world.owner };
        let answer = world.post(who, &path, &world.good(route)).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        let entries = "SELECT id || '|' || actor || '|' || object || '|' || request_id || '|' || at FROM audit";
        let fresh: Vec<String> = column(world.db(), entries)
            .await
            .into_iter()
            .filter(|entry| !known.iter().any(|id| entry.starts_with(id.as_str())))
            .collect();
        assert!(!fresh.is_empty(), "{path} left no entry");
        let request = answer.header("x-request-id").unwrap();
        for entry in fresh {
            assert!(entry.split('|').all(|part| !part.is_empty()), "{path}: {entry}");
            assert!(entry.contains(request), "{path}: {entry} does not name {request}");
            // What is done by a link or after a sign-in is done to a mailbox or an application.
            let by_link = ["/s/", "/a/", "/sign-in/"].iter().any(|start| path.starts_with(start));
            let object = path.split('/').nth(2).filter(|part| part.contains('_') && !by_link);
            let named = object.is_none_or(|object| entry.contains(object));
            assert!(named, "{path}: {entry} does not say of what it speaks");
        }
    }
    world.app.stop().await;
}

#[tokio::test]
async fn no_entry_holds_a_secret() {
    let world = World::on(Engine::Sqlite).await;
    let secret = world.app.sample("Contoso Mail").secret().to_owned();
    world
        .post(
            &world.owner,
            &world.fill("/applications/{id}/secrets/new").await,
            &[("secret".to_owned(), secret.clone())],
        )
        .await;
    let entries = column(world.db(), "SELECT actor || object || detail FROM audit").await.concat();
    assert!(!entries.contains(&secret) && !entries.contains(crate::support::app::PASSWORD));
    world.app.stop().await;
}
