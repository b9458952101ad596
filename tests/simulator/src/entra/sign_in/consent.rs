//! Consent, and what it leads to.

use std::collections::BTreeSet;

use super::{
    browser::Goal,
    consent_request::ConsentRequest,
    pages::{Consent, Page, Reach, Stop},
    request::{CodeRequest, Prompt},
    turn::{Step, Turn},
};
use crate::{
    entra::{Refused, delegated::client_info},
    estate::{AuthorizationCode, Permission, Person, Scope, SignIn, SignedIn},
};

/// How long a code is, about.
const CODE_LENGTH: usize = 600;

impl Turn<'_> {
    /// Something of the registration; nothing of an application that was taken away meanwhile.
    pub(super) fn registration<T: Default>(&self, look: impl FnOnce(&SignIn) -> T) -> T {
        self.world.estate().sign_in_to(self.flow.client_id).map(look).unwrap_or_default()
    }

    /// What an administrator's consent is about.
    fn everything(&self, request: &ConsentRequest) -> (BTreeSet<Scope>, BTreeSet<Permission>) {
        match &request.scopes {
            Some(scopes) => (scopes.clone(), BTreeSet::new()),
            None => self.registration(|sign_in| (sign_in.delegated.clone(), sign_in.configured_roles.clone())),
        }
    }

    /// Asks the person for what nobody consented to yet.
    pub(super) fn consent(&self, person: &Person, request: &CodeRequest) -> Result<(), Step> {
        let scopes = &request.scopes;
        let consented = self.registration(|sign_in| scopes.is_subset(&sign_in.consented(person.object_id)));
        let wants_to_ask = request.prompt == Prompt::Consent && !self.flow.accepted;
        if consented && !wants_to_ask {
            return Ok(());
        }
        if request.prompt == Prompt::None {
            return Err(self.fail(Refused::new(65_001)));
        }
        if !self.registration(|sign_in| may_consent(person, sign_in, scopes)) {
            return Err(self.fail(Refused::new(90_094)));
        }
        let reach = if person.administrator { Reach::Choice } else { Reach::Own };
        Err(self.consent_form(person, scopes, &BTreeSet::new(), reach))
    }

    /// Asks an administrator for everybody.
    pub(super) fn consent_for_all(&self, person: &Person, request: &ConsentRequest) -> Result<(), Step> {
        if self.flow.accepted {
            return Ok(());
        }
        if !person.administrator {
            let why =
                "You must be an administrator who may consent for the organisation. Ask one to open this address.";
            return Err(self.fail(Refused::saying(90_094, why)));
        }
        let (scopes, roles) = self.everything(request);
        Err(self.consent_form(person, &scopes, &roles, Reach::Everybody))
    }

    fn consent_form(
        &self,
        person: &Person,
        scopes: &BTreeSet<Scope>,
        roles: &BTreeSet<Permission>,
        reach: Reach,
    ) -> Step {
        let roles =
            roles.iter().map(|role| (role.to_string(), "as the application itself, for every mailbox".to_owned()));
        let scopes = scopes.iter().map(|scope| (scope.to_string(), scope.words().to_owned()));
        let wanted = roles.chain(scopes).collect();
        let address = person.address.clone();
        Step::show(Page::Consent(Consent { head: self.head.clone(), address, wanted, reach }))
    }

    /// The person pressed Accept.
    pub(super) fn accept(&mut self, everybody: bool) -> Result<(), Step> {
        let Some(person) = self.flow.person.and_then(|id| self.person(id)) else { return Ok(()) };
        // What is not signed in cannot accept: the page may be older than a revocation.
        self.enter(&person)?;
        let client = self.flow.client_id.to_string();
        let kept = match &self.flow.goal {
            Goal::Code(request) => self.world.estate().sign_in_mut(&client).is_some_and(|sign_in| {
                let may = may_consent(&person, sign_in, &request.scopes);
                match may && everybody && person.administrator {
                    true => sign_in.tenant_consent.extend(&request.scopes),
                    false if may => sign_in.consents.entry(person.object_id).or_default().extend(&request.scopes),
                    false => {}
                }
                may
            }),
            Goal::AdminConsent(_) if !person.administrator => false,
            Goal::AdminConsent(ConsentRequest { scopes: None, .. }) => {
                self.world.estate().consent_to_all(&client);
                true
            }
            Goal::AdminConsent(ConsentRequest { scopes: Some(scopes), .. }) => {
                let mut estate = self.world.estate();
                estate.sign_in_mut(&client).map(|sign_in| sign_in.tenant_consent.extend(scopes)).is_some()
            }
        };
        if !kept {
            return Err(self.fail(Refused::new(90_094)));
        }
        self.flow.accepted = true;
        Ok(())
    }

    /// Back to the application with a code.
    pub(super) fn give_code(&self, person: &Person, signed_in: SignedIn, request: &CodeRequest) -> Step {
        let code = self.world.chance.grant(CODE_LENGTH);
        let issued = AuthorizationCode {
            tenant_id: self.flow.tenant_id,
            client_id: self.flow.client_id,
            person: person.object_id,
            address: person.address.clone(),
            redirect_uri: request.back.uri.clone(),
            challenge: request.challenge.clone(),
            scopes: request.scopes.clone(),
            audience: request.audience.clone(),
            nonce: request.nonce.clone(),
            issued: self.asked.now,
            signed_in,
            redeemed: false,
        };
        self.world.estate().grants.put_code(&code, issued);
        let session_state = self.world.chance.guid().to_string();
        let client_info = request.client_info.then(|| client_info(person));
        let mut fields = vec![("code", code.as_str()), ("session_state", &session_state)];
        fields.extend(client_info.as_deref().map(|info| ("client_info", info)));
        Step::Leave(request.back.with(&fields), None)
    }

    /// Back to the application after an administrator's consent. Without a redirect URI the consent is stored all the
    /// same, and the administrator ends on an error.
    pub(super) fn tell_consent(&self, request: &ConsentRequest) -> Step {
        let Some(back) = &request.back else {
            return Step::show(Page::Stop(Stop::of(&Refused::new(500_113), self.asked, self.head.clone())));
        };
        let (scopes, roles) = self.everything(request);
        Step::Leave(request.accepted(back, &self.flow.tenant_id.to_string(), &scopes, &roles), None)
    }
}

fn may_consent(person: &Person, sign_in: &SignIn, scopes: &BTreeSet<Scope>) -> bool {
    person.administrator || (sign_in.user_consent && !scopes.iter().any(|scope| scope.needs_administrator()))
}
