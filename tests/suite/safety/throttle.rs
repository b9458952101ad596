//! Guessing (S-12) and what can be learnt from it (S-13).

use std::time::Instant;

use postkey::chance::Chance;
use postkey::config::Config;
use postkey::serve;

use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Browser, Engine, TestApp};

const WRONG: &str = "wrong wrong wrong";

async fn guess(app: &TestApp, email: &str) -> u16 {
    app.stranger().sign_in(email, WRONG).await.status
}

#[tokio::test]
async fn of_many_guesses_at_once_only_the_free_ones_are_looked_at() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        app.owner().await;
        let mut opened = Vec::new();
        for _ in 0..40 {
            let browser = app.stranger();
            opened.push((browser.get("/login").await, browser));
        }
        let sent = opened
            .iter()
            .map(|(page, browser)| browser.submit(page, "/login", &[("email", EMAIL), ("password", WRONG)]));
        let answers = futures_util::future::join_all(sent).await;
        let looked_at = answers.iter().filter(|answer| answer.status == 422).count();
        assert_eq!(looked_at, 6, "{engine:?}");
        assert!(answers.iter().all(|answer| matches!(answer.status, 422 | 429)));
        app.stop().await;
    }
}

#[tokio::test]
async fn guesses_stay_counted_over_a_restart() {
    let app = TestApp::start().await;
    app.owner().await;
    for _ in 0..6 {
        assert_eq!(guess(&app, EMAIL).await, 422);
    }
    let app = app.restart().await;
    assert_eq!(guess(&app, EMAIL).await, 429);
    app.advance(2);
    assert_eq!(guess(&app, EMAIL).await, 422);
    let slowed = app.stranger().sign_in(EMAIL, WRONG).await;
    assert_eq!((slowed.status, slowed.header("retry-after")), (429, "2"), "each further one waits twice as long");
    app.stop().await;
}

#[tokio::test]
async fn the_wait_doubles_up_to_a_quarter_of_an_hour_and_is_forgotten_after_a_day() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut waits = Vec::new();
    for _ in 0..6 {
        assert_eq!(guess(&app, EMAIL).await, 422);
    }
    for _ in 0..12 {
        let slowed = app.stranger().sign_in(EMAIL, WRONG).await;
        let wait: i64 = slowed.header("retry-after").parse().unwrap();
        waits.push(wait);
        app.advance(wait);
        assert_eq!(guess(&app, EMAIL).await, 422);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    app.advance(24 * 60 * 60 + 1);
    for _ in 0..5 {
        assert_eq!(guess(&app, EMAIL).await, 422);
    }
    app.stop().await;
}

#[tokio::test]
async fn one_address_cannot_try_a_word_on_everybody() {
    let app = TestApp::start().await;
    app.owner().await;
    for number in 0..11 {
        assert_eq!(guess(&app, &format!("person{number}@contoso.example")).await, 422, "{number}");
    }
    assert_eq!(guess(&app, "person11@contoso.example").await, 429);
    app.advance(2);
    app.stranger().sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
    assert_eq!(guess(&app, "person12@contoso.example").await, 422);
    assert_eq!(guess(&app, "person13@contoso.example").await, 429, "a right password does not pay for the others");
    app.stop().await;
}

#[tokio::test]
async fn the_right_password_is_never_counted() {
    let app = TestApp::start().await;
    app.owner().await;
    for _ in 0..15 {
        app.stranger().sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
    }
    app.stop().await;
}

#[tokio::test]
async fn the_setup_code_cannot_be_guessed_for_ever() {
    let app = TestApp::start().await;
    let typed = [("code", "wrong"), ("name", "Eve"), ("email", "eve@contoso.example"), ("password", PASSWORD)];
    for _ in 0..11 {
        app.stranger().open_and_submit("/setup", "/setup", &typed).await;
    }
    let page = app.stranger().open_and_submit("/setup", "/setup", &typed).await;
    assert!(page.text().contains("Too many wrong codes"), "{}", page.text());
    app.advance(2);
    app.owner().await;
    app.stop().await;
}

/// A second replica on the same PostgreSQL counts with the first, and a session ended on one is ended on the other.
#[tokio::test]
async fn two_replicas_count_and_forget_together() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let app = TestApp::on(Engine::Postgres).await;
    let here = app.owner().await;
    let config = &*app.inside().config;
    let other = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: "http://127.0.0.1:0".parse().unwrap(),
        data_dir: app.home.path().join("second"),
        ..config.clone()
    };
    let second = serve::start(other, app.clock.clone(), Chance::System).await.unwrap();
    let url = second.app.config.public_url.as_str().trim_end_matches('/').to_owned();
    let there = Browser::new(&url);
    there.set_cookie("postkey", &here.session().unwrap());
    assert_eq!(there.get("/").await.status, 200);
    there.open_and_submit("/", "/logout", &[]).await.location();
    here.get("/").await.expect_redirect("/login");
    for number in 0..6 {
        let visitor = if number % 2 == 0 { app.stranger() } else { Browser::new(&url) };
        assert_eq!(visitor.sign_in(EMAIL, WRONG).await.status, 422);
    }
    assert_eq!(guess(&app, EMAIL).await, 429);
    assert_eq!(Browser::new(&url).sign_in(EMAIL, WRONG).await.status, 429);
    second.stop().await;
    app.stop().await;
}

/// Not a statistic, which would fail on a busy machine: an unknown person costs a whole password hash, as a known one does.
#[tokio::test]
async fn an_unknown_person_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut took = [Vec::new(), Vec::new()];
    for round in 0..9 {
        for (which, email) in [EMAIL, "nobody@contoso.example"].into_iter().enumerate() {
            let browser = app.stranger();
            let page = browser.get("/login").await;
            let start = Instant::now();
            assert_eq!(browser.submit(&page, "/login", &[("email", email), ("password", WRONG)]).await.status, 422);
            took[which].push(start.elapsed());
            // Both are slowed down alike by now; a day later both are new again.
            app.advance(25 * 60 * 60);
        }
        assert!(round < 9);
    }
    let median = |took: &mut Vec<std::time::Duration>| {
        took.sort();
        took[took.len() / 2]
    };
    let (known, unknown) = (median(&mut took[0]), median(&mut took[1]));
    assert!(unknown * 2 > known && known * 2 > unknown, "known {known:?}, unknown {unknown:?}");
    app.stop().await;
}
