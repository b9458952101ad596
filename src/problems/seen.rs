//! What is wrong at this moment, by cause and application, from mailboxes and tokens together.

use std::collections::{BTreeMap, HashMap};

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
    /// Every application that suffers from it.
    pub applications: BTreeMap<ApplicationId, String>,
    /// Mailboxes that have stopped, as a check shows that is not old.
    pub mailboxes: i64,
    /// Mailboxes that had stopped when they were last checked, long ago: nobody knows how they are now.
    pub old: i64,
    /// Whether it began so lately, and is of a kind that so often passes, that it is not worth a word yet.
    pub young: bool,
    /// Tokens that cannot be renewed.
    pub tokens: i64,
    /// Mailboxes that go on until their token ends, and when the first of them stops.
    pub threatened: Option<(i64, UnixTime)>,
    /// When the first began to suffer.
    pub since: UnixTime,
    /// The address of one of the mailboxes that have stopped; of a scope, every address that tells it.
    pub example: String,
    /// The mailbox that has stopped, if it is only one.
    pub only: Option<MailboxId>,
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
    pub fn of_whom(&self) -> String {
        match (self.applications.len(), self.applications.values().next()) {
            (1, Some(name)) => name.clone(),
            (count, _) => format!("{count} applications"),
        }
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
    let sharing = seen_store::sharing(db).await?;
    let mut seen = together(broken.into_iter().chain(passing), (tokens, &sharing), now);
    seen.extend(wide.chain(narrow));
    Ok(in_order(seen))
}

/// `tokens` are what cannot be renewed, and how many mailboxes share a token of each application.
fn together(
    mailboxes: impl Iterator<Item = Broken>,
    (tokens, sharing): (Vec<Failing>, &HashMap<ApplicationId, i64>),
    now: UnixTime,
) -> Vec<Seen> {
    let mut found: HashMap<String, Seen> = HashMap::new();
    let of_mailboxes =
        mailboxes.filter_map(|broken| Some(Seen::from_mailboxes(ProblemKind::of(broken.status)?, broken)));
    for new in of_mailboxes.chain(tokens.into_iter().map(|failing| Seen::from_tokens(failing, sharing, now))) {
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
        let hurt = |it: &Seen| it.mailboxes.max(it.threatened.map_or(0, |(count, _)| count));
        let weight = |it: &Seen| (it.kind.rank(), -hurt(it), -it.mailboxes, -it.tokens, it.since);
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
        let application = (broken.application_id, broken.application);
        Self {
            kind,
            applications: [application.clone()].into(),
            application: of_one(kind, application),
            mailboxes: broken.mailboxes - broken.old,
            old: broken.old,
            young: false,
            tokens: 0,
            threatened: None,
            since: broken.since,
            example: broken.example,
            only: (broken.mailboxes == 1).then_some(broken.example_id),
            token: None,
        }
    }

    fn from_tokens(failing: Failing, sharing: &HashMap<ApplicationId, i64>, now: UnixTime) -> Self {
        let kind = ProblemKind::Failing(failing.cause);
        let shared =
            if failing.shared > 0 { sharing.get(&failing.application_id).copied().unwrap_or_default() } else { 0 };
        let threatened = failing.tokens - failing.shared + shared;
        let application = (failing.application_id, failing.application);
        Self {
            kind,
            threatened: (failing.ends_at > now && threatened > 0).then_some((threatened, failing.ends_at)),
            applications: [application.clone()].into(),
            application: of_one(kind, application),
            mailboxes: 0,
            old: 0,
            young: false,
            tokens: failing.tokens,
            since: failing.since,
            example: String::new(),
            only: None,
            token: Some(failing.example),
        }
    }

    fn from_scope(kind: ProblemKind, amiss: Amiss) -> Self {
        let application = (amiss.application_id, amiss.name);
        Self {
            kind,
            applications: [application.clone()].into(),
            application: Some(application),
            mailboxes: 0,
            old: 0,
            young: false,
            tokens: 0,
            threatened: None,
            since: amiss.since,
            example: amiss.addresses.join(", "),
            only: None,
            token: None,
        }
    }

    fn join(&mut self, other: Self) {
        self.mailboxes += other.mailboxes;
        self.old += other.old;
        self.tokens += other.tokens;
        self.since = self.since.min(other.since);
        self.applications.extend(other.applications);
        self.only = self.only.take().xor(other.only).filter(|_| self.mailboxes + self.old == 1);
        let examples = [std::mem::take(&mut self.example), other.example];
        self.example = examples.into_iter().filter(|it| !it.is_empty()).min().unwrap_or_default();
        self.threatened = match (self.threatened, other.threatened) {
            (Some((a, first)), Some((b, second))) => Some((a + b, first.min(second))),
            (either, other) => either.or(other),
        };
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
        let since = NOW.plus(-ago);
        let ends_at = NOW.plus(1_800);
        Failing { cause, application_id, application, tokens, ended: 0, shared: tokens, ends_at, since, example }
    }

    #[test]
    fn mailboxes_and_tokens_of_one_cause_are_one_problem_since_the_first_of_them() {
        let expired = Status::Failing(Cause::SecretExpired);
        let seen = together(
            [broken("Mail", expired, 3, 60), broken("Mail", expired, 2, 90)].into_iter(),
            (vec![failing("Mail", Cause::SecretExpired, 1, 3_600)], &HashMap::new()),
            NOW,
        );
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].mailboxes, seen[0].tokens, seen[0].since), (5, 1, NOW.plus(-3_600)));
    }

    #[test]
    fn microsoft_not_answering_is_one_problem_of_all_applications_once_it_lasts() {
        let down = Cause::ProviderDown;
        let brief = together(std::iter::empty(), (vec![failing("Mail", down, 1, 299)], &HashMap::new()), NOW);
        assert!(brief[0].young);
        let lasting = together(
            [broken("Fax", Status::Failing(down), 1, 30)].into_iter(),
            (vec![failing("Mail", down, 4, 300), failing("Other", down, 2, 10)], &HashMap::new()),
            NOW,
        );
        assert!(lasting.len() == 1 && !lasting[0].young);
        assert_eq!((lasting[0].application.as_ref(), lasting[0].mailboxes, lasting[0].tokens), (None, 1, 6));
    }

    #[test]
    fn a_shared_token_that_cannot_be_renewed_threatens_every_mailbox_that_shares_it() {
        let (id, _) = application("Mail");
        let seen = together(
            std::iter::empty(),
            (vec![failing("Mail", Cause::Blocked, 1, 60)], &HashMap::from([(id, 141)])),
            NOW,
        );
        assert_eq!((seen[0].mailboxes, seen[0].threatened), (0, Some((141, NOW.plus(1_800)))));
    }

    #[test]
    fn what_only_an_old_check_shows_is_unproven() {
        let old = Broken { old: 2, ..broken("Mail", Status::Failing(Cause::NoAccess), 2, 9_000) };
        assert!(together([old.clone()].into_iter(), (Vec::new(), &HashMap::new()), NOW)[0].is_unproven());
        let seen = together(
            [old, broken("Mail", Status::Failing(Cause::NoAccess), 3, 60)].into_iter(),
            (Vec::new(), &HashMap::new()),
            NOW,
        );
        assert!(!seen[0].is_unproven() && seen[0].mailboxes == 3 && seen[0].old == 2);
    }

    #[test]
    fn what_has_stopped_comes_before_what_only_will_stop_and_the_serious_before_both() {
        let seen = together(
            [broken("Mail", Status::SignInPending, 9, 10), broken("Fax", Status::Failing(Cause::NoAccess), 1, 10)]
                .into_iter(),
            (vec![failing("Other", Cause::SecretRefused, 1, 10)], &HashMap::new()),
            NOW,
        );
        let kinds: Vec<&str> = seen.iter().map(|it| it.kind.value()).collect();
        assert_eq!(kinds, ["no_access", "secret_refused", "sign_in_pending"]);
    }
}
