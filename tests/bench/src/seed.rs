//! Data made by `postkey-demo`, and a simulated Microsoft that fits it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use postkey_simulator::{Estate, Mailbox, MailboxKind, Options, SimClock, Simulator};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// What `postkey-demo` prepares from, so that the same applications can be made again.
const SEED: u64 = 1;
/// The application that every saved mailbox uses.
pub(crate) const APPLICATION: &str = "Contoso Mail";
/// Addresses that exist at the simulated Microsoft and wait to be added.
const WAITING: usize = 4_000;

/// What whoever reads the metrics must bring.
pub(crate) const METRICS_TOKEN: &str = "read-the-metrics-of-this-bench";

/// The file that holds it, if it is there.
pub(crate) fn metrics_token(folder: &Path) -> PathBuf {
    folder.join("metrics.token")
}

/// A folder with a filled database.
pub(crate) struct Seeded {
    folder: TempDir,
    pub(crate) mailboxes: usize,
    pub(crate) people: Vec<String>,
    pub(crate) password: String,
    /// The key of a mail worker.
    pub(crate) api_key: String,
}

/// An address that waits to be added.
pub(crate) fn waiting(number: usize) -> String {
    format!("bench.{number}@contoso.example")
}

impl Seeded {
    pub(crate) async fn new(demo: &Path, mailboxes: usize) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("postkey-bench.").tempdir()?;
        let mut child = Command::new(demo)
            .args(["--listen", "127.0.0.1:0", "--simulator", "127.0.0.1:0", "--json"])
            .args(["--seed", &SEED.to_string(), "--mailboxes", &mailboxes.to_string(), "--data"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", demo.display()))?;
        let said = child.stdout.take().context("postkey-demo has no output")?;
        let line = BufReader::new(said).lines().next_line().await?.context("postkey-demo said nothing")?;
        let said: Value = serde_json::from_str(&line)?;
        crate::product::stop(child).await?;
        std::fs::write(metrics_token(folder.path()), METRICS_TOKEN)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("postkey-demo left something out");
        let people = said["people"].as_array().context("postkey-demo names nobody")?;
        Ok(Self {
            // The others sign in at the simulated Microsoft, and have no account in Postkey.
            people: people
                .iter()
                .filter(|person| person["password"] == said["password"])
                .map(|person| text(&person["address"]))
                .collect::<anyhow::Result<_>>()?,
            password: text(&said["password"])?,
            api_key: text(&said["api_key"])?,
            folder,
            mailboxes,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database_bytes(&self) -> u64 {
        std::fs::metadata(crate::data(self.folder()).join("postkey.db")).map_or(0, |file| file.len())
    }

    /// The same applications that the database knows, and mailboxes that wait to be added.
    pub(crate) async fn simulator(&self) -> anyhow::Result<Simulator> {
        let more = |estate: &mut Estate| {
            for number in 0..WAITING {
                estate.mailboxes.put(Mailbox::new(&waiting(number), MailboxKind::User).holding(12, 3));
            }
        };
        Self::simulator_with(more).await
    }

    /// The same applications that the database knows, and whatever else there should be.
    pub(crate) async fn simulator_with(more: impl FnOnce(&mut Estate)) -> anyhow::Result<Simulator> {
        let clock = SimClock::system();
        let mut estate = Estate::sample(SEED, clock.now());
        more(&mut estate);
        let options = Options { listen: ([127, 0, 0, 1], 0).into(), estate, clock, seed: None, tls: None };
        Simulator::start(options).await
    }
}
