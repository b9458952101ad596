//! The simulator's only source of time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// The time Entra and Graph live in: it dates tokens, ends secrets, and fills the `Date` header.
///
/// Clones share one time. Delays of answers are real and do not follow this clock.
#[derive(Clone)]
pub struct SimClock {
    source: Source,
    course: Arc<Mutex<Course>>,
}

/// How this clock differs from its source.
#[derive(Clone, Copy)]
struct Course {
    offset: SignedDuration,
    /// How many seconds pass here while one passes at the source, since when.
    speed: i32,
    since: Timestamp,
}

#[derive(Clone)]
enum Source {
    System,
    Standing(Timestamp),
    Following(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl SimClock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::from(Source::System)
    }

    /// A clock that stands at `at` until [`advance`](Self::advance) moves it.
    pub fn standing(at: Timestamp) -> Self {
        Self::from(Source::Standing(at))
    }

    /// A clock that shows what `now` answers, so that a test moves only one clock.
    pub fn following(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self::from(Source::Following(Arc::new(now)))
    }

    fn from(source: Source) -> Self {
        let course = Course { offset: SignedDuration::ZERO, speed: 1, since: source.now() };
        Self { source, course: Arc::new(Mutex::new(course)) }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        let base = self.source.now();
        base.saturating_add(self.lock().offset_at(base)).unwrap_or(base)
    }

    /// How far this clock is from its source.
    pub fn offset(&self) -> SignedDuration {
        self.lock().offset_at(self.source.now())
    }

    /// Lets the time run this many times as fast from now on.
    pub fn run(&self, speed: u16) {
        let base = self.source.now();
        let mut course = self.lock();
        *course = Course { offset: course.offset_at(base), speed: speed.into(), since: base };
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.shift(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
    }

    /// Moves the clock forward or back.
    pub fn shift(&self, by: SignedDuration) {
        let mut course = self.lock();
        course.offset = course.offset.saturating_add(by);
    }
}

impl Source {
    fn now(&self) -> Timestamp {
        match self {
            Self::System => system_time(),
            Self::Standing(at) => *at,
            Self::Following(now) => now(),
        }
    }
}

impl Course {
    fn offset_at(self, base: Timestamp) -> SignedDuration {
        let gained = base.duration_since(self.since).checked_mul(self.speed - 1).unwrap_or(SignedDuration::MAX);
        self.offset.saturating_add(gained)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[test]
    fn a_fast_clock_gains_from_the_moment_it_was_set_and_keeps_what_it_gained() {
        let source = Arc::new(AtomicI64::new(1_000));
        let read = Arc::clone(&source);
        let clock = SimClock::following(move || Timestamp::from_second(read.load(Ordering::SeqCst)).unwrap());
        source.store(1_010, Ordering::SeqCst);
        clock.run(60);
        source.store(1_020, Ordering::SeqCst);
        assert_eq!(clock.now().as_second(), 1_010 + 600);
        clock.advance(Duration::from_secs(100));
        clock.run(1);
        source.store(1_030, Ordering::SeqCst);
        assert_eq!(clock.now().as_second(), 1_010 + 600 + 100 + 10);
        assert_eq!(clock.offset().as_secs(), 690);
    }
}
