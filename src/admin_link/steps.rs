//! How each step of the page stands, by what Postkey knows. No I/O.

use crate::applications::credential::State as Said;
use crate::applications::standing::Standing;
use crate::applications::used_by::Use;
use crate::applications::{Credential, Kind};
use crate::microsoft::{Roles, scopes};
use crate::words::{Cause, Family, Icon, Status};

/// How a step stands, as a badge, and why in a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Step {
    pub(super) family: &'static str,
    pub(super) icon: &'static str,
    pub(super) label: &'static str,
    pub(super) note: String,
}

impl Step {
    fn new(family: Family, icon: Icon, label: &'static str, note: impl Into<String>) -> Self {
        Self { family: family.class(), icon: icon.name(), label, note: note.into() }
    }

    fn done(label: &'static str, note: impl Into<String>) -> Self {
        Self::new(Family::Ok, Icon::Ok, label, note)
    }

    fn open(label: &'static str, note: impl Into<String>) -> Self {
        Self::new(Family::Act, Icon::PersonShield, label, note)
    }

    fn unknown(note: impl Into<String>) -> Self {
        Self::new(Family::Idle, Icon::Ring, "Not known yet", note)
    }
}

/// A permission that is needed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Permission {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) what_for: &'static str,
}

/// In which ways mailboxes use the application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ways {
    /// Without a user. So it is taken where there is no mailbox yet.
    pub(super) application: bool,
    /// On behalf of a user.
    pub(super) delegated: bool,
    /// On behalf of a user who is another than the mailbox.
    pub(super) shared: bool,
}

impl Ways {
    pub(super) fn of(uses: &[Use]) -> Self {
        let delegated = uses.iter().any(|used| used.is_delegated);
        Self {
            application: uses.is_empty() || uses.iter().any(|used| !used.is_delegated),
            delegated,
            shared: uses.iter().any(|used| used.is_delegated && used.is_shared),
        }
    }

    /// What Microsoft must let the application do.
    pub(super) fn permissions(self) -> Vec<Permission> {
        let mail = [(scopes::READ_WRITE, "read mail, mark it read, move it"), (scopes::SEND, "send answers")];
        let without_user = mail.map(|(name, what_for)| Permission { name, kind: "Application", what_for }).into_iter();
        let own = scopes::asked(self.shared).into_iter();
        let of_user = own.map(|name| Permission { name, kind: "Delegated", what_for: what_for(name) });
        let without_user = without_user.filter(|_| self.application);
        without_user.chain(of_user.filter(|_| self.delegated)).collect()
    }
}

fn what_for(scope: &str) -> &'static str {
    match scope {
        "openid" | "profile" | "User.Read" => "know who signed in",
        "offline_access" => "stay signed in",
        scope if scope.starts_with("Mail.Send") => "send answers for the person who signed in",
        _ => "read, mark and move the mail of the person who signed in",
    }
}

/// Step 1: whether Microsoft knows the application.
pub(super) fn exists(credentials: &[Credential], uses: &[Use]) -> Step {
    let missing = |used: &Use| matches!(used.incoming, Status::Failing(Cause::AppNotFound | Cause::TenantNotFound));
    if uses.iter().any(missing) {
        return Step::open(
            "Not found",
            "Microsoft did not find this client ID in this tenant, or it is switched off there. If it does not exist, register it; if it does, tell who asks which IDs its Overview shows.",
        );
    }
    match credentials.iter().any(|credential| credential.last_used_at.is_some()) {
        true => Step::done("Exists", "Microsoft has given Postkey a token for it."),
        false => Step::unknown("Microsoft has given Postkey no token for it yet."),
    }
}

/// What is known of step 2 besides the ways.
#[derive(Clone, Debug)]
pub(super) struct Granted<'a> {
    /// The day on which it was granted through this link.
    pub(super) consented: Option<String>,
    /// What the stored token carries, if there is one.
    pub(super) roles: Option<Roles>,
    /// The mailboxes.
    pub(super) uses: &'a [Use],
}

impl Granted<'_> {
    fn carried(&self) -> bool {
        self.roles.as_ref().is_some_and(|roles| roles.has(scopes::READ_WRITE) && roles.has(scopes::SEND))
    }

    fn any(&self, delegated: bool, status: Status) -> bool {
        self.uses.iter().any(|used| used.is_delegated == delegated && used.incoming == status)
    }
}

/// Step 2: whether it may do what it needs to.
pub(super) fn consent(ways: Ways, granted: &Granted<'_>) -> Step {
    if let Some(day) = &granted.consented {
        return consented(ways, granted, day);
    }
    let refused = |delegated| granted.any(delegated, Status::Failing(Cause::NeedsConsent));
    if refused(true) || (refused(false) && !granted.carried()) {
        return Step::open("Not granted yet", "Microsoft refused a mailbox because of it.");
    }
    if ways.application {
        return match granted.roles {
            _ if granted.carried() => {
                Step::done("Granted", "Postkey’s last token carries both application permissions.")
            }
            _ if granted.any(false, Status::Connected) => {
                Step::done("Works", "Exchange lets it open its mailboxes, without permissions in Entra.")
            }
            Some(Roles::Listed(_)) => {
                Step::open("Not granted yet", "Postkey’s last token does not carry both application permissions.")
            }
            _ => Step::unknown("Postkey has no token yet that could tell."),
        };
    }
    match granted.any(true, Status::Connected) {
        true => Step::done("Works", "People have signed in and their mailboxes opened."),
        false => Step::unknown("It shows when somebody signs in for a mailbox."),
    }
}

/// Microsoft’s word is no proof, so what the token says stands beside it.
fn consented(ways: Ways, granted: &Granted<'_>, day: &str) -> Step {
    let word = format!("Microsoft said on {day} that it was granted.");
    let reported = |note| Step::new(Family::Info, Icon::RingDot, "Granted, not proven yet", note);
    match ways.application {
        true if granted.carried() => {
            Step::done("Granted", format!("{word} Postkey’s newest token carries both application permissions."))
        }
        true => reported(format!("{word} Postkey’s token does not show it yet, which can take some minutes.")),
        false if granted.any(true, Status::Connected) => {
            Step::done("Granted", format!("{word} People have signed in and their mailboxes opened."))
        }
        false => reported(format!("{word} It shows when somebody signs in for a mailbox.")),
    }
}

/// Step 3: whether it can prove itself. `given` is Microsoft's word on the secret that was given here, and whether it ever was
/// accepted; `best` is how the credentials stand that Postkey has, and `works` whether one of them works.
pub(super) fn secret(given: Option<(Said, bool)>, best: Standing, works: bool) -> Step {
    match given {
        Some((_, true)) => Step::done("Stored and accepted", "Microsoft accepts the secret that was given here."),
        Some((Said::Refused, _)) => Step::open(
            "Refused by Microsoft",
            "Microsoft refused the secret that was given here. If it was made just now, wait two minutes and give it again.",
        ),
        Some((Said::Untested | Said::Accepted, _)) => Step::new(
            Family::Info,
            Icon::RingDot,
            "Stored, not tested yet",
            "The secret that was given here is stored. Microsoft has given no verdict on it yet.",
        ),
        Some((Said::Retired, _)) | None => Step {
            family: best.family,
            icon: best.icon,
            label: if works { "Has one that works" } else { "Needs a new one" },
            note: format!("{}.", best.label),
        },
    }
}

/// The newest certificate that waits to be uploaded.
pub(super) fn certificate(credentials: &[Credential]) -> Option<&Credential> {
    let waits = |state| matches!(state, Said::Untested | Said::Refused);
    credentials.iter().find(|credential| credential.kind == Kind::Certificate && waits(credential.state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(is_delegated: bool, incoming: Status) -> Use {
        Use { is_delegated, is_shared: false, incoming }
    }

    fn label(uses: &[Use], roles: Option<&[&str]>) -> &'static str {
        let roles = roles.map(|roles| Roles::Listed(roles.iter().map(|role| (*role).to_owned()).collect()));
        consent(Ways::of(uses), &Granted { consented: None, roles, uses }).label
    }

    #[test]
    fn permissions_follow_from_the_ways_in_which_mailboxes_are_opened() {
        let names = |uses: &[Use]| {
            Ways::of(uses).permissions().iter().map(|it| format!("{} {}", it.kind, it.name)).collect::<Vec<_>>()
        };
        let without_user = ["Application Mail.ReadWrite", "Application Mail.Send"];
        assert_eq!(names(&[]), without_user);
        assert_eq!(names(&[used(false, Status::Connected)]), without_user);
        let delegated = names(&[used(true, Status::Connected)]);
        assert!(delegated.iter().all(|name| name.starts_with("Delegated ")) && delegated.len() == 6);
        let both = names(&[used(false, Status::Connected), Use { is_shared: true, ..used(true, Status::Connected) }]);
        assert_eq!(both.len(), 10);
        assert!(both.contains(&"Delegated Mail.Send.Shared".to_owned()));
    }

    #[test]
    fn consent_is_known_by_the_token_by_a_mailbox_or_not_at_all() {
        let all = ["Mail.ReadWrite", "Mail.Send"];
        assert_eq!(label(&[], None), "Not known yet");
        assert_eq!(label(&[], Some(&all)), "Granted");
        assert_eq!(label(&[], Some(&all[..1])), "Not granted yet");
        assert_eq!(label(&[used(false, Status::Connected)], Some(&[])), "Works", "limited by Exchange");
        let refused = Status::Failing(Cause::NeedsConsent);
        assert_eq!(label(&[used(false, refused)], None), "Not granted yet");
        assert_eq!(label(&[used(false, refused)], Some(&all)), "Granted", "the mailbox was not checked since");
        assert_eq!(label(&[used(true, refused)], Some(&all)), "Not granted yet");
        assert_eq!(label(&[used(true, Status::SignInPending)], None), "Not known yet");
        assert_eq!(label(&[used(true, Status::Connected)], None), "Works");
    }

    #[test]
    fn the_word_of_microsoft_stands_beside_what_the_token_says() {
        let note = |uses: &[Use], roles: &[&str]| {
            let roles = Some(Roles::Listed(roles.iter().map(|role| (*role).to_owned()).collect()));
            consent(Ways::of(uses), &Granted { consented: Some("24 Nov 2026".to_owned()), roles, uses }).note
        };
        assert!(note(&[], &["Mail.ReadWrite", "Mail.Send"]).ends_with("carries both application permissions."));
        assert!(note(&[], &[]).contains("does not show it yet"));
        assert!(note(&[used(true, Status::Connected)], &[]).ends_with("their mailboxes opened."));
        assert!(note(&[used(true, Status::SignInPending)], &[]).ends_with("when somebody signs in for a mailbox."));
    }
}
