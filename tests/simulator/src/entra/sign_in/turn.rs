//! One turn of a flow: the person does something, and as much happens as can without asking again.

use std::sync::Arc;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    browser::{Browser, Flow, Goal},
    consent_request::ConsentRequest,
    leave::stays,
    pages::{Head, Page, Stop},
    request::Prompt,
};
use crate::{asked::Asked, entra::Refused, estate::Application, requests::Code, world::World};

/// How a turn ends.
pub(super) enum Step {
    Show(Box<Page>),
    /// To this address; refused with this number, if it is.
    Leave(String, Option<u32>),
}

/// One turn.
pub(super) struct Turn<'a> {
    pub(super) world: &'a World,
    pub(super) asked: &'a Arc<Asked>,
    pub(super) browser: &'a mut Browser,
    pub(super) flow: Flow,
    pub(super) head: Head,
}

/// What the person does on a page.
#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(rename = "do")]
    act: Act,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    person: Option<Uuid>,
    #[serde(default)]
    code: String,
    everybody: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    SignIn,
    Pick,
    Another,
    Code,
    Accept,
    Cancel,
    Back,
}

impl Step {
    pub(super) fn show(page: Page) -> Self {
        Self::Show(Box::new(page))
    }
}

impl IntoResponse for Step {
    fn into_response(self) -> Response {
        match self {
            Self::Show(page) => page.into_response(),
            Self::Leave(location, number) => {
                let mut answer = (StatusCode::FOUND, [(header::LOCATION, location)]).into_response();
                if let Some(number) = number {
                    answer.extensions_mut().insert(Code::Aadsts(number));
                }
                answer
            }
        }
    }
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        world: &'a World,
        asked: &'a Arc<Asked>,
        browser: &'a mut Browser,
        application: &Application,
        flow: Flow,
    ) -> Self {
        let tenant = world.estate().tenant(&flow.tenant_id.to_string()).map(|tenant| tenant.name.clone());
        let head = Head {
            action: format!("/{}/signin/{}?client_id={}", flow.tenant_id, flow.id, flow.client_id),
            application: application.name.clone(),
            tenant: tenant.unwrap_or_default(),
        };
        Self { world, asked, browser, flow, head }
    }

    /// The first turn; `forced` is what a fault wants to happen instead.
    pub(super) fn begin(mut self, forced: Option<u32>) -> Step {
        let step = match forced {
            Some(number) => Err(self.fail(Refused::new(number))),
            None => self.run(),
        };
        self.end(step)
    }

    /// A further turn.
    pub(super) fn go_on(mut self, given: &Given, forced: Option<u32>) -> Step {
        let step = match forced {
            Some(number) => Err(self.fail(Refused::new(number))),
            None => self.take(given).and_then(|()| self.run()),
        };
        self.end(step)
    }

    /// A page keeps its flow; what leaves is over.
    fn end(self, step: Result<Step, Step>) -> Step {
        let step = step.unwrap_or_else(|step| step);
        if matches!(step, Step::Show(_)) {
            self.browser.keep(self.flow);
        }
        step
    }

    fn take(&mut self, given: &Given) -> Result<(), Step> {
        match given.act {
            Act::SignIn => self.sign_in(&given.username, &given.password),
            Act::Pick => {
                self.flow.person = given.person.filter(|id| self.browser.remembered.iter().any(|it| it.person == *id));
                Ok(())
            }
            Act::Another => {
                self.flow.person = None;
                Err(self.login_form("", None))
            }
            Act::Code => self.second_factor(&given.code),
            Act::Accept => self.accept(given.everybody.is_some()),
            Act::Cancel => Err(self.fail(Refused::new(65_004))),
            Act::Back => Err(self.go_back()),
        }
    }

    fn run(&mut self) -> Result<Step, Step> {
        let person = self.who()?;
        let signed_in = self.enter(&person)?;
        match self.flow.goal.clone() {
            Goal::Code(request) => {
                self.consent(&person, &request)?;
                Ok(self.give_code(&person, signed_in, &request))
            }
            Goal::AdminConsent(request) => {
                self.consent_for_all(&person, &request)?;
                Ok(self.tell_consent(&request))
            }
        }
    }

    /// The end of a flow that Microsoft refuses: told to the application, or to the person only.
    pub(super) fn fail(&self, refused: Refused) -> Step {
        let number = refused.code.number;
        let silent = self.prompt() == Prompt::None;
        if stays(&refused) && !silent {
            return self.stop(&refused);
        }
        match &self.flow.goal {
            Goal::Code(request) => Step::Leave(request.back.refused(&refused, self.asked), Some(number)),
            Goal::AdminConsent(ConsentRequest { version, back: Some(back), .. }) => {
                Step::Leave(ConsentRequest::refused(*version, back, &refused, self.asked), Some(number))
            }
            Goal::AdminConsent(_) => self.stop(&refused),
        }
    }

    fn stop(&self, refused: &Refused) -> Step {
        let number = refused.code.number;
        let address = self.flow.person.and_then(|id| self.person(id)).map(|person| person.address);
        let page = Stop::of(refused, self.asked, self.head.clone());
        Step::show(Page::Stop(Stop {
            address: address.unwrap_or_default(),
            another: number != 500_113,
            back: number == 90_094 && matches!(self.flow.goal, Goal::Code(_)),
            ..page
        }))
    }

    fn go_back(&self) -> Step {
        match &self.flow.goal {
            Goal::Code(request) => Step::Leave(request.back.cancelled(), None),
            Goal::AdminConsent(_) => self.fail(Refused::new(65_004)),
        }
    }
}

impl Stop {
    /// A page about a refusal that nobody can do anything about there.
    pub(super) fn of(refused: &Refused, asked: &Asked, head: Head) -> Self {
        let number = refused.code.number;
        let title = match number {
            90_094 | 90_095 => "Need admin approval",
            50_105 => "You are not assigned to this application",
            53_000..=53_003 | 50_131 | 530_032..=530_035 => "You cannot access this right now",
            50_057 => "Your account is disabled",
            16_000 | 50_020 | 90_072 => "This account does not belong to the organisation",
            _ => "We could not sign you in",
        };
        let text = refused.description(asked);
        Self { head, title, text, address: String::new(), another: false, back: false, number }
    }
}
