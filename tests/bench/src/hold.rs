//! A crowd of mailboxes kept for minutes by the real product: renewals as they come due, rounds of checks, and somebody who looks
//! at the health pages all the while.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use hyper::StatusCode;
use postkey::clock::Clock;
use postkey_simulator::{Failure, Fault, Kind, Place};

use crate::browser::{HEALTH, Work};
use crate::crowd::{Crowd, TURN};
use crate::held::{Held, Seen};
use crate::http::{Connection, get};
use crate::load::Task;
use crate::product::Product;
use crate::seed::METRICS_TOKEN;

/// What Microsoft takes for each token.
pub(crate) const LATENCY: Duration = Duration::from_millis(100);
/// How often somebody opens the health pages.
const LOOKS: Duration = Duration::from_secs(5);
/// Seconds after the first turn at which measuring begins.
const WARM: i64 = 5;

/// The numbers of the product's own `/metrics`.
pub(crate) struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    async fn of(address: SocketAddr) -> anyhow::Result<Self> {
        let mut request = get(address, "/metrics", "");
        request.headers_mut().insert("authorization", format!("Bearer {METRICS_TOKEN}").parse()?);
        let answer = Connection::open(address).await?.ask(request).await?;
        anyhow::ensure!(answer.status == StatusCode::OK, "/metrics answered {}", answer.status);
        let text = String::from_utf8(answer.body.to_vec())?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.trim_start_matches("postkey_").to_owned(), value.parse().ok()?))
        });
        Ok(Self(series.collect()))
    }

    /// One series; 0 if it is not there.
    pub(crate) fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// All series of this name.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let of_name = |series: &&String| series.split('{').next() == Some(name);
        self.0.iter().filter(|(series, _)| of_name(series)).map(|(_, value)| value).sum()
    }

    /// How many renewals were begun within so many seconds of their turn, by number of seconds.
    pub(crate) fn begun_within(&self) -> Vec<(f64, f64)> {
        let bounds = self.0.iter().filter_map(|(series, count)| {
            let bound = series.strip_prefix("keeper_lateness_seconds_bucket{le=\"")?.strip_suffix("\"}")?;
            Some((bound.replace("+Inf", "inf").parse().ok()?, *count))
        });
        let mut bounds: Vec<(f64, f64)> = bounds.collect();
        bounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        bounds
    }
}

/// Makes a crowd, holds it and prints what that was like.
pub(crate) async fn run(postkey: &Path, demo: &Path, mailboxes: usize, minutes: u64) -> anyhow::Result<()> {
    let crowd = Crowd::new(demo, mailboxes).await?;
    let delay = u64::try_from(LATENCY.as_millis())?;
    crowd.simulator.fault(Fault::new(Place::Token, Failure::Delay { ms: delay }));
    let product = Product::start(postkey, crowd.seeded.folder(), Some(&crowd.simulator)).await?;
    let work = Work::prepare(product.address, &crowd.seeded).await?;
    let pages: Vec<&Task> = work.tasks.iter().filter(|task| HEALTH.contains(&task.name)).collect();
    let wait = crowd.begins.plus(WARM).since(Clock::System.now());
    eprintln!("the first renewal comes due in {} s", (wait - WARM).max(0));
    tokio::time::sleep(Duration::from_secs(wait.max(0).unsigned_abs())).await;

    let load = load_average()?;
    let before = Seen::now(&product, Metrics::of(product.address).await?, crowd.simulator.count(Kind::Token))?;
    let begun = Instant::now();
    let lasts = Duration::from_secs(minutes * 60);
    let mut looks = pages.iter().map(|page| (page.name, Vec::new())).collect::<Vec<_>>();
    let mut highest = before.memory;
    let mut told = 0;
    while begun.elapsed() < lasts {
        tokio::time::sleep(LOOKS.min(lasts.saturating_sub(begun.elapsed()))).await;
        for (page, (_, took)) in pages.iter().zip(&mut looks) {
            took.push(look(product.address, page).await?);
        }
        highest = highest.max(product.memory()?);
        if begun.elapsed().as_secs() / 60 > told {
            told = begun.elapsed().as_secs() / 60;
            let so_far = Metrics::of(product.address).await?;
            let renewals = so_far.sum("keeper_renewals_total") - before.metrics.sum("keeper_renewals_total");
            eprintln!("{told} of {minutes} minutes: {renewals} renewals, {} due now", so_far.get("keeper_due"));
        }
    }
    let after = Seen::now(&product, Metrics::of(product.address).await?, crowd.simulator.count(Kind::Token))?;
    highest = highest.max(after.memory);
    let held = Held {
        mailboxes,
        signed_in: crowd.signed_in,
        lasted: begun.elapsed(),
        demand: crowd.signed_in as f64 / TURN as f64,
        before,
        after,
        highest,
        looks,
        load: [load, load_average()?],
    };
    product.stop().await?;
    crowd.simulator.stop().await;
    println!("{held}");
    Ok(())
}

async fn look(address: SocketAddr, page: &Task) -> anyhow::Result<Duration> {
    let mut connection = Connection::open(address).await?;
    let begun = Instant::now();
    let answer = connection.ask((page.request)(0)).await?;
    anyhow::ensure!(answer.status == page.expected, "{} answered {}", page.name, answer.status);
    Ok(begun.elapsed())
}

/// How many processes wanted to run, on average over the last minute.
fn load_average() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    text.split(' ').next().and_then(|first| first.parse().ok()).context("no load")
}
