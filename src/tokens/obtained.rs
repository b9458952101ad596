//! A token as the rest of Postkey sees it, whoever granted it. No I/O.

use crate::clock::UnixTime;
use crate::microsoft::{AccessToken, Failure, Issued, Roles};

/// A token counts as ended this many seconds before Microsoft's end, as in Microsoft's own libraries.
pub(super) const MARGIN: i64 = 5 * 60;
/// Seconds for which there is no sense in asking for another token.
const JUST_NOW: i64 = 30;

/// Whether the stored token will do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Want {
    /// The stored one while it is good.
    Good,
    /// The same, and no second question about what was refused before and has not been mended since.
    Quietly,
    /// One that was issued later than this, because the stored one did not open what it should.
    NewerThan(UnixTime),
    /// One that is good for so many seconds more, for whoever takes it away; and no question before the pause after a failed one
    /// has passed.
    Lasting(i64),
}

/// A token and what is known of it.
#[derive(Clone, Debug)]
pub struct Obtained {
    /// The token itself.
    pub token: AccessToken,
    /// Permissions that it carries: roles read from it, for diagnosis, or the scopes that a person granted.
    pub roles: Roles,
    /// When Microsoft issued it.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
    /// Whether it was stored before.
    pub cached: bool,
}

/// Why there is no token.
#[derive(Clone, Debug)]
pub enum NoToken {
    /// Microsoft refused or could not be asked.
    Failed(Box<Failure>),
    /// The application has no credential that could be shown to Microsoft.
    NoCredential,
    /// Nobody has signed in for the mailbox yet.
    NotSignedIn,
}

impl Want {
    /// Whether the stored token will do, which should be renewed at `renew_at`.
    pub(super) fn takes(self, stored: &Obtained, renew_at: UnixTime, now: UnixTime) -> bool {
        match self {
            Self::Good | Self::Quietly => now < renew_at,
            Self::NewerThan(moment) => stored.issued_at > moment && now < renew_at,
            Self::Lasting(seconds) => lasts(stored, seconds, now),
        }
    }

    /// Whether trouble at Microsoft does not matter while the stored token is alive.
    pub(super) fn is_content(self) -> bool {
        matches!(self, Self::Good | Self::Quietly)
    }

    /// Whether what was refused before is not asked about again.
    pub(super) fn is_quiet(self) -> bool {
        matches!(self, Self::Quietly | Self::Lasting(_))
    }

    /// Whether not even trouble that passes is asked about again before its pause is over.
    pub(super) fn is_patient(self) -> bool {
        matches!(self, Self::Lasting(_))
    }
}

/// One that was issued just now is as good as the next one would be, however short its life is.
fn lasts(stored: &Obtained, seconds: i64, now: UnixTime) -> bool {
    now < stored.expires_at && (now.plus(seconds) <= stored.expires_at || now.since(stored.issued_at) < JUST_NOW)
}

impl Obtained {
    /// Whether the clock was put back since it was issued, or another process' clock is ahead by more than is made up for by the
    /// margin. Then its end says nothing.
    pub(super) fn is_of_the_future(&self, now: UnixTime) -> bool {
        self.issued_at.since(now) > MARGIN
    }

    /// Trouble at Microsoft is no reason to withhold a token that is still good.
    pub(super) fn is_alive(&self, now: UnixTime) -> bool {
        now.plus(MARGIN) < self.expires_at && !self.is_of_the_future(now)
    }
}

/// When to renew a token: when Microsoft says so, else in time; a very short one at half its life.
pub(super) fn renew_at(issued: &Issued) -> UnixTime {
    let life = issued.expires_at.since(issued.issued_at);
    let margin = MARGIN.min(life / 2);
    issued.refresh_at.unwrap_or_else(|| issued.expires_at.plus(-margin))
}
