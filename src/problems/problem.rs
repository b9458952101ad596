//! One problem: its life, and when people are told of it. No I/O.

use crate::clock::UnixTime;
use crate::ids::{ApplicationId, ProblemId};
use crate::words::{Family, ProblemKind};

use super::Seen;

/// Seconds that a new problem is left to show its size before people are told, so that twelve mailboxes are one message.
const SETTLES: i64 = 20;
/// Seconds for which it must be gone to count as solved: what comes and goes is one problem.
const STAYS_AWAY: i64 = 60;
/// Seconds between two messages about a problem that grows.
const GROWTH: i64 = 60 * 60;
/// Seconds after which people are reminded of a problem that nobody has acknowledged.
const REMINDER: i64 = 24 * 60 * 60;

/// One cause with everything that suffers from it, from its beginning to its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// Ours.
    pub id: ProblemId,
    /// What is the matter.
    pub kind: ProblemKind,
    /// The application; nothing if it is of all.
    pub application_id: Option<ApplicationId>,
    /// What that was called.
    pub application: String,
    /// When the first began to suffer.
    pub since: UnixTime,
    /// When it was first seen.
    pub opened_at: UnixTime,
    /// Mailboxes that have stopped, as last seen.
    pub mailboxes: i64,
    /// Tokens that cannot be renewed, as last seen.
    pub tokens: i64,
    /// The most mailboxes that had stopped at once.
    pub most_mailboxes: i64,
    /// Mailboxes that go on until their token ends, and when the first of them stops.
    pub threatened: Option<(i64, UnixTime)>,
    /// The address of one of them; empty if there was none.
    pub example: String,
    /// Since when it is no longer seen.
    pub gone_at: Option<UnixTime>,
    /// When it was solved.
    pub solved_at: Option<UnixTime>,
    /// Who has it in hand, since when.
    pub acknowledged: Option<(String, UnixTime)>,
    /// Who wants to hear nothing of it, until when.
    pub silenced: Option<(String, UnixTime)>,
    /// When people were last told of it.
    pub told_at: Option<UnixTime>,
    /// How many mailboxes had stopped then.
    pub told_mailboxes: i64,
}

/// How it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Nobody has said that they take care of it.
    Open,
    /// Somebody takes care of it.
    Acknowledged,
    /// Nobody is told of it for a while.
    Silenced,
    /// It is over.
    Solved,
}

impl State {
    /// The stable name.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Silenced => "silenced",
            Self::Solved => "solved",
        }
    }
}

/// What people are told, and what the story of a problem is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum News {
    /// It is there.
    Opened,
    /// More suffers than people know.
    Grew,
    /// It is still there.
    Reminded,
    /// It is over.
    Solved,
}

impl News {
    /// The stable name in the story.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Grew => "grew",
            Self::Reminded => "reminded",
            Self::Solved => "solved",
        }
    }
}

impl Problem {
    /// A problem that was first seen at `now`.
    pub fn new(id: ProblemId, seen: &Seen, now: UnixTime) -> Self {
        Self {
            id,
            kind: seen.kind,
            application_id: seen.application.as_ref().map(|(id, _)| id.clone()),
            application: seen.of_whom(),
            since: seen.since,
            opened_at: now,
            mailboxes: seen.mailboxes,
            tokens: seen.tokens,
            most_mailboxes: seen.mailboxes,
            threatened: seen.threatened,
            example: seen.example.clone(),
            gone_at: None,
            solved_at: None,
            acknowledged: None,
            silenced: None,
            told_at: None,
            told_mailboxes: 0,
        }
    }

    /// What tells it from other open ones; the same as [`Seen::key`].
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.value(), self.application_id.as_ref().map_or("", |id| id.as_str()))
    }

    /// How it stands at `now`.
    pub fn state(&self, now: UnixTime) -> State {
        match (self.solved_at, &self.silenced, &self.acknowledged) {
            (Some(_), ..) => State::Solved,
            (_, Some((_, until)), _) if *until > now => State::Silenced,
            (_, _, Some(_)) => State::Acknowledged,
            _ => State::Open,
        }
    }

    /// Takes over what was seen of it at `now`, or that it was not seen; it is solved when it has stayed away. While only old checks
    /// speak of it nobody knows, so it stays as it was.
    pub fn look(&mut self, seen: Option<&Seen>, now: UnixTime) {
        let Some(seen) = seen else {
            let gone = *self.gone_at.get_or_insert(now);
            if now.since(gone) >= STAYS_AWAY {
                self.solved_at = Some(gone);
            }
            return;
        };
        self.gone_at = None;
        if seen.is_unproven() {
            return;
        }
        // So that people are told when it has shrunk and grows again; but not at once, as when mail stops first.
        self.told_mailboxes = self.told_mailboxes.min(seen.mailboxes.max(1));
        self.mailboxes = seen.mailboxes;
        self.tokens = seen.tokens;
        self.most_mailboxes = self.most_mailboxes.max(seen.mailboxes);
        self.threatened = seen.threatened;
        if !seen.example.is_empty() {
            self.example.clone_from(&seen.example);
        }
        self.application = seen.of_whom();
    }

    /// What people are to be told of it at `now`, if anything. A silenced one is only told to be over.
    pub fn news(&self, now: UnixTime) -> Option<News> {
        let state = self.state(now);
        let Some(told) = self.told_at else {
            let settled = now.since(self.opened_at) >= SETTLES && self.gone_at.is_none();
            return (state != State::Solved && state != State::Silenced && settled).then_some(News::Opened);
        };
        match state {
            State::Solved => Some(News::Solved),
            State::Silenced => None,
            _ if self.gone_at.is_some() => None,
            _ if self.told_mailboxes == 0 && self.mailboxes > 0 => Some(News::Grew),
            _ if self.mailboxes > self.told_mailboxes && now.since(told) >= GROWTH => Some(News::Grew),
            State::Open if now.since(told) >= REMINDER => Some(News::Reminded),
            _ => None,
        }
    }

    /// Notes that people were told at `now`.
    pub fn tell(&mut self, now: UnixTime) {
        self.told_at = Some(now);
        self.told_mailboxes = self.mailboxes;
    }

    /// Whether it may not wait until the morning: mail has stopped and does not go on by itself, or an application opens too much.
    pub fn is_urgent(&self) -> bool {
        (self.mailboxes > 0 || self.kind == ProblemKind::ScopeTooWide) && self.kind.family() != Family::Warn
    }

    /// What suffers, in a few words.
    pub fn extent(&self) -> String {
        extent(self.kind, (self.mailboxes, self.tokens, self.threatened.map_or(0, |(count, _)| count)), &self.example)
    }

    /// What suffered at its worst, in a few words.
    pub fn worst(&self) -> String {
        extent(self.kind, (self.most_mailboxes, 0, 0), &self.example)
    }
}

/// What suffers, in a few words: of mailboxes that have stopped one by its address, more by their number; of tokens that cannot be
/// renewed how many mailboxes will stop. `counts` are these three: mailboxes, tokens, mailboxes that will stop.
pub fn extent(kind: ProblemKind, counts: (i64, i64, i64), example: &str) -> String {
    match counts {
        _ if kind == ProblemKind::ScopeTooWide => format!("opens {example}, which it must not open"),
        _ if kind == ProblemKind::ScopeTooNarrow => format!("does not open {example}, which it must open"),
        (1, ..) if !example.is_empty() => example.to_owned(),
        (0, _, 1) => "1 mailbox will stop when its token ends".to_owned(),
        (0, _, threatened) if threatened > 1 => format!("{threatened} mailboxes will stop when their token ends"),
        (0, 0, _) => "no mailbox has stopped".to_owned(),
        (0, 1, _) => "1 token cannot be renewed".to_owned(),
        (0, tokens, _) => format!("{tokens} tokens cannot be renewed"),
        (1, ..) => "1 mailbox".to_owned(),
        (mailboxes, ..) => format!("{mailboxes} mailboxes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::words::Cause;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn seen(mailboxes: i64) -> Seen {
        Seen {
            kind: ProblemKind::Failing(Cause::SecretExpired),
            application: Some((ApplicationId::new(NOW, &Chance::seeded(1)), "Mail".to_owned())),
            applications: [(ApplicationId::new(NOW, &Chance::seeded(1)), "Mail".to_owned())].into(),
            mailboxes,
            old: 0,
            young: false,
            tokens: 1,
            threatened: None,
            since: NOW,
            example: String::new(),
            only: None,
            token: None,
        }
    }

    fn problem(mailboxes: i64) -> Problem {
        Problem::new(ProblemId::new(NOW, &Chance::seeded(1)), &seen(mailboxes), NOW)
    }

    #[test]
    fn people_are_told_once_after_it_has_shown_its_size() {
        let mut problem = problem(1);
        assert_eq!(problem.news(NOW.plus(SETTLES - 1)), None);
        problem.look(Some(&seen(12)), NOW.plus(SETTLES));
        assert_eq!(problem.news(NOW.plus(SETTLES)), Some(News::Opened));
        problem.tell(NOW.plus(SETTLES));
        assert_eq!(problem.news(NOW.plus(SETTLES + 10)), None);
    }

    #[test]
    fn growth_is_told_once_an_hour_but_the_first_stop_of_mail_at_once() {
        let mut told = problem(0);
        told.tell(NOW);
        told.look(Some(&seen(3)), NOW.plus(10));
        assert_eq!(told.news(NOW.plus(10)), Some(News::Grew));
        told.tell(NOW.plus(10));
        told.look(Some(&seen(4)), NOW.plus(20));
        assert_eq!((told.news(NOW.plus(20)), told.news(NOW.plus(10 + GROWTH))), (None, Some(News::Grew)));
    }

    #[test]
    fn a_reminder_comes_after_a_day_unless_somebody_has_it_in_hand() {
        let mut problem = problem(1);
        problem.tell(NOW);
        assert_eq!(problem.news(NOW.plus(REMINDER)), Some(News::Reminded));
        problem.acknowledged = Some(("Ana".to_owned(), NOW));
        assert_eq!(problem.news(NOW.plus(REMINDER)), None);
    }

    #[test]
    fn it_is_solved_when_it_has_stayed_away_since_it_went_and_told_only_if_its_beginning_was() {
        let mut problem = problem(1);
        problem.look(None, NOW.plus(30));
        problem.look(Some(&seen(1)), NOW.plus(40));
        problem.look(None, NOW.plus(50));
        problem.look(None, NOW.plus(100));
        assert_eq!(problem.state(NOW.plus(100)), State::Open);
        problem.look(None, NOW.plus(110));
        assert_eq!((problem.state(NOW.plus(110)), problem.solved_at), (State::Solved, Some(NOW.plus(50))));
        assert_eq!(problem.news(NOW.plus(110)), None);
        problem.tell(NOW);
        assert_eq!(problem.news(NOW.plus(110)), Some(News::Solved));
    }

    #[test]
    fn what_nobody_has_looked_at_for_long_is_not_solved_and_not_told() {
        let mut problem = problem(3);
        problem.tell(NOW);
        let unproven = Seen { mailboxes: 0, tokens: 0, old: 3, ..seen(0) };
        for later in [10_800, 10_900, 86_000] {
            problem.look(Some(&unproven), NOW.plus(later));
            assert_eq!(
                (problem.state(NOW.plus(later)), problem.mailboxes, problem.news(NOW.plus(later))),
                (State::Open, 3, None)
            );
        }
    }

    #[test]
    fn what_has_shrunk_and_grows_again_is_told_again() {
        let mut problem = problem(12);
        problem.tell(NOW);
        problem.look(Some(&seen(2)), NOW.plus(60));
        problem.look(Some(&seen(10)), NOW.plus(GROWTH));
        assert_eq!(problem.news(NOW.plus(GROWTH)), Some(News::Grew));
    }

    #[test]
    fn a_silenced_one_is_told_to_be_over_and_nothing_else() {
        let mut silent = problem(1);
        silent.silenced = Some(("Ana".to_owned(), NOW.plus(7_200)));
        assert_eq!(silent.news(NOW.plus(SETTLES)), None);
        silent.tell(NOW);
        silent.look(Some(&seen(9)), NOW.plus(GROWTH));
        assert_eq!(silent.news(NOW.plus(GROWTH)), None);
        assert_eq!(silent.news(NOW.plus(7_200)), Some(News::Grew));
        silent.solved_at = Some(NOW.plus(60));
        assert_eq!(silent.news(NOW.plus(60)), Some(News::Solved));
    }

    #[test]
    fn only_mail_that_has_stopped_and_does_not_go_on_by_itself_is_urgent() {
        assert!(problem(1).is_urgent());
        assert!(!problem(0).is_urgent());
        let throttled = Problem { kind: ProblemKind::Failing(Cause::Throttled), ..problem(1) };
        assert!(!throttled.is_urgent());
    }
}
