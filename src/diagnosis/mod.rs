//! What the times tell of a failure: when it began, what was changed just before, and who else suffers. At most two sentences, made of
//! facts alone; what only might be is said as what would do that.
//!
//! `store.rs` reads the facts. A mailbox' page and a token's page show the sentences under the failure.

pub mod store;

use crate::audit::Deed;
use crate::clock::UnixTime;
use crate::words::{Cause, deed, lasted};

/// What fails, as the sentences call it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// A mailbox; its neighbours are the mailboxes of its application.
    Mailbox,
    /// The saved sign-in of a person; its neighbours are the others of its application.
    SignIn,
    /// The token of an application, which has no neighbours.
    Application,
}

/// When it last worked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Worked {
    /// From the first to the last moment, as far as is known.
    From(UnixTime, UnixTime),
    /// Not once since it was set up or its settings were changed.
    Never,
}

/// What is known of the others of the same application.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Peers {
    /// How many were seen to work since this one fails.
    pub working: i64,
    /// How many fail for the same reason.
    pub same: i64,
    /// How many of those began within a minute of this one.
    pub together: i64,
    /// Whether there are more than were counted; then nothing is said of all.
    pub more: bool,
}

/// How many applications there are, and how many of them get no answer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Everywhere {
    /// Those that have a token.
    pub applications: i64,
    /// Those of which a token could not be renewed because no usable answer came.
    pub unreachable: i64,
}

/// Everything that the sentences are made of.
#[derive(Debug)]
pub struct Facts<'a> {
    /// What fails.
    pub what: What,
    /// Why, as Microsoft says now.
    pub cause: Cause,
    /// What its application is called.
    pub application: &'a str,
    /// When it worked.
    pub worked: Worked,
    /// When it was first seen to fail after that.
    pub failed_at: UnixTime,
    /// What people did from the last success to the first failure, newest first; if it never worked, since it was set up.
    pub deeds: &'a [Deed],
    /// Seconds that each of the last sign-ins lasted, the newest first.
    pub lives: &'a [i64],
    /// The others of the application.
    pub peers: Peers,
    /// All applications.
    pub everywhere: Everywhere,
}

/// A sign-in that lasts so long or less, again and again, is ended by a rule and not by chance.
const SHORT: i64 = 2 * 60 * 60;

/// What to say. `time` writes a moment for the reader.
pub fn sentences(facts: &Facts<'_>, time: impl Fn(UnixTime) -> String) -> Vec<String> {
    place(facts).into_iter().chain(moment(facts, &time)).collect()
}

/// Whether it is this one, its application, or the way to Microsoft.
fn place(facts: &Facts<'_>) -> Option<String> {
    let Facts { cause, application, peers, everywhere, .. } = facts;
    let Everywhere { applications, unreachable } = *everywhere;
    if *cause == Cause::ProviderDown && applications > 1 && unreachable == applications {
        let all = "applications get no usable answer";
        return Some(format!(
            "All {applications} {all}: it is Microsoft, or the network between Postkey and Microsoft."
        ));
    }
    let one = match facts.what {
        What::Mailbox => "mailbox",
        What::SignIn => "sign-in",
        What::Application => return None,
    };
    let many = |count: i64| match count {
        1 => format!("The other {one} of {application}"),
        count if one == "mailbox" => format!("The other {count} mailboxes of {application}"),
        count => format!("The other {count} sign-ins of {application}"),
    };
    let s = |count: i64| if count == 1 { "s" } else { "" };
    let passes = cause.is_transient();
    match *peers {
        Peers { more: true, .. } | Peers { working: 0, same: 0, .. } => None,
        Peers { working: 0, same, together, .. } if same == together && !passes => Some(format!(
            "{} failed within the same minute for the same reason: look at the application, not at one {one}.",
            many(same)
        )),
        Peers { working: 0, same, .. } => Some(format!("{} fail{} for the same reason.", many(same), s(same))),
        Peers { working, same: 0, .. } => {
            Some(format!("{} work{}: it is this {one} alone.", many(working), s(working)))
        }
        Peers { working, same, .. } => {
            let others = many(working + same);
            Some(format!("{same} of {} fail{} for the same reason.", lower(&others), s(same)))
        }
    }
}

fn lower(text: &str) -> String {
    text.replacen("The", "the", 1)
}

/// When it began, and what was changed just before.
fn moment(facts: &Facts<'_>, time: &impl Fn(UnixTime) -> String) -> Option<String> {
    if facts.lives.len() > 1 && facts.lives.iter().all(|life| *life <= SHORT) {
        let (count, longest) = (facts.lives.len(), facts.lives.iter().copied().max().unwrap_or_default());
        let rule = "A rule of the tenant that ends or takes back sign-ins would do that, and end the next one too";
        return Some(format!("The last {count} sign-ins each lasted no longer than {}. {rule}.", lasted(longest)));
    }
    let (from, to) = match facts.worked {
        Worked::Never => return Some(never(facts, time)),
        Worked::From(from, to) => (from, to),
    };
    if facts.failed_at < to {
        return None;
    }
    let worked = match to.since(from) {
        ..=60 => format!("It worked at {}", time(to)),
        seconds => format!("It worked for {}, last at {}", lasted(seconds), time(to)),
    };
    let failed = format!("{worked}, and failed first at {}.", time(facts.failed_at));
    Some(match change(facts) {
        Some(change) => format!("{failed} {}", before(facts, change)),
        None if facts.cause.is_transient() => failed,
        None => format!("{failed} Nothing was changed in Postkey in between{}.", would(facts.cause)),
    })
}

fn never(facts: &Facts<'_>, time: &impl Fn(UnixTime) -> String) -> String {
    let changed = facts.deeds.iter().find(|it| it.action == "mailbox.changed");
    let since = match changed {
        Some(it) => format!("{} changed its settings at {}", it.actor, time(it.at)),
        None => "it was set up".to_owned(),
    };
    let advice = match facts.cause {
        Cause::AppNotFound | Cause::TenantNotFound | Cause::SecretRefused | Cause::CertificateRefused => {
            " Compare the IDs and the credential with the application in Entra."
        }
        Cause::SetupFault => " Compare the IDs and the settings with the application in Entra.",
        Cause::NeedsConsent => " Its permissions were never granted, as far as Postkey has seen.",
        Cause::MailboxNotFound => " Compare the address, letter by letter.",
        _ => "",
    };
    format!("It has not worked once since {since}.{advice}")
}

fn change<'a>(facts: &'a Facts<'_>) -> Option<&'a Deed> {
    facts.deeds.iter().find(|it| crate::words::is_change(&it.action))
}

fn before(facts: &Facts<'_>, change: &Deed) -> String {
    let did = deed(&change.action).unwrap_or("changed something");
    match facts.failed_at.since(change.at) {
        ..60 => format!("{} {did} just before.", change.actor),
        seconds => format!("{} {did} {} before.", change.actor, lasted(seconds)),
    }
}

/// What else would make it stop; the article says more.
fn would(cause: Cause) -> &'static str {
    match cause {
        Cause::NeedsSignIn => {
            ". A changed password, a sign-out everywhere or a consent that was taken back would do that"
        }
        Cause::NeedsConsent => ". A consent that was taken back would do that",
        Cause::SecretRefused => ". A secret that was removed in Entra would do that",
        Cause::SecretExpired => ", which fits a secret that ended by itself",
        Cause::CertificateRefused => ". A certificate that was removed in Entra would do that",
        Cause::AppNotFound => ". An application that was deleted or disabled in Entra would do that",
        Cause::Blocked => ". A new or stricter rule of the tenant would do that",
        Cause::NoAccess => ". A changed limit in Exchange or a permission that was taken back would do that",
        Cause::MailboxNotFound => ". A mailbox that was renamed, deleted or lost its licence would do that",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(minutes: i64) -> UnixTime {
        UnixTime::from_seconds(minutes * 60)
    }

    /// A mailbox of three that worked for twelve days and has failed for a quarter of an hour.
    fn facts() -> Facts<'static> {
        Facts {
            what: What::Mailbox,
            cause: Cause::SecretExpired,
            application: "Contoso Mail",
            worked: Worked::From(at(0), at(12 * 24 * 60)),
            failed_at: at(12 * 24 * 60 + 15),
            deeds: &[],
            lives: &[],
            peers: Peers::default(),
            everywhere: Everywhere::default(),
        }
    }

    fn deed_at(minutes: i64, action: &str) -> Deed {
        Deed { at: at(minutes), actor: "Tom".to_owned(), action: action.to_owned(), detail: String::new() }
    }

    fn said(facts: &Facts<'_>) -> String {
        sentences(facts, |it| format!("T{}", it.seconds() / 60)).join(" | ")
    }

    const LAST: &str = "It worked for 12 days, last at T17280, and failed first at T17295.";
    const NOTHING: &str = "Nothing was changed in Postkey in between";

    fn told<const N: usize>(table: [(Facts<'_>, String); N]) {
        for (facts, expected) in table {
            assert_eq!(said(&facts), expected);
        }
    }

    #[test]
    fn the_times_tell_what_happened_and_never_more() {
        let changed = [deed_at(17_291, "application.changed"), deed_at(17_281, "credential.added")];
        let looked = [deed_at(17_290, "mailbox.check_asked")];
        told([
            (facts(), format!("{LAST} {NOTHING}, which fits a secret that ended by itself.")),
            (Facts { deeds: &changed, ..facts() }, format!("{LAST} Tom changed the application 4 min before.")),
            (
                Facts { deeds: &looked, cause: Cause::Blocked, ..facts() },
                format!("{LAST} {NOTHING}. A new or stricter rule of the tenant would do that."),
            ),
            (Facts { cause: Cause::Other, ..facts() }, format!("{LAST} {NOTHING}.")),
            (
                Facts { cause: Cause::AppNotFound, worked: Worked::Never, ..facts() },
                "It has not worked once since it was set up. Compare the IDs and the credential with the application in \
                 Entra."
                    .to_owned(),
            ),
            (
                Facts {
                    cause: Cause::Other,
                    worked: Worked::Never,
                    deeds: &[deed_at(5, "mailbox.changed")],
                    ..facts()
                },
                "It has not worked once since Tom changed its settings at T5.".to_owned(),
            ),
            (
                Facts { cause: Cause::NeedsSignIn, what: What::SignIn, lives: &[3_000, 3_900, 2_700], ..facts() },
                "The last 3 sign-ins each lasted no longer than 65 min. A rule of the tenant that ends or takes back \
                 sign-ins would do that, and end the next one too."
                    .to_owned(),
            ),
            (
                Facts { cause: Cause::NeedsSignIn, lives: &[3_000, DAY], ..facts() },
                format!(
                    "{LAST} {NOTHING}. A changed password, a sign-out everywhere or a consent that was taken back would do \
                     that."
                ),
            ),
            (
                Facts { cause: Cause::Other, worked: Worked::From(at(17_280), at(17_280)), ..facts() },
                format!("It worked at T17280, and failed first at T17295. {NOTHING}."),
            ),
            (Facts { worked: Worked::From(at(0), at(20_000)), ..facts() }, String::new()),
        ]);
    }

    #[test]
    fn the_others_tell_where_to_look() {
        let peers = |working, same, together| Peers { working, same, together, more: false };
        let everywhere = |applications, unreachable| Everywhere { applications, unreachable };
        told([
            (
                Facts { cause: Cause::Other, peers: peers(0, 11, 11), ..facts() },
                format!(
                    "The other 11 mailboxes of Contoso Mail failed within the same minute for the same reason: look at the \
                     application, not at one mailbox. | {LAST} {NOTHING}."
                ),
            ),
            (
                Facts { cause: Cause::Other, peers: peers(0, 1, 0), ..facts() },
                format!("The other mailbox of Contoso Mail fails for the same reason. | {LAST} {NOTHING}."),
            ),
            (
                Facts { cause: Cause::NoAccess, peers: peers(11, 0, 0), worked: Worked::Never, ..facts() },
                "The other 11 mailboxes of Contoso Mail work: it is this mailbox alone. | It has not worked once since it \
                 was set up."
                    .to_owned(),
            ),
            (
                Facts { cause: Cause::Other, what: What::SignIn, peers: peers(3, 1, 0), ..facts() },
                format!("1 of the other 4 sign-ins of Contoso Mail fails for the same reason. | {LAST} {NOTHING}."),
            ),
            (
                Facts { cause: Cause::Other, peers: Peers { more: true, ..peers(0, 1_000, 1_000) }, ..facts() },
                format!("{LAST} {NOTHING}."),
            ),
            (
                Facts { cause: Cause::ProviderDown, everywhere: everywhere(4, 4), ..facts() },
                format!(
                    "All 4 applications get no usable answer: it is Microsoft, or the network between Postkey and Microsoft. \
                     | {LAST}"
                ),
            ),
            (Facts { cause: Cause::ProviderDown, everywhere: everywhere(4, 3), ..facts() }, LAST.to_owned()),
            (Facts { cause: Cause::ProviderDown, everywhere: everywhere(1, 1), ..facts() }, LAST.to_owned()),
        ]);
    }

    #[test]
    fn there_are_never_more_than_two() {
        for cause in Cause::ALL {
            let peers = Peers { working: 1, same: 2, together: 2, more: false };
            let facts =
                Facts { cause: *cause, peers, everywhere: Everywhere { applications: 2, unreachable: 2 }, ..facts() };
            assert!(sentences(&facts, |_| "then".to_owned()).len() <= 2, "{cause}");
        }
    }
}
