//! Places for work that is done for many applications at once, fair between them: one that is slow has only so many places, so
//! that it cannot keep the others waiting.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::ids::ApplicationId;

/// How much may be done at once.
#[derive(Clone, Copy, Debug)]
pub struct Breadth {
    /// For all applications together.
    pub all: usize,
    /// For one application.
    pub each: usize,
    /// Pieces of work of one application that are under way or wait for a place.
    pub longest: usize,
}

/// One line of work for each application.
#[derive(Debug)]
pub struct Lines {
    breadth: Breadth,
    all: Arc<Semaphore>,
    lines: HashMap<ApplicationId, Arc<Line>>,
}

#[derive(Debug)]
struct Line {
    each: Semaphore,
    length: AtomicUsize,
}

/// A place in a line; left when it is dropped.
#[derive(Debug)]
pub struct Place {
    line: Arc<Line>,
    all: Arc<Semaphore>,
}

impl Lines {
    /// Lines of this breadth, all of them empty.
    pub fn new(breadth: Breadth) -> Self {
        Self { breadth, all: Arc::new(Semaphore::new(breadth.all)), lines: HashMap::new() }
    }

    /// How many may still join the line of this application.
    pub fn free(&mut self, application: &ApplicationId) -> usize {
        self.breadth.longest.saturating_sub(self.line(application).length.load(Ordering::SeqCst))
    }

    /// Joins the line of this application.
    pub fn join(&mut self, application: &ApplicationId) -> Place {
        let line = self.line(application);
        line.length.fetch_add(1, Ordering::SeqCst);
        Place { line, all: self.all.clone() }
    }

    /// Forgets lines in which nobody is.
    pub fn tidy(&mut self) {
        self.lines.retain(|_, line| line.length.load(Ordering::SeqCst) > 0);
    }

    fn line(&mut self, application: &ApplicationId) -> Arc<Line> {
        let each = self.breadth.each;
        let new = || Arc::new(Line { each: Semaphore::new(each), length: AtomicUsize::new(0) });
        self.lines.entry(application.clone()).or_insert_with(new).clone()
    }
}

impl Place {
    /// Waits until it is this one's turn; the work may be done while what is given is held.
    pub async fn turn(&self) -> Option<(SemaphorePermit<'_>, SemaphorePermit<'_>)> {
        // First the narrower one, so that whoever waits in a long line takes no place of the others'.
        let each = self.line.each.acquire().await.ok()?;
        Some((each, self.all.acquire().await.ok()?))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.length.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::chance::Chance;
    use crate::clock::UnixTime;

    #[test]
    fn a_full_line_takes_no_place_of_another() {
        let mut lines = Lines::new(Breadth { all: 4, each: 2, longest: 3 });
        let [slow, good] = [(); 2].map(|()| ApplicationId::new(UnixTime::from_seconds(0), &Chance::System));
        let waiting: Vec<Place> = (0..3).map(|_| lines.join(&slow)).collect();
        assert_eq!((lines.free(&slow), lines.free(&good)), (0, 3));
        let turns: Vec<_> = waiting.iter().map(|place| place.turn().now_or_never()).collect();
        assert_eq!(turns.iter().filter(|turn| turn.is_some()).count(), 2);
        let others: Vec<Place> = (0..2).map(|_| lines.join(&good)).collect();
        assert!(others.iter().all(|place| place.turn().now_or_never().is_some()));
        drop(turns);
        assert!(waiting[2].turn().now_or_never().is_some());
        drop((waiting, others));
        lines.tidy();
        assert!(lines.lines.is_empty());
    }
}
