//! When a grant's turn comes: ahead of need while all is well, ever more slowly while it is not. Arithmetic on time and chance,
//! no I/O.

use crate::clock::UnixTime;
use crate::microsoft::{Failure, Issued, Retry};

/// Seconds to the second try after trouble that passes by itself; each further one waits twice as long.
const FIRST_PAUSE: i64 = 10;
/// The longest such pause, in seconds.
const LONGEST_PAUSE: i64 = 15 * 60;
/// Seconds between two tries of what only a person can mend. It is never given up.
const PROBE: i64 = 24 * 60 * 60;

/// A roll of chance, so that many grants that were got together are not renewed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roll(u16);

impl Roll {
    /// Throws once.
    pub(super) fn of(chance: &crate::chance::Chance) -> Self {
        Self(u16::from_be_bytes(chance.bytes::<2>()))
    }

    /// A share of `whole`, from none of it to nearly all.
    fn of_whole(self, whole: i64) -> i64 {
        whole * i64::from(self.0) / (i64::from(u16::MAX) + 1)
    }
}

/// When to renew what was just issued: when Microsoft advises it (`refresh_in`), else at 50 to 70 % of its life.
pub(super) fn ahead(issued: &Issued, roll: Roll) -> UnixTime {
    let life = issued.expires_at.since(issued.issued_at);
    match issued.refresh_at {
        // Most advice is half of a life; a little later for most, so that they do not come together.
        Some(advised) if advised < issued.expires_at => {
            advised.plus(roll.of_whole(issued.expires_at.since(advised) / 10))
        }
        _ => issued.issued_at.plus(life / 2 + roll.of_whole(life / 5)),
    }
}

/// When to try again after so many `failures` in a row, the last of which was `failure`.
pub(super) fn after(failure: &Failure, failures: i64, now: UnixTime, roll: Roll) -> UnixTime {
    let pause = match failure.retry {
        Retry::After(seconds) => i64::from(seconds) + 1 + roll.of_whole(i64::from(seconds) / 10),
        Retry::Backoff | Retry::OnceNow => {
            let doublings = failures.clamp(1, 16) - 1;
            let pause = (FIRST_PAUSE << doublings).min(LONGEST_PAUSE);
            pause / 2 + roll.of_whole(pause)
        }
        Retry::No => PROBE - PROBE / 10 + roll.of_whole(PROBE / 10),
    };
    now.plus(pause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microsoft::{AccessToken, Roles};
    use crate::words::Cause;

    const NOW: UnixTime = UnixTime::from_seconds(1_000_000);
    const LEAST: Roll = Roll(0);
    const MOST: Roll = Roll(u16::MAX);

    fn issued(life: i64, advised: Option<i64>) -> Issued {
        Issued {
            token: AccessToken::new("t".to_owned().into()),
            refresh_token: None,
            id_token: None,
            scopes: None,
            roles: Roles::Unreadable,
            skew_seconds: None,
            took_ms: 0,
            issued_at: NOW,
            expires_at: NOW.plus(life),
            refresh_at: advised.map(|seconds| NOW.plus(seconds)),
        }
    }

    fn paused(retry: Retry, failures: i64, roll: Roll) -> i64 {
        let failure = Failure { retry, ..*Failure::of(Cause::ProviderDown, "", NOW) };
        after(&failure, failures, NOW, roll).since(NOW)
    }

    #[test]
    fn a_token_is_renewed_between_half_and_seven_tenths_of_its_life_or_when_microsoft_advises_it() {
        for life in [600, 3_600, 5_400, 28 * 3_600] {
            let ahead = |roll| ahead(&issued(life, None), roll).since(NOW);
            assert_eq!((ahead(LEAST), ahead(MOST) + 1), (life / 2, life / 2 + life / 5), "{life}");
        }
        assert_eq!(ahead(&issued(86_400, Some(43_200)), LEAST).since(NOW), 43_200);
        assert!(ahead(&issued(86_400, Some(43_200)), MOST).since(NOW) < 43_200 + 4_320);
        assert_eq!(ahead(&issued(3_600, Some(7_200)), LEAST).since(NOW), 1_800, "advice beyond its end is none");
    }

    #[test]
    fn trouble_that_passes_is_asked_about_ever_more_slowly_up_to_a_quarter_of_an_hour() {
        let steps = [(1, 10), (2, 20), (3, 40), (7, 640), (8, 900), (99, 900)];
        for (failures, pause) in steps {
            assert_eq!(paused(Retry::Backoff, failures, LEAST), pause / 2, "{failures}");
            let most = paused(Retry::Backoff, failures, MOST);
            assert!(most >= pause && most < pause * 3 / 2, "{failures}: {most}");
        }
    }

    #[test]
    fn microsoft_is_not_asked_before_the_time_it_named_and_a_refusal_is_probed_daily() {
        assert_eq!(paused(Retry::After(60), 1, LEAST), 61);
        assert!((61..=67).contains(&paused(Retry::After(60), 9, MOST)));
        for roll in [LEAST, MOST] {
            assert!((21 * 3_600..=86_400).contains(&paused(Retry::No, 1, roll)));
        }
    }
}
