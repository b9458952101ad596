//! The tables, in Markdown.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::browser::HEALTH;
use crate::load::Measured;
use crate::product::Start;

/// What was measured with one number of mailboxes.
pub(crate) struct Sized {
    pub(crate) mailboxes: usize,
    pub(crate) start: Start,
    /// Resident memory in KiB after all requests.
    pub(crate) after: u64,
    pub(crate) database: u64,
    /// One request at a time, and eight.
    pub(crate) rows: Vec<(&'static str, [Measured; 2])>,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) empty: Start,
    pub(crate) sizes: Vec<Sized>,
    /// A bare server that answers as many bytes as the list, and as a token.
    pub(crate) hello: [(String, [Measured; 2]); 2],
    pub(crate) binary: u64,
}

const AT_ONCE: [usize; 2] = [1, 8];
/// What a mail worker is handed.
pub(crate) const TOKEN: &str = "token for a worker";

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [few, many] = &self.sizes[..] else { return Err(fmt::Error) };
        self.requests(f, few, many)?;
        writeln!(f)?;
        self.process(f, few, many)?;
        writeln!(f)?;
        let [list, ..] = &many.rows[..] else { return Err(fmt::Error) };
        let ratio = ratio(&few.rows[0].1[0], &list.1[0]);
        let token = few.rows.iter().find(|(name, _)| *name == TOKEN).ok_or(fmt::Error)?;
        let share = 100.0 * token.1[1].per_second / self.hello[1].1[1].per_second;
        let (page, slowest) = slowest_of_health(few, many);
        let verdict = |kept: bool| if kept { "kept" } else { "MISSED" };
        writeln!(
            f,
            "Budgets: list page {ratio:.2} of 3 times ({}); slowest of the health pages, {page}, {slowest:.2} of 3 times ({}); token {share:.0} of at least 60 % of a bare server ({}); start {} of 1,000 ms empty, {} of 5,000 ms full ({}); idle memory {} of 40 MiB and {} of 256 MiB ({}).",
            verdict(ratio <= 3.0),
            verdict(slowest <= 3.0),
            verdict(share >= 60.0),
            self.empty.page.as_millis(),
            many.start.page.as_millis(),
            verdict(self.empty.page.as_millis() <= 1_000 && many.start.page.as_millis() <= 5_000),
            mib(few.start.memory),
            mib(many.start.memory),
            verdict(few.start.memory <= 40 * 1024 && many.start.memory <= 256 * 1024)
        )
    }
}

impl Report {
    fn requests(&self, f: &mut Formatter<'_>, few: &Sized, many: &Sized) -> fmt::Result {
        let (small, big) = (thousands(few.mailboxes as f64), thousands(many.mailboxes as f64));
        writeln!(
            f,
            "| request | at once | {small}: per second | p50 ms | p99 ms | {big}: per second | p50 ms | p99 ms | p50, {big} to {small} |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
        for ((name, one), (_, other)) in few.rows.iter().zip(&many.rows) {
            for ((at_once, one), other) in AT_ONCE.iter().zip(one).zip(other) {
                writeln!(f, "| {name} | {at_once} | {} | {} | {:.1} |", cells(one), cells(other), ratio(one, other))?;
            }
        }
        for (bytes, hello) in &self.hello {
            for (at_once, hello) in AT_ONCE.iter().zip(hello) {
                writeln!(f, "| bare axum, {bytes} | {at_once} | {} | | | | |", cells(hello))?;
            }
        }
        Ok(())
    }

    fn process(&self, f: &mut Formatter<'_>, few: &Sized, many: &Sized) -> fmt::Result {
        let sizes = [few, many];
        writeln!(
            f,
            "| process | empty | {} mailboxes | {} mailboxes |",
            thousands(few.mailboxes as f64),
            thousands(many.mailboxes as f64)
        )?;
        writeln!(f, "| --- | --- | --- | --- |")?;
        let row = |f: &mut Formatter<'_>, name: &str, empty: String, of: &dyn Fn(&Sized) -> String| {
            writeln!(f, "| {name} | {empty} | {} | {} |", of(sizes[0]), of(sizes[1]))
        };
        row(f, "start to the first /healthz, ms", millis(self.empty.healthz), &|size| millis(size.start.healthz))?;
        row(f, "start to the first page, ms", millis(self.empty.page), &|size| millis(size.start.page))?;
        row(f, "resident memory idle, MiB", mib(self.empty.memory), &|size| mib(size.start.memory))?;
        row(f, "resident memory after the requests, MiB", String::new(), &|size| mib(size.after))?;
        row(f, "database file, MiB", String::new(), &|size| mib(size.database / 1024))?;
        row(f, "binary, MiB", mib(self.binary / 1024), &|_| String::new())
    }
}

fn ratio(few: &Measured, many: &Measured) -> f64 {
    many.median.as_secs_f64() / few.median.as_secs_f64()
}

/// The page of those that operations look at which suffers most from many mailboxes, and by how many times.
fn slowest_of_health(few: &Sized, many: &Sized) -> (&'static str, f64) {
    let pairs = few.rows.iter().zip(&many.rows).filter(|((name, _), _)| HEALTH.contains(name));
    let ratios = pairs.map(|((name, one), (_, other))| (*name, ratio(&one[0], &other[0])));
    ratios.max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or(("none", 0.0))
}

fn cells(measured: &Measured) -> String {
    let ms = |time: Duration| match time.as_secs_f64() * 1_000.0 {
        less @ ..0.1 => format!("{less:.2}"),
        more => format!("{more:.1}"),
    };
    format!("{} | {} | {}", thousands(measured.per_second), ms(measured.median), ms(measured.p99))
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}

pub(crate) fn mib(kib: u64) -> String {
    format!("{:.1}", kib as f64 / 1024.0)
}

pub(crate) fn thousands(number: f64) -> String {
    let whole = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
