//! What is wrong at this moment, by cause and application, from mailboxes and tokens together.

use std::collections::HashMap;

use crate::applications::scope_store::{self, Amiss};
use crate::clock::UnixTime;
use crate::db::Db;
use crate::error::Result;
use crate::ids::{ApplicationId, GrantId, MailboxId};
use crate::mailboxes::mailbox::proof_from;
use crate::tokens::health_store::{self, Failing};
use crate::words::{Cause, ProblemKind};

use super::seen_store::{self, Broken};

/// Seconds for which what passes by itself is left to pass.
const PASSES_WITHIN: i64 = 5 * 60;

/// One cause with everything of one application that suffers from it now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// What is the matter.
    pub kind: ProblemKind,
    /// The application; nothing if it is Microsoft itself, or the way there.
    pub application: Option<(ApplicationId, String)>,
    /// Mailboxes that have stopped, as a check shows that is not old.
    pub mailboxes: i64,
    /// Mailboxes that had stopped when they were last checked, long ago: nobody knows how they are now.
    pub old: i64,
    /// Whether it began so lately, and is of a kind that so often passes, that it is not worth a word yet.
    pub young: bool,
    /// Tokens that cannot be renewed.
    pub tokens: i64,
    /// When the first began to suffer.
    pub since: UnixTime,
    /// The mailbox that has stopped, or one of several.
    pub example: Option<(MailboxId, String)>,
    /// One of the tokens that cannot be renewed.
    pub token: Option<GrantId>,
}

impl Seen {
    /// What tells it from others that are there at the same time.
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind.value(), self.application.as_ref().map_or("", |(id, _)| id.as_str()))
    }

    /// Whether only old checks speak of it.
    pub fn is_unproven(&self) -> bool {
        self.mailboxes == 0 && self.tokens == 0 && self.old > 0
    }

    /// The application's name, or what stands in its place.
    pub fn of_whom(&self) -> &str {
        self.application.as_ref().map_or("all applications", |(_, name)| name)
    }
}

/// Everything that is wrong at `now`, the most serious first, then what hurts most; what is only known from old checks, too, and what
/// is [`Seen::young`].
///
/// # Errors
/// If the database cannot answer.
pub async fn now(db: &Db, now: UnixTime) -> Result<Vec<Seen>> {
    let broken = seen_store::broken(db, proof_from(now)).await?;
    let passing = seen_store::passing(db, proof_from(now)).await?;
    let tokens = health_store::failing(db, now).await?;
    let wide = scope_store::widened(db).await?.into_iter().map(|it| Seen::from_scope(ProblemKind::ScopeTooWide, it));
    let narrow =
        scope_store::too_narrow(db).await?.into_iter().map(|it| Seen::from_scope(ProblemKind::ScopeTooNarrow, it));
    let mut seen = together(broken.into_iter().chain(passing), tokens, now);
    seen.extend(wide.chain(narrow));
    Ok(in_order(seen))
}

fn together(mailboxes: impl Iterator<Item = Broken>, tokens: Vec<Failing>, now: UnixTime) -> Vec<Seen> {
    let mut found: HashMap<String, Seen> = HashMap::new();
    let of_mailboxes =
        mailboxes.filter_map(|broken| Some(Seen::from_mailboxes(ProblemKind::of(broken.status)?, broken)));
    for new in of_mailboxes.chain(tokens.into_iter().map(Seen::from_tokens)) {
        match found.get_mut(&new.key()) {
            Some(known) => known.join(new),
            None => drop(found.insert(new.key(), new)),
        }
    }
    let passes = |it: &Seen| it.kind.cause().is_some_and(Cause::is_transient) && now.since(it.since) < PASSES_WITHIN;
    in_order(found.into_values().map(|it| Seen { young: passes(&it), ..it }).collect())
}

fn in_order(mut found: Vec<Seen>) -> Vec<Seen> {
    // To the end, so that two do not change places when a page is loaded again.
    found.sort_by(|a, b| {
        let weight = |it: &Seen| (it.kind.rank(), it.mailboxes == 0, -it.mailboxes, -it.tokens, it.since);
        weight(a).cmp(&weight(b)).then_with(|| (a.of_whom(), a.kind.value()).cmp(&(b.of_whom(), b.kind.value())))
    });
    found
}

/// Nothing if it is Microsoft that does not answer: then it is one problem, however many applications ask.
fn of_one(kind: ProblemKind, application: (ApplicationId, String)) -> Option<(ApplicationId, String)> {
    (kind != ProblemKind::Failing(Cause::ProviderDown)).then_some(application)
}

impl Seen {
    fn from_mailboxes(kind: ProblemKind, broken: Broken) -> Self {
        Self {
            kind,
            application: of_one(kind, (broken.application_id, broken.application)),
            mailboxes: broken.mailboxes - broken.old,
            old: broken.old,
            young: false,
            tokens: 0,
            since: broken.since,
            example: Some((broken.example_id, broken.example)),
            token: None,
        }
    }

    fn from_tokens(failing: Failing) -> Self {
        let kind = ProblemKind::Failing(failing.cause);
        Self {
            kind,
            application: of_one(kind, (failing.application_id, failing.application)),
            mailboxes: 0,
            old: 0,
            young: false,
            tokens: failing.tokens,
            since: failing.since,
            example: None,
            token: Some(failing.example),
        }
    }

    fn from_scope(kind: ProblemKind, amiss: Amiss) -> Self {
        Self {
            kind,
            application: Some((amiss.application_id, amiss.name)),
            mailboxes: 0,
            old: 0,
            young: false,
            tokens: 0,
            since: amiss.since,
            example: None,
            token: None,
        }
    }

    fn join(&mut self, other: Self) {
        self.mailboxes += other.mailboxes;
        self.old += other.old;
        self.tokens += other.tokens;
        self.since = self.since.min(other.since);
        self.example = self.example.take().into_iter().chain(other.example).min_by(|a, b| a.1.cmp(&b.1));
        self.token = self.token.take().or(other.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::words::Status;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn application(name: &str) -> (ApplicationId, String) {
        (ApplicationId::new(NOW, &Chance::seeded(name.len() as u64)), name.to_owned())
    }

    fn broken(name: &str, status: Status, mailboxes: i64, ago: i64) -> Broken {
        let (application_id, application) = application(name);
        let example_id = MailboxId::new(NOW, &Chance::seeded(1));
        let example = "a@x.example".to_owned();
        Broken { application_id, application, status, mailboxes, old: 0, since: NOW.plus(-ago), example, example_id }
    }

    fn failing(name: &str, cause: Cause, tokens: i64, ago: i64) -> Failing {
        let (application_id, application) = application(name);
        let example = GrantId::new(NOW, &Chance::seeded(1));
        Failing { cause, application_id, application, tokens, ended: 0, since: NOW.plus(-ago), example }
    }

    #[test]
    fn mailboxes_and_tokens_of_one_cause_are_one_problem_since_the_first_of_them() {
        let expired = Status::Failing(Cause::SecretExpired);
        let seen = together(
            [broken("Mail", expired, 3, 60), broken("Mail", expired, 2, 90)].into_iter(),
            vec![failing("Mail", Cause::SecretExpired, 1, 3_600)],
            NOW,
        );
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].mailboxes, seen[0].tokens, seen[0].since), (5, 1, NOW.plus(-3_600)));
    }

    #[test]
    fn microsoft_not_answering_is_one_problem_of_all_applications_once_it_lasts() {
        let down = Cause::ProviderDown;
        let brief = together(std::iter::empty(), vec![failing("Mail", down, 1, 299)], NOW);
        assert!(brief[0].young);
        let lasting = together(
            [broken("Fax", Status::Failing(down), 1, 30)].into_iter(),
            vec![failing("Mail", down, 4, 300), failing("Other", down, 2, 10)],
            NOW,
        );
        assert!(lasting.len() == 1 && !lasting[0].young);
        assert_eq!((lasting[0].application.as_ref(), lasting[0].mailboxes, lasting[0].tokens), (None, 1, 6));
    }

    #[test]
    fn what_only_an_old_check_shows_is_unproven() {
        let old = Broken { old: 2, ..broken("Mail", Status::Failing(Cause::NoAccess), 2, 9_000) };
        assert!(together([old.clone()].into_iter(), Vec::new(), NOW)[0].is_unproven());
        let seen =
            together([old, broken("Mail", Status::Failing(Cause::NoAccess), 3, 60)].into_iter(), Vec::new(), NOW);
        assert!(!seen[0].is_unproven() && seen[0].mailboxes == 3 && seen[0].old == 2);
    }

    #[test]
    fn what_has_stopped_comes_before_what_only_will_stop_and_the_serious_before_both() {
        let seen = together(
            [broken("Mail", Status::SignInPending, 9, 10), broken("Fax", Status::Failing(Cause::NoAccess), 1, 10)]
                .into_iter(),
            vec![failing("Other", Cause::SecretRefused, 1, 10)],
            NOW,
        );
        let kinds: Vec<&str> = seen.iter().map(|it| it.kind.value()).collect();
        assert_eq!(kinds, ["no_access", "secret_refused", "sign_in_pending"]);
    }
}
