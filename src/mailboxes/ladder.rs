//! The seven steps of a check, and what they say of reading and of sending. No I/O.

use serde::{Deserialize, Serialize};

use crate::microsoft::Failure;
use crate::words::Status;

/// The steps, in order. Each stands on the one before.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Microsoft knows the tenant.
    Tenant,
    /// The application is in it.
    Application,
    /// Microsoft takes the credential.
    Credential,
    /// A token was issued.
    Token,
    /// The token carries the mail permissions.
    Permission,
    /// The mailbox opens, and can be written to.
    Mailbox,
    /// A message is accepted.
    Send,
}

impl Rung {
    /// All steps in order.
    pub const ALL: [Self; 7] =
        [Self::Tenant, Self::Application, Self::Credential, Self::Token, Self::Permission, Self::Mailbox, Self::Send];

    /// What the step is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::Application => "Application",
            Self::Credential => "Credential",
            Self::Token => "Token",
            Self::Permission => "Permission",
            Self::Mailbox => "Mailbox",
            Self::Send => "Send",
        }
    }
}

/// What came of a step.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It works.
    Ok {
        /// What was seen, in one line.
        detail: String,
    },
    /// It does not.
    Failed {
        /// Why.
        failure: Box<Failure>,
    },
    /// It was not tried, or cannot be told.
    Skipped {
        /// Why not; may be empty.
        detail: String,
    },
}

/// One step with what came of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Step {
    /// Which step.
    pub rung: Rung,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How far a check climbed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ladder {
    /// The steps that were looked at, in order.
    steps: Vec<Step>,
    /// Whether the token says that it may send; `None` if it does not say.
    pub may_send: Option<bool>,
}

/// What a check says of the two directions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Reading.
    pub incoming: Status,
    /// Sending.
    pub outgoing: Status,
}

impl Ladder {
    /// At its foot.
    pub fn new() -> Self {
        Self { steps: Vec::with_capacity(Rung::ALL.len()), may_send: None }
    }

    /// Notes that `rung` holds.
    pub fn ok(&mut self, rung: Rung, detail: impl Into<String>) {
        self.steps.push(Step { rung, outcome: Outcome::Ok { detail: detail.into() } });
    }

    /// Notes that `rung` broke.
    pub fn failed(&mut self, rung: Rung, failure: Box<Failure>) {
        self.steps.push(Step { rung, outcome: Outcome::Failed { failure } });
    }

    /// Notes that `rung` was not tried or cannot be told.
    pub fn skipped(&mut self, rung: Rung, detail: impl Into<String>) {
        self.steps.push(Step { rung, outcome: Outcome::Skipped { detail: detail.into() } });
    }

    /// All seven steps; those above a failure were not tried.
    pub fn steps(&self) -> Vec<Step> {
        let of = |rung| self.steps.iter().find(|step| step.rung == rung).cloned();
        let untried = |rung| Step { rung, outcome: Outcome::Skipped { detail: String::new() } };
        Rung::ALL.into_iter().map(|rung| of(rung).unwrap_or_else(|| untried(rung))).collect()
    }

    /// Where it broke first, if it did.
    pub fn failure(&self) -> Option<(Rung, &Failure)> {
        self.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Failed { failure } => Some((step.rung, &**failure)),
            _ => None,
        })
    }

    /// What this says of the two directions, given whether a test message was ever accepted.
    pub fn verdict(&self, sent_before: bool) -> Verdict {
        match self.failure() {
            Some((rung, failure)) if rung < Rung::Send => {
                let status = Status::Failing(failure.cause);
                Verdict { incoming: status, outgoing: status }
            }
            Some((_, failure)) => Verdict { incoming: Status::Connected, outgoing: Status::Failing(failure.cause) },
            None => Verdict { incoming: self.incoming(), outgoing: self.outgoing(sent_before) },
        }
    }

    fn reached(&self, rung: Rung) -> bool {
        self.steps.iter().any(|step| step.rung == rung && matches!(step.outcome, Outcome::Ok { .. }))
    }

    fn incoming(&self) -> Status {
        if self.reached(Rung::Mailbox) { Status::Connected } else { Status::Unverified }
    }

    fn outgoing(&self, sent_before: bool) -> Status {
        if !self.reached(Rung::Mailbox) {
            Status::Unverified
        } else if self.reached(Rung::Send) || sent_before {
            Status::Connected
        } else if self.may_send == Some(true) {
            Status::Ready
        } else {
            Status::NotTested
        }
    }
}

impl Default for Ladder {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::UnixTime;
    use crate::words::Cause;

    fn climbed(to: Rung) -> Ladder {
        let mut ladder = Ladder::new();
        for rung in Rung::ALL.into_iter().filter(|rung| *rung <= to) {
            ladder.ok(rung, "");
        }
        ladder
    }

    fn failure(cause: Cause) -> Box<Failure> {
        Failure::of(cause, "", UnixTime::from_seconds(0))
    }

    #[test]
    fn connected_is_earned_by_opening_the_mailbox_and_no_sooner() {
        let token_only = climbed(Rung::Token).verdict(false);
        assert_eq!((token_only.incoming, token_only.outgoing), (Status::Unverified, Status::Unverified));
        let opened = climbed(Rung::Mailbox).verdict(false);
        assert_eq!((opened.incoming, opened.outgoing), (Status::Connected, Status::NotTested));
        let may_send = Ladder { may_send: Some(true), ..climbed(Rung::Mailbox) };
        assert_eq!(may_send.verdict(false).outgoing, Status::Ready);
        assert_eq!(may_send.verdict(true).outgoing, Status::Connected);
        assert_eq!(climbed(Rung::Send).verdict(false).outgoing, Status::Connected);
    }

    #[test]
    fn a_broken_step_decides_both_directions_and_a_broken_send_only_one() {
        let mut ladder = climbed(Rung::Application);
        ladder.failed(Rung::Credential, failure(Cause::SecretExpired));
        let verdict = ladder.verdict(true);
        assert_eq!(verdict.incoming, Status::Failing(Cause::SecretExpired));
        assert_eq!(verdict.outgoing, Status::Failing(Cause::SecretExpired));
        assert_eq!(ladder.steps().len(), 7);
        let mut ladder = climbed(Rung::Mailbox);
        ladder.failed(Rung::Send, failure(Cause::NeedsConsent));
        assert_eq!(ladder.verdict(false).incoming, Status::Connected);
        assert_eq!(ladder.verdict(false).outgoing, Status::Failing(Cause::NeedsConsent));
    }

    #[test]
    fn a_ladder_survives_the_database() {
        let mut ladder = climbed(Rung::Application);
        ladder.failed(Rung::Credential, failure(Cause::SecretRefused));
        let text = serde_json::to_string(&ladder).unwrap();
        assert_eq!(serde_json::from_str::<Ladder>(&text).unwrap(), ladder);
    }
}
