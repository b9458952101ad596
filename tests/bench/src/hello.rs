//! A bare axum server in a process of its own, which answers with as many bytes as the list or a token: what the machine gives.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::Context;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use hyper::StatusCode;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::http;
use crate::load::{self, Measured, Task};

/// Serves until it is killed. Says where on its first line.
pub(crate) async fn serve(bytes: usize) -> anyhow::Result<()> {
    let text = "x".repeat(bytes);
    let router = Router::new().route("/", get(async move || Html(text.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

pub(crate) async fn measure(bytes: usize) -> anyhow::Result<[Measured; 2]> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["hello", &bytes.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = child.stdout.take().context("no output")?;
    let line = BufReader::new(said).lines().next_line().await?.context("it said nothing")?;
    let address: SocketAddr = line.parse()?;
    let task = Task {
        name: "bare axum",
        request: Arc::new(move |_| http::get(address, "/", "")),
        expected: StatusCode::OK,
        warm: 100,
        most: 20_000,
        next: Arc::new(AtomicUsize::new(0)),
    };
    let measured = [load::measure(address, &task, 1).await?, load::measure(address, &task, 8).await?];
    child.kill().await?;
    Ok(measured)
}
