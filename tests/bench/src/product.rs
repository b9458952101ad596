//! The `postkey` process: started, looked at, ended.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hyper::StatusCode;
use postkey_simulator::Simulator;
use tokio::process::{Child, Command};

use crate::http::{Connection, get};

/// How long it is left alone before its memory is read.
pub(crate) const IDLE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

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
            .env("HOME", folder)
            .env("POSTKEY_CONFIG", "/dev/null")
            .env("POSTKEY_LISTEN", address.to_string())
            .env("POSTKEY_DATA_DIR", crate::data(folder))
            .env("POSTKEY_MASTER_KEY_FILE", folder.join("master.key"))
            .env("POSTKEY_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        if let Some(microsoft) = microsoft {
            command
                .env("POSTKEY_CLOUD", "custom")
                .env("POSTKEY_CLOUD_NAME", "Simulated Microsoft")
                .env("POSTKEY_CLOUD_AUTHORITY", microsoft.authority())
                .env("POSTKEY_CLOUD_GRAPH", microsoft.graph());
        }
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{} cannot be started", binary.display()))?;
        until_answered(address, "/healthz", begun).await?;
        let healthz = begun.elapsed();
        let first = if microsoft.is_some() { "/login" } else { "/setup" };
        until_answered(address, first, begun).await?;
        Ok(Self { child, address, start: Start { healthz, page: begun.elapsed(), memory: 0 } })
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
