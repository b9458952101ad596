//! A kept-alive connection.

use std::net::SocketAddr;

use anyhow::Context;
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What is sent.
pub(crate) type Asked = Request<Full<Bytes>>;

/// A connection that stays open.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends one request and reads the answer to its end.
    pub(crate) async fn ask(&mut self, request: Asked) -> anyhow::Result<Answer> {
        self.0.ready().await.context("the connection was closed")?;
        let (head, body) = self.0.send_request(request).await?.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body: body.collect().await?.to_bytes() })
    }
}

/// A request for a page.
pub(crate) fn get(address: SocketAddr, path: &str, cookie: &str) -> Asked {
    let request = Request::get(path).header("host", address.to_string()).header("cookie", cookie);
    request.body(Full::default()).unwrap_or_default()
}

/// What a mail worker asks for.
pub(crate) fn work(address: SocketAddr, path: &str, key: &str) -> Asked {
    let request = Request::get(path).header("host", address.to_string());
    request.header("authorization", format!("Bearer {key}")).body(Full::default()).unwrap_or_default()
}

/// A form as a browser sends it.
pub(crate) fn post(address: SocketAddr, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Asked {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path)
        .header("host", address.to_string())
        .header("cookie", cookie)
        .header("origin", format!("http://{address}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(Full::from(form)).unwrap_or_default()
}
