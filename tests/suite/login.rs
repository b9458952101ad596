//! `/login` and `/logout`: sessions (S-20 to S-27), throttle (S-12), no hints (S-13), where to go afterwards (S-73).

use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn signing_in_gives_a_session_that_no_request_before_has_carried() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        app.owner().await;
        let browser = app.stranger();
        browser.set_cookie("postkey", "AAAAAAAAAAAAAAAAAAAAAA");
        browser.sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
        let first = browser.session().unwrap();
        assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAA");
        assert!(first.len() >= 22);
        browser
            .open_and_submit("/login?next=%2F", "/login", &[("email", EMAIL), ("password", PASSWORD)])
            .await
            .expect_redirect("/");
        assert_ne!(browser.session().unwrap(), first);
        let old = app.stranger();
        old.set_cookie("postkey", &first);
        old.get("/").await.expect_redirect("/login");
        app.stop().await;
    }
}

#[tokio::test]
async fn the_cookie_cannot_be_read_by_scripts_or_sent_from_elsewhere() {
    let app = TestApp::start().await;
    app.owner().await;
    let page = app.stranger().sign_in(EMAIL, PASSWORD).await;
    let set = page.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Domain") && !set.contains("Max-Age") && !set.contains("Expires"), "{set}");
    app.stop().await;
}

#[tokio::test]
async fn a_session_dies_after_half_an_hour_of_silence_and_after_twelve_hours_of_work() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    for _ in 0..24 {
        app.advance(29 * 60);
        assert_eq!(browser.get("/").await.status, 200);
    }
    app.advance(24 * 60 + 1);
    browser.get("/").await.expect_redirect("/login");
    browser.sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
    app.advance(30 * 60 + 1);
    browser.get("/").await.expect_redirect("/login");
    app.stop().await;
}

#[tokio::test]
async fn sessions_outlive_a_restart_and_end_with_a_new_password() {
    let app = TestApp::start().await;
    let session = app.owner().await.session().unwrap();
    let app = app.restart().await;
    let browser = app.stranger();
    browser.set_cookie("postkey", &session);
    assert_eq!(browser.get("/").await.status, 200);
    let mut tx = app.inside().db.begin().await.unwrap();
    postkey::users::store::set_password(&mut tx, EMAIL, "x").await.unwrap();
    tx.commit().await.unwrap();
    browser.get("/").await.expect_redirect("/login");
    app.stop().await;
}

#[tokio::test]
async fn logging_out_ends_the_session_for_good() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let session = browser.session().unwrap();
    let page = browser.open_and_submit("/", "/logout", &[]).await;
    page.expect_redirect("/login?done=signed-out");
    assert!(page.header("clear-site-data").contains("storage"));
    let thief = app.stranger();
    thief.set_cookie("postkey", &session);
    thief.get("/").await.expect_redirect("/login");
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_person_look_the_same() {
    let app = TestApp::start().await;
    app.owner().await;
    let blank = |page: &crate::support::Page, email: &str| {
        let keyed = without_keys(&page.body);
        keyed.replace(email, "x")
    };
    let wrong = app.stranger().sign_in(EMAIL, "wrong wrong wrong").await;
    let unknown = app.stranger().sign_in("eve@contoso.example", "wrong wrong wrong").await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(blank(&wrong, EMAIL), blank(&unknown, "eve@contoso.example"));
    app.stop().await;
}

/// The page without the key of its forms, which differs for each visitor.
fn without_keys(html: &str) -> String {
    let mut parts = html.split("name=\"_csrf\" value=\"");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push_str(part.split_once('"').map_or("", |(_, after)| after));
    }
    rest
}

#[tokio::test]
async fn guessing_gets_slower_and_never_locks_the_owner_out_for_good() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        app.owner().await;
        let browser = app.stranger();
        for _ in 0..6 {
            assert_eq!(browser.sign_in(EMAIL, "wrong wrong wrong").await.status, 422);
        }
        let slowed = browser.sign_in(EMAIL, PASSWORD).await;
        assert_eq!(slowed.status, 429);
        assert_eq!(slowed.header("retry-after"), "1");
        app.advance(2);
        browser.sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
        app.stop().await;
    }
}

#[tokio::test]
async fn after_signing_in_only_a_page_of_ours_is_opened() {
    let app = TestApp::start().await;
    app.owner().await;
    app.stranger().get("/mailboxes?status=paused").await.expect_redirect("/login?next=%2Fmailboxes%3Fstatus%3Dpaused");
    for (next, to) in [
        ("%2Fmailboxes", "/mailboxes"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
    ] {
        let browser = app.stranger();
        let path = format!("/login?next={next}");
        browser.open_and_submit(&path, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await.expect_redirect(to);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_weak_hash_is_replaced_at_the_next_sign_in() {
    let app = TestApp::start().await;
    app.owner().await;
    let strong = postkey::users::store::for_login(&app.inside().db, EMAIL).await.unwrap().unwrap();
    assert!(strong.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", strong.password_hash);
    app.stop().await;
}
