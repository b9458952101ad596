//! The simulator's only source of time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// The time Entra and Graph live in: it dates tokens, ends secrets, and fills the `Date` header.
///
/// Clones share one time. Delays of answers are real and do not follow this clock.
#[derive(Clone)]
pub struct SimClock {
    source: Source,
    offset: Arc<Mutex<SignedDuration>>,
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
        Self { source, offset: Arc::default() }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        let base = match &self.source {
            Source::System => system_time(),
            Source::Standing(at) => *at,
            Source::Following(now) => now(),
        };
        base.saturating_add(self.offset()).unwrap_or(base)
    }

    /// How far this clock has been moved from its source.
    pub fn offset(&self) -> SignedDuration {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.shift(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX));
    }

    /// Moves the clock forward or back.
    pub fn shift(&self, by: SignedDuration) {
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        *offset = offset.saturating_add(by);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn system_time() -> Timestamp {
    Timestamp::now()
}
