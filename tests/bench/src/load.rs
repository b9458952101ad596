//! Many requests, timed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use hyper::StatusCode;

use crate::http::{Asked, Connection};

/// No measurement goes on for longer than this.
const LONGEST: Duration = Duration::from_secs(6);

/// Something to be asked again and again.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    /// The request with this number.
    pub(crate) request: Arc<dyn Fn(usize) -> Asked + Send + Sync>,
    pub(crate) expected: StatusCode,
    /// How many are asked before time is taken, and how many at most for each that asks.
    pub(crate) warm: usize,
    pub(crate) most: usize,
    /// Numbers that were used up, for what can be asked only once.
    pub(crate) next: Arc<AtomicUsize>,
}

/// How long answers took.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) median: Duration,
    pub(crate) p99: Duration,
}

/// Asks with `at_once` connections, each of which waits for its answer before it asks again.
pub(crate) async fn measure(address: SocketAddr, task: &Task, at_once: usize) -> anyhow::Result<Measured> {
    let mut warm = Connection::open(address).await?;
    for _ in 0..task.warm {
        warm.ask((task.request)(task.next.fetch_add(1, Ordering::Relaxed))).await?;
    }
    let left = Arc::new(AtomicUsize::new(if at_once == 1 { task.most } else { task.most * 2 }));
    let start = Instant::now();
    let workers: Vec<_> = (0..at_once)
        .map(|_| {
            let (request, next, left) = (task.request.clone(), task.next.clone(), left.clone());
            tokio::spawn(worker(address, request, next, left, task.expected))
        })
        .collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await??);
    }
    let took = start.elapsed();
    all.sort_unstable();
    let at = |part: f64| all[((all.len() as f64 * part) as usize).min(all.len() - 1)];
    Ok(Measured { per_second: all.len() as f64 / took.as_secs_f64(), median: at(0.5), p99: at(0.99) })
}

async fn worker(
    address: SocketAddr,
    request: Arc<dyn Fn(usize) -> Asked + Send + Sync>,
    next: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
    expected: StatusCode,
) -> anyhow::Result<Vec<Duration>> {
    let mut connection = Connection::open(address).await?;
    let begun = Instant::now();
    let mut took = Vec::new();
    let take = |left: usize| left.checked_sub(1);
    while begun.elapsed() < LONGEST && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        let request = request(next.fetch_add(1, Ordering::Relaxed));
        let path = request.uri().to_string();
        let start = Instant::now();
        let answer = connection.ask(request).await?;
        took.push(start.elapsed());
        if answer.status != expected {
            bail!("{path} answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
    }
    // One that came too late has nothing to add.
    Ok(took)
}
