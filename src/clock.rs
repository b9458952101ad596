//! The one source of time. Nothing else in Postkey reads the wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment as whole seconds since 1970-01-01T00:00:00Z, the only form in which the database knows time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The moment that lies `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// The moment `seconds` later (earlier, if negative).
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this moment; negative if `earlier` is in fact later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Tells the time: the system's, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The wall clock of the host.
    System,
    /// Stands still until a test moves it.
    Moved(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::advance`] moves it.
    pub fn standing_at(start: UnixTime) -> Self {
        Self::Moved(Arc::new(AtomicI64::new(start.seconds())))
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
    pub fn now(&self) -> UnixTime {
        match self {
            Self::System => UnixTime(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |age| age.as_secs().try_into().unwrap_or(i64::MAX)),
            ),
            Self::Moved(seconds) => UnixTime(seconds.load(Ordering::SeqCst)),
        }
    }

    /// Moves a standing clock by `seconds`; the system's clock cannot be moved and ignores it.
    pub fn advance(&self, seconds: i64) {
        if let Self::Moved(now) = self {
            now.fetch_add(seconds, Ordering::SeqCst);
        }
    }
}
