//! What README.md and ARCHITECTURE.md say about settings, files and functions is true.

use std::path::Path;

use crate::source::{assert_none, read};
use postkey::config::SETTINGS;

const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "migrations/README.md", "tests/README.md"];

/// Variables that are no settings: where the settings are, and switches of the tests.
const OTHER_VARIABLES: [&str; 6] = [
    "POSTKEY_CONFIG",
    "POSTKEY_KEY",
    "POSTKEY_CHROMIUM",
    "POSTKEY_TEST_DEEDS",
    "POSTKEY_TEST_POSTGRES",
    "POSTKEY_TEST_SEED",
];

#[test]
fn the_readme_names_every_setting_and_no_other() {
    let readme = read("README.md");
    let table = readme.split("## Settings").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let named: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(named, SETTINGS.map(|(name, _)| name));
}

#[test]
fn documents_name_only_variables_that_exist() {
    let known: Vec<String> = SETTINGS.iter().map(|(name, _)| format!("POSTKEY_{}", name.to_uppercase())).collect();
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let words = text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        let variables = words.filter(|word| word.len() > "POSTKEY_".len() && word.starts_with("POSTKEY_"));
        let unknown =
            variables.filter(|word| !known.iter().any(|name| name == word) && !OTHER_VARIABLES.contains(word));
        wrong.extend(unknown.map(|word| format!("{document}: {word}")));
    }
    assert_none("variables that Postkey does not know", wrong);
}

/// `src/mailboxes/new.rs` must exist, and `mailboxes/new.rs::create` must be a function or type of that file.
#[test]
fn documents_name_only_files_and_functions_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        for quoted in text.split('`').skip(1).step_by(2) {
            let (file, item) = quoted.split_once("::").map_or((quoted, None), |(file, item)| (file, Some(item)));
            let path = if item.is_some() && file.ends_with(".rs") { format!("src/{file}") } else { file.to_owned() };
            let of_ours = ["src/", "tests/", "templates/", "static/", "migrations/", ".ci/"]
                .iter()
                .any(|top| path.starts_with(top));
            if !of_ours || path.contains(['*', '{', '<', ' ']) {
                continue;
            }
            if !root.join(&path).exists() {
                wrong.push(format!("{document}: {path} does not exist"));
            } else if let Some(item) = item {
                let source = read(&path);
                let last = item.rsplit("::").next().unwrap_or_default();
                let defined = ["fn", "struct", "enum", "const", "type"];
                let found = defined.iter().any(|kind| {
                    source.match_indices(&format!("{kind} {last}")).any(|(at, text)| {
                        !source[at + text.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
                    })
                });
                if !found {
                    wrong.push(format!("{document}: {path} has no {item}"));
                }
            }
        }
    }
    assert_none("names in documents that the code does not have", wrong);
}

#[test]
fn documents_link_only_to_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        let folder = root.join(document).parent().unwrap().to_owned();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let missing =
            targets.filter(|target| !target.contains("://") && !target.is_empty() && !folder.join(target).exists());
        wrong.extend(missing.map(|target| format!("{document}: {target}")));
    }
    assert_none("links that lead nowhere", wrong);
}
