//! The arrows between the folders, the sizes of files, and who may speak to the database and to Microsoft. Each list below
//! is a decision: a new line in one is meant to be seen in a review.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::source::{assert_none, code, production, read, rust};

/// What each folder below the features may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("chance", &[]),
    ("hook", &["chance", "clock"]),
    ("clock", &[]),
    ("beat", &["clock"]),
    ("single", &[]),
    ("tally", &["words"]),
    ("config", &[]),
    ("error", &[]),
    ("words", &[]),
    ("ids", &["chance", "clock"]),
    ("lines", &["ids"]),
    ("crowd", &["config"]),
    ("db", &["error"]),
    ("secrets", &["chance", "clock", "db", "error"]),
    ("mail", &["chance", "clock", "config", "words"]),
    ("microsoft", &["clock", "words"]),
    (
        "app",
        &["beat", "chance", "clock", "config", "db", "hook", "ids", "mail", "microsoft", "secrets", "single", "tally"],
    ),
    ("telemetry", &["app", "chance", "config"]),
    ("web", &["app", "chance", "clock", "config", "db", "error", "ids", "microsoft", "telemetry", "words"]),
];

/// A feature may use every layer, and of other features only this: a file, or the feature's own name for what its
/// `mod.rs` re-exports.
const FEATURES: &[(&str, &[&str])] = &[
    (
        "admin_link",
        &[
            "applications",
            "applications::add",
            "applications::credential",
            "applications::credentials",
            "applications::form",
            "applications::limit",
            "applications::proofs",
            "applications::show",
            "applications::standing",
            "applications::store",
            "applications::trial",
            "applications::used_by",
            "audit",
            "tokens::store",
            "users",
            "users::guard",
        ],
    ),
    ("alerts", &["audit", "mailboxes", "mailboxes::store", "users", "users::guard"]),
    (
        "api",
        &[
            "applications",
            "applications::store",
            "keys",
            "keys::store",
            "keys::text",
            "mailboxes::mailbox",
            "mailboxes::search",
            "mailboxes::store",
            "tokens",
            "tokens::delegated_store",
            "tokens::handed_store",
            "tokens::health_store",
            "tokens::obtain",
            "tokens::refresh",
            "tokens::store",
        ],
    ),
    (
        "applications",
        &[
            "audit",
            "tokens",
            "tokens::delegated_store",
            "tokens::obtain",
            "tokens::store",
            "users",
            "users::guard",
            "users::user",
        ],
    ),
    ("audit", &[]),
    // One address for every answer of Microsoft's, which is told apart by its state.
    (
        "callback",
        &[
            "admin_link",
            "admin_link::callback",
            "admin_link::consent_store",
            "sign_in",
            "sign_in::callback",
            "sign_in::store",
        ],
    ),
    ("diagnosis", &["audit"]),
    (
        "expiry",
        &[
            "alerts",
            "alerts::channel_store",
            "alerts::outbox",
            "applications",
            "applications::credential",
            "applications::standing",
            "audit",
            "users",
            "users::guard",
        ],
    ),
    ("explain", &[]),
    (
        "keys",
        &[
            "applications::store",
            "audit",
            "mailboxes::search",
            "mailboxes::store",
            "tokens::handed_store",
            "users",
            "users::guard",
        ],
    ),
    ("login", &["audit", "users", "users::password", "users::store", "users::throttle", "users::user"]),
    (
        "mailboxes",
        &[
            "applications",
            "applications::add",
            "applications::credential",
            "applications::form",
            "applications::store",
            "audit",
            "diagnosis",
            "diagnosis::store",
            "tokens",
            "tokens::delegated_store",
            "tokens::obtain",
            "tokens::refresh",
            "users",
            "users::guard",
            "users::user",
        ],
    ),
    ("metrics", &["applications::credential", "mailboxes::mailbox"]),
    (
        "overview",
        &[
            "mailboxes",
            "mailboxes::search",
            "problems",
            "problems::problem",
            "problems::remedy",
            "problems::seen",
            "problems::store",
            "users",
            "users::guard",
        ],
    ),
    (
        "problems",
        &[
            "alerts",
            "alerts::channel_store",
            "alerts::outbox",
            "applications",
            "applications::scope_store",
            "audit",
            "mailboxes",
            "mailboxes::mailbox",
            "mailboxes::search",
            "tokens",
            "tokens::health_store",
            "users",
            "users::guard",
        ],
    ),
    ("setup", &["audit", "users", "users::password", "users::store", "users::throttle", "users::user"]),
    (
        "sign_in",
        &[
            "applications",
            "applications::store",
            "audit",
            "mailboxes",
            "mailboxes::history",
            "mailboxes::ladder",
            "mailboxes::show",
            "mailboxes::signed_in",
            "mailboxes::store",
            "tokens",
            "tokens::delegated_store",
            "tokens::keep",
            "tokens::prove",
            "tokens::store",
            "users",
            "users::guard",
        ],
    ),
    (
        "tokens",
        &[
            "applications",
            "applications::credential",
            "applications::store",
            "audit",
            "diagnosis",
            "diagnosis::store",
            "users",
            "users::guard",
        ],
    ),
    ("users", &[]),
];

/// Files that put the whole together. They may use anything; only the files named here may use them.
const TOP: &[(&str, &[&str])] =
    &[("lib", &[]), ("main", &[]), ("serve", &["main"]), ("routes", &["serve"]), ("probes", &["routes"])];

/// Folders that use each other, which is a debt. Nothing else may go round in a circle.
const CIRCLES: &[(&str, &str)] = &[
    // The pages of an application try a credential by asking for a token, and a token needs the application's
    // credential. The stores know nothing of it.
    ("applications", "tokens"),
];

/// Files of more than 250 lines, with what keeps them whole. Beyond 400 there is no reason.
const LONG: &[(&str, &str)] = &[
    ("applications/form.rs", "one form used by two pages: what was typed, its choices and its refusals"),
    ("applications/store.rs", "all SQL for two tables that are written together"),
    ("config/mod.rs", "every setting with its check, so that the order of refusals can be read"),
    ("db/mod.rs", "opening and closing both engines, side by side"),
    ("main.rs", "every command of the host, parsed and called"),
    ("hook.rs", "one message to a program: where it may go, how it is signed, what of the answer is kept"),
    ("mailboxes/climb.rs", "the steps of a check, in their order"),
    ("mailboxes/index.rs", "list, filters and CSV share their rows"),
    ("mailboxes/search.rs", "one text for each order of the list, side by side"),
    ("mailboxes/show.rs", "one page and the many facts it shows"),
    ("mailboxes/store.rs", "all SQL that changes a mailbox"),
    ("problems/store.rs", "all SQL for problems and their story"),
    ("sign_in/store.rs", "all SQL for an attempt and for the result it turns into"),
];

/// Besides `store.rs`, where SQL may stand.
const SQL: &[&str] = &[
    "admin_link/consent_store.rs",
    "alerts/channel_store.rs",
    "alerts/outbox_store.rs",
    "applications/proofs.rs",
    "applications/scope_store.rs",
    "applications/scope_turn_store.rs",
    "applications/used_by.rs",
    "audit/mod.rs",
    "db/mod.rs",
    "db/news.rs",
    "expiry/feed_store.rs",
    "expiry/warn_store.rs",
    "mailboxes/history.rs",
    "mailboxes/search.rs",
    "mailboxes/turn_store.rs",
    "problems/seen_store.rs",
    "secrets/data_keys.rs",
    "sign_in/link_store.rs",
    "tokens/delegated_store.rs",
    "tokens/handed_store.rs",
    "tokens/health_store.rs",
    "tokens/renewal_store.rs",
    "tokens/turn_store.rs",
    "users/throttle.rs",
    "web/session_store.rs",
];

/// Who may ask Microsoft: work that a person or a clock started, never a page that is being rendered.
const ASKS_MICROSOFT: &[&str] = &[
    "applications/scope_try.rs",
    "applications/trial.rs",
    "mailboxes/climb.rs",
    "sign_in/begin.rs",
    "sign_in/redeem.rs",
    "tokens/prove.rs",
];

#[test]
fn every_arrow_is_on_the_list() {
    let layers: BTreeMap<_, _> = LAYERS.iter().copied().collect();
    let features: BTreeMap<_, _> = FEATURES.iter().copied().collect();
    let top: BTreeMap<_, _> = TOP.iter().copied().collect();
    let mut wrong = Vec::new();
    for arrow in arrows() {
        let Arrow { file, from, to, part } = &arrow;
        let allowed = if let Some(users) = top.get(to.as_str()) {
            users.contains(&from.as_str())
        } else if top.contains_key(from.as_str()) {
            true
        } else if let Some(allowed) = layers.get(from.as_str()) {
            allowed.contains(&to.as_str())
        } else if let Some(allowed) = features.get(from.as_str()) {
            layers.contains_key(to.as_str()) || allowed.contains(&part.as_str())
        } else {
            false
        };
        if !allowed {
            wrong.push(format!("src/{file} uses {part}"));
        }
    }
    assert_none("arrows that are not on the list", wrong);
}

#[test]
fn an_arrow_that_nothing_uses_is_off_the_list() {
    let used: BTreeSet<(String, String)> =
        arrows().into_iter().flat_map(|arrow| [(arrow.from.clone(), arrow.to), (arrow.from, arrow.part)]).collect();
    let listed = LAYERS.iter().chain(FEATURES).flat_map(|(from, to)| to.iter().map(move |to| (*from, *to)));
    let unused = listed.filter(|(from, to)| !used.contains(&((*from).to_owned(), (*to).to_owned())));
    assert_none("arrows to take off the list", unused.map(|(from, to)| format!("{from} → {to}")));
}

#[test]
fn folders_do_not_go_round_in_circles() {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for arrow in arrows() {
        if !CIRCLES.contains(&(arrow.from.as_str(), arrow.to.as_str())) {
            uses.entry(arrow.from).or_default().insert(arrow.to);
        }
    }
    // Takes away what uses nothing of the rest or is used by nothing of it, until nothing more can go. What stays goes
    // round.
    loop {
        let before = uses.len();
        let users: BTreeSet<String> = uses.keys().cloned().collect();
        let used: BTreeSet<String> = uses.values().flatten().cloned().collect();
        uses.retain(|from, to| used.contains(from) && to.iter().any(|to| users.contains(to)));
        if uses.len() == before {
            break;
        }
    }
    assert_none("folders in a circle", uses.into_keys());
}

#[test]
fn files_keep_to_their_size() {
    let reasons: BTreeMap<_, _> = LONG.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in rust("src") {
        match production(&text).lines().count() {
            lines @ 401.. => wrong.push(format!("src/{file}: {lines} lines of production code; 400 is the end")),
            lines @ 251.. if !reasons.contains_key(file.as_str()) => {
                wrong.push(format!("src/{file}: {lines} lines; split it, or say in LONG why it is one thing"));
            }
            lines @ ..=225 if reasons.contains_key(file.as_str()) => {
                wrong.push(format!("src/{file}: {lines} lines; it needs no line in LONG"));
            }
            _ => {}
        }
    }
    for member in ["tests/simulator/src", "tests/demo/src", "tests/bench/src"] {
        let long = rust(member).into_iter().filter(|(_, text)| production(text).lines().count() > 400);
        wrong.extend(long.map(|(file, _)| format!("{member}/{file}: more than 400 lines")));
    }
    assert_none("files out of size", wrong);
}

#[test]
fn sql_stands_in_the_stores() {
    let wrong = rust("src").into_iter().filter(|(file, text)| {
        let store = file.ends_with("/store.rs") || SQL.contains(&file.as_str());
        code(text).contains("sqlx::query") && !store
    });
    assert_none("files with SQL that are no store", wrong.map(|(file, _)| file));
}

#[test]
fn no_page_asks_microsoft_while_it_renders() {
    let asks = ["tenant", "token", "identity", "profile", "read_inbox", "write_draft", "send_message"];
    let wrong = rust("src").into_iter().filter(|(file, text)| {
        let text: String = production(text).split_whitespace().collect();
        let asking = asks.iter().any(|ask| text.contains(&format!(".microsoft.{ask}(")));
        asking && !ASKS_MICROSOFT.contains(&file.as_str())
    });
    assert_none("files that ask Microsoft", wrong.map(|(file, _)| file));
}

#[test]
fn the_environment_is_read_in_one_place_and_chance_in_another() {
    // A request's ID to Microsoft only has to differ from others; nothing is decided by it and no test repeats it.
    let places = [("std::env::", "main.rs"), ("aws_lc_rs::rand", "chance.rs or microsoft/http.rs")];
    let wrong = rust("src").into_iter().flat_map(|(file, text)| {
        let text = code(production(&text));
        let found = places
            .iter()
            .filter(|(what, place)| text.contains(what) && !place.split(" or ").any(|place| place == file));
        found.map(|(what, place)| format!("src/{file}: {what} belongs in {place}")).collect::<Vec<_>>()
    });
    assert_none("reads past Config, Clock or Chance", wrong);
}

#[test]
fn every_dependency_is_used() {
    let mut unused = Vec::new();
    for (manifest, folders) in [
        ("Cargo.toml", ["src", "tests/suite"].as_slice()),
        ("tests/simulator/Cargo.toml", &["tests/simulator/src", "tests/simulator/tests"]),
        ("tests/demo/Cargo.toml", &["tests/demo/src", "tests/demo/tests"]),
        ("tests/bench/Cargo.toml", &["tests/bench/src"]),
    ] {
        let table: toml::Table = read(manifest).parse().unwrap();
        let sources: String = folders.iter().flat_map(|folder| rust(folder)).map(|(_, text)| text).collect();
        for group in ["dependencies", "dev-dependencies"] {
            let named = table.get(group).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
            let missing = named.filter(|name| !mentions(&sources, &name.replace('-', "_")));
            unused.extend(missing.map(|name| format!("{manifest}: {name}")));
        }
    }
    assert_none("dependencies that nothing names", unused);
}

#[test]
fn paths_are_read_as_rust_reads_them() {
    let text = "use crate::web::{Page, Shell, forms::{self, Field}};\nuse crate::{audit, users::guard as g};\n\
                /// crate::no::doc\nfn f() { audit::record(my_audit::x); crate::db::begin(\"crate::no::text\"); } // crate::no::comment\n";
    let expected = ["web", "web", "web::forms", "web::forms", "audit", "users::guard", "db", "audit"];
    assert_eq!(paths(&code(text)).iter().map(|path| part(path)).collect::<Vec<_>>(), expected);
}

/// `from` uses `to`; `part` is the file of it, if the path names one.
struct Arrow {
    file: String,
    from: String,
    to: String,
    part: String,
}

fn arrows() -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for (file, text) in rust("src") {
        let from = file.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        let text = code(production(&text));
        assert!(!text.contains("super::super"), "src/{file}: write crate:: instead, which can be read from here");
        // The binary sees the library from outside.
        let text = if from == "main" { text.replace("postkey::", "crate::") } else { text };
        for path in paths(&text) {
            let (to, part) = (path[0].clone(), part(&path));
            if to != from {
                arrows.push(Arrow { file: file.clone(), from: from.clone(), to, part });
            }
        }
    }
    assert!(arrows.len() > 100, "arrows are not found any more");
    arrows
}

/// `users::guard` for `users::guard::Section`, but `users` for `users::Role` and for a function of its `mod.rs`.
fn part(path: &[String]) -> String {
    let [first, second, ..] = path else { return path.join("::") };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/{first}/{second}.rs"));
    if file.exists() { format!("{first}::{second}") } else { first.clone() }
}

/// Each path that begins with `crate::`, with groups in braces spread out; and what is reached through a folder that was
/// brought in whole, as `tokens::store::forget` after `use crate::tokens`.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        spread(&text[at + "crate::".len()..], &mut Vec::new(), &mut found);
    }
    let whole: BTreeSet<String> = found.iter().filter(|path| path.len() == 1).map(|path| path[0].clone()).collect();
    for folder in whole {
        let start = format!("{folder}::");
        for (at, _) in text.match_indices(&start) {
            let before = text[..at].chars().next_back();
            if !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == ':') {
                spread(&text[at + start.len()..], &mut vec![folder.clone()], &mut found);
            }
        }
    }
    found
}

fn spread<'t>(text: &'t str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'t str {
    let mut text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        text = group.trim_start();
        while !text.is_empty() && !text.starts_with('}') {
            text = spread(text, before, found);
            // A rename, and the comma.
            let end = text.find([',', '}']).unwrap_or(text.len());
            text = text[end..].trim_start_matches(',').trim_start();
        }
        return text.strip_prefix('}').unwrap_or(text);
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !name.is_empty() && name != "self" {
        before.push(name.to_owned());
    }
    let rest = match rest.strip_prefix("::") {
        Some(deeper) if !name.is_empty() => spread(deeper, before, found),
        _ => {
            found.push(before.clone());
            rest
        }
    };
    if !name.is_empty() && name != "self" {
        before.pop();
    }
    rest
}

fn mentions(text: &str, name: &str) -> bool {
    let part_of_a_name = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(name).any(|(at, _)| {
        !part_of_a_name(text[..at].chars().next_back()) && !part_of_a_name(text[at + name.len()..].chars().next())
    })
}
