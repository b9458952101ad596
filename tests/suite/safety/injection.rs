//! Hostile text that is searched for is searched for as text (S-71), and logged on one line (S-77).

use super::binary::Place;
use super::world::{World, add_application, dump, enrol, meddle};
use crate::mailboxes::add_more;
use crate::support::app::PASSWORD;
use crate::support::{Browser, Engine, TestApp};
use postkey::users::Role;

const INJECTIONS: &[&str] = &[
    "\u{0}",
    "a\u{0}b",
    "'",
    "\"",
    "`",
    "\\",
    "';--",
    "' OR '1'='1",
    "') OR ('1'='1",
    "' UNION SELECT password_hash FROM users--",
    "1; DROP TABLE users;--",
    "'; DELETE FROM mailboxes;--",
    "(SELECT 1)",
    "address;--",
    "-address,1",
    "asc,1",
    "1 OR 1=1",
    "-1",
    "0",
    "99999999999999999999",
    "1e9",
    "NaN",
    "%",
    "_",
    "\\%",
    "%%%%",
    "[a-z]%",
    "\u{ff07}",
    "$1",
    ":1",
    "?",
    "@x",
    "/**/",
    "{\"urgency\":0}",
    "eyJ1cmdlbmN5IjowfQ",
    "null",
    "[]",
    "..",
    "\r\nX: y",
];

const LISTS: [&str; 11] = [
    "/mailboxes",
    "/mailboxes.csv",
    "/applications",
    "/applications.csv",
    "/explain",
    "/tokens",
    "/tokens.csv",
    "/expiry",
    "/expiry.csv",
    "/mailboxes/new",
    "/",
];

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// SQL in every parameter of every list, on both engines: an answer, the same rows as nothing found, and no change.
#[tokio::test]
async fn a_search_for_sql_finds_nothing_and_changes_nothing() {
    let long = "%_".repeat(500);
    let injections = INJECTIONS.iter().copied().chain([long.as_str()]);
    for engine in Engine::all() {
        let world = World::on(engine).await;
        let before = dump(world.db(), &[]).await;
        let browser = &world.owner.browser;
        let nobody = world.anonymous().await;
        for injection in injections.clone() {
            let value: String = form_urlencoded::byte_serialize(injection.as_bytes()).collect();
            let names = ["q", "status", "app", "sort", "after", "before", "n", "copy", "done", "why", "unknown"];
            let mut asked: Vec<String> = names.iter().map(|name| format!("/mailboxes?{name}={value}")).collect();
            let all = names.map(|name| format!("{name}={value}")).join("&");
            asked.extend(LISTS.map(|list| format!("{list}?{all}")));
            asked.extend(["days", "view", "view=month&month"].map(|name| format!("/expiry?{name}={value}")));
            asked.push(format!("/expiry/feed/{value}"));
            for address in asked {
                let page = browser.get(&address).await;
                // 431 is hyper's word for an address that is too long.
                assert!(matches!(page.status, 200 | 303 | 400 | 404 | 431), "{address}: {}", page.status);
            }
            let found = browser.get(&format!("/mailboxes.csv?q={value}")).await;
            let meant = ["'", "_", "0", ".."].contains(&injection) || "support@contoso.example".contains(injection);
            let rows = if found.status == 200 { found.body.lines().count() } else { 1 };
            assert!(meant || rows == 1, "{injection:?} found something on {engine:?}: {}", found.body);
            for field in ["q", "status", "app"] {
                let fields = [("do", "pause"), ("all", "1"), (field, injection)].map(owned);
                let answer = world.post(&world.owner, "/mailboxes/bulk", &fields).await;
                assert!(matches!(answer.status, 200 | 400), "{field}={injection:?}: {}", answer.status);
            }
            // So that each is looked at, and none refused because there were others before it.
            meddle(world.db(), "DELETE FROM throttles").await;
            let login = world.post(&nobody, "/login", &[owned(("email", injection))]).await;
            assert!(matches!(login.status, 400 | 422), "login as {injection:?}: {}", login.status);
        }
        assert!(same_but_guesses(&dump(world.db(), &[]).await, &before), "something was changed on {engine:?}");
        world.app.stop().await;
    }
}

fn same_but_guesses(one: &str, other: &str) -> bool {
    let rows = |text: &str| {
        let kept = text.lines().filter(|line| !line.starts_with("throttles:") && !line.contains("login.refused"));
        kept.map(str::to_owned).collect::<Vec<_>>()
    };
    rows(one) == rows(other)
}

/// SQLite compares with no pattern of more than 50,000 bytes.
#[tokio::test]
async fn a_search_as_long_as_a_request_can_be_finds_nothing() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        let long = "_".repeat(60_000);
        let fields = [("do", "pause"), ("all", "1"), ("q", long.as_str())].map(owned);
        assert_eq!(world.post(&world.owner, "/mailboxes/bulk", &fields).await.status, 200);
        let found = world.ask(&world.owner, "GET", &format!("/mailboxes.csv?q={long}")).await;
        assert_eq!((found.status, found.text().matches("@contoso").count()), (200, 0));
        world.app.stop().await;
    }
}

#[tokio::test]
async fn a_wildcard_in_a_search_is_a_letter() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        enrol(&app, "viewer@contoso.example", Role::Viewer).await;
        add_application(&app, &browser, "Contoso Mail").await;
        for address in ["a_b@contoso.example", "axb@contoso.example", "a%b@contoso.example"] {
            add_more(&browser, address).await;
        }
        for (q, found) in [("a_b", "a_b@"), ("a%25b", "a%b@"), ("AXB", "axb@")] {
            let rows = browser.get(&format!("/mailboxes.csv?q={q}")).await.body;
            assert_eq!(rows.lines().count(), 2, "{q}: {rows}");
            assert!(rows.contains(found), "{q}: {rows}");
        }
        app.stop().await;
    }
}

/// Line ends and escapes in what strangers send must not make lines of their own in the log.
#[tokio::test]
async fn nobody_can_forge_a_line_of_the_log() {
    for format in ["text", "json"] {
        let home = tempfile::TempDir::new().unwrap();
        let mut place = Place::new(home.path(), &postkey::config::Database::Sqlite);
        place.set("POSTKEY_LOG", "trace");
        place.set("POSTKEY_LOG_FORMAT", format);
        let mut server = place.serve();
        let code = server.setup_code();
        let browser = Browser::new(&server.url);
        let typed =
            [("code", code.as_str()), ("name", "Ana"), ("email", "ana@contoso.example"), ("password", PASSWORD)];
        browser.open_and_submit("/setup", "/setup", &typed).await.location();
        for forged in [
            "\r\nFORGED",
            "\nFORGED",
            "\u{1b}[2J\u{1b}[31mFORGED",
            "\u{2028}FORGED",
            "\u{85}FORGED",
            "\u{9b}31mFORGED",
            "\u{8}FORGED",
        ] {
            Browser::new(&server.url).sign_in(&format!("x{forged}"), "wrong wrong wrong").await;
            let path: String = form_urlencoded::byte_serialize(forged.as_bytes()).collect();
            browser.get(&format!("/mailboxes/{path}?q={path}")).await;
            browser.get_with("/", &[("user-agent", "FORGED \t \u{a0}"), ("x-request-id", "FORGED")]).await;
            browser
                .post("/mailboxes", &[("address".to_owned(), forged.to_owned()), (forged.to_owned(), String::new())])
                .await;
        }
        server.stop();
        let log = std::fs::read_to_string(place.log()).unwrap();
        assert!(log.contains("request"), "there is a log to look at");
        assert!(!log.contains(['\u{1b}', '\u{2028}', '\u{85}', '\u{9b}', '\u{8}', '\r']), "an escape reached the log");
        for line in log.lines().filter(|line| !line.is_empty()) {
            let own =
                if format == "json" { line.starts_with('{') && line.ends_with('}') } else { line.starts_with("20") };
            assert!(own, "this line has no time of its own: {line}");
        }
    }
}
