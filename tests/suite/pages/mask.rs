//! Takes out of a page what differs from run to run, and leaves everything else.

use std::collections::BTreeMap;

/// The main part of the page, line by line, with stable names in place of chance.
pub(crate) fn main_part(html: &str) -> String {
    let start = html.find("<main").unwrap_or_else(|| panic!("no main in {html}"));
    let end = html.find("</main>").unwrap();
    let masked = mask(&without_turn(&html[start..end]));
    masked.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// When a mailbox' turn comes is chance, and so whether it has come.
fn without_turn(html: &str) -> String {
    const ROW: &str = "<dt>Next check</dt><dd>";
    let Some((before, after)) = html.split_once(ROW) else { return html.to_owned() };
    let (turn, rest) = after.split_once("</dd>").unwrap();
    if !turn.starts_with("<time") && turn != "Now" {
        return html.to_owned();
    }
    format!("{before}<dt>Next check</dt><dd>[by chance]</dd>{rest}")
}

fn mask(html: &str) -> String {
    if let Some((before, key)) = html.split_once("whsec_") {
        let rest = &key[key.find('<').unwrap()..];
        return format!("{}[signing key]{}", mask(before), mask(rest));
    }
    let mut names = Names::default();
    let mut kept = String::with_capacity(html.len());
    let mut rest = html;
    while !rest.is_empty() {
        let word =
            rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "_-".contains(letter))).unwrap_or(rest.len());
        if word == 0 {
            let letter = rest.chars().next().unwrap();
            kept.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let before = kept.len();
        kept.push_str(&names.of(&rest[..word]));
        rest = &rest[word..];
        // A number that is followed by this unit was measured.
        if kept[before..].bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with(" ms") {
            kept.truncate(before);
            kept.push_str("[measured]");
        }
        let asset = kept[..before]
            .rsplit_once('/')
            .is_some_and(|(folder, name)| folder.ends_with("/static") && name.ends_with('.'));
        if asset && kept[before..].len() == 10 {
            kept.truncate(before);
            kept.push_str("[hash]");
        }
        if kept[..before].ends_with("127.0.0.1:") {
            kept.truncate(before);
            kept.push_str("[port]");
        }
    }
    kept
}

/// The same word gets the same name wherever it stands on the page.
#[derive(Default)]
struct Names(BTreeMap<&'static str, Vec<String>>);

impl Names {
    fn of(&mut self, word: &str) -> String {
        let Some(kind) = kind(word) else { return word.to_owned() };
        let known = self.0.entry(kind).or_default();
        let at = known.iter().position(|known| known == word).unwrap_or_else(|| {
            known.push(word.to_owned());
            known.len() - 1
        });
        format!("[{kind} {}]", at + 1)
    }
}

/// What a word is, if chance made it.
fn kind(word: &str) -> Option<&'static str> {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let prefixes = [
        ("mb_", "mailbox"),
        ("app_", "application"),
        ("cred_", "credential"),
        ("chk_", "check"),
        ("req_", "request"),
        ("si_", "sign-in"),
        ("tok_", "token"),
        ("feed_", "feed"),
        ("prb_", "problem"),
        ("chan_", "channel"),
        ("key_", "API key"),
        ("pk_live_", "text of a key"),
    ];
    for (prefix, kind) in prefixes {
        if word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= 20 && hex(rest)) {
            return Some(kind);
        }
    }
    if word.strip_prefix("pk_live_").is_some_and(|rest| rest.len() == 6 && hex(rest)) {
        return Some("begin of a key");
    }
    let dashes = word.bytes().filter(|byte| *byte == b'-').count();
    match word.len() {
        36 if dashes == 4 && hex(&word.replace('-', "")) => Some("guid"),
        64 if hex(word) => Some("key"),
        40 if hex(word) => Some("thumbprint"),
        43 if !word.starts_with("ey") => Some("code"),
        7 if is_reference(word) => Some("reference"),
        41.. if word.starts_with("ey") => Some("cursor"),
        _ => None,
    }
}

/// Such as `7K3-QF9`.
fn is_reference(word: &str) -> bool {
    let readable = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    word.split_once('-').is_some_and(|(first, second)| readable(first) && readable(second))
}

#[test]
fn chance_is_masked_and_nothing_else() {
    let id = "mb_006ac47c300011223344556677";
    let html =
        format!("<main><a href=\"/mailboxes/{id}\">{id}</a> Opened in 12 ms, 128 messages at 127.0.0.1:8080</main>");
    let expected = "<main><a href=\"/mailboxes/[mailbox 1]\">[mailbox 1]</a> Opened in [measured] ms, 128 messages at 127.0.0.1:[port]";
    assert_eq!(main_part(&html), expected);
}
