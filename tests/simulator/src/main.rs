//! Runs the simulator by itself.

use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Parser;
use postkey_simulator::{Estate, Options, SimClock, Simulator, Tls};
use serde_json::json;

/// Plays Microsoft Entra ID and Microsoft Graph. It is a simulator; it is not Microsoft.
#[derive(Parser)]
#[command(name = "postkey-simulator", version)]
struct Arguments {
    /// Where to listen; port 0 for any that is free.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// How many more mailboxes there are in contoso.example.
    #[arg(long, default_value_t = 0)]
    mailboxes: usize,
    /// Makes IDs and secrets repeatable.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A certificate chain (PEM), to serve HTTPS.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Serves HTTPS on localhost with a certificate made at start, and writes its authority to ca.pem in this folder.
    #[arg(long, value_name = "DIR", conflicts_with = "tls_cert")]
    tls_test_ca: Option<PathBuf>,
    /// Print one line of JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    fn tls(&self) -> Option<Tls> {
        match (&self.tls_test_ca, &self.tls_cert, &self.tls_key) {
            (Some(_), ..) => Some(Tls::TestAuthority),
            (None, Some(certificate), Some(key)) => {
                Some(Tls::Files { certificate: certificate.clone(), key: key.clone() })
            }
            _ => None,
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let clock = SimClock::system();
    let mut estate = Estate::sample(arguments.seed, clock.now());
    estate.add_mailboxes("contoso.example", arguments.mailboxes, |number| format!("mailbox{number:06}"));
    let simulator =
        Simulator::start(Options { listen: arguments.listen, estate, clock, seed: None, tls: arguments.tls() }).await?;
    let authority_file =
        arguments.tls_test_ca.as_deref().map(|folder| write_authority(&simulator, folder)).transpose()?;
    announce(&simulator, authority_file.as_deref(), arguments.json)?;
    interrupted().await?;
    simulator.stop().await;
    Ok(())
}

fn write_authority(simulator: &Simulator, folder: &Path) -> anyhow::Result<PathBuf> {
    let file = folder.join("ca.pem");
    let pem = simulator.authority_pem().context("no authority was made")?;
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, pem))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn announce(simulator: &Simulator, authority_file: Option<&Path>, as_json: bool) -> io::Result<()> {
    let (authority, graph, control) = (simulator.authority(), simulator.graph(), simulator.control());
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(
            out,
            "{}",
            json!({ "authority": authority, "graph": graph, "control": control, "ca": authority_file })
        )?;
    } else {
        writeln!(out, "This is a simulator. It is not Microsoft.")?;
        writeln!(out, "  control page  {control}")?;
        writeln!(out, "  authority     {authority}")?;
        writeln!(out, "  Graph         {graph}")?;
        if let Some(file) = authority_file {
            writeln!(out, "  trust         {}", file.display())?;
        }
    }
    out.flush()
}

#[cfg(unix)]
async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
