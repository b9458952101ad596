//! What no honest server says, said by a bare socket.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use postkey::microsoft::{Cloud, GrantType, Tenant};
use postkey::words::{Cause, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{broken, microsoft_at, nobody, secret, token};

const SECRET: &str = "s3cr3t-that-must-not-travel";

/// A server that answers every connection with the same bytes; keeps what was asked and counts what it wrote.
struct Socket {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicU64>,
    written: Arc<AtomicU64>,
}

impl Socket {
    async fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::repeating(|_| answer, 1).await
    }

    /// Answers what `answer` makes of the server's own address, and `times - 1` pieces of 64 kB after it.
    async fn repeating(answer: impl FnOnce(&str) -> Vec<u8>, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            connections: Arc::default(),
            written: Arc::default(),
        };
        let answer = Arc::new(answer(&socket.address));
        let (connections, written) = (socket.connections.clone(), socket.written.clone());
        let asked = socket.asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (answer, asked, written) = (answer.clone(), asked.clone(), written.clone());
                tokio::spawn(async move {
                    let (question, stream) = question(stream).await;
                    asked.lock().unwrap().push(question);
                    answer_one(stream, answer, times, written).await;
                });
            }
        });
        socket
    }

    fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads one request with its body.
async fn question(mut stream: TcpStream) -> (String, TcpStream) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if body.is_some_and(|body| body >= length.unwrap_or(0)) {
            return (text, stream);
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return (text, stream),
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
    }
}

async fn answer_one(mut stream: TcpStream, answer: Arc<Vec<u8>>, times: usize, written: Arc<AtomicU64>) {
    for piece in std::iter::once(answer.as_slice()).chain((1..times).map(|_| &[b' '; 65_536][..])) {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        written.fetch_add(piece.len() as u64, Ordering::SeqCst);
    }
    let _ = stream.shutdown().await;
    // Reads what is left, so that closing does not reset the connection under the answer.
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut [0; 4096])).await;
}

fn ok(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// How all three questions fail against the same answer.
async fn asked_all(server: &Socket) -> [Transport; 3] {
    let microsoft = microsoft_at(&server.address, &server.address, None);
    let tenant = Tenant::parse("contoso.example").unwrap();
    let found = microsoft.tenant(Cloud::Custom, &tenant).await;
    let issued = microsoft.token(&nobody(), &secret(SECRET), &GrantType::ClientCredentials).await;
    let inbox = microsoft.read_inbox(Cloud::Custom, &token(SECRET), "a@b.example").await;
    for text in [format!("{found:?}"), format!("{issued:?}"), format!("{inbox:?}")] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.len() < 2048, "{} bytes", text.len());
    }
    [broken(found), broken(issued), broken(inbox)]
}

#[tokio::test]
async fn garbage_is_never_believed() {
    let json = "application/json";
    let token = r#""access_token":"a","token_type":"Bearer""#;
    let gzip_bomb_start = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xec, 0xc1];
    for (answer, expected) in [
        (ok("text/html", b"<!doctype html><title>Log in</title>"), Transport::Html),
        (ok(json, b" \n<html>"), Transport::Html),
        (ok(json, b""), Transport::Empty),
        (ok(json, b" \r\n"), Transport::Empty),
        (ok(json, b"{\"error\":"), Transport::Truncated),
        (ok(json, b"null"), Transport::BadAnswer),
        (ok(json, b"{\"issuer\":1}"), Transport::BadAnswer),
        (ok(json, b"{\"issuer\":1,\"access_token\":{},\"totalItemCount\":\"x\"}"), Transport::BadAnswer),
        (ok(json, format!("{{{token},\"expires_in\":1,\"expires_in\":2}}").as_bytes()), Transport::BadAnswer),
        (ok(json, b"{\"issuer\":\"a\",\"issuer\":\"b\"}"), Transport::BadAnswer),
        (ok(json, b"\0\0\0\0"), Transport::BadAnswer),
        (ok(json, b"\xff\xfe{}"), Transport::BadAnswer),
        (ok(json, format!("\u{FEFF}{{{token},\"expires_in\":60}}").as_bytes()), Transport::BadAnswer),
        (ok(json, &gzip_bomb_start), Transport::BadAnswer),
        (ok(json, "[".repeat(200_000).as_bytes()), Transport::BadAnswer),
    ] {
        let server = Socket::saying(answer.clone()).await;
        let shown = String::from_utf8_lossy(&answer[..answer.len().min(120)]).into_owned();
        for kind in asked_all(&server).await {
            assert_eq!(kind, expected, "{shown}");
        }
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_broken_connection() {
    for answer in ["", "SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"] {
        let server = Socket::saying(answer).await;
        for kind in asked_all(&server).await {
            assert!(matches!(kind, Transport::Reset | Transport::Truncated), "{answer:?}: {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_left_early() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    let server = Socket::repeating(|_| head.into(), 800).await;
    for kind in asked_all(&server).await {
        assert_eq!(kind, Transport::TooBig);
    }
    let written = server.written.load(Ordering::SeqCst);
    assert!(written < 3 * (12 << 20), "{written} bytes of 3 × 50 MB were taken");
}

#[tokio::test]
async fn a_redirect_is_refused_and_nothing_is_sent_to_where_it_points() {
    let elsewhere = Socket::saying(ok("application/json", b"{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let answer =
            format!("HTTP/1.1 {status} Moved\r\nLocation: {}/token\r\nContent-Length: 0\r\n\r\n", elsewhere.address);
        let server = Socket::saying(answer).await;
        assert_eq!(asked_all(&server).await, [Transport::Redirect; 3], "{status}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_discovery_document_cannot_move_the_token_endpoint() {
    let elsewhere = Socket::saying(ok("application/json", b"{}")).await;
    let tenant = "11111111-1111-4111-8111-111111111111";
    for issuer in [format!("{}/{tenant}/v2.0", elsewhere.address), "https://evil.example/v2.0".into()] {
        let body = format!(r#"{{"issuer":"{issuer}","token_endpoint":"{}/token"}}"#, elsewhere.address);
        let server = Socket::saying(ok("application/json", body.as_bytes())).await;
        assert_eq!(asked_all(&server).await, [Transport::BadAnswer; 3]);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn another_tenant_than_the_one_asked_for_is_no_answer() {
    let answer = |address: &str| {
        let issuer = format!("{address}/44444444-4444-4444-8444-444444444444/v2.0");
        ok("application/json", format!(r#"{{"issuer":"{issuer}"}}"#).as_bytes())
    };
    let server = Socket::repeating(answer, 1).await;
    let microsoft = microsoft_at(&server.address, &server.address, None);
    let tenant = Tenant::parse("11111111-1111-4111-8111-111111111111").unwrap();
    assert_eq!(broken(microsoft.tenant(Cloud::Custom, &tenant).await), Transport::BadAnswer);
}

#[tokio::test]
async fn a_page_with_an_error_status_is_no_refusal_of_microsoft() {
    for status in ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy"] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
        let server = Socket::saying(answer).await;
        assert_eq!(asked_all(&server).await, [Transport::Html; 3], "{status}");
    }
}

#[tokio::test]
async fn a_secret_that_is_echoed_does_not_enter_the_failure() {
    let body = format!(r#"{{"error":"invalid_client","error_description":"AADSTS7000215: {SECRET} is wrong"}}"#);
    let head = format!("HTTP/1.1 401 X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    let server = Socket::saying(head + &body).await;
    let microsoft = microsoft_at(&server.address, &server.address, None);
    let failure = microsoft.token(&nobody(), &secret(SECRET), &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!(failure.cause, Cause::SecretRefused);
    assert_eq!(failure.message, "AADSTS7000215: [removed] is wrong");
}

#[tokio::test]
async fn a_server_that_never_answers_costs_no_more_than_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let microsoft = microsoft_at(&address, &address, None);
    let started = Instant::now();
    let issued = microsoft.token(&nobody(), &secret(SECRET), &GrantType::ClientCredentials).await;
    assert_eq!(broken(issued), Transport::Timeout);
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&started.elapsed()));
}

#[tokio::test]
async fn a_secret_travels_once_in_the_body_whatever_characters_it_has() {
    let server = Socket::saying(ok("application/json", b"{}")).await;
    let microsoft = microsoft_at(&server.address, &format!("{}/graph/", server.address), None);
    let odd = "a+b&c=d%7E e~é/\"'\\";
    let _ = microsoft.token(&nobody(), &secret(odd), &GrantType::ClientCredentials).await;
    let asked = server.asked.lock().unwrap().pop().unwrap();
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    let fields: HashMap<_, _> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let graph = format!("{}/graph/.default", server.address);
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", "22222222-2222-4222-8222-222222222222"),
        ("client_secret", odd),
        ("scope", graph.as_str()),
    ] {
        assert_eq!(fields.get(name).map(String::as_str), Some(value), "{body}");
    }
    assert_eq!(fields.len(), 4, "{body}");
    assert!(head.starts_with("POST /11111111-1111-4111-8111-111111111111/oauth2/v2.0/token HTTP/1.1"), "{head}");
    let head = head.to_lowercase();
    assert!(!head.contains("authorization:") && !head.contains("cookie:"), "{head}");
    assert!(head.contains("user-agent: postkey/") && head.contains("client-request-id: "), "{head}");
}
