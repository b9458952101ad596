//! Whether a person gets in.

use super::{
    browser::Goal,
    pages::{Page, SecondFactor},
    request::Prompt,
    turn::{Step, Turn},
};
use crate::{
    asked::Asked,
    entra::Refused,
    estate::{Person, SignedIn},
    kind::Kind,
};

impl Turn<'_> {
    /// Everything Microsoft looks at between knowing who it is and asking for consent.
    pub(super) fn enter(&mut self, person: &Person) -> Result<SignedIn, Step> {
        if person.tenant_id != self.flow.tenant_id {
            return Err(self.fail(Refused::new(50_020)));
        }
        if person.disabled {
            return Err(self.fail(Refused::new(50_057)));
        }
        let signed_in = self.session(person)?;
        if person.mfa && !signed_in.mfa {
            return Err(self.code_form(&person.address, false));
        }
        if person.blocked {
            return Err(self.fail(Refused::new(53_003)));
        }
        self.meet_fault(person)?;
        self.be_admitted(person)?;
        Ok(signed_in)
    }

    fn session(&self, person: &Person) -> Result<SignedIn, Step> {
        let now = self.asked.now;
        let holds =
            |signed_in: &SignedIn| signed_in.revocations == person.revocations && !person.is_stale(*signed_in, now);
        let again = self.prompt() == Prompt::Login && !self.flow.fresh;
        let session = self.browser.signed_in(person.object_id).filter(holds).filter(|_| !again);
        session.ok_or_else(|| self.login_form(&person.address, None))
    }

    fn code_form(&self, address: &str, wrong: bool) -> Step {
        if self.prompt() == Prompt::None {
            return self.fail(Refused::new(50_076));
        }
        Step::show(Page::SecondFactor(SecondFactor { head: self.head.clone(), address: address.to_owned(), wrong }))
    }

    /// A fault for this person, who was not known when the request came in.
    fn meet_fault(&self, person: &Person) -> Result<(), Step> {
        let kind = match self.flow.goal {
            Goal::Code(_) => Kind::Authorize,
            Goal::AdminConsent(_) => Kind::AdminConsent,
        };
        let asked = Asked { kind, person: Some(person.address.clone()), ..Asked::clone(self.asked) };
        let fault = self.world.estate().faults.take_for_person(&asked);
        fault.map_or(Ok(()), |number| Err(self.fail(Refused::new(number))))
    }

    fn be_admitted(&self, person: &Person) -> Result<(), Step> {
        let is_for_code = matches!(self.flow.goal, Goal::Code(_));
        if is_for_code && !self.registration(|sign_in| sign_in.admits(person.object_id)) {
            return Err(self.fail(Refused::new(50_105)));
        }
        Ok(())
    }

    /// The person typed user name and password.
    pub(super) fn sign_in(&mut self, username: &str, password: &str) -> Result<(), Step> {
        let username = username.trim();
        let found = self.world.estate().person_mut(username).cloned();
        let Some(person) = found else {
            return Err(self.login_form(username, Some(Refused::new(50_034))));
        };
        if person.password != password {
            return Err(self.login_form(username, Some(Refused::new(50_126))));
        }
        self.flow.person = Some(person.object_id);
        self.flow.fresh = true;
        let (at, revocations) = (self.asked.now, person.revocations);
        if !person.disabled {
            self.browser.remember(person.object_id, SignedIn { at, mfa: false, revocations });
        }
        Ok(())
    }

    /// The person typed the code; every six digits are right.
    pub(super) fn second_factor(&mut self, code: &str) -> Result<(), Step> {
        let Some(person) = self.flow.person.and_then(|id| self.person(id)) else { return Ok(()) };
        let code = code.trim();
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.code_form(&person.address, true));
        }
        if let Some(signed_in) = self.browser.signed_in(person.object_id) {
            self.browser.remember(person.object_id, SignedIn { mfa: true, ..signed_in });
        }
        Ok(())
    }
}
