//! Connections that are slow, huge, many or malformed (S-80 to S-82), and a handler that panics (S-84).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use postkey::config::{Deadlines, Places};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::wire::{Answer, exchange, form, read_to_close, request, send};
use super::world::{World, dump};
use crate::support::{Engine, TestApp};

/// So short that a test can wait for it.
const SHORT: Duration = Duration::from_millis(200);

async fn hasty() -> TestApp {
    let deadlines = Deadlines { header: SHORT, form: SHORT, reader: SHORT, ..Deadlines::USUAL };
    TestApp::with(Engine::Sqlite, |config| config.deadlines = deadlines).await
}

async fn half(address: SocketAddr, bytes: &[u8]) -> (TcpStream, Instant) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    (stream, Instant::now())
}

#[tokio::test]
async fn a_header_that_never_ends_and_a_silent_line_are_cut_off() {
    let app = hasty().await;
    let at = app.listens_on();
    let own = app.url.strip_prefix("http://").unwrap();
    let unfinished = format!("GET /login HTTP/1.1\r\nhost: {own}\r\nx-slow: ");
    for bytes in ["", "G", "GET /login HTTP/1.1\r\n", unfinished.as_str()] {
        let (mut stream, start) = half(at, bytes.as_bytes()).await;
        let said = read_to_close(&mut stream).await;
        assert!(start.elapsed() >= SHORT && start.elapsed() < SHORT * 20, "{:?}", start.elapsed());
        assert!(matches!(Answer::parse(&said).status, 0 | 408), "{}", String::from_utf8_lossy(&said));
    }
    // One byte at a time, each in time, the whole too late.
    let (mut stream, start) = half(at, b"GET /login HTTP/1.1\r\n").await;
    let (mut reading, mut writing) = stream.split();
    let drip = async {
        while writing.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        _ = reading.read_to_end(&mut said) => {}
        () = drip => {}
    }
    assert!(start.elapsed() < SHORT * 20);
    // A kept-alive connection that falls silent after an answer.
    let kept = format!("GET /login HTTP/1.1\r\nhost: {own}\r\n\r\n");
    let (mut stream, _) = half(at, kept.as_bytes()).await;
    let said = read_to_close(&mut stream).await;
    assert_eq!(Answer::parse(&said).status, 303);
    app.stop().await;
}

#[tokio::test]
async fn a_form_that_arrives_too_slowly_is_refused_and_changes_nothing() {
    let world = World::around(hasty().await).await;
    let before = dump(world.db(), &[]).await;
    let own = world.own_page(&world.owner.cookies);
    let key = form(&[("_csrf".to_owned(), world.owner.key.clone())]);
    let path = format!("{}/default", world.mailbox);
    let whole = String::from_utf8(request("POST", &path, &own, &key)).unwrap();
    let longer = whole.replace("content-length: ", "content-length: 1");
    let chunked = format!("{:x}\r\n{key}\r\n", key.len());
    let open =
        whole.split("content-length").next().unwrap().to_owned() + "transfer-encoding: chunked\r\n\r\n" + &chunked;
    for bytes in [longer, open] {
        let (mut stream, start) = half(world.address(), bytes.as_bytes()).await;
        let answer = Answer::parse(&read_to_close(&mut stream).await);
        assert_eq!(answer.status, 408, "{}", answer.head);
        assert!(start.elapsed() < SHORT * 20);
    }
    assert!(dump(world.db(), &[]).await == before);
    world.app.stop().await;
}

#[tokio::test]
async fn who_asks_and_never_reads_is_cut_off() {
    let app = hasty().await;
    let own = app.url.strip_prefix("http://").unwrap();
    let style = postkey::web::assets::css();
    let mut stream = TcpStream::connect(app.listens_on()).await.unwrap();
    let ask = format!("GET {style} HTTP/1.1\r\nhost: {own}\r\n\r\n").repeat(50);
    // Until both ways are full; then the server must not wait for ever.
    let start = Instant::now();
    let pushing = async {
        loop {
            if stream.write_all(ask.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    assert!(
        tokio::time::timeout(SHORT * 50, pushing).await.is_ok(),
        "the connection lives after {:?}",
        start.elapsed()
    );
    app.stop().await;
}

#[tokio::test]
async fn a_crowd_of_connections_is_turned_away_and_the_next_one_served() {
    let places = Places { all: 8, each: 4, ..Places::USUAL };
    let app = TestApp::with(Engine::Sqlite, |config| config.places = places).await;
    let at = app.listens_on();
    let own = app.url.strip_prefix("http://").unwrap().to_owned();
    let ask = request("GET", "/healthz", &[("host", &own)], "");
    let mut crowd = Vec::new();
    for _ in 0..8 {
        // Each has asked something, so that it is known to have a place.
        let (mut stream, _) = half(at, format!("GET /healthz HTTP/1.1\r\nhost: {own}\r\n\r\n").as_bytes()).await;
        let mut said = [0; 64];
        assert!(stream.read(&mut said).await.unwrap() > 0);
        crowd.push(stream);
    }
    let refused = tokio::time::timeout(Duration::from_secs(5), async {
        let (mut stream, _) = half(at, &ask).await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        said
    });
    assert!(refused.await.unwrap().is_empty(), "the ninth was served");
    drop(crowd);
    loop {
        // The places are free as soon as the server has seen that they are.
        let mut stream = TcpStream::connect(at).await.unwrap();
        let _ = stream.write_all(&ask).await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        if Answer::parse(&said).status == 200 {
            break;
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_however_its_length_is_told() {
    let world = World::on(Engine::Sqlite).await;
    let before = dump(world.db(), &[]).await;
    let own = world.own_page(&world.owner.cookies);
    let key = form(&[("_csrf".to_owned(), world.owner.key.clone())]);
    let plain = |length: &str, body: &str| {
        let head = String::from_utf8(request("POST", "/mailboxes", &own, "")).unwrap();
        format!("{}{length}\r\n\r\n{body}", head.strip_suffix("\r\n").unwrap())
    };
    let big = format!("{key}&address={}", "x".repeat(70_000));
    let chunk = format!("{:x}\r\n{big}\r\n0\r\n\r\n", big.len());
    let chunks = format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(5) + "0\r\n\r\n";
    let endless = format!("ffffffff\r\n{}", "x".repeat(70_000));
    for (what, bytes) in [
        ("plain", plain(&format!("content-length: {}", big.len()), &big)),
        ("chunked", plain("transfer-encoding: chunked", &chunk)),
        ("in chunks", plain("transfer-encoding: chunked", &chunks)),
        ("endless", plain("transfer-encoding: chunked", &endless)),
        ("promised", plain("content-length: 99999999999", &"x".repeat(70_000))),
    ] {
        let answer = send(world.address(), bytes.as_bytes()).await;
        assert_eq!(answer.status, 413, "{what}: {}", answer.head);
    }
    // Just as much as is allowed.
    let most = format!("{key}&address={}", "x".repeat(64 * 1024 - key.len() - 9));
    let answer = send(world.address(), plain(&format!("content-length: {}", most.len()), &most).as_bytes()).await;
    assert_eq!(answer.status, 422);
    // A length that says less: the rest is no request of ours.
    let short = plain(&format!("content-length: {}", key.len()), &format!("{key}POST /logout HTTP/1.1\r\n\r\n"));
    let short = short.replace("connection: close\r\n", "");
    let said = exchange(world.address(), format!("{short}\r\nx\r\n\r\n").as_bytes()).await;
    assert_eq!(Answer::parse(&said).status, 422);
    assert!(dump(world.db(), &[]).await == before);
    world.app.stop().await;
}

#[tokio::test]
async fn two_readings_of_one_request_are_never_possible() {
    let world = World::on(Engine::Sqlite).await;
    let own = world.app.url.strip_prefix("http://").unwrap();
    let smuggled = format!("GET /smuggled HTTP/1.1\r\nhost: {own}\r\n\r\n");
    let chunked = "0\r\n\r\n";
    let both = |first: &str, second: &str| {
        format!("POST /login HTTP/1.1\r\nhost: {own}\r\n{first}\r\n{second}\r\n\r\n{chunked}{smuggled}")
    };
    for bytes in [
        both("content-length: 5", "transfer-encoding: chunked"),
        both("transfer-encoding: chunked", "content-length: 5"),
        both("content-length: 5", "content-length: 60"),
        both("content-length: +5", "x: y"),
        both("content-length: 5, 60", "x: y"),
        both("transfer-encoding: xchunked", "x: y"),
        both("transfer-encoding: chunked, identity", "x: y"),
        both("transfer-encoding : chunked", "content-length: 5"),
        both("transfer-encoding:\x0bchunked", "content-length: 5"),
        both("transfer-encoding: chunked", "transfer-encoding: identity"),
        format!("GET /login HTTP/1.0\r\nhost: {own}\r\ntransfer-encoding: chunked\r\n\r\n{chunked}{smuggled}"),
        format!("GET /login HTTP/1.1\r\nhost: {own}\r\n x: y\r\n\r\n"),
        format!("GET /login\u{a0}HTTP/1.1\r\nhost: {own}\r\n\r\n"),
    ] {
        let said = exchange(world.address(), bytes.as_bytes()).await;
        let text = String::from_utf8_lossy(&said);
        assert!(text.matches("HTTP/1.1 ").count() <= 1, "two answers to {bytes}:\n{text}");
        assert!(!text.contains("200 OK"), "{bytes}:\n{text}");
    }
    for method in ["TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "FOO", "get"] {
        let target = if method == "CONNECT" { own } else { "/login" };
        let answer = send(world.address(), &request(method, target, &[("host", own), ("x-echo", "echoed")], "")).await;
        assert!(matches!(answer.status, 400 | 403 | 405 | 421), "{method}: {}", answer.head);
        assert!(!answer.text().contains("echoed"), "{method}");
    }
    let preface = exchange(world.address(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(matches!(Answer::parse(&preface).status, 0 | 400 | 505), "HTTP/2 is not spoken");
    let upgrade =
        [("host", own), ("upgrade", "h2c"), ("http2-settings", "AAMAAABkAAQAAP__"), ("cookie", &world.owner.cookies)];
    assert_eq!(send(world.address(), &request("GET", "/", &upgrade, "")).await.status, 200);
    world.app.stop().await;
}

async fn boom() -> &'static str {
    panic!("the secret of the house")
}

/// The outer layers of the product around a handler that the product does not have.
#[tokio::test]
async fn a_panic_is_a_page_like_any_other_failure() {
    let app = TestApp::start().await;
    let router = postkey::routes::dressed(app.inside().clone(), axum::Router::new().route("/boom", get(boom)));
    for (accept, mime) in [("text/html", "text/html"), ("application/json", "application/problem+json")] {
        let request = Request::get("/boom").header("accept", accept).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 500);
        let (head, body) = answer.into_parts();
        let named = head.headers["x-request-id"].to_str().unwrap().to_owned();
        assert!(head.headers["content-type"].to_str().unwrap().starts_with(mime));
        assert!(head.headers.contains_key("content-security-policy"));
        let text = String::from_utf8(axum::body::to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        assert!(text.contains("Postkey could not do this") && text.contains(&named), "{text}");
        assert!(!text.contains("secret of the house") && !text.contains("boom") && !text.contains(".rs"), "{text}");
    }
    assert_eq!(app.stranger().get("/login").await.status, 303, "the process lives");
    app.stop().await;
}
