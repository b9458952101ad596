//! What this process has done since its start, counted for `/metrics`. Numbers only: nothing here knows a secret or an address.
//!
//! Every series is there from the start, at zero, so that the first failure of a kind is seen as a step from zero.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::words::{self, Cause};

/// One label with one of a few values.
type Label = [(&'static str, &'static str); 1];
type Counts = Family<Label, Counter>;

/// Seconds for what waits for Microsoft, whose deadline is 30.
const ANSWER: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Seconds for a turn that comes late: the keeper looks once a second, and a lease lasts 150.
const LATE: [f64; 11] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 150.0, 300.0, 900.0, 3_600.0, 14_400.0];
/// What a worker may be answered: `ok`, that nothing is new, a code of the API's, or what is none of these.
pub const ANSWERS: [&str; 15] = [
    "ok",
    "not_modified",
    "bad_request",
    "unauthorized",
    "forbidden",
    "not_found",
    "paused",
    "needs_sign_in",
    "application_broken",
    "not_connected",
    "too_large",
    "too_many_requests",
    "try_later",
    "internal",
    "other",
];
/// A verdict of a check that came to no end.
const NO_END: &str = "none";

/// What came of asking Microsoft, in few words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// What was asked for.
    Ok,
    /// To be asked later.
    Throttled,
    /// No usable answer.
    Unreachable,
    /// The application's credential was refused, or there is none.
    Credential,
    /// The person's sign-in was refused, or there is none.
    SignIn,
    /// Refused for another reason.
    Refused,
    /// Our own fault: the database did not answer.
    Fault,
}

impl Outcome {
    const ALL: [Self; 7] =
        [Self::Ok, Self::Throttled, Self::Unreachable, Self::Credential, Self::SignIn, Self::Refused, Self::Fault];

    /// The outcome that is a failure with this cause.
    pub fn of(cause: Cause) -> Self {
        match cause {
            Cause::Throttled => Self::Throttled,
            cause if cause.is_transient() => Self::Unreachable,
            cause if cause.is_of_credential() => Self::Credential,
            Cause::NeedsSignIn => Self::SignIn,
            _ => Self::Refused,
        }
    }

    const fn value(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::Credential => "credential",
            Self::SignIn => "sign_in",
            Self::Refused => "refused",
            Self::Fault => "fault",
        }
    }
}

/// The counts. Cheap to clone; clones count together.
#[derive(Clone, Debug)]
pub struct Tally {
    rounds: Counts,
    renewals: Counts,
    under_way: Gauge,
    lateness: Histogram,
    requests: Counts,
    request_seconds: Histogram,
    checks: Counts,
    check_seconds: Histogram,
    answers: Counts,
}

impl Default for Tally {
    fn default() -> Self {
        let outcomes = || Outcome::ALL.map(Outcome::value);
        Self {
            rounds: counts("outcome", ["ok", "failed"]),
            renewals: counts("outcome", outcomes()),
            under_way: Gauge::default(),
            lateness: Histogram::new(LATE),
            requests: counts("outcome", outcomes().into_iter().filter(|value| *value != Outcome::Fault.value())),
            request_seconds: Histogram::new(ANSWER),
            checks: counts("verdict", words::Family::ALL.map(words::Family::class).into_iter().chain([NO_END])),
            check_seconds: Histogram::new(ANSWER),
            answers: counts("outcome", ANSWERS),
        }
    }
}

fn counts(label: &'static str, values: impl IntoIterator<Item = &'static str>) -> Counts {
    let counts = Counts::default();
    for value in values {
        drop(counts.get_or_create(&[(label, value)]));
    }
    counts
}

impl Tally {
    /// The token keeper has looked at what is due, or could not.
    pub fn round(&self, went_well: bool) {
        self.rounds.get_or_create(&[("outcome", if went_well { "ok" } else { "failed" })]).inc();
    }

    /// A renewal was taken so many seconds after its turn had come.
    pub fn taken(&self, seconds_late: i64) {
        self.lateness.observe(i32::try_from(seconds_late.max(0)).unwrap_or(i32::MAX).into());
    }

    /// A renewal is under way until what is given is dropped.
    pub fn renewing(&self) -> UnderWay {
        self.under_way.inc();
        UnderWay(self.under_way.clone())
    }

    /// A renewal by the keeper has ended.
    pub fn renewed(&self, outcome: Outcome) {
        self.renewals.get_or_create(&[("outcome", outcome.value())]).inc();
    }

    /// The token endpoint was asked, by whomever.
    pub fn asked(&self, outcome: Outcome, took: Duration) {
        self.requests.get_or_create(&[("outcome", outcome.value())]).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    /// A check of a mailbox has ended with a verdict of this family, or with none.
    pub fn checked(&self, verdict: Option<words::Family>, took: Duration) {
        self.checks.get_or_create(&[("verdict", verdict.map_or(NO_END, words::Family::class))]).inc();
        self.check_seconds.observe(took.as_secs_f64());
    }

    /// A worker was answered; `outcome` is one of [`ANSWERS`].
    pub fn answered(&self, outcome: &'static str) {
        self.answers.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Puts all counts into a page of metrics. The endings `_total` and full stops are added there.
    pub fn register(&self, page: &mut Registry) {
        page.register("keeper_rounds", "Rounds of the token keeper in this process", self.rounds.clone());
        page.register("keeper_renewals", "Renewals that the token keeper has tried", self.renewals.clone());
        page.register("keeper_renewals_in_flight", "Renewals under way now", self.under_way.clone());
        let help = "Time between the turn of a renewal and its beginning";
        page.register("keeper_lateness_seconds", help, self.lateness.clone());
        page.register("token_requests", "Requests to Microsoft for a token", self.requests.clone());
        let help = "Time that Microsoft took to answer a request for a token";
        page.register("token_request_duration_seconds", help, self.request_seconds.clone());
        page.register("checks", "Checks of mailboxes, by how serious their result is", self.checks.clone());
        page.register("check_duration_seconds", "Time that a check of a mailbox took", self.check_seconds.clone());
        page.register("api_answers", "Answers to mail workers", self.answers.clone());
    }
}

/// A renewal that is under way.
#[derive(Debug)]
pub struct UnderWay(Gauge);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}
