//! Whether an application may do something with a mailbox.

use super::{Refusal, bearer::Bearer};
use crate::estate::{Application, Estate, Mailbox, MailboxKind, Permission, Place};

use Permission::{
    MailRead, MailReadBasicAll, MailReadWrite, MailSend, MailboxSettingsRead, MailboxSettingsReadWrite, UserReadAll,
    UserReadBasicAll,
};

/// What a call needs: any one of these permissions.
pub(super) type Needed = &'static [Permission];

pub(super) const READ_BASIC: Needed = &[MailReadBasicAll, MailRead, MailReadWrite];
pub(super) const WRITE: Needed = &[MailReadWrite];
pub(super) const SEND: Needed = &[MailSend];
pub(super) const READ_SETTINGS: Needed = &[MailboxSettingsRead, MailboxSettingsReadWrite];
pub(super) const READ_PEOPLE: Needed = &[UserReadBasicAll, UserReadAll];

/// The mailbox `name` leads to, if `caller` may do what needs `needed` with it.
///
/// Consent (`roles`) less the access policy, or RBAC for Applications: either is enough.
pub(super) fn mailbox(estate: &Estate, caller: &Bearer, needed: Needed, name: &str) -> Result<Place, Refusal> {
    let application = estate.application_in(caller.tenant_id, caller.client_id).ok_or(Refusal::IdentityNotFound)?;
    let consented = holds(caller, needed);
    let assigned = needed.iter().any(|permission| application.exchange_roles.contains_key(permission));
    if !consented && !assigned {
        return Err(Refusal::AccessDenied);
    }
    let place = own_mailbox(estate, caller, name).ok_or(Refusal::InvalidUser)?;
    let mailbox = estate.mailboxes.at(place);
    allowed(application, consented, needed, mailbox)?;
    match mailbox.kind {
        MailboxKind::User | MailboxKind::Shared => Ok(place),
        MailboxKind::Unlicensed | MailboxKind::OnPremises => Err(Refusal::MailboxNotEnabled),
        MailboxKind::Group => Err(Refusal::InboxNotFound),
        MailboxKind::DistributionList => Err(Refusal::InvalidUser),
        MailboxKind::NoMailbox => Err(Refusal::ResourceNotFound),
    }
}

/// The directory entry `name` leads to. Neither RBAC for Applications nor access policies concern the directory.
pub(super) fn person(estate: &Estate, caller: &Bearer, name: &str) -> Result<Place, Refusal> {
    if !holds(caller, READ_PEOPLE) {
        return Err(Refusal::RequestDenied);
    }
    let place = own_mailbox(estate, caller, name).ok_or(Refusal::DirectoryObjectNotFound)?;
    match estate.mailboxes.at(place).kind {
        MailboxKind::Group | MailboxKind::DistributionList => Err(Refusal::DirectoryObjectNotFound),
        _ => Ok(place),
    }
}

fn holds(caller: &Bearer, needed: Needed) -> bool {
    needed.iter().any(|permission| caller.roles.contains(permission))
}

fn own_mailbox(estate: &Estate, caller: &Bearer, name: &str) -> Option<Place> {
    let place = estate.mailboxes.place(name)?;
    let tenant = estate.tenant_of(estate.mailboxes.at(place).address())?;
    (tenant.id == caller.tenant_id).then_some(place)
}

fn allowed(application: &Application, consented: bool, needed: Needed, mailbox: &Mailbox) -> Result<(), Refusal> {
    let address = mailbox.address();
    let scopes = needed.iter().filter_map(|permission| application.exchange_roles.get(permission));
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
