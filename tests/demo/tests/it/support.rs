//! A running demo, and a visitor who logs in.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde_json::Value;

/// A demo in a process of its own; stopped when it is dropped.
pub(crate) struct Demo {
    child: Child,
    /// The line of JSON.
    pub(crate) said: Value,
}

/// Someone who has logged in.
pub(crate) struct Visitor {
    client: reqwest::Client,
    origin: String,
    cookie: String,
}

fn command(options: &[&str], temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postkey-demo"));
    command.env("TMPDIR", temporary).args(options);
    for option in ["--listen", "--simulator"] {
        if !options.contains(&option) {
            command.args([option, "127.0.0.1:0"]);
        }
    }
    command
}

/// What a demo says that does not start.
pub(crate) fn refused(options: &[&str], temporary: &Path) -> String {
    let output = command(options, temporary).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

impl Demo {
    /// Starts one and waits until it is ready. Its temporary folder is made in `temporary`.
    pub(crate) fn start(options: &[&str], temporary: &Path) -> Self {
        let mut child = command(options, temporary).arg("--json").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap_or_else(|cause| panic!("{cause}: {line:?}"));
        Self { child, said }
    }

    /// Tells it to stop, as a service manager does. Whether it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        told.success() && self.child.wait().unwrap().success()
    }

    /// Logs in as the owner.
    pub(crate) async fn log_in(&self) -> Visitor {
        let text = |key: &str| self.said[key].as_str().unwrap().to_owned();
        let (client, origin) = (client(), text("postkey"));
        let page = client.get(format!("{origin}/login")).send().await.unwrap();
        let cookie = cookie(&page).unwrap_or_default();
        let page = page.text().await.unwrap();
        let key = page.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let form = [("_csrf", key), ("email", &text("user")), ("password", &text("password"))];
        let answer = client
            .post(format!("{origin}/login"))
            .header(COOKIE, &cookie)
            .header(ORIGIN, &origin)
            .form(&form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
        let session = self::cookie(&answer).unwrap();
        Visitor { client, origin, cookie: format!("{cookie}; {session}") }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.stop();
        }
    }
}

impl Visitor {
    /// A page, which must be there.
    pub(crate) async fn get(&self, path: &str) -> String {
        let answer =
            self.client.get(format!("{}{path}", self.origin)).header(COOKIE, &self.cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// The ID of the mailbox with this address.
    pub(crate) async fn id(&self, address: &str) -> String {
        self.row(address).await.split(',').next().unwrap().to_owned()
    }

    /// What is under "Incoming" for it.
    pub(crate) async fn incoming(&self, address: &str) -> String {
        self.row(address).await.rsplit(',').nth(3).unwrap().to_owned()
    }

    /// Has it checked now.
    pub(crate) async fn check(&self, address: &str) {
        let path = format!("/mailboxes/{}", self.id(address).await);
        let page = self.get(&path).await;
        let key = page.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let request = self.client.post(format!("{}{path}/check", self.origin)).header(COOKIE, &self.cookie);
        let answer = request.header(ORIGIN, &self.origin).form(&[("_csrf", key)]).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        assert!(answer.headers()["location"].to_str().unwrap().ends_with("?done=checked"), "{answer:?}");
    }

    async fn row(&self, address: &str) -> String {
        let list = self.get(&format!("/mailboxes.csv?q={}", address.replace('@', "%40"))).await;
        let row = list.lines().find(|row| row.split(',').nth(1) == Some(address));
        row.unwrap_or_else(|| panic!("no {address} in {list}")).to_owned()
    }
}

fn cookie(answer: &reqwest::Response) -> Option<String> {
    let set = answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next());
    let all: Vec<&str> = set.collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
    let builder = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .redirect(reqwest::redirect::Policy::none());
    builder.build().unwrap()
}
