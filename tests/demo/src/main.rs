//! Starts Postkey together with the simulator of Microsoft, filled with sample data: one command, nothing to configure.
//!
//! ```text
//! main.rs       what was asked for
//! folder.rs     where the data lives, and whether it was prepared before
//! estate.rs     what exists at the simulated Microsoft, and what Postkey is told of it
//! addresses.rs  addresses that look like a company’s
//! plan.rs       which mailboxes there are, and what is the matter with each
//! people.rs     who can log in
//! key.rs        the key of a mail worker
//! seed.rs       stores applications and mailboxes and really checks them
//! scopes.rs     names mailboxes for scope checks and really checks them
//! sign_ins.rs   signs people in with Microsoft, as they do it themselves
//! load.rs       very many mailboxes, copied from the checked ones
//! progress.rs   how far the preparation is
//! life.rs       from the start to the stop
//! hours.rs      the clock of both, and what must keep up when it runs fast
//! print.rs      where to go, how to log in, what to try
//! ```

mod addresses;
mod estate;
mod folder;
mod hours;
mod key;
mod life;
mod load;
mod people;
mod plan;
mod print;
mod progress;
mod scopes;
mod seed;
mod sign_ins;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Runs Postkey and a simulated Microsoft together, with sample data. Nothing here reaches a real tenant.
#[derive(Parser)]
#[command(name = "postkey-demo", version)]
struct Arguments {
    /// Where Postkey listens; port 0 for any that is free
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the simulated Microsoft listens; port 0 for any that is free
    #[arg(long, default_value = "127.0.0.1:8081")]
    simulator: SocketAddr,
    /// A folder to keep the data in; without one a temporary folder is used and forgotten at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many mailboxes there are; 0 for an empty Postkey with nothing but accounts
    #[arg(long, default_value_t = 200, value_name = "N")]
    mailboxes: usize,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
    /// How fast time runs once everything is prepared: 60x makes an hour of a minute
    #[arg(long, default_value = "1x", value_name = "Nx", value_parser = times)]
    clock: u16,
    /// Makes the same IDs, secrets and password each time
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

fn times(text: &str) -> Result<u16, String> {
    let times = text.strip_suffix('x').unwrap_or(text).parse().ok();
    times.filter(|times| (1..=600).contains(times)).ok_or_else(|| "give a number from 1x to 600x".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    match life::run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("postkey-demo: {cause:#}");
            ExitCode::FAILURE
        }
    }
}
