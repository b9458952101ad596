//! What a key looks like: `pk_live_`, twelve hexadecimal digits that tell which key it is, sixty-four of chance, and eight of
//! SHA-256 over all that, so that scanners for leaked secrets find it and a mistyped one is known without looking it up (S-92).

use secrecy::SecretString;

use crate::chance::{Chance, hash_of, hex};

/// How every key begins.
pub const START: &str = "pk_live_";
const LOOKUP: usize = 12;
const SECRET: usize = 64;
const CHECK: usize = 8;

/// A new key: what tells which one it is, and the whole.
pub fn make(chance: &Chance) -> (String, SecretString) {
    let lookup = hex(&chance.bytes::<{ LOOKUP / 2 }>());
    let body = format!("{START}{lookup}{}", hex(&chance.bytes::<{ SECRET / 2 }>()));
    let check = hash_of(&body);
    (lookup, SecretString::from(format!("{body}{}", &check[..CHECK])))
}

/// What tells which key `text` is, if it is one at all.
pub fn lookup(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(START)?;
    let plain = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    if digits.len() != LOOKUP + SECRET + CHECK || !plain {
        return None;
    }
    let (body, check) = text.split_at(text.len() - CHECK);
    hash_of(body).starts_with(check).then_some(&digits[..LOOKUP])
}

/// What a page may show of a key, to tell it from others.
pub fn hint(lookup: &str) -> String {
    format!("{START}{}…", &lookup[..lookup.len().min(6)])
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_names_itself_and_one_with_a_wrong_digit_is_none() {
        let (known, key) = make(&Chance::seeded(1));
        let text = key.expose_secret();
        assert_eq!((lookup(text), text.len()), (Some(known.as_str()), 92));
        for at in START.len()..text.len() {
            let other = if &text[at..=at] == "0" { "1" } else { "0" };
            assert_eq!(lookup(&format!("{}{other}{}", &text[..at], &text[at + 1..])), None, "{at}");
        }
        for wrong in
            ["", START, &text[1..], &text[..91], &format!("{text}0"), &text.to_uppercase(), &text.replace('a', "é")]
        {
            assert_eq!(lookup(wrong), None, "{wrong}");
        }
        assert_ne!(make(&Chance::System).0, make(&Chance::System).0);
    }
}
