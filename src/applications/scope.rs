//! What an application must open and what must stay closed to it, and whether that holds. No I/O.

use jiff::tz::TimeZone;

use crate::clock::UnixTime;
use crate::ids::ApplicationId;
use crate::microsoft::Failure;
use crate::web::when::date;
use crate::words::{Must, ScopeOutcome, ScopeVerdict};

/// Most addresses of each kind.
pub const MOST_NAMES: usize = 20;
/// Seconds between two checks that nobody asks for.
pub const INTERVAL: i64 = 24 * 60 * 60;
/// Seconds after which a check proves nothing any more.
const PROOF_LASTS: i64 = 3 * INTERVAL;
/// Addresses that a sentence names; of more it says how many.
const TOLD: usize = 3;

/// The mailboxes that are named for an application, with what is known of them.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The application.
    pub application_id: ApplicationId,
    /// Counts changes of the names, so that two people who edit at once do not undo each other.
    pub version: i64,
    /// Who named them last.
    pub updated_by: String,
    /// When.
    pub updated_at: UnixTime,
    /// When the last check ended.
    pub checked_at: Option<UnixTime>,
    /// Until when a check runs at most, if one does.
    pub running_until: UnixTime,
    /// The mailboxes, in the order of the form: first those that must open.
    pub names: Vec<Named>,
}

/// A mailbox that is named.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its address, as it was typed.
    pub address: String,
    /// What the application must do with it.
    pub must: Must,
    /// What came of the last try.
    pub tried: Option<Tried>,
    /// The last outcome that proves something, and since when it is the same.
    pub proven: Option<(ScopeOutcome, UnixTime)>,
}

/// One try to open a mailbox.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What came of it.
    pub outcome: ScopeOutcome,
    /// When.
    pub at: UnixTime,
    /// Why it did not open.
    pub failure: Option<Box<Failure>>,
}

impl Named {
    /// A mailbox that was not tried yet.
    pub fn new(address: impl Into<String>, must: Must) -> Self {
        Self { address: address.into(), must, tried: None, proven: None }
    }

    /// The same mailbox after another try. What proves nothing leaves standing what was proven before.
    pub fn after(&self, tried: Tried) -> Self {
        let proven = match self.proven {
            Some((outcome, since)) if outcome == tried.outcome => Some((outcome, since)),
            _ if tried.outcome.proves() => Some((tried.outcome, tried.at)),
            before => before,
        };
        Self { tried: Some(tried), proven, ..self.clone() }
    }

    /// Whether it is proven to be otherwise than it must.
    pub fn is_amiss(&self) -> bool {
        let wrong = match self.must {
            Must::Open => ScopeOutcome::Refused,
            Must::StayClosed => ScopeOutcome::Opened,
        };
        self.proven.is_some_and(|(outcome, _)| outcome == wrong)
    }

    fn last(&self) -> Option<ScopeOutcome> {
        self.tried.as_ref().map(|tried| tried.outcome)
    }
}

impl Scope {
    /// Whether a check runs at `now`.
    pub fn is_running(&self, now: UnixTime) -> bool {
        now < self.running_until
    }

    /// The addresses of one kind, one a line, as the form holds them.
    pub fn lines(&self, must: Must) -> String {
        addresses(&self.names, |named| named.must == must).join("\n")
    }

    /// Whether the limit holds, as far as is known at `now`.
    pub fn verdict(&self, now: UnixTime) -> ScopeVerdict {
        match verdict(&self.names) {
            ScopeVerdict::Holds if self.is_stale(now) => ScopeVerdict::NotProven,
            verdict => verdict,
        }
    }

    fn is_stale(&self, now: UnixTime) -> bool {
        self.checked_at.is_some_and(|at| now.since(at) >= PROOF_LASTS)
    }

    /// What there is to say of the application called `name` besides the verdict, in a sentence.
    pub fn sentence(&self, name: &str, now: UnixTime, zone: &TimeZone) -> String {
        match self.verdict(now) {
            ScopeVerdict::NotProven if self.is_stale(now) => {
                let day = self.checked_at.map(|at| date(at, zone)).unwrap_or_default();
                format!("The last check was on {day}, too long ago to say anything of today.")
            }
            ScopeVerdict::TooWide => too_wide(&self.names, name, zone),
            ScopeVerdict::TooNarrow => format!(
                "{name} was refused {}, which it must open.",
                list(&addresses(&self.names, |named| named.must == Must::Open && named.is_amiss()))
            ),
            ScopeVerdict::NotTried => "No mailbox was tried yet.".to_owned(),
            ScopeVerdict::Holds | ScopeVerdict::NotProven => told(&found(&self.names)),
        }
    }
}

/// Whether the limit holds, by what is known of each mailbox.
pub fn verdict(names: &[Named]) -> ScopeVerdict {
    let amiss = |must| names.iter().any(|named| named.must == must && named.is_amiss());
    let as_must = |named: &Named| match named.must {
        Must::Open => named.last() == Some(ScopeOutcome::Opened),
        Must::StayClosed => named.last() == Some(ScopeOutcome::Refused),
    };
    let named = |must| names.iter().any(|named| named.must == must);
    if amiss(Must::StayClosed) {
        ScopeVerdict::TooWide
    } else if amiss(Must::Open) {
        ScopeVerdict::TooNarrow
    } else if names.iter().all(|named| named.tried.is_none()) {
        ScopeVerdict::NotTried
    } else if names.iter().all(as_must) && named(Must::Open) && named(Must::StayClosed) {
        ScopeVerdict::Holds
    } else {
        ScopeVerdict::NotProven
    }
}

/// What the last try of each mailbox found, in words without a verdict: `opened 12 of 12, refused ceo@contoso.com`.
pub fn found(names: &[Named]) -> String {
    let of = |must, outcome| addresses(names, |named| named.must == must && named.last() == Some(outcome));
    let either = |outcome| addresses(names, |named| named.last() == Some(outcome));
    let must_open = names.iter().filter(|named| named.must == Must::Open).count();
    let mut parts = vec![format!("opened {} of {must_open}", of(Must::Open, ScopeOutcome::Opened).len())];
    let lists = [
        ("also opened", of(Must::StayClosed, ScopeOutcome::Opened)),
        ("refused", either(ScopeOutcome::Refused)),
        ("did not find", either(ScopeOutcome::NotFound)),
        ("could not try", either(ScopeOutcome::Unknown)),
        ("has not tried", addresses(names, |named| named.tried.is_none())),
    ];
    parts.extend(lists.iter().filter(|(_, all)| !all.is_empty()).map(|(verb, all)| format!("{verb} {}", list(all))));
    parts.join(", ")
}

/// What was found as a sentence of its own.
pub fn told(found: &str) -> String {
    let mut letters = found.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

fn too_wide(names: &[Named], name: &str, zone: &TimeZone) -> String {
    let closed = |named: &Named| named.must == Must::StayClosed;
    let wide: Vec<&Named> = names.iter().filter(|named| closed(named) && named.is_amiss()).collect();
    let all = list(&wide.iter().map(|named| named.address.clone()).collect::<Vec<_>>());
    let everything = names.iter().all(|named| named.last() == Some(ScopeOutcome::Opened));
    if everything {
        return format!("{name} can open every mailbox of the tenant that was tried, also {all}.");
    }
    let now = wide.iter().any(|named| named.last() == Some(ScopeOutcome::Opened));
    let since = wide.iter().filter_map(|named| named.proven).map(|(_, since)| since).min();
    match since.filter(|_| !now) {
        Some(since) => {
            format!("{name} opened {all} on {}, and no check has shown since that it no longer can.", date(since, zone))
        }
        None => format!("{name} can open {all}, which must stay closed."),
    }
}

/// The addresses of those that are meant, in the order of the form.
pub fn addresses(names: &[Named], which: impl Fn(&Named) -> bool) -> Vec<String> {
    names.iter().filter(|named| which(named)).map(|named| named.address.clone()).collect()
}

/// `a, b and c`, or `a, b, c and 4 more`.
fn list(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        _ if all.len() > TOLD + 1 => format!("{} and {} more", all[..TOLD].join(", "), all.len() - TOLD),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScopeOutcome::{NotFound, Opened, Refused, Unknown};

    const THEN: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn scope(names: &[(&str, Must, &[ScopeOutcome])]) -> Scope {
        let names = names.iter().map(|(local, must, outcomes)| {
            let new = Named::new(format!("{local}@contoso.example"), *must);
            outcomes.iter().zip(0..).fold(new, |named, (outcome, day)| {
                named.after(Tried { outcome: *outcome, at: THEN.plus(day * INTERVAL), failure: None })
            })
        });
        Scope {
            application_id: ApplicationId::new(THEN, &crate::chance::Chance::seeded(1)),
            version: 1,
            updated_by: String::new(),
            updated_at: THEN,
            checked_at: Some(THEN),
            running_until: UnixTime::from_seconds(0),
            names: names.collect(),
        }
    }

    fn said(names: &[(&str, Must, &[ScopeOutcome])]) -> (ScopeVerdict, String) {
        let scope = scope(names);
        (scope.verdict(THEN), scope.sentence("Contoso Mail", THEN, &TimeZone::UTC))
    }

    #[test]
    fn the_limit_holds_only_if_all_is_known_and_as_it_must_be() {
        let (open, closed) = (Must::Open, Must::StayClosed);
        let holds = said(&[("a", open, &[Opened]), ("b", open, &[Opened]), ("ceo", closed, &[Refused])]);
        let words = "Opened 2 of 2, refused ceo@contoso.example.";
        assert_eq!(holds, (ScopeVerdict::Holds, words.to_owned()));
        for (one, two) in [(Unknown, Refused), (NotFound, Refused), (Opened, Unknown), (Opened, NotFound)] {
            let verdict = said(&[("a", open, &[one]), ("ceo", closed, &[two])]).0;
            assert_eq!(verdict, ScopeVerdict::NotProven, "{one:?} {two:?}");
        }
        assert_eq!(said(&[("ceo", closed, &[Refused])]).0, ScopeVerdict::NotProven, "it may open nothing at all");
        assert_eq!(said(&[("a", open, &[]), ("ceo", closed, &[])]).0, ScopeVerdict::NotTried);
        let half = said(&[("a", open, &[Opened]), ("ceo", closed, &[NotFound]), ("cfo", closed, &[Unknown])]);
        let words = "Opened 1 of 1, did not find ceo@contoso.example, could not try cfo@contoso.example.";
        assert_eq!(half.1, words);
    }

    #[test]
    fn what_opened_once_is_too_wide_until_it_is_refused() {
        let (open, closed) = (Must::Open, Must::StayClosed);
        let all = said(&[("a", open, &[Opened]), ("ceo", closed, &[Opened])]);
        let words = "Contoso Mail can open every mailbox of the tenant that was tried, also ceo@contoso.example.";
        assert_eq!(all, (ScopeVerdict::TooWide, words.to_owned()));
        let some = said(&[("a", open, &[Opened]), ("ceo", closed, &[Refused]), ("cfo", closed, &[Opened])]);
        assert_eq!(some.1, "Contoso Mail can open cfo@contoso.example, which must stay closed.");
        for proves_nothing in [Unknown, NotFound] {
            let since = said(&[("a", open, &[Opened]), ("ceo", closed, &[Opened, Opened, proves_nothing])]);
            let words = "Contoso Mail opened ceo@contoso.example on 23 Nov 2026, and no check has shown since that it no longer can.";
            assert_eq!(since, (ScopeVerdict::TooWide, words.to_owned()));
        }
        let mended = said(&[("a", open, &[Opened]), ("ceo", closed, &[Opened, Refused])]);
        assert_eq!(mended.0, ScopeVerdict::Holds);
        let narrow = said(&[("a", open, &[Refused]), ("ceo", closed, &[Refused])]);
        assert_eq!(narrow.1, "Contoso Mail was refused a@contoso.example, which it must open.");
    }

    #[test]
    fn a_check_of_three_days_ago_proves_nothing_but_what_it_found_amiss_stands() {
        let good = scope(&[("a", Must::Open, &[Opened]), ("ceo", Must::StayClosed, &[Refused])]);
        assert_eq!(good.verdict(THEN.plus(PROOF_LASTS - 1)), ScopeVerdict::Holds);
        assert_eq!(good.verdict(THEN.plus(PROOF_LASTS)), ScopeVerdict::NotProven);
        let words = good.sentence("Contoso Mail", THEN.plus(PROOF_LASTS), &TimeZone::UTC);
        assert!(words.contains("The last check was on 23 Nov 2026"), "{words}");
        let wide = scope(&[("a", Must::Open, &[Opened]), ("ceo", Must::StayClosed, &[Opened])]);
        assert_eq!(wide.verdict(THEN.plus(9 * PROOF_LASTS)), ScopeVerdict::TooWide);
    }

    #[test]
    fn a_sentence_names_few_and_counts_the_others() {
        let all: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        assert_eq!(list(&all[..1]), "a");
        assert_eq!(list(&all[..2]), "a and b");
        assert_eq!(list(&all[..4]), "a, b, c and d");
        assert_eq!(list(&all), "a, b, c and 2 more");
    }
}
