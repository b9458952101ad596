//! Whether an application may do something with a mailbox: for itself, or for the person who signed in.

use super::{
    Refusal,
    bearer::{Bearer, Identity},
    select::ME,
};
use crate::estate::{Application, Estate, Mailbox, MailboxKind, Permission, Person, Place, Scope};

use Permission::{
    MailRead, MailReadBasicAll, MailReadWrite, MailSend, MailboxSettingsRead, MailboxSettingsReadWrite, UserReadAll,
    UserReadBasicAll,
};

/// What a call needs: any one of the permissions that go with who calls and whose mailbox it is.
#[derive(Clone, Copy)]
pub(super) struct Needed {
    /// Of an application for itself.
    roles: &'static [Permission],
    /// For the person's own mailbox; those of `shared` will do as well.
    own: &'static [Scope],
    /// For others' mailboxes.
    shared: &'static [Scope],
    right: Right,
}

/// What a person needs in Exchange for another's mailbox.
#[derive(Clone, Copy)]
enum Right {
    FullAccess,
    SendAs,
}

pub(super) const READ_BASIC: Needed = Needed {
    roles: &[MailReadBasicAll, MailRead, MailReadWrite],
    own: &[Scope::MailReadBasic, Scope::MailRead, Scope::MailReadWrite],
    shared: &[Scope::MailReadBasicShared, Scope::MailReadShared, Scope::MailReadWriteShared],
    right: Right::FullAccess,
};
pub(super) const WRITE: Needed = Needed {
    roles: &[MailReadWrite],
    own: &[Scope::MailReadWrite],
    shared: &[Scope::MailReadWriteShared],
    right: Right::FullAccess,
};
pub(super) const SEND: Needed =
    Needed { roles: &[MailSend], own: &[Scope::MailSend], shared: &[Scope::MailSendShared], right: Right::SendAs };
/// Others' settings are out of reach for people, even with Full Access.
pub(super) const READ_SETTINGS: Needed = Needed {
    roles: &[MailboxSettingsRead, MailboxSettingsReadWrite],
    own: &[Scope::MailboxSettingsRead, Scope::MailboxSettingsReadWrite],
    shared: &[],
    right: Right::FullAccess,
};
const READ_PEOPLE: Needed = Needed {
    roles: &[UserReadBasicAll, UserReadAll],
    own: &[Scope::UserReadBasicAll, Scope::UserReadAll],
    shared: &[],
    right: Right::FullAccess,
};
pub(super) const OWN_PROFILE: Needed = Needed {
    roles: &[],
    own: &[Scope::UserRead, Scope::UserReadBasicAll, Scope::UserReadAll],
    shared: &[],
    right: Right::FullAccess,
};

impl Bearer {
    /// Whether the token has one of the permissions, for an own mailbox if it is a person's token.
    pub(super) fn holds(&self, needed: &Needed) -> bool {
        match &self.identity {
            Identity::Application(roles) => needed.roles.iter().any(|permission| roles.contains(permission)),
            Identity::Person(_, scopes) => needed.own.iter().chain(needed.shared).any(|scope| scopes.contains(scope)),
        }
    }

    /// For whom the application calls, if not for itself.
    pub(super) fn person(&self) -> Option<&Person> {
        match &self.identity {
            Identity::Application(_) => None,
            Identity::Person(person, _) => Some(person),
        }
    }
}

/// The mailbox `name` leads to, if `caller` may do what needs `needed` with it.
pub(super) fn mailbox(estate: &Estate, caller: &Bearer, needed: Needed, name: &str) -> Result<Place, Refusal> {
    let place = match &caller.identity {
        Identity::Application(_) if name == ME => return Err(Refusal::MeNeedsPerson),
        Identity::Application(_) => for_application(estate, caller, needed, name)?,
        Identity::Person(person, scopes) => {
            let own = estate.mailboxes.place(&person.address);
            let place = if name == ME { own } else { own_mailbox(estate, caller, name) };
            let is_own = name == ME || name.eq_ignore_ascii_case(&person.object_id.to_string());
            if is_own || (place.is_some() && place == own) {
                if !caller.holds(&needed) {
                    return Err(Refusal::AccessDenied);
                }
                own.ok_or(Refusal::MailboxNotEnabled)?
            } else if needed.shared.iter().any(|scope| scopes.contains(scope)) {
                let place = place.ok_or(Refusal::InvalidUser)?;
                shared_with(person, needed.right, estate.mailboxes.at(place))?;
                place
            } else {
                return Err(Refusal::AccessDenied);
            }
        }
    };
    match estate.mailboxes.at(place).kind {
        MailboxKind::User | MailboxKind::Shared => Ok(place),
        MailboxKind::Unlicensed | MailboxKind::OnPremises => Err(Refusal::MailboxNotEnabled),
        MailboxKind::Group => Err(Refusal::InboxNotFound),
        MailboxKind::DistributionList => Err(Refusal::InvalidUser),
        MailboxKind::NoMailbox => Err(Refusal::ResourceNotFound),
    }
}

/// Consent (`roles`) less the access policy, or RBAC for Applications: either is enough.
fn for_application(estate: &Estate, caller: &Bearer, needed: Needed, name: &str) -> Result<Place, Refusal> {
    let application = estate.application_in(caller.tenant_id, caller.client_id).ok_or(Refusal::IdentityNotFound)?;
    let consented = caller.holds(&needed);
    let assigned = needed.roles.iter().any(|permission| application.exchange_roles.contains_key(permission));
    if !consented && !assigned {
        return Err(Refusal::AccessDenied);
    }
    let place = own_mailbox(estate, caller, name).ok_or(Refusal::InvalidUser)?;
    allowed(application, consented, needed, estate.mailboxes.at(place))?;
    Ok(place)
}

/// A mailbox that is not shared cannot be told from one without an inbox; sending says more.
fn shared_with(person: &Person, right: Right, mailbox: &Mailbox) -> Result<(), Refusal> {
    let (people, refusal) = match right {
        Right::FullAccess => (&mailbox.full_access, Refusal::InboxNotFound),
        Right::SendAs => (&mailbox.send_as, Refusal::SendAsDenied),
    };
    if !mailbox.kind.is_reachable() || people.contains(&person.address) { Ok(()) } else { Err(refusal) }
}

/// The directory entry `name` leads to. Neither RBAC for Applications nor access policies concern the directory.
pub(super) fn person(estate: &Estate, caller: &Bearer, name: &str) -> Result<Place, Refusal> {
    let place = own_mailbox(estate, caller, name);
    let me = caller.person().and_then(|person| estate.mailboxes.place(&person.address));
    let is_me = place.is_some() && place == me;
    let may = caller.holds(&READ_PEOPLE) || (is_me && caller.holds(&OWN_PROFILE));
    if !may {
        return Err(Refusal::RequestDenied);
    }
    let place = place.ok_or(Refusal::DirectoryObjectNotFound)?;
    match estate.mailboxes.at(place).kind {
        MailboxKind::Group | MailboxKind::DistributionList => Err(Refusal::DirectoryObjectNotFound),
        _ => Ok(place),
    }
}

fn own_mailbox(estate: &Estate, caller: &Bearer, name: &str) -> Option<Place> {
    let place = estate.mailboxes.place(name)?;
    let tenant = estate.tenant_of(estate.mailboxes.at(place).address())?;
    (tenant.id == caller.tenant_id).then_some(place)
}

fn allowed(application: &Application, consented: bool, needed: Needed, mailbox: &Mailbox) -> Result<(), Refusal> {
    let address = mailbox.address();
    let scopes = needed.roles.iter().filter_map(|permission| application.exchange_roles.get(permission));
    if scopes.into_iter().any(|scope| scope.contains(address)) {
        return Ok(());
    }
    let policy_allows = application.access_policy.as_ref().is_none_or(|policy| policy.contains(address));
    match (consented, policy_allows) {
        (true, true) => Ok(()),
        (true, false) => Err(Refusal::PolicyBlock),
        (false, _) => Err(Refusal::AccessDenied),
    }
}
