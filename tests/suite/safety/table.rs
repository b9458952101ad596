//! The golden table of addresses: route, methods, and the least role that may use them.

use crate::source::{read, rust};

/// Who may call an address, the one who may least first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Who {
    /// Machines of the host; no cookies, no host name asked.
    Machine,
    Anyone,
    Viewer,
    Operator,
    MailboxAdministrator,
    ApplicationAdministrator,
    Owner,
    /// Nobody by a cookie: whoever brings a key.
    Worker,
}

use Who::{Anyone, ApplicationAdministrator, Machine, MailboxAdministrator, Operator, Owner, Viewer, Worker};

pub(crate) const TABLE: &[(&str, &[&str], Who)] = &[
    ("/healthz", &["GET"], Machine),
    ("/readyz", &["GET"], Machine),
    ("/metrics", &["GET"], Machine),
    ("/static/{file}", &["GET"], Machine),
    ("/api", &["GET"], Machine),
    ("/api/v1/openapi.json", &["GET"], Machine),
    ("/api/v1/mailboxes", &["GET"], Worker),
    ("/api/v1/mailboxes/{id}", &["GET"], Worker),
    ("/api/v1/mailboxes/{id}/token", &["GET"], Worker),
    ("/api/v1/mailboxes/{id}/token/refused", &["POST"], Worker),
    ("/login", &["GET", "POST"], Anyone),
    ("/logout", &["POST"], Anyone),
    ("/setup", &["GET", "POST"], Anyone),
    ("/explain", &["GET"], Anyone),
    ("/explain/{code}", &["GET"], Anyone),
    ("/s/{code}", &["GET", "POST"], Anyone),
    ("/a/{code}", &["GET"], Anyone),
    ("/a/{code}/consent", &["POST"], Anyone),
    ("/a/{code}/secret", &["POST"], Anyone),
    ("/a/{code}/limit.ps1", &["GET"], Anyone),
    ("/a/{code}/certificate.cer", &["GET"], Anyone),
    ("/oauth/callback", &["GET"], Anyone),
    ("/consent/{consent}", &["GET"], Anyone),
    ("/sign-in/{sign_in}", &["GET"], Anyone),
    ("/sign-in/{sign_in}/again", &["POST"], Anyone),
    ("/expiry/feed/{code}", &["GET"], Anyone),
    ("/", &["GET"], Viewer),
    ("/problems", &["GET"], Viewer),
    ("/problems.csv", &["GET"], Viewer),
    ("/problems/{id}", &["GET"], Viewer),
    ("/mailboxes", &["GET"], Viewer),
    ("/mailboxes.csv", &["GET"], Viewer),
    ("/mailboxes/{id}", &["GET"], Viewer),
    ("/mailboxes/{id}/checks", &["GET"], Viewer),
    ("/mailboxes/{id}/history.csv", &["GET"], Viewer),
    ("/mailboxes/{id}/sign-in", &["GET"], Viewer),
    ("/mailboxes/{id}/sign-in/{sign_in}", &["GET"], Viewer),
    ("/tokens", &["GET"], Viewer),
    ("/tokens.csv", &["GET"], Viewer),
    ("/tokens/renewals.csv", &["GET"], Viewer),
    ("/tokens/{token}", &["GET"], Viewer),
    ("/tokens/{token}/renewals.csv", &["GET"], Viewer),
    ("/applications", &["GET"], Viewer),
    ("/applications.csv", &["GET"], Viewer),
    ("/applications/{id}", &["GET"], Viewer),
    ("/applications/{id}/sheet", &["GET"], Viewer),
    ("/applications/{id}/limit.ps1", &["GET"], Viewer),
    ("/applications/{id}/scope-check", &["GET"], Viewer),
    ("/applications/{id}/scope-check.csv", &["GET"], Viewer),
    ("/applications/{id}/admin-link", &["GET"], Viewer),
    ("/applications/{id}/credentials/{credential}/certificate.cer", &["GET"], Viewer),
    ("/expiry", &["GET"], Viewer),
    ("/expiry.csv", &["GET"], Viewer),
    ("/mailboxes/{id}/check", &["POST"], Operator),
    ("/tokens/{token}/renew", &["POST"], Operator),
    ("/problems/{id}/acknowledge", &["POST"], Operator),
    ("/problems/{id}/silence", &["POST"], Operator),
    ("/problems/{id}/unsilence", &["POST"], Operator),
    ("/applications/{id}/scope-check", &["POST"], Operator),
    ("/mailboxes", &["POST"], MailboxAdministrator),
    ("/mailboxes/new", &["GET"], MailboxAdministrator),
    ("/mailboxes/bulk", &["POST"], MailboxAdministrator),
    ("/mailboxes/{id}/edit", &["GET", "POST"], MailboxAdministrator),
    ("/mailboxes/{id}/sign-in", &["POST"], MailboxAdministrator),
    ("/mailboxes/{id}/sign-in/withdraw", &["POST"], MailboxAdministrator),
    ("/mailboxes/{id}/sign-in/mail", &["POST"], MailboxAdministrator),
    ("/mailboxes/{id}/sign-in/forget", &["GET", "POST"], MailboxAdministrator),
    ("/mailboxes/{id}/test-message", &["GET", "POST"], MailboxAdministrator),
    ("/mailboxes/{id}/pause", &["GET", "POST"], MailboxAdministrator),
    ("/mailboxes/{id}/resume", &["POST"], MailboxAdministrator),
    ("/mailboxes/{id}/default", &["POST"], MailboxAdministrator),
    ("/mailboxes/{id}/delete", &["GET", "POST"], MailboxAdministrator),
    ("/mailboxes/{id}/restore", &["POST"], MailboxAdministrator),
    ("/applications/new", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/edit", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/delete", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/scope-check/edit", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/scope-check/stop", &["POST"], ApplicationAdministrator),
    ("/applications/{id}/admin-link", &["POST"], ApplicationAdministrator),
    ("/applications/{id}/admin-link/withdraw", &["POST"], ApplicationAdministrator),
    ("/applications/{id}/secrets/new", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/certificates/new", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/credentials/{credential}/test", &["POST"], ApplicationAdministrator),
    ("/applications/{id}/credentials/{credential}/end", &["GET", "POST"], ApplicationAdministrator),
    ("/applications/{id}/credentials/{credential}/retire", &["GET", "POST"], ApplicationAdministrator),
    ("/keys", &["GET"], ApplicationAdministrator),
    ("/keys.csv", &["GET"], ApplicationAdministrator),
    ("/keys/new", &["GET", "POST"], ApplicationAdministrator),
    ("/keys/{id}", &["GET"], ApplicationAdministrator),
    ("/keys/{id}/rotate", &["POST"], ApplicationAdministrator),
    ("/keys/{id}/revoke", &["GET", "POST"], ApplicationAdministrator),
    ("/expiry/feed", &["POST"], ApplicationAdministrator),
    ("/expiry/feed/withdraw", &["POST"], ApplicationAdministrator),
    ("/settings/alerts", &["GET", "POST"], Owner),
    ("/settings/alerts/new", &["GET"], Owner),
    ("/settings/alerts/{channel}", &["GET"], Owner),
    ("/settings/alerts/{channel}/edit", &["GET", "POST"], Owner),
    ("/settings/alerts/{channel}/test", &["POST"], Owner),
    ("/settings/alerts/{channel}/pause", &["POST"], Owner),
    ("/settings/alerts/{channel}/resume", &["POST"], Owner),
    ("/settings/alerts/{channel}/delete", &["GET", "POST"], Owner),
];

/// Each address at which a form changes something, with who may.
pub(crate) fn changing() -> impl Iterator<Item = (&'static str, Who)> {
    let forms = TABLE.iter().filter(|(_, methods, who)| methods.contains(&"POST") && *who != Worker);
    forms.map(|(route, _, who)| (*route, *who))
}

/// Whether the address is of the API and needs a key, which no browser brings along by itself.
pub(crate) fn needs_key(route: &str) -> bool {
    TABLE.iter().any(|(known, _, who)| *known == route && *who == Worker)
}

/// The least role for `method` at `route`; `None` if the address does not know the method.
pub(crate) fn least(route: &str, method: &str) -> Option<Who> {
    let method = if method == "HEAD" { "GET" } else { method };
    TABLE.iter().find(|(known, methods, _)| *known == route && methods.contains(&method)).map(|(_, _, who)| *who)
}

/// Each different route.
pub(crate) fn routes() -> Vec<&'static str> {
    let mut routes: Vec<_> = TABLE.iter().map(|(route, ..)| *route).collect();
    routes.sort_unstable();
    routes.dedup();
    routes
}

const GROUPS: [(&str, Who); 8] = [
    ("machines", Machine),
    ("workers", Worker),
    ("public", Anyone),
    ("viewer", Viewer),
    ("operator", Operator),
    ("mailbox_administrator", MailboxAdministrator),
    ("application_administrator", ApplicationAdministrator),
    ("owner", Owner),
];

#[test]
fn every_route_of_the_product_is_in_the_golden_table() {
    let source: String = read("src/routes.rs").split_whitespace().collect();
    let mut found = Vec::new();
    for part in source.split("->Router<App>{").zip(source.split("->Router<App>{").skip(1)) {
        let name = part.0.rsplit("fn").next().unwrap().trim_end_matches("()");
        for route in part.1.split("fn").next().unwrap().split(".route(\"").skip(1) {
            let (path, handlers) = route.split_once('"').unwrap();
            let group = GROUPS.iter().find(|(known, _)| *known == name);
            let (_, who) = group.unwrap_or_else(|| panic!("the group {name} is not known here"));
            let verbs = ["get", "post", "put", "patch", "delete", "any", "options", "head"];
            let used = |verb: &&&str| [",", "."].iter().any(|mark| handlers.contains(&format!("{mark}{verb}(")));
            let methods: Vec<String> = verbs.iter().filter(used).map(|verb| verb.to_uppercase()).collect();
            assert!(!methods.is_empty(), "{path} has no method that is understood here: {handlers}");
            found.push((path.to_owned(), methods, *who));
        }
    }
    let mut golden: Vec<_> = TABLE
        .iter()
        .map(|(path, methods, who)| {
            ((*path).to_owned(), methods.iter().map(|method| (*method).to_owned()).collect(), *who)
        })
        .collect();
    found.sort();
    golden.sort();
    assert_eq!(found, golden);
}

#[test]
fn addresses_are_given_only_where_the_golden_table_looks() {
    for (file, text) in rust("src") {
        let routed = [".route(", ".nest(", "route_service(", "nest_service("].iter().any(|word| text.contains(word));
        assert!(!routed || file == "routes.rs", "src/{file} gives addresses of its own");
    }
    let routes = read("src/routes.rs");
    assert!(!["nest(", "route_service(", "cfg(", "any("].iter().any(|word| routes.contains(word)));
}
