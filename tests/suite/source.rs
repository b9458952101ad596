//! Reads the project's own files, for the tests that look at how they are written.

use std::fs;
use std::path::Path;

/// Without its tests, which stand at the end of a file.
pub(crate) fn production(text: &str) -> &str {
    match text.find("\n#[cfg(test)]\nmod tests") {
        Some(end) => &text[..=end],
        None => text,
    }
}

/// Without comments and without what stands in quotes.
pub(crate) fn code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r#\"") {
            kept.push_str("r#\"\"#");
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if letter == '"' {
            kept.push_str("\"\"");
            end_of_text(rest)
        } else if rest.starts_with("'\"'") {
            kept.push_str("'\"'");
            3
        } else {
            kept.push(letter);
            letter.len_utf8()
        };
        rest = &rest[skipped..];
    }
    kept
}

fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

pub(crate) fn rust(folder: &str) -> Vec<(String, String)> {
    let mut sources = files(folder, &["rs"]);
    // Tests in a file of their own, beside what they test.
    sources.retain(|(file, _)| !file.ends_with("_tests.rs"));
    sources
}

/// Every file below `folder` with one of these endings, by its path from there.
pub(crate) fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                let ignored = ["node_modules", "__pycache__", "target"].iter().any(|name| path.ends_with(name));
                folders.extend((!ignored).then_some(path));
            } else if endings.contains(&ending.as_str())
                && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
            {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

pub(crate) fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

pub(crate) fn assert_none(what: &str, found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n    {}", found.join("\n    "));
}

#[test]
fn rust_is_read_without_comments_texts_and_tests() {
    assert_eq!(
        code("let x = 'a'; // \"no\"\nlet r: &'a str = \"\\\"no\"; z"),
        "let x = 'a'; \nlet r: &'a str = \"\"; z"
    );
    assert_eq!(code("let r = r#\"x \" // y\"#; z"), "let r = r#\"\"#; z");
    assert_eq!(production("a\n#[cfg(test)]\nmod tests {\n"), "a\n");
}
