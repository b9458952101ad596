//! What every answer carries (S-31), that no other site may read it (S-32), and that pages fetch nothing (S-33).

use std::time::Duration;

use postkey::config::Deadlines;
use scraper::{Html, Selector};

use super::table::routes;
use super::wire::{Answer, exchange, form, request, send};
use super::world::World;
use crate::support::{Engine, TestApp};

const HEADERS: [(&str, &str); 8] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("content-security-policy", "default-src 'none'"),
    ("permissions-policy", "camera=()"),
];

const POLICY: [&str; 9] = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
];

fn look_at(what: &str, answer: &Answer) {
    for (name, value) in HEADERS {
        assert_eq!(answer.all(name).len(), 1, "{what}: {name} in {}", answer.head);
        assert!(answer.header(name).unwrap().starts_with(value), "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    let parts: Vec<&str> = policy.split(';').map(str::trim).collect();
    for (part, expected) in parts.iter().zip(POLICY) {
        assert!(*part == expected || may_lead_on(what, part), "{what}: {part}");
    }
    assert_eq!(parts.len(), POLICY.len(), "{what}");
    let kept = answer.header("cache-control").unwrap();
    let asset = what.contains("/static/") && answer.status == 200;
    assert!(if asset { kept.contains("immutable") } else { kept == "no-store" }, "{what}: {kept}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req_")), "{what}");
    let telling = ["server", "x-powered-by", "via", "access-control-allow-origin", "access-control-allow-credentials"];
    for name in telling.iter().chain(&["access-control-allow-methods", "access-control-expose-headers"]) {
        assert!(answer.header(name).is_none(), "{what}: {name}");
    }
    if answer.header("content-type").is_some_and(|mime| mime.starts_with("text/html")) {
        look_at_page(what, &answer.text());
    }
}

/// Only what leads to a sign-in may have forms that end at Microsoft, and at Microsoft only.
fn may_lead_on(what: &str, part: &str) -> bool {
    let Some(origins) = part.strip_prefix("form-action 'self' ") else { return false };
    let microsoft = [
        "https://login.microsoftonline.com",
        "https://login.microsoftonline.us",
        "https://login.partner.microsoftonline.cn",
    ];
    let known = |origin: &str| microsoft.contains(&origin) || origin.starts_with("http://127.0.0.1:");
    ["/mailboxes", "/s/", "/a/", "/sign-in"].iter().any(|path| what.contains(path)) && origins.split(' ').all(known)
}

/// Nothing in line, nothing from elsewhere.
fn look_at_page(what: &str, html: &str) {
    for element in Html::parse_document(html).select(&Selector::parse("*").unwrap()) {
        let tag = element.value().name();
        for (name, value) in element.value().attrs() {
            assert!(name != "style" && !name.starts_with("on") && name != "srcdoc", "{what}: <{tag} {name}>");
            let fetched = match tag {
                "link" | "use" => name == "href",
                "form" => name == "action",
                _ => matches!(name, "src" | "srcset" | "poster" | "data" | "background" | "formaction"),
            };
            assert!(!fetched || (value.starts_with('/') && !value.starts_with("//")), "{what}: <{tag} {name}={value}>");
            assert!(!value.trim_start().to_lowercase().starts_with("javascript:"), "{what}: <{tag} {name}>");
        }
        assert!(!matches!(tag, "iframe" | "object" | "embed" | "base" | "style"), "{what}: <{tag}>");
        if tag == "script" {
            assert!(
                element.value().attr("src").is_some() && element.text().all(|text| text.trim().is_empty()),
                "{what}"
            );
        }
        if tag == "a" && element.value().attr("target").is_some() {
            assert!(
                element.value().attr("rel").is_some_and(|rel| rel.contains("noopener")),
                "{what}: a window of its own"
            );
        }
    }
}

#[tokio::test]
async fn every_answer_carries_every_header_whoever_asks_and_however() {
    let world = World::on(Engine::Sqlite).await;
    let nobody = world.anonymous().await;
    let own = world.app.url.strip_prefix("http://").unwrap();
    for person in [&nobody, &world.people[0], &world.owner] {
        for route in routes() {
            let path = world.fill(route).await;
            for method in ["GET", "HEAD", "OPTIONS", "PUT", "TRACE", "POST"] {
                let headers = [("host", own), ("cookie", person.cookies.as_str()), ("origin", "https://evil.example")];
                let answer = send(world.address(), &request(method, &path, &headers, "")).await;
                look_at(&format!("{method} {path} as {:?}", person.who), &answer);
            }
        }
    }
    world.app.stop().await;
}

#[tokio::test]
async fn refusals_redirects_and_failures_carry_them_too() {
    let deadlines = Deadlines { form: Duration::from_millis(150), ..Deadlines::USUAL };
    let world = World::around(TestApp::with(Engine::Sqlite, |config| config.deadlines = deadlines).await).await;
    let owner = &world.owner;
    let own = world.own_page(&owner.cookies);
    let key = form(&[("_csrf".to_owned(), owner.key.clone())]);
    let at = world.address();
    let typed = |mime| {
        own.iter().map(|(name, value)| (*name, if *name == "content-type" { mime } else { *value })).collect::<Vec<_>>()
    };
    let named =
        |host| own.iter().map(|(name, value)| (*name, if *name == "host" { host } else { *value })).collect::<Vec<_>>();
    let expected = [
        (303, request("GET", "/mailboxes", &[("host", own[0].1)], "")),
        (303, request("POST", &format!("{}/default", world.mailbox), &own, &key)),
        (400, request("GET", "/mailboxes?after=%00", &own, "")),
        (400, request("GET", "/mailboxes?after=x", &own, "")),
        (401, request("GET", &world.mailbox, &[("host", own[0].1), ("x-postkey-fragment", "health")], "")),
        (403, request("POST", "/mailboxes/bulk", &own, "_csrf=wrong")),
        (404, request("GET", "/nothing", &own, "")),
        (404, request("GET", "/static/nothing.css", &own, "")),
        (405, request("DELETE", "/login", &own, &key)),
        (413, request("POST", "/mailboxes", &own, &"x".repeat(70_000))),
        (415, request("POST", "/mailboxes", &typed("application/json"), "{}")),
        (421, request("GET", "/", &named("evil.example"), "")),
        (422, request("POST", "/mailboxes", &own, &key)),
    ];
    for (status, bytes) in expected {
        let answer = send(at, &bytes).await;
        let what = String::from_utf8_lossy(&bytes[..60]).into_owned();
        assert_eq!(answer.status, status, "{what}: {}", answer.head);
        look_at(&what, &answer);
    }
    let promised = String::from_utf8(request("POST", "/mailboxes", &own, &key))
        .unwrap()
        .replace("content-length: ", "content-length: 9");
    let late = send(at, promised.as_bytes()).await;
    assert_eq!(late.status, 408);
    look_at("a body that never ends", &late);
    super::world::meddle(world.db(), "ALTER TABLE mailboxes RENAME TO gone").await;
    let broken = send(at, &request("GET", "/mailboxes", &own, "")).await;
    assert_eq!(broken.status, 500);
    assert!(!broken.text().contains("mailboxes m") && !broken.text().contains("no such table"), "{}", broken.text());
    look_at("a failure of ours", &broken);
    super::world::meddle(world.db(), "ALTER TABLE gone RENAME TO mailboxes").await;
    world.app.stop().await;
}

/// What hyper itself refuses, before there is a request, is three lines and nothing more.
#[tokio::test]
async fn what_is_no_request_gets_an_answer_without_content() {
    let app = TestApp::start().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    for bytes in
        ["GET\r\n\r\n", "\x16\x03\x01", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n", &long, &many]
    {
        let answer = Answer::parse(&exchange(app.listens_on(), bytes.as_bytes()).await);
        assert!(matches!(answer.status, 0 | 400 | 414 | 431 | 505), "{}", answer.head);
        assert!(answer.body.is_empty() && answer.header("set-cookie").is_none());
    }
    app.stop().await;
}

#[tokio::test]
async fn no_other_site_may_read_or_ask() {
    let world = World::on(Engine::Sqlite).await;
    let own = world.app.url.strip_prefix("http://").unwrap();
    for route in routes() {
        let path = world.fill(route).await;
        for origin in ["https://evil.example", "null", &world.app.url] {
            let headers = [
                ("host", own),
                ("cookie", world.owner.cookies.as_str()),
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type"),
                ("access-control-request-private-network", "true"),
            ];
            for method in ["OPTIONS", "GET"] {
                let answer = send(world.address(), &request(method, &path, &headers, "")).await;
                assert!(!answer.head.to_lowercase().contains("access-control-"), "{method} {path}: {}", answer.head);
            }
        }
    }
    world.app.stop().await;
}
