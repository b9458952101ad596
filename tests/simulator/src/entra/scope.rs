//! Which resource a scope names, and which of its permissions.

use std::collections::BTreeSet;

use super::Refused;
use crate::estate::Scope;

/// Microsoft Graph's own application ID, by which it may be named as a resource.
pub(crate) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

const FOREIGN_RESOURCES: [&str; 3] =
    ["https://outlook.office365.com", "https://outlook.office.com", "00000002-0000-0ff1-ce00-000000000000"];

/// The audience for a scope, which is one resource with `/.default`.
pub(super) fn resource(scope: &str, origins: [&str; 2]) -> Result<String, Refused> {
    let mut resources = Vec::new();
    for part in scope.split_whitespace() {
        match part.strip_suffix("/.default") {
            Some(resource) => resources.push(resource.trim_end_matches('/')),
            None if ["openid", "profile", "email", "offline_access"].contains(&part) => {
                return Err(Refused::new(70_011));
            }
            None => return Err(Refused::new(1_002_012)),
        }
    }
    match resources.as_slice() {
        [resource] if is_graph(resource, origins) || FOREIGN_RESOURCES.contains(resource) => Ok((*resource).to_owned()),
        [_] => Err(Refused::new(500_011)),
        [] => Err(Refused::new(70_011)),
        _ => Err(Refused::new(700_022)),
    }
}

/// What a request of a person's asks for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// By name.
    pub(super) scopes: BTreeSet<Scope>,
    /// `.default`: whatever the registration lists.
    pub(super) everything: bool,
    /// The resource as the request names it.
    pub(super) audience: String,
}

/// Reads a scope of delegated permissions; no resource means Graph, and other resources are not simulated.
pub(super) fn delegated(text: &str, origins: [&str; 2]) -> Result<Wanted, Refused> {
    let (mut scopes, mut everything, mut audience) = (BTreeSet::new(), false, None);
    for part in text.split_whitespace() {
        let (resource, name) = part.rsplit_once('/').unwrap_or(("", part));
        if FOREIGN_RESOURCES.contains(&resource) {
            return Err(Refused::new(650_057));
        }
        if !resource.is_empty() {
            if !is_graph(resource, origins) {
                return Err(Refused::new(500_011));
            }
            audience.get_or_insert(resource.trim_end_matches('/').to_owned());
        }
        match Scope::named(name) {
            Some(scope) => drop(scopes.insert(scope)),
            None if name == ".default" && !resource.is_empty() => everything = true,
            None => return Err(not_valid(part, "")),
        }
    }
    if everything && scopes.iter().any(|scope| !scope.is_openid()) {
        return Err(not_valid(text, " .default scope can't be combined with resource-specific scopes."));
    }
    let audience = audience.unwrap_or_else(|| "https://graph.microsoft.com".to_owned());
    Ok(Wanted { scopes, everything, audience })
}

fn not_valid(scope: &str, why: &str) -> Refused {
    let text = "The provided value for the input parameter 'scope' is not valid.";
    Refused::saying(70_011, format!("{text} The scope {scope} is not valid.{why}"))
}

/// A list of permissions as answers write it: OpenID Connect's first, Graph's with the resource.
pub(super) fn written<'a>(scopes: impl IntoIterator<Item = &'a Scope>, audience: &str) -> String {
    let (own, graph): (Vec<Scope>, Vec<Scope>) = scopes.into_iter().partition(|scope| scope.is_openid());
    let own = own.into_iter().filter(|scope| *scope != Scope::OfflineAccess).map(|scope| scope.to_string());
    own.chain(graph.into_iter().map(|scope| format!("{audience}/{scope}"))).collect::<Vec<_>>().join(" ")
}

/// Whether a resource or an audience means the simulated Microsoft Graph.
pub(crate) fn is_graph(resource: &str, origins: [&str; 2]) -> bool {
    let resource = resource.trim_end_matches('/');
    let own = || {
        origins
            .iter()
            .any(|origin| resource.strip_prefix(origin).is_some_and(|rest| rest == "/graph" || rest.is_empty()))
    };
    resource.eq_ignore_ascii_case("https://graph.microsoft.com") || resource == GRAPH_ID || own()
}
