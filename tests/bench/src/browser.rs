//! One signed-in person, and what that person asks for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::Context;
use hyper::StatusCode;
use scraper::{Html, Selector};

use crate::http::{Answer, Asked, Connection, get, post, work};
use crate::load::Task;
use crate::report::TOKEN;
use crate::seed::{APPLICATION, Seeded, waiting};

/// The pages on which operations look whether all is well, by the names of their tasks.
pub(crate) const HEALTH: [&str; 4] = ["overview", "token health", "problems", "expiry"];

/// What is measured.
pub(crate) struct Work {
    pub(crate) tasks: Vec<Task>,
    /// Size of the list's first page.
    pub(crate) list_bytes: usize,
    /// Size of what a mail worker is handed.
    pub(crate) token_bytes: usize,
}

/// The request with a number.
type Request = Arc<dyn Fn(usize) -> Asked + Send + Sync>;

struct Browser {
    address: SocketAddr,
    connection: Connection,
    cookies: Vec<(String, String)>,
}

impl Browser {
    async fn ask(&mut self, request: Asked) -> anyhow::Result<Answer> {
        let answer = self.connection.ask(request).await?;
        for set in answer.headers.get_all("set-cookie") {
            let pair = set.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').context("a cookie without a value")?;
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        Ok(answer)
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn page(&mut self, path: &str) -> anyhow::Result<String> {
        let answer = self.ask(get(self.address, path, &self.cookie())).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "{path} answered {}", answer.status);
        Ok(String::from_utf8(answer.body.to_vec())?)
    }

    /// What asks for the token of a mailbox that works, and how long the answer is.
    async fn token(&mut self, key: &str) -> anyhow::Result<(Request, usize)> {
        let list = "/api/v1/mailboxes?status=connected&limit=1";
        let listed = self.connection.ask(work(self.address, list, key)).await?;
        let listed: serde_json::Value = serde_json::from_slice(&listed.body)?;
        let mailbox = listed["mailboxes"][0]["address"].as_str().context("no mailbox works")?;
        let (address, key) = (self.address, key.to_owned());
        let path = format!("/api/v1/mailboxes/{mailbox}/token");
        let answer = self.connection.ask(work(address, &path, &key)).await?;
        Ok((Arc::new(move |_| work(address, &path, &key)), answer.body.len()))
    }

    /// The key that forms on `path` carry.
    async fn key(&mut self, path: &str) -> anyhow::Result<String> {
        let page = self.page(path).await?;
        attributes(&page, "input[name=_csrf]", "value").pop().context("no form key")
    }
}

fn attributes(page: &str, selector: &str, name: &str) -> Vec<String> {
    let Ok(selector) = Selector::parse(selector) else { return Vec::new() };
    let page = Html::parse_document(page);
    page.select(&selector).filter_map(|found| found.value().attr(name)).map(str::to_owned).collect()
}

impl Work {
    /// Signs in and finds out what can be asked for.
    pub(crate) async fn prepare(address: SocketAddr, seeded: &Seeded) -> anyhow::Result<Self> {
        let mut browser = Browser { address, connection: Connection::open(address).await?, cookies: Vec::new() };
        let visit_key = browser.key("/login").await?;
        let visit = browser.cookie();
        let owner = [("_csrf", visit_key.as_str()), ("email", &seeded.people[0]), ("password", &seeded.password)];
        let answer = browser.ask(post(address, "/login", &visit, &owner)).await?;
        anyhow::ensure!(answer.status == StatusCode::SEE_OTHER, "the login was refused");
        let list = browser.page("/mailboxes").await?;
        let mut mailboxes = Vec::new();
        for path in ["/mailboxes?n=200", "/mailboxes?n=200&sort=address", "/mailboxes?n=200&sort=-address"] {
            mailboxes.extend(attributes(&browser.page(path).await?, "tbody th a", "href"));
        }
        anyhow::ensure!(!mailboxes.is_empty(), "the list is empty");
        let form_key = browser.key("/mailboxes/new").await?;
        let csv = browser.page("/applications.csv").await?;
        let application =
            csv.lines().find(|line| line.contains(APPLICATION)).context("the application is not stored")?;
        let application = application.split(',').next().unwrap_or_default().to_owned();
        let cookie = browser.cookie();
        let see = |name, path: &'static str| {
            let cookie = cookie.clone();
            task(name, StatusCode::OK, 400, Arc::new(move |_| get(address, path, &cookie)))
        };
        let point = {
            let cookie = cookie.clone();
            Arc::new(move |number: usize| get(address, &mailboxes[number * 7 % mailboxes.len()], &cookie))
        };
        let (people, password) = (seeded.people.clone(), seeded.password.clone());
        let login = Arc::new(move |number: usize| {
            let email = people[number % people.len()].as_str();
            post(address, "/login", &visit, &[("_csrf", &visit_key), ("email", email), ("password", &password)])
        });
        let save_cookie = cookie.clone();
        let save = Arc::new(move |number: usize| {
            let fields = [("_csrf", form_key.as_str()), ("address", &waiting(number)), ("application", &application)];
            post(address, "/mailboxes", &save_cookie, &fields)
        });
        let (token, token_bytes) = browser.token(&seeded.api_key).await?;
        let tasks = vec![
            see("list, first page", "/mailboxes"),
            see("list, one status", "/mailboxes?status=secret_expired"),
            see("search", "/mailboxes?q=madrid"),
            task("mailbox page", StatusCode::OK, 400, point),
            see("overview", "/"),
            see("token health", "/tokens"),
            see("problems", "/problems"),
            see("expiry", "/expiry"),
            Task { most: 20_000, ..task(TOKEN, StatusCode::OK, 0, token) },
            Task { warm: 1, ..task("login", StatusCode::SEE_OTHER, 15, login) },
            Task { warm: 2, ..task("save, with its check", StatusCode::SEE_OTHER, 150, save) },
        ];
        Ok(Self { tasks, list_bytes: list.len(), token_bytes })
    }
}

fn task(name: &'static str, expected: StatusCode, most: usize, request: Request) -> Task {
    Task { name, request, expected, warm: 20, most, next: Arc::new(AtomicUsize::new(0)) }
}
