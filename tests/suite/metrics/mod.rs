//! `GET /metrics`: who gets it, what it says, and what it does not.

mod files;
mod silence;

use std::collections::BTreeMap;
use std::io::Write;

use postkey::config::Config;
use postkey_simulator::{Fault, Lifetime, Place};
use tempfile::NamedTempFile;

use crate::safety::world::meddle;
use crate::sign_in::{self, OLGA};
use crate::support::{Browser, Engine, Page, TestApp};
use crate::tokens::keeper::{opened_by, settle};

const TOKEN: &str = "scrape-me-0123456789";
const HOUR: i64 = 3_600;

/// A file that holds the token, for as long as it is kept.
fn token_file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// With metrics and a keeper. Two mailboxes: one of an application, one for which Olga has signed in.
async fn in_use(engine: Engine, change: impl FnOnce(&mut Config)) -> (TestApp, Browser, NamedTempFile) {
    let file = token_file(&format!("{TOKEN}\n"));
    let app = TestApp::with(engine, |config| {
        config.keeper = true;
        config.metrics_token_file = Some(file.path().to_owned());
        change(config);
    })
    .await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 });
    let ana = app.owner().await;
    opened_by(&app, &ana, "Contoso Mail", "support@contoso.example").await;
    sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
    (app, ana, file)
}

async fn ask(app: &TestApp, authorization: &str) -> Page {
    app.stranger().get_with("/metrics", &[("authorization", authorization)]).await
}

/// The page of metrics as Prometheus gets it.
async fn scrape(app: &TestApp) -> Page {
    let page = ask(app, &format!("Bearer {TOKEN}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    page
}

/// Each series with its value.
fn series(page: &Page) -> BTreeMap<String, f64> {
    let lines = page.body.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        })
        .collect()
}

async fn values(app: &TestApp) -> BTreeMap<String, f64> {
    series(&scrape(app).await)
}

#[tokio::test]
async fn to_whoever_brings_no_token_there_is_nothing_at_this_address() {
    let closed = TestApp::start().await;
    let nothing = closed.stranger().get("/nothing-at-all").await;
    for brought in ["", "Bearer ", "Bearer none"] {
        assert_eq!(ask(&closed, brought).await.status, 404);
    }
    closed.stop().await;
    let (app, ana, _file) = in_use(Engine::Sqlite, |_| {}).await;
    let (short, long) = (&TOKEN[..TOKEN.len() - 1], format!("{TOKEN}!"));
    for brought in ["", "Bearer", "Bearer ", &format!("Bearer {short}"), &format!("Bearer {long}"), TOKEN] {
        let refused = ask(&app, brought).await;
        assert_eq!((refused.status, refused.one("h1")), (404, nothing.one("h1")), "{brought}");
    }
    assert_eq!(ask(&app, &format!("Basic {TOKEN}")).await.status, 404);
    assert_eq!(ana.get("/metrics").await.status, 404, "an account is no token");
    assert_eq!(ask(&app, &format!("bearer {TOKEN}")).await.status, 200);
    app.stop().await;
}

#[tokio::test]
async fn the_page_tells_of_tokens_mailboxes_and_microsoft_and_asks_nobody() {
    for engine in Engine::all() {
        let (app, ..) = in_use(engine, |_| {}).await;
        let before = values(&app).await;
        app.advance(HOUR * 7 / 10);
        settle(&app).await;
        let asked = app.sim.count(postkey_simulator::Kind::Token);
        let page = scrape(&app).await;
        let found = series(&page);
        assert_eq!(app.sim.count(postkey_simulator::Kind::Token), asked);
        let grown = |name: &str| found[name] - before[name];
        assert_eq!(grown("postkey_keeper_renewals_total{outcome=\"ok\"}"), 2.0);
        assert_eq!(grown("postkey_token_requests_total{outcome=\"ok\"}"), 2.0);
        assert_eq!(grown("postkey_token_request_duration_seconds_count"), 2.0);
        assert_eq!(grown("postkey_keeper_lateness_seconds_count"), 2.0);
        assert!((0.0..=2.0 * 720.0).contains(&grown("postkey_keeper_lateness_seconds_sum")));
        assert!(grown("postkey_keeper_rounds_total{outcome=\"ok\"}") >= 2.0);
        assert!(
            found["postkey_checks_total{verdict=\"ok\"}"] >= 2.0
                && found["postkey_check_duration_seconds_count"] >= 2.0
        );
        let steady = [
            ("postkey_database_up", 1.0),
            ("postkey_keeper_enabled", 1.0),
            ("postkey_keeper_due", 0.0),
            ("postkey_keeper_renewals_in_flight", 0.0),
            ("postkey_keeper_last_round_age_seconds", 0.0),
            ("postkey_mailboxes{direction=\"incoming\",status=\"connected\"}", 2.0),
            ("postkey_mailboxes{direction=\"incoming\",status=\"secret_expired\"}", 0.0),
            ("postkey_gate_applications{state=\"closed\"}", 0.0),
            ("postkey_problems{kind=\"secret_expired\"}", 0.0),
            ("postkey_problems{kind=\"scope_too_wide\"}", 0.0),
            ("postkey_alerts_undelivered", 0.0),
        ];
        for (name, value) in steady {
            assert_eq!(found.get(name), Some(&value), "{name}");
        }
        let of = |name: &str| found.iter().filter(|(series, _)| series.starts_with(name)).collect::<Vec<_>>();
        let tokens = of("postkey_application_token_expires_in_seconds{application=\"app_");
        assert!(tokens.len() == 1 && *tokens[0].1 == 3_600.0, "{tokens:?}");
        assert!(of("postkey_mailbox_").is_empty());
        let secret = app.sample("Contoso Mail").secret().to_owned();
        for hidden in ["@", "contoso", OLGA, TOKEN, &secret] {
            assert!(!page.body.contains(hidden), "{hidden} is told");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn what_fails_is_counted_by_its_kind() {
    let (app, ..) = in_use(Engine::Sqlite, |_| {}).await;
    app.sim.fault(Fault::status(Place::Token, 503, postkey_simulator::Page::Json));
    app.advance(HOUR * 7 / 10);
    settle(&app).await;
    let found = values(&app).await;
    assert_eq!(found["postkey_keeper_renewals_total{outcome=\"unreachable\"}"], 2.0);
    assert_eq!(found["postkey_token_requests_total{outcome=\"unreachable\"}"], 2.0);
    app.sim.clear_faults();
    app.sim.fault(Fault::aadsts(7_000_222));
    app.advance(60);
    settle(&app).await;
    assert!(values(&app).await["postkey_keeper_renewals_total{outcome=\"credential\"}"] >= 1.0);
    app.stop().await;
}

#[tokio::test]
async fn mailboxes_are_named_only_when_the_host_wants_it() {
    let (app, ..) = in_use(Engine::Sqlite, |config| config.metrics_per_mailbox = true).await;
    let found = values(&app).await;
    for address in [OLGA, "support@contoso.example"] {
        let label = format!("address=\"{address}\"");
        let of = |(name, _): &(&String, &f64)| name.starts_with("postkey_mailbox_token_") && name.contains(&label);
        let value = found.iter().find(of).map(|(_, value)| *value);
        assert!(value.is_some_and(|value| (3_500.0..=3_600.0).contains(&value)), "{address}: {value:?}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_a_number_too() {
    let (app, ..) = in_use(Engine::Sqlite, |_| {}).await;
    meddle(&app.inside().db, "ALTER TABLE mailboxes RENAME TO hidden").await;
    let found = values(&app).await;
    assert_eq!(found["postkey_database_up"], 0.0);
    assert!(found.contains_key("postkey_keeper_rounds_total{outcome=\"failed\"}"));
    assert!(!found.contains_key("postkey_keeper_due"));
    app.stop().await;
}
