//! What holding a crowd was like, in Markdown.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::crowd::{LIFE, TURN};
use crate::hold::{LATENCY, Metrics};
use crate::product::Product;
use crate::report::{mib, thousands};

/// Renewals of one application that the product has under way at once, and that it takes in one second at most.
const AT_ONCE: f64 = 8.0;
const A_SECOND: f64 = 50.0;

/// The product at one moment.
pub(crate) struct Seen {
    pub(crate) metrics: Metrics,
    /// Requests for a token that the simulated Microsoft has got.
    pub(crate) requests: u64,
    /// CPU seconds since its start.
    pub(crate) cpu: f64,
    /// Resident memory in KiB.
    pub(crate) memory: u64,
}

impl Seen {
    pub(crate) fn now(product: &Product, metrics: Metrics, requests: u64) -> anyhow::Result<Self> {
        Ok(Self { metrics, requests, cpu: product.cpu()?, memory: product.memory()? })
    }
}

/// What was measured.
pub(crate) struct Held {
    pub(crate) mailboxes: usize,
    pub(crate) signed_in: usize,
    pub(crate) lasted: Duration,
    /// Renewals that come due in a second.
    pub(crate) demand: f64,
    pub(crate) before: Seen,
    pub(crate) after: Seen,
    /// Highest resident memory in KiB.
    pub(crate) highest: u64,
    /// How long the health pages took, each time that somebody looked.
    pub(crate) looks: Vec<(&'static str, Vec<Duration>)>,
    /// Load average at the beginning and at the end.
    pub(crate) load: [f64; 2],
}

impl Held {
    fn more(&self, of: impl Fn(&Metrics) -> f64) -> f64 {
        of(&self.after.metrics) - of(&self.before.metrics)
    }

    /// Of the renewals that were taken up meanwhile, the share that was within so many seconds of its turn.
    fn begun_within(&self) -> Vec<(f64, f64)> {
        let counts = self.before.metrics.begun_within().into_iter().zip(self.after.metrics.begun_within());
        let counts: Vec<(f64, f64)> = counts.map(|((_, before), (seconds, after))| (seconds, after - before)).collect();
        let all = counts.last().map_or(0.0, |(_, count)| *count);
        counts.into_iter().map(|(seconds, count)| (seconds, count / all)).collect()
    }

    fn said(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} mailboxes held for {:.0} minutes, {} of them on behalf of a person, all of one application. Tokens live \
             {} s here and are renewed after {} s on average, so that {:.1} renewals a second come due: as many as with \
             100,000 sign-ins and the 60 to 90 minutes of Entra's tokens (100,000 ÷ 45 min). Microsoft takes {} ms for \
             each token. Rounds of checks go on, and every five seconds somebody opens the health pages.\n",
            thousands(self.mailboxes as f64),
            self.lasted.as_secs_f64() / 60.0,
            thousands(self.signed_in as f64),
            thousands(LIFE as f64),
            thousands(TURN as f64),
            self.demand,
            LATENCY.as_millis(),
        )
    }

    fn renewals(&self, f: &mut Formatter<'_>, seconds: f64) -> fmt::Result {
        let good = self.more(|metrics| metrics.get("keeper_renewals_total{outcome=\"ok\"}"));
        let all = self.more(|metrics| metrics.sum("keeper_renewals_total"));
        let requests = (self.after.requests - self.before.requests) as f64;
        let limit = (AT_ONCE / LATENCY.as_secs_f64()).min(A_SECOND);
        writeln!(
            f,
            "| renewals that went well, and that did not | {} and {} |",
            thousands(good),
            thousands(all - good)
        )?;
        writeln!(f, "| renewals a second, of {:.1} that came due | {:.1} |", self.demand, good / seconds)?;
        writeln!(f, "| renewals a second that one application may have at this latency | {limit:.0} |")?;
        writeln!(f, "| requests for a token for each renewal | {:.3} |", requests / all)?;
        let within = self.begun_within();
        let early: Vec<String> = within
            .iter()
            .take(4)
            .map(|(seconds, share)| format!("{:.1} % within {seconds:.0} s", share * 100.0))
            .collect();
        writeln!(f, "| taken up after their turn | {} |", early.join(", "))?;
        let p99 = within.iter().find(|(_, share)| *share >= 0.99).map_or(f64::INFINITY, |(seconds, _)| *seconds);
        writeln!(f, "| lateness p99, s | at most {p99:.0} |")?;
        writeln!(f, "| due and not taken at the end | {} |", self.after.metrics.get("keeper_due"))
    }

    fn process(&self, f: &mut Formatter<'_>, seconds: f64) -> fmt::Result {
        let checks = self.more(|metrics| metrics.sum("checks_total"));
        let cpu = self.after.cpu - self.before.cpu;
        writeln!(f, "| checks a second | {:.1} |", checks / seconds)?;
        writeln!(
            f,
            "| CPU seconds of postkey, and its share of one core | {cpu:.0} and {:.0} % |",
            cpu / seconds * 100.0
        )?;
        writeln!(
            f,
            "| resident memory at the beginning, at the end, at most, MiB | {}, {}, {} |",
            mib(self.before.memory),
            mib(self.after.memory),
            mib(self.highest)
        )?;
        for (page, took) in &self.looks {
            let mut took = took.clone();
            took.sort_unstable();
            let at =
                |part: f64| took[((took.len() as f64 * part) as usize).min(took.len() - 1)].as_secs_f64() * 1_000.0;
            writeln!(f, "| {page}: p50, p99, ms | {:.1}, {:.1} |", at(0.5), at(0.99))?;
        }
        writeln!(f, "| load of the machine at the beginning and at the end | {} and {} |", self.load[0], self.load[1])
    }
}

impl Display for Held {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let seconds = self.lasted.as_secs_f64();
        self.said(f)?;
        writeln!(f, "| held | |\n| --- | --- |")?;
        self.renewals(f, seconds)?;
        self.process(f, seconds)
    }
}
