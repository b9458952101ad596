//! Who signs in: chosen on a page, or remembered and not to be asked.

use uuid::Uuid;

use super::{
    browser::Goal,
    pages::{Choice, Login, Page, Picker},
    request::Prompt,
    turn::{Step, Turn},
};
use crate::{entra::Refused, estate::Person};

impl Turn<'_> {
    /// The person, or the page that asks who it is.
    pub(super) fn who(&mut self) -> Result<Person, Step> {
        let known = match self.flow.person.and_then(|id| self.person(id)) {
            Some(person) => person,
            None => self.recognised()?,
        };
        self.flow.person = Some(known.object_id);
        Ok(known)
    }

    /// Whom the browser remembers, if the request leaves no doubt which one.
    fn recognised(&self) -> Result<Person, Step> {
        let remembered: Vec<Person> = self.browser.remembered.iter().filter_map(|it| self.person(it.person)).collect();
        let hint = self.hint();
        let found = match &hint {
            Some(hint) => remembered.iter().find(|person| person.address == *hint),
            None => self.alone(&remembered),
        };
        let ask_by_name = |hint: Option<String>| self.login_form(&hint.unwrap_or_default(), None);
        match (self.prompt(), found.cloned()) {
            (Prompt::Usual | Prompt::Consent | Prompt::None, Some(person)) => Ok(person),
            (Prompt::None, None) => {
                let is_several = hint.is_none() && remembered.len() > 1;
                Err(self.fail(Refused::new(if is_several { 16_000 } else { 50_058 })))
            }
            (Prompt::Login, _) => Err(ask_by_name(hint)),
            _ if remembered.is_empty() => Err(ask_by_name(hint)),
            (Prompt::SelectAccount, _) => Err(self.picker(remembered, hint.as_deref())),
            (_, None) if hint.is_some() => Err(ask_by_name(hint)),
            (_, None) => Err(self.picker(remembered, None)),
        }
    }

    /// The only one remembered, if it belongs here: this is how the wrong account gets in unasked.
    fn alone<'p>(&self, remembered: &'p [Person]) -> Option<&'p Person> {
        match remembered {
            [only] => Some(only).filter(|only| only.tenant_id == self.flow.tenant_id),
            _ => None,
        }
    }

    pub(super) fn person(&self, id: Uuid) -> Option<Person> {
        self.world.estate().people.with_id(id).cloned()
    }

    pub(super) fn prompt(&self) -> Prompt {
        match &self.flow.goal {
            Goal::Code(request) => request.prompt,
            Goal::AdminConsent(_) => Prompt::Usual,
        }
    }

    fn hint(&self) -> Option<String> {
        match &self.flow.goal {
            Goal::Code(request) => request.login_hint.clone(),
            Goal::AdminConsent(_) => None,
        }
    }

    /// The page for name and password, after something was `wrong` if it was.
    pub(super) fn login_form(&self, username: &str, wrong: Option<Refused>) -> Step {
        if self.prompt() == Prompt::None {
            return self.fail(Refused::new(50_058));
        }
        let wrong = wrong.map(|refused| refused.description(self.asked));
        Step::show(Page::Login(Login { head: self.head.clone(), username: username.to_owned(), wrong }))
    }

    /// Everybody remembered, the hinted one first.
    fn picker(&self, remembered: Vec<Person>, hint: Option<&str>) -> Step {
        let choice = |person: Person| Choice {
            person: person.object_id,
            signed_in: self.browser.signed_in(person.object_id).is_some(),
            name: person.name,
            address: person.address,
        };
        let mut people: Vec<Choice> = remembered.into_iter().map(choice).collect();
        people.sort_by_key(|choice| hint != Some(choice.address.as_str()));
        Step::show(Page::Picker(Picker { head: self.head.clone(), people }))
    }
}
