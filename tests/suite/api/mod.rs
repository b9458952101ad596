//! `/api/v1`: what mail workers are answered.

mod document;
mod guard;
mod ledger;
mod lists;
mod refused;
mod replicas;
mod token;
mod troubles;
mod waits;

use postkey_simulator::Lifetime;
use serde_json::Value;

use crate::support::{Browser, Engine, Page, TestApp};
use crate::tokens::keeper::opened_by;

const HOUR: i64 = 3_600;
pub(crate) const SUPPORT: &str = "support@contoso.example";

/// A program with a key and no cookies.
pub(crate) struct Worker {
    http: Browser,
    bearer: String,
}

impl Worker {
    pub(crate) fn new(app: &TestApp, key: &str) -> Self {
        Self { http: app.stranger(), bearer: format!("Bearer {key}") }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let headers = [&[("authorization", self.bearer.as_str())], headers].concat();
        let page = self.http.get_with(&format!("/api/v1/mailboxes{path}"), &headers).await;
        assert!(page.headers.get("set-cookie").is_none() && page.header("cache-control") == "no-store");
        page
    }

    pub(crate) async fn token(&self, mailbox: &str) -> Page {
        self.get(&format!("/{mailbox}/token")).await
    }

    pub(crate) async fn refused(&self, mailbox: &str, body: &str) -> Page {
        let path = format!("/api/v1/mailboxes/{mailbox}/token/refused");
        self.http.post_json(&path, body, &[("authorization", self.bearer.as_str())]).await
    }
}

pub(crate) fn json(page: &Page) -> Value {
    serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("{}: {}", page.status, page.body))
}

/// Expects a problem with this code, and gives it.
pub(crate) fn problem(page: &Page, code: &str) -> Value {
    assert_eq!(page.header("content-type"), "application/problem+json", "{}", page.body);
    let problem = json(page);
    assert_eq!(problem["code"], code, "{}", page.body);
    assert_eq!(problem["status"], page.status);
    assert_eq!(problem["type"], format!("/api#{code}"));
    assert_eq!(problem["request_id"], page.header("x-request-id"));
    assert_eq!(
        problem["retry_after"].as_i64().map(|seconds| seconds.to_string()).unwrap_or_default(),
        page.header("retry-after")
    );
    problem
}

/// A mailbox of an application whose tokens live for an hour, and a worker for all mailboxes.
pub(crate) async fn start(engine: Engine) -> (TestApp, Browser, Worker) {
    let app = TestApp::on(engine).await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 });
    let ana = app.owner().await;
    opened_by(&app, &ana, "Contoso Mail", SUPPORT).await;
    let (_, key) = crate::keys::make(&ana, &[]).await;
    app.sim.clear_requests();
    let worker = Worker::new(&app, &key);
    (app, ana, worker)
}

/// Lets time pass with Ana staying signed in.
pub(crate) async fn later(app: &TestApp, ana: &Browser, seconds: i64) {
    let mut left = seconds;
    while left > 0 {
        let step = left.min(1_200);
        app.advance(step);
        assert_eq!(ana.get("/").await.status, 200);
        left -= step;
    }
}
