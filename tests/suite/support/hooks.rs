//! A receiver of webhooks on loopback that writes down what it is given, and answers as it is told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;

/// A message, as it was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What it tells of, and its line.
    pub(crate) fn told(&self) -> (String, String) {
        let json = self.json();
        (json["type"].as_str().unwrap().to_owned(), json["text"].as_str().unwrap().lines().next().unwrap().to_owned())
    }
}

#[derive(Clone)]
pub(crate) struct HookSink {
    pub(crate) url: String,
    state: Arc<Mutex<(StatusCode, &'static str, Vec<Received>)>>,
}

impl HookSink {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new((StatusCode::NO_CONTENT, "", Vec::new())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/aB3dEfGh1JkLmNoP", listener.local_addr().unwrap());
        let router = Router::new().route("/hooks/{secret}", post(take)).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// What it answers from now on.
    pub(crate) fn answers(&self, status: u16, body: &'static str) {
        let mut state = self.state.lock().unwrap();
        (state.0, state.1) = (StatusCode::from_u16(status).unwrap(), body);
    }

    /// What it was given so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().2.clone()
    }

    /// What it was told so far: events and lines.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        self.received().iter().map(Received::told).collect()
    }
}

type Shared = Arc<Mutex<(StatusCode, &'static str, Vec<Received>)>>;

async fn take(State(state): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
    let mut state = state.lock().unwrap();
    state.2.push(Received { headers, body });
    (state.0, state.1)
}
