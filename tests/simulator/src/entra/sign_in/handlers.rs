//! The addresses a browser opens and posts to.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Form,
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    browser::{Browser, Flow, Goal},
    consent_request::{ConsentRequest, Version},
    leave::stays,
    pages::{Head, Page, Stop},
    request::{CodeRequest, Query, Rejected},
    turn::{Given, Step, Turn},
};
use crate::{asked::Asked, control::Note, estate::Application, faults::play::Forced, world::World};

/// A request of a browser, apart from its body.
pub(crate) struct FromBrowser {
    world: Arc<World>,
    asked: Arc<Asked>,
    headers: HeaderMap,
    query: Query,
    /// What a fault wants.
    forced: Option<Forced>,
}

impl FromRequestParts<Arc<World>> for FromBrowser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, world: &Arc<World>) -> Result<Self, Infallible> {
        let asked = parts.extensions.get::<Arc<Asked>>().cloned();
        Ok(Self {
            world: Arc::clone(world),
            asked: asked.unwrap_or_else(|| Arc::new(Asked::nothing(world.clock.now()))),
            headers: parts.headers.clone(),
            query: Query::read(parts.uri.query().unwrap_or_default()),
            forced: parts.extensions.get().copied(),
        })
    }
}

/// `GET /{tenant}/oauth2/v2.0/authorize`.
pub(crate) async fn authorize(request: FromBrowser) -> Response {
    match CodeRequest::read(&request.world, &request.asked, &request.query) {
        Ok((application, code)) => request.begin(&application, Goal::Code(Box::new(code))),
        Err(rejected) => {
            let back = rejected.back.as_ref().map(|back| back.refused(&rejected.refused, &request.asked));
            request.reject(&rejected, back)
        }
    }
}

/// `GET /{tenant}/v2.0/adminconsent`.
pub(crate) async fn admin_consent(request: FromBrowser) -> Response {
    request.consent(Version::V2)
}

/// `GET /{tenant}/adminconsent`.
pub(crate) async fn legacy_admin_consent(request: FromBrowser) -> Response {
    request.consent(Version::Legacy)
}

/// `POST /{tenant}/signin/{flow}`.
pub(crate) async fn proceed(
    request: FromBrowser,
    Path((_, id)): Path<(String, String)>,
    Form(given): Form<Given>,
) -> Response {
    request.with_browser(|browser| {
        let Some(flow) = browser.take(&id) else { return nothing_to_go_on_with() };
        let application = request.world.estate().application_in(flow.tenant_id, flow.client_id).cloned();
        let Some(application) = application else { return nothing_to_go_on_with() };
        let turn = Turn::new(&request.world, &request.asked, browser, &application, flow);
        turn.go_on(&given, request.refusal()).into_response()
    })
}

fn nothing_to_go_on_with() -> Response {
    let text = "This sign-in is over, or it began in another browser. Go back to the application and begin again.";
    Note::new("Nothing to go on with", text).into_response()
}

/// `GET /{tenant}/oauth2/v2.0/logout`: the browser goes on remembering people, but each must give the password again.
pub(crate) async fn logout(request: FromBrowser) -> Response {
    let registered = |to: &&str| {
        let estate = request.world.estate();
        let mut sign_ins = estate.applications().iter().filter_map(|it| estate.sign_in_to(it.client_id));
        sign_ins.any(|sign_in| sign_in.redirects_to(to))
    };
    request.with_browser(|browser| {
        browser.sign_out();
        match request.query.get("post_logout_redirect_uri").filter(registered) {
            Some(to) => Redirect::to(to).into_response(),
            None => Note::new("You signed out", "Nobody is signed in with this browser any more.").into_response(),
        }
    })
}

impl FromBrowser {
    fn consent(self, version: Version) -> Response {
        match ConsentRequest::read(&self.world, &self.asked, &self.query, version) {
            Ok((application, consent)) => self.begin(&application, Goal::AdminConsent(consent)),
            Err(rejected) => {
                let back = rejected.back.as_ref();
                let back = back.map(|back| ConsentRequest::refused(version, back, &rejected.refused, &self.asked));
                self.reject(&rejected, back)
            }
        }
    }

    /// The AADSTS number a fault wants.
    fn refusal(&self) -> Option<u32> {
        match self.forced? {
            Forced::Refusal(number) => Some(number),
            Forced::State => None,
        }
    }

    fn begin(&self, application: &Application, mut goal: Goal) -> Response {
        if matches!(self.forced, Some(Forced::State)) {
            goal.tamper_with_state();
        }
        let flow = Flow {
            id: self.world.chance.guid().simple().to_string(),
            tenant_id: application.tenant_id,
            client_id: application.client_id,
            goal,
            person: None,
            fresh: false,
            accepted: false,
        };
        self.with_browser(|browser| {
            Turn::new(&self.world, &self.asked, browser, application, flow).begin(self.refusal()).into_response()
        })
    }

    /// A request that cannot begin: told at the redirect URI where there is one to trust, and on a page otherwise.
    fn reject(&self, rejected: &Rejected, back: Option<String>) -> Response {
        let refused = &rejected.refused;
        let step = match back.filter(|_| !stays(refused)) {
            Some(location) => Step::Leave(location, Some(refused.code.number)),
            None => {
                let head = Head { action: String::new(), application: String::new(), tenant: String::new() };
                Step::show(Page::Stop(Stop::of(refused, &self.asked, head)))
            }
        };
        step.into_response()
    }

    /// The answer of `act`, with a cookie for a browser that has none yet.
    fn with_browser(&self, act: impl FnOnce(&mut Browser) -> Response) -> Response {
        let (mut answer, cookie) = self.world.browsers.with(&self.headers, &self.world.chance, act);
        if let Some(value) = cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            answer.headers_mut().insert(header::SET_COOKIE, value);
        }
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}
