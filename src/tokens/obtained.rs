//! A token as the rest of Postkey sees it, whoever granted it. No I/O.

use crate::clock::UnixTime;
use crate::microsoft::{AccessToken, Failure, Issued, Roles};

/// A token counts as ended this many seconds before Microsoft's end, as in Microsoft's own libraries.
pub(super) const MARGIN: i64 = 5 * 60;

/// Whether the stored token will do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Want {
    /// The stored one while it is good.
    Good,
    /// The same, and no second question about what was refused before and has not been mended since.
    Quietly,
    /// One that was issued later than this, because the stored one did not open what it should.
    NewerThan(UnixTime),
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
    /// Whether a token that was issued then will do, apart from its end.
    pub(super) fn takes(self, issued_at: UnixTime) -> bool {
        match self {
            Self::Good | Self::Quietly => true,
            Self::NewerThan(moment) => issued_at > moment,
        }
    }
}

impl Want {
    /// Whether trouble at Microsoft matters while the stored token is alive.
    pub(super) fn is_content(self) -> bool {
        !matches!(self, Self::NewerThan(_))
    }
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
