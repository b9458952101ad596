//! Reads from a request what it is about, before anyone answers it.

use axum::{
    body::Bytes,
    http::{HeaderMap, header, request::Parts},
};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    entra::{TokenForm, unverified},
    kind::{Call, Kind},
    world::World,
};

/// Stands for the signed-in person's mailbox in Graph's paths.
const ME: &str = "me";

/// What a request says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The path, without the query.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// The tenant's GUID, or what stands in its place.
    pub(crate) tenant: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) mailbox: Option<String>,
    /// The address of the person whose code or token it is.
    pub(crate) person: Option<String>,
    /// The scope that is asked for, which some error texts repeat.
    pub(crate) scope: Option<String>,
    pub(crate) grant_type: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) client_request_id: Option<Uuid>,
    /// The answer's own ID: Entra's `trace_id`, Graph's `request-id`.
    pub(crate) request_id: Uuid,
    /// Stands for a `client-request-id` that was not sent.
    pub(crate) correlation_id: Uuid,
    /// Scheme, host and port as the caller wrote them.
    pub(crate) origin: String,
    /// The servers' time.
    pub(crate) now: Timestamp,
}

#[derive(Deserialize)]
struct Owner {
    appid: String,
    tid: String,
    oid: Option<String>,
}

impl Asked {
    pub(crate) fn read(world: &World, parts: &Parts, form: Option<&TokenForm>) -> Self {
        let path = parts.uri.path();
        let kind = kind(parts.method.as_str(), path);
        let owner = matches!(kind, Kind::Graph(_)).then(|| bearer(&parts.headers)).flatten();
        let owner = owner.and_then(|token| unverified::<Owner>(token).ok());
        let tenant = match &owner {
            Some(owner) => Some(owner.tid.clone()),
            None => tenant(world, kind, path),
        };
        let query = Some(parts.uri.query().unwrap_or_default()).filter(|_| kind.is_for_browsers());
        let said = |name: &str| match form {
            Some(form) => form.get(name).map(str::to_owned),
            None => query.and_then(|query| in_query(query, name)),
        };
        let person = person(world, owner.as_ref(), form);
        let client_request_id = text(&parts.headers, "client-request-id").and_then(|id| Uuid::try_parse(id).ok());
        let skew = SignedDuration::from_secs(world.estate().settings.skew_seconds);
        let now = world.clock.now();
        Self {
            method: parts.method.to_string(),
            path: path.to_owned(),
            kind,
            tenant,
            client_id: owner.map(|owner| owner.appid).or_else(|| said("client_id")),
            mailbox: mailbox(kind, path).map(|name| if name == ME { person.clone().unwrap_or(name) } else { name }),
            person,
            scope: said("scope"),
            grant_type: said("grant_type"),
            code_challenge_method: said("code_challenge_method"),
            client_request_id,
            request_id: world.chance.guid(),
            correlation_id: client_request_id.unwrap_or_else(|| world.chance.guid()),
            origin: origin(world, &parts.headers),
            now: now.saturating_add(skew).unwrap_or(now),
        }
    }
}

impl Asked {
    /// A request about nothing, to look at something as it is at `now`.
    pub(crate) fn nothing(now: Timestamp) -> Self {
        Self {
            method: String::new(),
            path: String::new(),
            kind: Kind::Other,
            tenant: None,
            client_id: None,
            mailbox: None,
            person: None,
            scope: None,
            grant_type: None,
            code_challenge_method: None,
            client_request_id: None,
            request_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            origin: String::new(),
            now,
        }
    }
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The form of a token request.
pub(crate) fn token_form(parts: &Parts, body: &Bytes) -> Option<TokenForm> {
    (kind(parts.method.as_str(), parts.uri.path()) == Kind::Token).then(|| TokenForm::read(&parts.headers, body))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn origin(world: &World, headers: &HeaderMap) -> String {
    let scheme = world.origin.split_once(':').map_or("http", |(scheme, _)| scheme);
    text(headers, header::HOST.as_str()).map_or_else(|| world.origin.clone(), |host| format!("{scheme}://{host}"))
}

fn kind(method: &str, path: &str) -> Kind {
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match segments.as_slice() {
        ["_control", ..] => Kind::Control,
        ["common", "discovery", "instance"] => Kind::InstanceDiscovery,
        ["graph", "v1.0", call @ ..] => Kind::Graph(graph_call(method, call)),
        [_, "v2.0", ".well-known", "openid-configuration"] => Kind::Discovery,
        [_, "discovery", "v2.0", "keys"] => Kind::Keys,
        [_, "oauth2", "v2.0", "token"] => Kind::Token,
        [_, "oauth2", "v2.0", "authorize"] => Kind::Authorize,
        [_, "v2.0", "adminconsent"] | [_, "adminconsent"] => Kind::AdminConsent,
        [_, "signin", _] | [_, "oauth2", "v2.0", "logout"] => Kind::SignInPages,
        _ => Kind::Other,
    }
}

fn graph_call(method: &str, segments: &[&str]) -> Call {
    let of_mailbox = match segments {
        ["users", _, of_mailbox @ ..] | ["me", of_mailbox @ ..] => of_mailbox,
        _ => return Call::Unknown,
    };
    match (method, of_mailbox) {
        ("GET", []) if segments == ["me"] => Call::Me,
        ("GET", []) => Call::User,
        ("GET", ["mailFolders", _]) => Call::Inbox,
        ("GET", ["messages"]) => Call::Messages,
        ("POST", ["messages"]) => Call::CreateDraft,
        ("DELETE", ["messages", _]) => Call::DeleteMessage,
        ("POST", ["messages", _, "permanentDelete"]) => Call::PermanentDelete,
        ("POST", ["sendMail"]) => Call::SendMail,
        ("GET", ["mailboxSettings"]) => Call::MailboxSettings,
        _ => Call::Unknown,
    }
}

fn tenant(world: &World, kind: Kind, path: &str) -> Option<String> {
    if !matches!(kind, Kind::Discovery | Kind::Keys | Kind::Token) && !kind.is_for_browsers() {
        return None;
    }
    let said = decoded(path.split('/').nth(1)?);
    let known = world.estate().tenant(&said).map(|tenant| tenant.id.to_string());
    Some(known.unwrap_or(said))
}

fn mailbox(kind: Kind, path: &str) -> Option<String> {
    let mut segments = path.split('/').skip(3).filter(|_| matches!(kind, Kind::Graph(_)));
    match segments.next()? {
        "users" => segments.next().map(decoded),
        ME if kind != Kind::Graph(Call::Me) => Some(ME.to_owned()),
        _ => None,
    }
}

fn person(world: &World, owner: Option<&Owner>, form: Option<&TokenForm>) -> Option<String> {
    if let Some(owner) = owner {
        let id = Uuid::try_parse(owner.oid.as_deref()?).ok()?;
        return world.estate().people.with_id(id).map(|person| person.address.clone());
    }
    let form = form?;
    match (form.get("code"), form.get("refresh_token")) {
        (Some(code), _) => world.estate().grants.code(code).map(|code| code.address.clone()),
        (None, Some(token)) => world.estate().grants.family_of(token).map(|family| family.address.clone()),
        (None, None) => None,
    }
}

fn in_query(query: &str, name: &str) -> Option<String> {
    let mut all = form_urlencoded::parse(query.as_bytes());
    all.find(|(other, _)| other == name).map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
