//! A link for a tenant administrator: what it asks for, and what was done through it. No I/O.

use crate::applications::{Application, credential};
use crate::clock::UnixTime;
use crate::ids::{AdminLinkId, ApplicationId, CredentialId};
use crate::secrets::{Place, Sealed};

/// A link for a tenant administrator.
#[derive(Clone, Debug)]
pub struct AdminLink {
    /// Ours.
    pub id: AdminLinkId,
    /// The application that it is about.
    pub application_id: ApplicationId,
    /// Its registration in Entra as it was when the link was made.
    pub about: Registration,
    /// Its code, sealed for [`AdminLink::place`]; empty once it is no longer open.
    pub sealed: Sealed,
    /// Who made it.
    pub made_by: String,
    /// The e-mail address of whoever made it.
    pub contact: String,
    /// When it was made.
    pub made_at: UnixTime,
    /// When it ends by itself.
    pub expires_at: UnixTime,
    /// When Microsoft said that an administrator consented.
    pub consented_at: Option<UnixTime>,
    /// The secret that was given last.
    pub given: Option<Given>,
    /// When it was withdrawn, and by whom.
    pub withdrawn: Option<(UnixTime, String)>,
}

/// A secret that was given through a link.
#[derive(Clone, Debug)]
pub struct Given {
    /// Which credential it is.
    pub credential_id: CredentialId,
    /// When it was given.
    pub at: UnixTime,
    /// What Microsoft says of it now.
    pub state: credential::State,
    /// Whether Microsoft ever accepted it.
    pub accepted: bool,
}

/// What a link can do at a moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It can be used.
    Open,
    /// Everything was done that it asks for.
    Done,
    /// It ended by itself.
    Expired,
    /// Somebody ended it.
    Withdrawn,
    /// Its application is another registration by now.
    Outdated,
}

/// What an application is in Entra. A link for one is not good for another, which may be another organisation's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registration {
    /// The cloud's name.
    pub cloud: String,
    /// The tenant, as it was typed.
    pub tenant: String,
    /// The client ID.
    pub client_id: String,
}

impl Registration {
    /// The registration of `application` as it is now.
    pub fn of(application: &Application) -> Self {
        Self {
            cloud: application.cloud.value().to_owned(),
            tenant: application.tenant.to_string(),
            client_id: application.client_id.to_string(),
        }
    }
}

impl AdminLink {
    /// Where its code is stored.
    pub fn place(id: &AdminLinkId) -> Place<'_> {
        Place { table: "admin_links", column: "sealed", row: id.as_str() }
    }

    /// What it can do at `now`, its application being what it is.
    pub fn state(&self, now: UnixTime, application: &Application) -> State {
        if self.consented_at.is_some() && self.accepted().is_some() {
            State::Done
        } else if self.withdrawn.is_some() {
            State::Withdrawn
        } else if now >= self.expires_at {
            State::Expired
        } else if self.about != Registration::of(application) {
            State::Outdated
        } else {
            State::Open
        }
    }

    /// The secret that was given and that Microsoft accepted.
    pub fn accepted(&self) -> Option<&Given> {
        self.given.as_ref().filter(|given| given.accepted)
    }

    /// Who acts through it, for the audit and for the secret that is stored.
    pub fn actor(&self) -> String {
        format!("link of {}", self.made_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::microsoft::{ClientId, Cloud, Tenant};

    #[test]
    fn a_link_ends_by_everything_done_by_withdrawal_by_itself_or_when_its_application_moves() {
        let (now, chance) = (UnixTime::from_seconds(1_000), Chance::seeded(1));
        let mail = Application {
            id: ApplicationId::new(now, &chance),
            name: "Mail".to_owned(),
            cloud: Cloud::Global,
            tenant: Tenant::parse("contoso.example").unwrap(),
            tenant_id: None,
            client_id: ClientId::parse("22222222-2222-4222-8222-222222222222").unwrap(),
            credential_ends_at: None,
            created_by: "Ana".to_owned(),
            created_at: now,
            version: 1,
        };
        let open = AdminLink {
            id: AdminLinkId::new(now, &chance),
            application_id: mail.id.clone(),
            about: Registration::of(&mail),
            sealed: Sealed::nothing(),
            made_by: "Ana".to_owned(),
            contact: "ana@contoso.example".to_owned(),
            made_at: now,
            expires_at: now.plus(60),
            consented_at: None,
            given: None,
            withdrawn: None,
        };
        assert_eq!((open.state(now.plus(59), &mail), open.state(now.plus(60), &mail)), (State::Open, State::Expired));
        let consented = AdminLink { consented_at: Some(now), ..open.clone() };
        assert_eq!(consented.state(now, &mail), State::Open);
        let given =
            |state, accepted| Some(Given { credential_id: CredentialId::new(now, &chance), at: now, state, accepted });
        let refused = AdminLink { given: given(credential::State::Refused, false), ..consented.clone() };
        assert_eq!(refused.state(now, &mail), State::Open);
        let accepted = AdminLink { given: given(credential::State::Retired, true), ..consented };
        assert_eq!(accepted.state(now.plus(99), &mail), State::Done);
        assert_eq!(AdminLink { consented_at: None, ..accepted }.state(now, &mail), State::Open);
        let renamed = Application { name: "Post".to_owned(), ..mail.clone() };
        assert_eq!(open.state(now, &renamed), State::Open);
        let moved = Application { tenant: Tenant::parse("fabrikam.example").unwrap(), ..mail.clone() };
        assert_eq!(open.state(now, &moved), State::Outdated);
        let withdrawn = AdminLink { withdrawn: Some((now, "Ana".to_owned())), ..open };
        assert_eq!(withdrawn.state(now, &mail), State::Withdrawn);
    }
}
