//! Measures the released `postkey` with few and with very many mailboxes, side by side.
//!
//! ```text
//! main.rs      the run, from the first start to the table
//! product.rs   the postkey process: started, looked at, ended
//! seed.rs      data made by postkey-demo, and a simulated Microsoft that fits it
//! browser.rs   one signed-in person: cookies, form keys
//! http.rs      a kept-alive connection
//! load.rs      many requests, timed
//! report.rs    the tables
//! crowd.rs     very many mailboxes that all work, half of them signed in for by a person
//! hold.rs      the same crowd kept for minutes: real renewals, checks and pages at once
//! held.rs      what that was like, as a table
//! hello.rs     a bare axum server to compare with
//! ```

mod browser;
mod crowd;
mod held;
mod hello;
mod hold;
mod http;
mod load;
mod product;
mod report;
mod seed;

use std::path::{Path, PathBuf};

use anyhow::Context;
use load::Measured;
use product::Product;
use report::{Report, Sized};
use seed::Seeded;

/// Numbers of mailboxes to compare, unless others are given.
const SIZES: [usize; 2] = [100, 100_000];
/// Minutes for which a crowd is held, unless others are given.
const MINUTES: u64 = 10;
/// Starts of which the middle one counts.
const STARTS: usize = 3;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["hello", bytes] => hello::serve(bytes.parse()?).await,
        [postkey, demo, "hold"] => hold::run(Path::new(postkey), Path::new(demo), SIZES[1], MINUTES).await,
        [postkey, demo, "hold", "--minutes", minutes] => {
            hold::run(Path::new(postkey), Path::new(demo), SIZES[1], minutes.parse()?).await
        }
        [postkey, demo, "hold", "--minutes", minutes, mailboxes] => {
            hold::run(Path::new(postkey), Path::new(demo), mailboxes.parse()?, minutes.parse()?).await
        }
        [postkey, demo] => run(Path::new(postkey), Path::new(demo), SIZES).await,
        [postkey, demo, few, many] => run(Path::new(postkey), Path::new(demo), [few.parse()?, many.parse()?]).await,
        _ => anyhow::bail!("run tests/bench/run, which knows what to give"),
    }
}

async fn run(postkey: &Path, demo: &Path, compared: [usize; 2]) -> anyhow::Result<()> {
    let empty = start_empty(postkey).await?;
    let mut sizes = Vec::new();
    let (mut list_bytes, mut token_bytes) = (0, 0);
    for mailboxes in compared {
        eprintln!("{mailboxes} mailboxes: preparing");
        let seeded = Seeded::new(demo, mailboxes).await?;
        let (measured, bytes) = measure(postkey, &seeded).await?;
        [list_bytes, token_bytes] = bytes;
        sizes.push(measured);
    }
    eprintln!("a bare axum server");
    let hello = [
        (format!("{list_bytes} bytes as the list"), hello::measure(list_bytes).await?),
        (format!("{token_bytes} bytes as a token"), hello::measure(token_bytes).await?),
    ];
    let binary = std::fs::metadata(postkey).context("the binary is gone")?.len();
    println!("{}", Report { empty, sizes, hello, binary });
    Ok(())
}

async fn start_empty(postkey: &Path) -> anyhow::Result<product::Start> {
    let folder = tempfile::tempdir()?;
    let product = Product::start(postkey, folder.path(), None).await?;
    let mut start = product.start;
    tokio::time::sleep(product::IDLE).await;
    start.memory = product.memory()?;
    product.stop().await?;
    Ok(start)
}

async fn measure(postkey: &Path, seeded: &Seeded) -> anyhow::Result<(Sized, [usize; 2])> {
    let simulator = seeded.simulator().await?;
    let mut starts = Vec::new();
    for _ in 1..STARTS {
        let product = Product::start(postkey, seeded.folder(), Some(&simulator)).await?;
        starts.push(product.start);
        product.stop().await?;
    }
    let product = Product::start(postkey, seeded.folder(), Some(&simulator)).await?;
    starts.push(product.start);
    starts.sort_by_key(|start| start.page);
    tokio::time::sleep(product::IDLE).await;
    let mut start = starts[STARTS / 2];
    start.memory = product.memory()?;
    let work = browser::Work::prepare(product.address, seeded).await?;
    let mut rows: Vec<(&'static str, [Measured; 2])> = Vec::new();
    for task in &work.tasks {
        eprintln!("{} mailboxes: {}", seeded.mailboxes, task.name);
        rows.push((
            task.name,
            [load::measure(product.address, task, 1).await?, load::measure(product.address, task, 8).await?],
        ));
    }
    let after = product.memory()?;
    product.stop().await?;
    simulator.stop().await;
    let sized = Sized { mailboxes: seeded.mailboxes, start, after, rows, database: seeded.database_bytes() };
    Ok((sized, [work.list_bytes, work.token_bytes]))
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}
