//! Which resource a scope names.

use super::Refused;

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
