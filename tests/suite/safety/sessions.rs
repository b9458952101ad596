//! Sessions (S-20 to S-27) beyond what `/login` shows.

use std::collections::HashSet;
use std::sync::Arc;

use postkey::chance::hash_of;
use postkey::ids::UserId;
use postkey::users::store;
use postkey::web::session::{self, Person};
use postkey::web::session_store::Sessions;
use tower_sessions::session::Id;
use tower_sessions::{Session, SessionStore};

use super::wire::{form, request, send};
use super::world::{World, column, dump, meddle, one};
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Engine, TestApp};

fn sessions(app: &TestApp) -> Sessions {
    Sessions::new(app.inside().db.clone(), app.clock.clone())
}

async fn owner_of(app: &TestApp) -> UserId {
    store::for_login(&app.inside().db, EMAIL).await.unwrap().unwrap().user.id
}

/// A session as signing in makes it, without the cost of a password.
async fn signed_in(app: &TestApp, id: &UserId) -> Id {
    let session = Session::new(None, Arc::new(sessions(app)), None);
    session::begin(&session, &Person { id: id.clone(), epoch: 1 }).await.unwrap();
    session.id().unwrap()
}

#[tokio::test]
async fn a_session_that_was_logged_out_never_comes_back_whatever_else_was_under_way() {
    let world = World::on(Engine::Sqlite).await;
    let owner = owner_of(&world.app).await;
    for round in 0..200 {
        let id = signed_in(&world.app, &owner).await.to_string();
        // So that the requests note when the session was last seen, which is a write.
        world.app.advance(61);
        let cookies = format!("postkey={id}; postkey-visit=x");
        let key = hash_of(&format!("postkey form|x|{id}"));
        let body = form(&[("_csrf".to_owned(), key)]);
        let look = request("GET", "/mailboxes", &[("host", host(&world)), ("cookie", &cookies)], "");
        let leave = request("POST", "/logout", &world.own_page(&cookies), &body);
        let at = world.address();
        let (_, left, _, _) = tokio::join!(send(at, &look), send(at, &leave), send(at, &look), send(at, &look));
        assert_eq!(left.status, 303, "round {round}: {}", left.text());
        let after = send(at, &look).await;
        assert_eq!(after.status, 303, "round {round}: the session lives");
    }
    world.app.stop().await;
}

fn host(world: &World) -> &str {
    world.app.url.strip_prefix("http://").unwrap()
}

#[tokio::test]
async fn a_save_that_comes_after_the_logout_saves_nothing() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        app.owner().await;
        let owner = owner_of(&app).await;
        let store = sessions(&app);
        for _ in 0..20 {
            let id = signed_in(&app, &owner).await;
            let record = store.load(&id).await.unwrap().unwrap();
            store.delete(&id).await.unwrap();
            store.save(&record).await.unwrap();
            assert!(store.load(&id).await.unwrap().is_none());
        }
        app.stop().await;
    }
}

#[test]
fn a_hundred_thousand_session_ids_are_all_different() {
    let ids: HashSet<String> = (0..100_000).map(|_| Id::default().to_string()).collect();
    assert_eq!(ids.len(), 100_000);
    // 22 characters of base64url are 128 bits.
    assert!(ids.iter().all(|id| id.len() == 22));
    let first: HashSet<char> = ids.iter().filter_map(|id| id.chars().next()).collect();
    assert_eq!(first.len(), 64, "every first character occurs");
}

#[tokio::test]
async fn a_new_role_and_a_disabled_account_count_from_the_next_request() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        assert_eq!(browser.get("/applications/new").await.status, 200);
        meddle(&app.inside().db, "UPDATE users SET role = 'viewer'").await;
        assert_eq!(browser.get("/applications/new").await.status, 403);
        assert_eq!(browser.get("/mailboxes").await.status, 200);
        meddle(&app.inside().db, "UPDATE users SET disabled_at = 1").await;
        browser.get("/mailboxes").await.expect_redirect("/login?next=%2Fmailboxes");
        let form = browser.get("/login").await;
        assert_eq!(form.status, 200, "the form must be there, or the browser goes round in circles");
        let again = browser.submit(&form, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await;
        assert_eq!(again.status, 422, "a disabled account looks like none");
        meddle(&app.inside().db, "UPDATE users SET disabled_at = NULL").await;
        assert_eq!(browser.get("/mailboxes").await.status, 200, "the very session, while it lasts");
        app.stop().await;
    }
}

#[tokio::test]
async fn after_a_new_password_the_same_browser_can_sign_in_again() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    meddle(&app.inside().db, "UPDATE users SET session_epoch = session_epoch + 1").await;
    browser.get("/").await.expect_redirect("/login");
    browser.sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
    assert_eq!(browser.get("/").await.status, 200);
    app.stop().await;
}

#[tokio::test]
async fn the_database_holds_no_session_that_could_be_used() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let session = app.owner().await.session().unwrap();
        assert!(!dump(&app.inside().db, &[]).await.contains(&session));
        if engine == Engine::Sqlite {
            for file in std::fs::read_dir(&app.inside().config.data_dir).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                assert!(!bytes.windows(session.len()).any(|part| part == session.as_bytes()));
            }
        }
        let hash = one(&app.inside().db, "SELECT id_hash FROM sessions").await;
        for stolen in [hash.as_str(), &hash[..22], "AAAAAAAAAAAAAAAAAAAAAA", "", "' OR 1=1 --"] {
            let thief = app.stranger();
            thief.set_cookie("postkey", stolen);
            thief.get("/").await.expect_redirect("/login");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn visitors_leave_no_sessions_behind() {
    let app = TestApp::start().await;
    app.owner().await;
    for path in ["/", "/login", "/mailboxes", "/nothing", "/setup"] {
        app.stranger().get(path).await;
    }
    for wrong in ["wrong wrong wrong", "also wrong also"] {
        assert_eq!(app.stranger().sign_in(EMAIL, wrong).await.status, 422);
    }
    assert_eq!(column(&app.inside().db, "SELECT id_hash FROM sessions").await.len(), 1);
    app.stop().await;
}
