//! A hand-off link: lets the owner of a mailbox sign in without an account here. No I/O.

use crate::clock::UnixTime;
use crate::ids::{LinkId, MailboxId};
use crate::mail::MailFailure;
use crate::mailboxes::Mailbox;
use crate::secrets::{Place, Sealed};
use crate::words::MailTrouble;

use super::attempt::About;

/// Seconds after which a mail that was asked for and has no outcome counts as interrupted; longer than any deadline.
pub const MAILING_LASTS: i64 = 60;

/// A link for the owner of a mailbox.
#[derive(Clone, Debug)]
pub struct Link {
    /// Ours.
    pub id: LinkId,
    /// The mailbox to sign in for.
    pub mailbox_id: MailboxId,
    /// That mailbox as it was when the link was made.
    pub about: About,
    /// Its code, sealed for [`Link::place`]; empty once it is no longer open.
    pub sealed: Sealed,
    /// Who made it.
    pub made_by: String,
    /// The e-mail address of whoever made it.
    pub contact: String,
    /// When it was made.
    pub made_at: UnixTime,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// When a sign-in used it up, and which account that was.
    pub used: Option<(UnixTime, String)>,
    /// When it was withdrawn, and by whom.
    pub withdrawn: Option<(UnixTime, String)>,
    /// The last mail that brought it to the person who signs in, if one was asked for.
    pub mailing: Option<Mailing>,
}

/// A mail with the link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mailing {
    /// The address it goes to.
    pub to: String,
    /// Since when its state holds.
    pub at: UnixTime,
    /// What has become of it.
    pub state: MailState,
}

/// What has become of a mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MailState {
    /// It is the mail server's turn.
    Asked,
    /// The mail server took it.
    Sent,
    /// It did not go out, or may not have.
    Failed(MailFailure),
}

/// What a link can do at a moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It can be used.
    Open,
    /// A sign-in has used it up.
    Used,
    /// It ended by itself.
    Expired,
    /// Somebody ended it.
    Withdrawn,
    /// Its mailbox is another by now.
    Outdated,
}

impl Link {
    /// Where its code is stored.
    pub fn place(id: &LinkId) -> Place<'_> {
        Place { table: "sign_in_links", column: "sealed", row: id.as_str() }
    }

    /// What it can do at `now`, its mailbox being what it is.
    pub fn state(&self, now: UnixTime, mailbox: &Mailbox) -> State {
        if self.used.is_some() {
            State::Used
        } else if self.withdrawn.is_some() {
            State::Withdrawn
        } else if now >= self.expires_at {
            State::Expired
        } else if !self.about.is(mailbox) {
            State::Outdated
        } else {
            State::Open
        }
    }
}

impl Mailing {
    /// What has become of it, as seen at `now`: one whose outcome never came counts as interrupted.
    pub fn shown(&self, now: UnixTime) -> MailState {
        match &self.state {
            MailState::Asked if now.since(self.at) >= MAILING_LASTS => {
                MailState::Failed(MailFailure::without_server(MailTrouble::Interrupted))
            }
            state => state.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::ids::ApplicationId;
    use crate::mailboxes::mailbox::{Access, Health, Stamp};
    use crate::web::link::DAY;

    #[test]
    fn a_link_ends_by_use_by_withdrawal_by_itself_or_when_its_mailbox_changes() {
        let (now, chance) = (UnixTime::from_seconds(1_000), Chance::seeded(1));
        let access = Access::OnBehalfOfUser { person: None };
        let mailbox = Mailbox {
            id: MailboxId::new(now, &chance),
            address: "olga@contoso.example".to_owned(),
            display_name: String::new(),
            health: Health::new(&access, now),
            access,
            application_id: ApplicationId::new(now, &chance),
            version: 1,
            created: Stamp { by: "Ana".to_owned(), at: now },
            paused: None,
            deleted: None,
        };
        let open = Link {
            id: LinkId::new(now, &chance),
            mailbox_id: mailbox.id.clone(),
            about: About::of(&mailbox),
            sealed: Sealed::nothing(),
            made_by: "Ana".to_owned(),
            contact: "ana@contoso.example".to_owned(),
            made_at: now,
            expires_at: now.plus(DAY),
            used: None,
            withdrawn: None,
            mailing: None,
        };
        assert_eq!(open.state(now.plus(DAY - 1), &mailbox), State::Open);
        assert_eq!(open.state(now.plus(DAY), &mailbox), State::Expired);
        let by = |name: &str| Some((now, name.to_owned()));
        let used = Link { used: by("olga"), ..open.clone() };
        assert_eq!(used.state(now.plus(2 * DAY), &mailbox), State::Used);
        assert_eq!(Link { withdrawn: by("Ana"), ..open.clone() }.state(now, &mailbox), State::Withdrawn);

        let renamed = Mailbox { display_name: "Olga".to_owned(), ..mailbox.clone() };
        assert_eq!(open.state(now, &renamed), State::Open);
        for other in [
            Mailbox { address: "board@contoso.example".to_owned(), ..mailbox.clone() },
            Mailbox { application_id: ApplicationId::new(now, &chance), ..mailbox.clone() },
            Mailbox { access: Access::OnBehalfOfUser { person: Some("jan@x".to_owned()) }, ..mailbox.clone() },
            Mailbox { access: Access::WithoutUser, ..mailbox.clone() },
            Mailbox { deleted: Some(Stamp { by: "Ana".to_owned(), at: now }), ..mailbox },
        ] {
            assert_eq!(open.state(now, &other), State::Outdated, "{other:?}");
        }
    }

    #[test]
    fn a_mail_without_an_outcome_is_not_waited_for_for_ever() {
        let now = UnixTime::from_seconds(1_000);
        let mailing = |state| Mailing { to: "olga@contoso.example".to_owned(), at: now, state };
        let interrupted = MailState::Failed(MailFailure::without_server(MailTrouble::Interrupted));
        assert_eq!(mailing(MailState::Asked).shown(now.plus(MAILING_LASTS - 1)), MailState::Asked);
        assert_eq!(mailing(MailState::Asked).shown(now.plus(MAILING_LASTS)), interrupted);
        assert_eq!(mailing(MailState::Sent).shown(now.plus(DAY)), MailState::Sent);
    }
}
