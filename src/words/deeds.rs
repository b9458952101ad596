//! What people did to a mailbox, an application or a token, as the rest of a sentence that begins with who did it.

/// The words for an action of the audit log: `Tom` + `changed the application`. `None` for what a history leaves out.
pub fn deed(action: &str) -> Option<&'static str> {
    DEEDS.iter().find(|(known, ..)| *known == action).map(|(_, words, _)| *words)
}

/// Whether the action can be why something works or does not from then on.
pub fn is_change(action: &str) -> bool {
    DEEDS.iter().any(|(known, _, kind)| *known == action && *kind == Kind::Change)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Change,
    Other,
}

use Kind::{Change, Other};

const DEEDS: &[(&str, &str, Kind)] = &[
    ("mailbox.created", "added the mailbox", Change),
    ("mailbox.changed", "changed the settings of the mailbox", Change),
    ("mailbox.paused", "paused the mailbox", Other),
    ("mailbox.resumed", "resumed the mailbox", Other),
    ("mailbox.deleted", "deleted the mailbox", Other),
    ("mailbox.restored", "restored the mailbox", Other),
    ("mailbox.made_default", "made it the default outbound mailbox", Other),
    ("mailbox.check_asked", "asked for a check", Other),
    ("mailbox.test_message_asked", "asked for a test message", Other),
    ("mailbox.test_message_sent", "sent a test message, and Microsoft took it", Other),
    ("sign_in.started", "began to sign in", Other),
    ("sign_in.refused", "tried to sign in, without success", Other),
    ("grant.signed_in", "signed in with Microsoft", Change),
    ("grant.forgotten", "let Postkey forget the sign-in", Change),
    ("sign_in_link.made", "made a link to sign in", Other),
    ("sign_in_link.withdrawn", "withdrew the link to sign in", Other),
    ("sign_in_link.mail_asked", "had the link mailed", Other),
    ("sign_in_link.mailed", "mailed the link", Other),
    ("sign_in_link.mail_failed", "could not mail the link", Other),
    ("application.added", "added the application", Change),
    ("application.changed", "changed the application", Change),
    ("application.moved", "changed the IDs of the application", Change),
    ("credential.added", "added a credential to the application", Change),
    ("credential.retired", "retired a credential of the application", Change),
    ("credential.end_set", "noted when a credential ends", Other),
    ("credential.test_asked", "asked to try a credential", Other),
    ("credential.tested", "tried a credential", Other),
    ("consent.started", "began to consent for the tenant", Other),
    ("consent.granted", "consented for the tenant", Change),
    ("consent.refused", "did not consent for the tenant", Other),
    ("admin_link.made", "made a link for the tenant administrator", Other),
    ("admin_link.withdrawn", "withdrew the link for the tenant administrator", Other),
    ("token.renewal_asked", "asked for a renewal", Other),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_apart_from_what_changes_nothing() {
        assert_eq!(deed("application.changed"), Some("changed the application"));
        assert!(is_change("credential.retired") && is_change("mailbox.changed"));
        assert!(!is_change("mailbox.check_asked") && !is_change("login.accepted"));
        assert_eq!(deed("login.accepted"), None);
    }
}
