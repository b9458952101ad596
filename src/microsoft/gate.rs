//! Between Postkey and the token endpoint, for each application: nobody asks before the time that Microsoft named, and the keeper
//! leaves an application alone for a while whose tries all come to nothing. Known to this process only, and forgotten at its end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::UnixTime;

use super::retry_after::LONGEST;
use super::{ApplicationRef, Failure, Retry};

/// So many tries in a row without an answer, and the keeper rests.
const PATIENCE: u32 = 5;
/// Seconds of the first rest; each further one is twice as long.
const FIRST_REST: i64 = 10;
/// Seconds for which a refusal is not asked about again in rounds: of a credential, for which another one would have to come; and
/// of anything else, which somebody may mend at Microsoft.
const CREDENTIAL_REFUSED: i64 = 24 * 60 * 60;
const OTHERWISE_REFUSED: i64 = 60 * 60;
/// Seconds of the longest rest. One try ends it, and the next begins after that.
const LONGEST_REST: i64 = 5 * 60;

/// How things stand with the token endpoint, by application.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Mutex<HashMap<ApplicationRef, Standing>>>);

#[derive(Debug, Default)]
struct Standing {
    /// Nobody asks before, and what Microsoft said when it named that time.
    closed: Option<(UnixTime, Box<Failure>)>,
    /// What was refused last, and which credentials were shown.
    refused: Option<(String, Box<Failure>)>,
    unanswered: u32,
    rests_until: Option<UnixTime>,
}

impl Gate {
    /// Why nobody may ask for this application at `now`, if that is so.
    pub fn closed(&self, application: &ApplicationRef, now: UnixTime) -> Option<Box<Failure>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, failure) = all.get(application)?.closed.as_ref()?;
        let left = u32::try_from(until.since(now)).ok().filter(|_| is_ahead(*until, now, LONGEST.into()))?;
        Some(Box::new(Failure { retry: Retry::After(left), ..*failure.clone() }))
    }

    /// Whether the keeper leaves this application alone at `now`. Whoever asks for something still may.
    pub fn rests(&self, application: &ApplicationRef, now: UnixTime) -> bool {
        if self.closed(application, now).is_some() {
            return true;
        }
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(application)
            .and_then(|standing| standing.rests_until)
            .is_some_and(|until| is_ahead(until, now, LONGEST_REST))
    }

    /// How many applications nobody may ask for at `now`, and how many more the keeper leaves alone.
    pub fn shut(&self, now: UnixTime) -> (usize, usize) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_closed = |standing: &Standing| {
            standing.closed.as_ref().is_some_and(|(until, _)| is_ahead(*until, now, LONGEST.into()))
        };
        let rests = |standing: &Standing| standing.rests_until.is_some_and(|until| is_ahead(until, now, LONGEST_REST));
        let closed = all.values().filter(|standing| is_closed(standing)).count();
        (closed, all.values().filter(|standing| !is_closed(standing) && rests(standing)).count())
    }

    /// Notes that the application itself was refused, by all the credentials that are named in `shown`.
    pub fn refuse(&self, application: &ApplicationRef, shown: String, failure: &Failure) {
        if failure.is_transient() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(*application).or_default().refused = Some((shown, Box::new(failure.clone())));
    }

    /// Why the application was refused with these very credentials not long ago, for whoever need not know it anew.
    pub fn refused(&self, application: &ApplicationRef, shown: &str, now: UnixTime) -> Option<Box<Failure>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (with, failure) = all.get(application)?.refused.as_ref()?;
        let lasts = if failure.cause.is_of_credential() { CREDENTIAL_REFUSED } else { OTHERWISE_REFUSED };
        (with == shown && (0..lasts).contains(&now.since(failure.at))).then(|| failure.clone())
    }

    /// Notes an answer, of whatever kind, or that there was none.
    pub fn answered(&self, application: &ApplicationRef, answer: Result<(), &Failure>, now: UnixTime) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Err(failure) if failure.is_transient() => {
                let standing = all.entry(*application).or_default();
                // What comes dressed as a refusal of a grant is about one person, and not about the application.
                if let (Retry::After(seconds), false) = (failure.retry, is_of_person(failure)) {
                    standing.closed = Some((now.plus(i64::from(seconds)), Box::new(failure.clone())));
                }
                standing.unanswered = standing.unanswered.saturating_add(1);
                if standing.unanswered >= PATIENCE {
                    let doublings = (standing.unanswered - PATIENCE).min(8);
                    standing.rests_until = Some(now.plus((FIRST_REST << doublings).min(LONGEST_REST)));
                }
            }
            _ => drop(all.remove(application)),
        }
    }
}

/// Whether `until` is still to come. What is further away than it can have been was named before the clock was put back.
fn is_ahead(until: UnixTime, now: UnixTime, longest: i64) -> bool {
    (1..=longest).contains(&until.since(now))
}

fn is_of_person(failure: &Failure) -> bool {
    failure.oauth_error.as_deref() == Some("invalid_grant")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microsoft::{ClientId, Cloud, Guid};
    use crate::words::Cause;

    const NOW: UnixTime = UnixTime::from_seconds(1_000_000);

    fn one(number: u8) -> ApplicationRef {
        let guid = format!("11111111-1111-4111-8111-{number:012}");
        let (tenant, client_id) = (Guid::parse(&guid).unwrap(), ClientId::parse(&guid).unwrap());
        ApplicationRef { cloud: Cloud::Global, tenant, client_id }
    }

    fn failure(cause: Cause, retry: Retry) -> Failure {
        Failure { retry, ..*Failure::of(cause, "", NOW) }
    }

    #[test]
    fn nobody_asks_before_the_time_that_microsoft_named_and_others_are_not_concerned() {
        let (gate, throttled, other) = (Gate::default(), one(1), one(2));
        gate.answered(&throttled, Err(&failure(Cause::Throttled, Retry::After(60))), NOW);
        let closed = gate.closed(&throttled, NOW.plus(59)).unwrap();
        assert_eq!((closed.cause, closed.retry), (Cause::Throttled, Retry::After(1)));
        assert!(gate.closed(&throttled, NOW.plus(60)).is_none());
        assert!(gate.closed(&other, NOW).is_none() && !gate.rests(&other, NOW));
        let oauth_error = Some("invalid_grant".to_owned());
        let looping = Failure { oauth_error, ..failure(Cause::Throttled, Retry::After(60)) };
        gate.answered(&other, Err(&looping), NOW);
        assert_eq!((gate.shut(NOW), gate.shut(NOW.plus(60))), ((1, 0), (0, 0)));
        assert!(gate.closed(&other, NOW).is_none(), "a loop of one person’s renewals");
    }

    #[test]
    fn after_five_tries_without_an_answer_the_keeper_rests_ever_longer_until_there_is_one() {
        let (gate, application) = (Gate::default(), one(1));
        let down = failure(Cause::ProviderDown, Retry::Backoff);
        let rest = |times: u32| {
            (0..times).for_each(|_| gate.answered(&application, Err(&down), NOW));
            (0..=LONGEST_REST).find(|seconds| !gate.rests(&application, NOW.plus(*seconds))).unwrap()
        };
        assert_eq!([rest(4), rest(1), rest(1), rest(1), rest(99)], [0, 10, 20, 40, 300]);
        assert!(gate.closed(&application, NOW).is_none(), "a person may still ask");
        assert_eq!(gate.shut(NOW), (0, 1));
        gate.answered(&application, Err(&failure(Cause::SecretExpired, Retry::No)), NOW);
        assert!(!gate.rests(&application, NOW), "a refusal is an answer");
        assert_eq!(rest(4), 0);
        gate.answered(&application, Ok(()), NOW);
        assert_eq!(rest(4), 0);
    }

    #[test]
    fn a_refusal_is_known_for_a_while_to_whoever_shows_the_same() {
        let (gate, application) = (Gate::default(), one(1));
        let expired = failure(Cause::SecretExpired, Retry::No);
        gate.answered(&application, Err(&expired), NOW);
        gate.refuse(&application, "a b".to_owned(), &expired);
        let refused =
            |shown, seconds| gate.refused(&application, shown, NOW.plus(seconds)).map(|failure| failure.cause);
        assert_eq!(refused("a b", 86_399), Some(Cause::SecretExpired));
        assert_eq!((refused("a b", 86_400), refused("a b c", 0)), (None, None));
        gate.refuse(&application, "a b".to_owned(), &failure(Cause::Blocked, Retry::No));
        assert_eq!((refused("a b", 3_599), refused("a b", 3_600)), (Some(Cause::Blocked), None));
        gate.answered(&application, Ok(()), NOW);
        assert_eq!(refused("a b", 0), None);
        gate.refuse(&application, "a".to_owned(), &failure(Cause::Throttled, Retry::Backoff));
        assert_eq!(refused("a", 0), None, "what passes by itself is no refusal");
    }
}
