//! Goes through the pages as a person with a clean browser would, without a browser.

use std::sync::Arc;

use anyhow::{Context, bail};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode, header},
    response::Response,
};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use url::Url;

use super::pages::{Kind, Shown};
use crate::{routes, world::World};

/// More turns than any flow has.
const MOST_TURNS: usize = 10;

/// What the person does when asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Accept,
    Decline,
}

/// Opens `address` (of an authorize or adminconsent endpoint), signs in as `person`, and accepts or declines what is
/// asked. Answers where the browser is sent; fails on the page where Microsoft would keep the person.
pub(crate) async fn drive(world: &Arc<World>, address: &str, person: &str, wish: Wish) -> anyhow::Result<String> {
    let mut visit = Visit { world, cookie: String::new() };
    let end = visit.go(address, person, wish).await;
    world.browsers.forget(&visit.cookie);
    end
}

/// One clean browser.
struct Visit<'a> {
    world: &'a Arc<World>,
    cookie: String,
}

impl Visit<'_> {
    async fn go(&mut self, address: &str, person: &str, wish: Wish) -> anyhow::Result<String> {
        let url = Url::parse(address).with_context(|| format!("'{address}' is no address"))?;
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut answer = self.request(Method::GET, target, String::new()).await?;
        let mut was_asked = false;
        for _ in 0..MOST_TURNS {
            if let Some(location) = answer.headers().get(header::LOCATION) {
                if wish == Wish::Decline && !was_asked {
                    bail!("{person} was not asked for consent and could not decline");
                }
                return Ok(location.to_str()?.to_owned());
            }
            let Some(shown) = answer.extensions().get::<Shown>().cloned() else {
                bail!("{}", described(answer).await);
            };
            let form = self.answer_to(&shown, person, wish)?;
            was_asked |= matches!(shown.kind, Kind::Consent | Kind::NeedsApproval);
            answer = self.request(Method::POST, &shown.action, form).await?;
        }
        bail!("the sign-in goes round in circles");
    }

    /// What the person does on a page.
    fn answer_to(&self, shown: &Shown, person: &str, wish: Wish) -> anyhow::Result<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match shown.kind {
            Kind::Login => {
                let known = self.world.estate().person_mut(person).map(|person| person.password.clone());
                let password = known.with_context(|| format!("nobody signs in as '{person}'"))?;
                form.extend_pairs([("do", "sign_in"), ("username", person), ("password", &password)]);
            }
            Kind::Picker => drop(form.append_pair("do", "another")),
            Kind::SecondFactor => drop(form.extend_pairs([("do", "code"), ("code", "123456")])),
            Kind::Consent if wish == Wish::Accept => drop(form.append_pair("do", "accept")),
            Kind::Consent => drop(form.append_pair("do", "cancel")),
            Kind::NeedsApproval if wish == Wish::Decline => drop(form.append_pair("do", "back")),
            Kind::LoginAgain | Kind::NeedsApproval | Kind::Stop => bail!("{person} is kept on a page. {}", shown.words),
        }
        Ok(form.finish())
    }

    /// A request that goes through everything a real one goes through, faults and log included.
    async fn request(&mut self, method: Method, target: &str, form: String) -> anyhow::Result<Response> {
        let host = self.world.origin.split_once("://").map_or("", |(_, host)| host);
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, host)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))?;
        let answer = TowerToHyperService::new(routes::all(self.world)).call(request).await?;
        if let Some(set) = answer.headers().get(header::SET_COOKIE) {
            self.cookie = set.to_str()?.split(';').next().unwrap_or_default().to_owned();
        }
        Ok(answer)
    }
}

async fn described(answer: Response) -> String {
    let status = answer.status();
    let is_ok = status == StatusCode::OK;
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap_or_default();
    let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
    if is_ok { format!("a page that is no part of signing in: {text}") } else { format!("answered {status}: {text}") }
}
