//! What a browser's cookie stands for: the people it remembers and the flows it is in.

use std::{collections::HashMap, sync::Mutex};

use axum::http::{HeaderMap, header};
use uuid::Uuid;

use super::{consent_request::ConsentRequest, request::CodeRequest};
use crate::{
    chance::{Chance, lock},
    estate::SignedIn,
};

/// The cookie's name.
const COOKIE: &str = "simulator_browser";
/// More browsers than any test or demonstration has at one time.
const MOST_BROWSERS: usize = 10_000;
/// More tabs than a person has open.
const MOST_FLOWS: usize = 50;

/// Every browser, by the value of its cookie.
#[derive(Default)]
pub(crate) struct Browsers(Mutex<HashMap<String, Browser>>);

/// One browser.
#[derive(Default)]
pub(super) struct Browser {
    /// In the order they first signed in.
    pub(super) remembered: Vec<Remembered>,
    flows: Vec<Flow>,
}

/// A person this browser knows.
#[derive(Clone, Copy)]
pub(super) struct Remembered {
    pub(super) person: Uuid,
    /// Not any more after signing out.
    pub(super) signed_in: Option<SignedIn>,
}

/// A sign-in or a consent that has begun and not ended.
#[derive(Clone)]
pub(super) struct Flow {
    pub(super) id: String,
    pub(super) tenant_id: Uuid,
    pub(super) client_id: Uuid,
    pub(super) goal: Goal,
    /// Who was chosen or signed in.
    pub(super) person: Option<Uuid>,
    /// Whether the person gave the password in this flow.
    pub(super) fresh: bool,
    /// Whether the person accepted in this flow.
    pub(super) accepted: bool,
}

/// What a flow is for.
#[derive(Clone)]
pub(super) enum Goal {
    Code(Box<CodeRequest>),
    AdminConsent(ConsentRequest),
}

impl Goal {
    /// What comes back is not what the application sent.
    pub(super) fn tamper_with_state(&mut self) {
        let back = match self {
            Self::Code(request) => Some(&mut request.back),
            Self::AdminConsent(request) => request.back.as_mut(),
        };
        if let Some(back) = back {
            back.state = Some("tampered-with-by-the-simulator".to_owned());
        }
    }
}

impl Browsers {
    /// Does something with the browser that sent `headers`; a new one gets a cookie, which is answered.
    pub(super) fn with<T>(
        &self,
        headers: &HeaderMap,
        chance: &Chance,
        act: impl FnOnce(&mut Browser) -> T,
    ) -> (T, Option<String>) {
        let mut all = lock(&self.0);
        if let Some(browser) = cookie(headers).and_then(|value| all.get_mut(value)) {
            return (act(browser), None);
        }
        if all.len() == MOST_BROWSERS {
            all.clear();
        }
        let value = chance.guid().simple().to_string();
        let done = act(all.entry(value.clone()).or_default());
        (done, Some(format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax")))
    }

    /// Forgets a browser that was only borrowed.
    pub(super) fn forget(&self, cookie: &str) {
        let value = cookie.split_once('=').map_or(cookie, |(_, value)| value);
        lock(&self.0).remove(value);
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

impl Browser {
    pub(super) fn signed_in(&self, person: Uuid) -> Option<SignedIn> {
        self.remembered.iter().find(|remembered| remembered.person == person)?.signed_in
    }

    pub(super) fn remember(&mut self, person: Uuid, signed_in: SignedIn) {
        match self.remembered.iter_mut().find(|remembered| remembered.person == person) {
            Some(remembered) => remembered.signed_in = Some(signed_in),
            None => self.remembered.push(Remembered { person, signed_in: Some(signed_in) }),
        }
    }

    pub(super) fn sign_out(&mut self) {
        for remembered in &mut self.remembered {
            remembered.signed_in = None;
        }
    }

    pub(super) fn keep(&mut self, flow: Flow) {
        if self.flows.len() == MOST_FLOWS {
            self.flows.remove(0);
        }
        self.flows.push(flow);
    }

    pub(super) fn take(&mut self, id: &str) -> Option<Flow> {
        let place = self.flows.iter().position(|flow| flow.id == id)?;
        Some(self.flows.remove(place))
    }
}
