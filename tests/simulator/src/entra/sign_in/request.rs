//! Reads an authorize request.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use uuid::Uuid;

use super::leave::Return;
use crate::{
    asked::Asked,
    entra::{
        Refused,
        scope::{Wanted, delegated},
        tenant,
    },
    estate::{Application, Estate, Method, Scope, SignIn},
    world::World,
};

/// The query of a request by a browser.
pub(super) struct Query(HashMap<String, String>);

/// An authorize request that may be answered with a code.
#[derive(Clone)]
pub(super) struct CodeRequest {
    pub(super) back: Return,
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) audience: String,
    pub(super) challenge: Option<(String, Method)>,
    pub(super) nonce: Option<String>,
    pub(super) client_info: bool,
    pub(super) prompt: Prompt,
    pub(super) login_hint: Option<String>,
}

/// How much the person is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    /// No more than needed.
    Usual,
    Login,
    SelectAccount,
    Consent,
    None,
}

/// A request that is refused, and where this is told: at the redirect URI, if that one can be trusted.
pub(super) struct Rejected {
    pub(super) refused: Box<Refused>,
    pub(super) back: Option<Return>,
}

impl From<Refused> for Rejected {
    fn from(refused: Refused) -> Self {
        Self { refused: Box::new(refused), back: None }
    }
}

impl Query {
    pub(super) fn read(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A field that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, Refused> {
        let missing = || format!("The request body must contain the following parameter: '{name}'.");
        self.get(name).ok_or_else(|| Refused::saying(900_144, missing()))
    }
}

/// The application that a request by a browser is about.
pub(super) fn application(estate: &Estate, asked: &Asked, query: &Query) -> Result<Application, Refused> {
    let tenant = match asked.tenant.as_deref().unwrap_or_default() {
        "common" | "organizations" | "consumers" => return Err(Refused::new(50_194)),
        name => tenant(estate, name)?,
    };
    let id = Uuid::try_parse(query.required("client_id")?).ok();
    let found = id.and_then(|id| estate.application_in(tenant.id, id)).ok_or_else(|| Refused::new(700_016))?;
    if found.enabled { Ok(found.clone()) } else { Err(Refused::new(7_000_112)) }
}

/// The redirect URI a request names, or else the first that is registered.
pub(super) fn redirect_uri(sign_in: &SignIn, query: &Query, asked: &Asked) -> Result<String, Refused> {
    let first = sign_in.redirect_uris.first().ok_or_else(|| Refused::new(500_113))?;
    let Some(said) = query.get("redirect_uri") else { return Ok(first.clone()) };
    if sign_in.redirects_to(said) {
        return Ok(said.to_owned());
    }
    let client = asked.client_id.as_deref().unwrap_or_default();
    Err(Refused::saying(
        50_011,
        format!(
            "The redirect URI '{said}' specified in the request does not match the redirect URIs configured for the \
             application '{client}'. Make sure the redirect URI sent in the request matches one added to your application."
        ),
    ))
}

impl CodeRequest {
    pub(super) fn read(world: &World, asked: &Asked, query: &Query) -> Result<(Application, Self), Rejected> {
        let estate = world.estate();
        let application = application(&estate, asked, query)?;
        let sign_in = estate.sign_in_to(application.client_id).ok_or_else(|| Refused::new(700_016))?;
        let uri = redirect_uri(sign_in, query, asked)?;
        let back = Return { uri, state: query.get("state").map(str::to_owned) };
        match Self::read_on(world, asked, query, sign_in, back.clone()) {
            Ok(request) => Ok((application, request)),
            Err(refused) => Err(Rejected { refused: Box::new(refused), back: Some(back) }),
        }
    }

    fn read_on(world: &World, asked: &Asked, query: &Query, sign_in: &SignIn, back: Return) -> Result<Self, Refused> {
        code_in_query(query)?;
        let Wanted { mut scopes, everything, audience } =
            delegated(query.required("scope")?, [&asked.origin, &world.origin])?;
        if everything {
            scopes.extend(&sign_in.delegated);
        }
        let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|claims| claims.is_object());
        if !query.get("claims").is_none_or(is_json) {
            return Err(Refused::saying(90_023, "The claims parameter is not a JSON object."));
        }
        Ok(Self {
            back,
            scopes,
            audience,
            challenge: challenge(query)?,
            nonce: query.get("nonce").map(str::to_owned),
            client_info: query.get("client_info") == Some("1"),
            prompt: prompt(query)?,
            login_hint: query.get("login_hint").map(str::to_lowercase),
        })
    }
}

fn code_in_query(query: &Query) -> Result<(), Refused> {
    match query.required("response_type")? {
        "code" => {}
        other if other.split(' ').any(|part| part == "id_token") => return Err(Refused::new(700_054)),
        _ => return Err(Refused::new(70_005)),
    }
    match query.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(Refused::saying(70_007, "The simulator only knows the response_mode 'query'.")),
    }
}

fn challenge(query: &Query) -> Result<Option<(String, Method)>, Refused> {
    let method = match query.get("code_challenge_method") {
        None | Some("plain") => Method::Plain,
        Some("S256") => Method::S256,
        Some(_) => return Err(Refused::saying(50_147, "The code_challenge_method is not supported.")),
    };
    match query.get("code_challenge") {
        None if method == Method::S256 => Err(Refused::new(50_147)),
        Some(text) if !(43..=128).contains(&text.len()) => Err(Refused::new(501_491)),
        text => Ok(text.map(|text| (text.to_owned(), method))),
    }
}

fn prompt(query: &Query) -> Result<Prompt, Refused> {
    match query.get("prompt") {
        None => Ok(Prompt::Usual),
        Some("login") => Ok(Prompt::Login),
        Some("select_account") => Ok(Prompt::SelectAccount),
        Some("consent") => Ok(Prompt::Consent),
        Some("none") => Ok(Prompt::None),
        Some(other) => Err(Refused::saying(90_023, format!("Unsupported 'prompt' value '{other}'."))),
    }
}
