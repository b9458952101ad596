//! Names of the host and of addresses, written in every wrong way (S-74, S-83).

use super::table::{needs_key, routes};
use super::wire::{request, send};
use super::world::World;
use crate::support::{Engine, TestApp};

const EVIL: &str = "evil.example";

#[tokio::test]
async fn nothing_is_built_from_a_host_that_a_stranger_names() {
    let world = World::on(Engine::Sqlite).await;
    let own = world.app.url.strip_prefix("http://").unwrap().to_owned();
    let port = own.rsplit(':').next().unwrap();
    let hosts = [
        EVIL.to_owned(),
        format!("{EVIL}:{port}"),
        format!("{own}.{EVIL}"),
        format!("{own}@{EVIL}"),
        format!("{EVIL}/{own}"),
        format!("127.0.0.1.{EVIL}:{port}"),
        "127.0.0.1:1".to_owned(),
        "127.0.0.1".to_owned(),
        format!("0x7f000001:{port}"),
        format!("127.1:{port}"),
        String::new(),
        ":".to_owned(),
    ];
    let cookies = world.owner.cookies.as_str();
    for route in routes() {
        let path = world.fill(route).await;
        for host in &hosts {
            let headers = [
                ("host", host.as_str()),
                ("cookie", cookies),
                ("x-forwarded-host", EVIL),
                ("x-forwarded-proto", "https"),
                ("x-original-url", "/applications"),
                ("x-rewrite-url", "/applications"),
                ("forwarded", "host=evil.example;proto=https"),
            ];
            let answer = send(world.address(), &request("GET", &path, &headers, "")).await;
            let machine =
                matches!(route, "/healthz" | "/readyz" | "/metrics" | "/static/{file}") || route.starts_with("/api");
            // To whoever brings no token there are no metrics, wherever they ask.
            let expected = match route {
                "/metrics" => 404,
                _ if needs_key(route) => 401,
                _ => 200,
            };
            assert_eq!(answer.status, if machine { expected } else { 421 }, "{path} at {host}");
            let whole = String::from_utf8_lossy(&answer.whole()).into_owned();
            assert!(!whole.contains("evil"), "{path} at {host}: {whole}");
            assert!(machine || !whole.contains("contoso"), "{path} at {host} tells something");
        }
    }
    world.app.stop().await;
}

#[tokio::test]
async fn forwarded_names_change_nothing_at_our_own_host() {
    let world = World::on(Engine::Sqlite).await;
    let own = world.app.url.strip_prefix("http://").unwrap().to_owned();
    for route in routes() {
        let path = world.fill(route).await;
        let plain = world.ask(&world.owner, "GET", &path).await;
        let headers = [
            ("host", own.as_str()),
            ("cookie", world.owner.cookies.as_str()),
            ("x-forwarded-host", EVIL),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/evil"),
            ("x-original-url", "/evil"),
            ("forwarded", "host=evil.example;proto=https"),
        ];
        let forwarded = send(world.address(), &request("GET", &path, &headers, "")).await;
        assert_eq!(plain.status, forwarded.status, "{path}");
        assert_eq!(plain.header("location"), forwarded.header("location"), "{path}");
        assert!(!String::from_utf8_lossy(&forwarded.whole()).contains("evil"), "{path}");
    }
    world.app.stop().await;
}

#[tokio::test]
async fn two_hosts_in_one_request_are_refused() {
    let world = World::on(Engine::Sqlite).await;
    let own = world.app.url.strip_prefix("http://").unwrap();
    let two = |first: &str, second: &str| {
        format!("GET /login HTTP/1.1\r\nhost: {first}\r\nhost: {second}\r\nconnection: close\r\n\r\n")
    };
    for bytes in [
        two(own, EVIL),
        two(EVIL, own),
        format!("GET http://{EVIL}/login HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n"),
    ] {
        assert_eq!(send(world.address(), bytes.as_bytes()).await.status, 421, "{bytes}");
    }
    let both = format!("GET http://{own}/login HTTP/1.1\r\nhost: {own}\r\nconnection: close\r\n\r\n");
    assert_eq!(send(world.address(), both.as_bytes()).await.status, 200);
    let none = "GET /login HTTP/1.0\r\n\r\n";
    assert_eq!(send(world.address(), none.as_bytes()).await.status, 421);
    world.app.stop().await;
}

#[tokio::test]
async fn behind_a_name_of_its_own_only_that_name_is_heard() {
    let change = |config: &mut postkey::config::Config| config.public_url = "https://postkey.example".parse().unwrap();
    let app = TestApp::with(Engine::Sqlite, change).await;
    let at = app.listens_on();
    for (host, status) in [
        ("postkey.example", 303),
        ("POSTKEY.example", 303),
        ("postkey.example:443", 303),
        ("postkey.example:8443", 421),
        ("postkey.example.evil.example", 421),
        ("127.0.0.1", 421),
        ("localhost", 421),
    ] {
        let answer = send(at, &request("GET", "/", &[("host", host)], "")).await;
        assert_eq!(answer.status, status, "{host}");
        assert!(answer.header("strict-transport-security").is_some_and(|hsts| hsts.starts_with("max-age=63072000")));
        assert!(answer.header("location").is_none_or(|to| to.starts_with('/')));
    }
    app.stop().await;
}

/// Other ways to write an address reach the same guard or nothing.
#[tokio::test]
async fn an_address_written_differently_opens_nothing() {
    let world = World::on(Engine::Sqlite).await;
    let nobody = world.anonymous().await;
    let viewer = &world.people[0];
    let mailbox = world.mailbox.strip_prefix("/mailboxes/").unwrap();
    let mut paths: Vec<String> = Vec::new();
    for path in ["/mailboxes", "/applications/new", &world.mailbox, "/", "/static/../mailboxes"] {
        let rest = path.trim_start_matches('/');
        paths.extend([
            format!("//{rest}"),
            format!("/./{rest}"),
            format!("/x/../{rest}"),
            format!("/static/..%2f{rest}"),
            format!("/static/%2e%2e/{rest}"),
            format!("/{rest}/"),
            format!("/{rest};x=1"),
            format!("/{rest}%00"),
            format!("/{rest}%20"),
            format!("/{rest}%2f"),
            format!("/{rest}.html"),
            format!("/{}", rest.to_uppercase()),
            format!("/{}", rest.replacen('m', "%6d", 1).replacen('a', "%61", 1)),
            format!("/login/../{rest}"),
            format!("/explain/..%2f{rest}"),
            format!("/healthz/../{rest}"),
            format!("/{rest}?/login"),
            format!("\\{rest}"),
        ]);
    }
    paths.extend([
        format!("/mailboxes/{}", mailbox.to_uppercase()),
        format!("/mailboxes/%2e%2e/applications/new?x={mailbox}"),
        "/mailboxes/..;/applications/new".to_owned(),
        "/static/..%2f..%2f..%2fetc%2fpasswd".to_owned(),
        "/static/%2fetc%2fpasswd".to_owned(),
        "/static/....//....//etc/passwd".to_owned(),
        "/explain/%c0%ae%c0%ae%c0%af".to_owned(),
        "/mailboxes/%ff%fe".to_owned(),
        "/mailboxes/mb_'%20OR%201=1--".to_owned(),
    ]);
    for path in paths {
        let anonymous = world.ask(&nobody, "GET", &path).await;
        let told = anonymous.text().contains("contoso.example") || anonymous.text().contains("root:");
        assert!(!told, "{path} tells a stranger: {}", anonymous.text());
        let known = matches!(anonymous.status, 303 | 400 | 404 | 405 | 421);
        assert!(known, "{path}: {}", anonymous.status);
        assert!(
            anonymous.header("location").is_none_or(|to| to == "/login" || to.starts_with("/login?next=%2F")),
            "{path}"
        );
        let low = world.ask(viewer, "GET", &path).await;
        assert!(!low.text().contains("action=\"/applications/new\""), "{path} opens a form to a viewer");
        assert!(low.status < 500, "{path}: {}", low.status);
    }
    world.app.stop().await;
}
