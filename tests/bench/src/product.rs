//! The `postkey` process: started, looked at, ended.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hyper::StatusCode;
use postkey_simulator::Simulator;
use tokio::process::{Child, Command};

use crate::http::{Connection, get};
use crate::seed::metrics_token;

/// How long it is left alone before its memory is read.
pub(crate) const IDLE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);
/// Parts of a second in which Linux counts CPU time.
const TICKS: f64 = 100.0;

/// What a start was like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// From the start of the process to the first answer of `/healthz`.
    pub(crate) healthz: Duration,
    /// To the first page.
    pub(crate) page: Duration,
    /// Resident memory in KiB, after a while without work.
    pub(crate) memory: u64,
}

/// A running `postkey`. Killed when it is dropped.
pub(crate) struct Product {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) start: Start,
}

impl Product {
    pub(crate) async fn start(binary: &Path, folder: &Path, microsoft: Option<&Simulator>) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment(address, folder, microsoft))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?;
        until_answered(address, "/healthz", begun).await?;
        let healthz = begun.elapsed();
        let first = if microsoft.is_some() { "/login" } else { "/setup" };
        until_answered(address, first, begun).await?;
        Ok(Self { child, address, start: Start { healthz, page: begun.elapsed(), memory: 0 } })
    }

    /// Seconds of CPU time that it has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<f64> {
        let id = self.child.id().context("postkey has ended by itself")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name of the process may hold spaces and stands in brackets; user and system time come 12th and 13th after it.
        let fields = stat.rsplit_once(')').context("no name")?.1.split_whitespace().skip(11).take(2);
        let ticks = fields.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
        Ok(ticks / TICKS)
    }

    /// Resident memory in KiB.
    pub(crate) fn memory(&self) -> anyhow::Result<u64> {
        let id = self.child.id().context("postkey has ended by itself")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Asks it to stop and waits.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        stop(self.child).await
    }
}

/// Sends SIGTERM to a process of ours and waits for its end.
pub(crate) async fn stop(mut child: Child) -> anyhow::Result<()> {
    let id = child.id().context("it has ended by itself")?;
    Command::new("kill").arg("-TERM").arg(id.to_string()).status().await?;
    tokio::time::timeout(PATIENCE, child.wait()).await.context("it does not stop")??;
    Ok(())
}

/// The settings of a product with its data in `folder`.
pub(crate) fn environment(
    listen: SocketAddr,
    folder: &Path,
    microsoft: Option<&Simulator>,
) -> Vec<(&'static str, String)> {
    let path = |path: PathBuf| path.display().to_string();
    let mut all = vec![
        ("HOME", path(folder.to_owned())),
        ("POSTKEY_CONFIG", "/dev/null".to_owned()),
        ("POSTKEY_LISTEN", listen.to_string()),
        ("POSTKEY_DATA_DIR", path(crate::data(folder))),
        ("POSTKEY_MASTER_KEY_FILE", path(folder.join("master.key"))),
        ("POSTKEY_LOG", "error".to_owned()),
    ];
    if metrics_token(folder).exists() {
        all.push(("POSTKEY_METRICS_TOKEN_FILE", path(metrics_token(folder))));
    }
    if let Some(microsoft) = microsoft {
        all.extend([
            ("POSTKEY_CLOUD", "custom".to_owned()),
            ("POSTKEY_CLOUD_NAME", "Simulated Microsoft".to_owned()),
            ("POSTKEY_CLOUD_AUTHORITY", microsoft.authority()),
            ("POSTKEY_CLOUD_GRAPH", microsoft.graph()),
        ]);
    }
    all
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

async fn until_answered(address: SocketAddr, path: &str, begun: Instant) -> anyhow::Result<()> {
    while begun.elapsed() < PATIENCE {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.ask(get(address, path, "")).await.is_ok_and(|answer| answer.status == StatusCode::OK)
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("{path} does not answer")
}
