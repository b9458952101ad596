//! A sign of life of work that goes round and round in this process, so that its silence can be noticed.

use crate::clock::UnixTime;

/// Seconds after which silence is worth a word. A round is begun every second.
const PATIENCE: i64 = 60;

/// What a piece of work last said of itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Beat {
    /// How often it has looked at what is due, and seen it.
    pub rounds: u64,
    /// When it last did.
    pub at: Option<UnixTime>,
    /// When it was begun here; nothing if this process does not do it.
    pub begun: Option<UnixTime>,
}

impl Beat {
    /// The work is begun.
    pub fn begin(&mut self, now: UnixTime) {
        self.begun = Some(now);
    }

    /// A round that began at `at` went well.
    pub fn round(&mut self, at: UnixTime) {
        *self = Self { rounds: self.rounds + 1, at: Some(at), ..*self };
    }

    /// The last sign of life; nothing if this process does not do the work.
    pub fn last(&self) -> Option<UnixTime> {
        self.begun.map(|begun| self.at.unwrap_or(begun))
    }

    /// Since when nothing was heard of it, if that is too long at `now`.
    pub fn silent_since(&self, now: UnixTime) -> Option<UnixTime> {
        // A clock that was put back proves no life either.
        self.last().filter(|last| now.since(*last).unsigned_abs() >= PATIENCE.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_from_the_last_round_or_the_beginning_and_only_where_the_work_is_done() {
        let now = UnixTime::from_seconds(1_000_000);
        let mut beat = Beat::default();
        assert_eq!(beat.silent_since(now), None, "nobody keeps anything here");
        beat.begin(now);
        assert_eq!((beat.silent_since(now.plus(59)), beat.silent_since(now.plus(60))), (None, Some(now)));
        beat.round(now.plus(30));
        assert_eq!((beat.silent_since(now.plus(89)), beat.silent_since(now.plus(90))), (None, Some(now.plus(30))));
        assert_eq!(beat.silent_since(now.plus(-3_600)), Some(now.plus(30)));
        assert_eq!(beat.rounds, 1);
    }
}
