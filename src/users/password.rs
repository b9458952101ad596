//! Passwords: argon2id, strong enough, never fast enough to guess (S-10, S-13, S-14).

use std::collections::BTreeSet;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::config::PasswordCost;
use crate::error::{AppError, Result};

const LEAST: usize = 15;
const MOST: usize = 1_024;
/// What must be left, in letters, when the words that anybody would try first are taken out.
const REST: usize = 8;
/// Words that anybody would try first here.
const TOO_OBVIOUS: [&str; 14] = [
    "postkey",
    "password",
    "passwort",
    "contoso",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "letmein",
    "welcome",
    "administrator",
    "changeme",
    "office365",
];

/// What came of comparing a password.
#[derive(Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is the right one.
    Right,
    /// It is the right one, and its hash is weaker than today's: store this one instead.
    RightButWeak(String),
    /// It is not.
    Wrong,
}

/// Whether `password` is good enough for the account of `email`. `company` is what its people would try: the
/// organisation's name and the host's.
///
/// # Errors
/// What to say at the form.
pub fn acceptable(password: &SecretString, email: &str, company: &[&str]) -> Result<(), String> {
    let text = password.expose_secret();
    let length = text.chars().count();
    if length < LEAST {
        return Err(format!("Use at least {LEAST} characters. A sentence is easy to remember and hard to guess."));
    }
    if text.len() > MOST {
        return Err(format!("Use at most {MOST} characters."));
    }
    let email = email.to_lowercase();
    let (name, domain) = email.split_once('@').unwrap_or((&email, ""));
    // The longest first, so that a part of it does not hide the whole.
    let own = [email.as_str(), domain, name, domain.split('.').next().unwrap_or_default()];
    let obvious = company.iter().copied().chain(own).chain(TOO_OBVIOUS).map(without_spaces);
    let rest = obvious.filter(|word| word.len() > 3).fold(without_spaces(text), |rest, word| rest.replace(&word, ""));
    let rest: Vec<char> = rest.chars().collect();
    if rest.len() < REST || repeats(&rest) || counts(&rest) {
        return Err("This is too easy to guess: it is made of obvious words or repeats itself.".to_owned());
    }
    Ok(())
}

fn without_spaces(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect()
}

/// Few different letters, or the same few again and again.
fn repeats(text: &[char]) -> bool {
    let different: BTreeSet<char> = text.iter().copied().collect();
    let again = |period: usize| text.iter().zip(&text[period..]).all(|(one, other)| one == other);
    different.len() < 5 || (1..=text.len() / 2).any(again)
}

/// Mostly the next letter or digit after the one before, up or down.
fn counts(text: &[char]) -> bool {
    let steps = text.windows(2).filter(|pair| (pair[0] as u32).abs_diff(pair[1] as u32) <= 1).count();
    steps * 4 >= text.len() * 3
}

/// The hash to store for `password`.
///
/// # Errors
/// If the hashing fails.
pub async fn hash(app: &App, password: SecretString) -> Result<String> {
    let cost = app.config.password_cost;
    spend(app.hashing.clone(), move || make(cost, &password)).await?
}

/// Compares `password` with `stored`. With `None`, which is an unknown person, it takes as long and says no (S-13).
///
/// # Errors
/// If the comparison itself fails.
pub async fn verify(app: &App, password: SecretString, stored: Option<String>) -> Result<Verdict> {
    let cost = app.config.password_cost;
    spend(app.hashing.clone(), move || {
        let Some(stored) = stored else {
            make(cost, &password)?;
            return Ok(Verdict::Wrong);
        };
        let parsed = PasswordHash::new(&stored).map_err(|cause| AppError::internal(anyhow::anyhow!("{cause}")))?;
        if Argon2::default().verify_password(password.expose_secret().as_bytes(), &parsed).is_err() {
            return Ok(Verdict::Wrong);
        }
        let wanted = format!("m={},t={},p={}", cost.memory, cost.passes, cost.lanes);
        if stored.contains(&wanted) { Ok(Verdict::Right) } else { Ok(Verdict::RightButWeak(make(cost, &password)?)) }
    })
    .await?
}

async fn spend<T: Send + 'static>(turns: Arc<Semaphore>, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let turn = turns.acquire_owned().await.map_err(AppError::internal)?;
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
    .map_err(AppError::internal)
}

fn make(cost: PasswordCost, password: &SecretString) -> Result<String> {
    let failed = |cause: &dyn std::fmt::Display| AppError::internal(anyhow::anyhow!("hashing: {cause}"));
    let params = Params::new(cost.memory, cost.passes, cost.lanes, None).map_err(|cause| failed(&cause))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.expose_secret().as_bytes()).map_err(|cause| failed(&cause))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPANY: [&str; 2] = ["Fabrikam Group", "mail.example.org"];

    #[test]
    fn a_password_must_be_long_and_not_obvious() {
        let ok = |text: &str| acceptable(&SecretString::from(text.to_owned()), "ana@contoso.example", &COMPANY).is_ok();
        assert!(ok("correct horse battery staple"));
        assert!(ok("пароль из пяти русских слов"));
        assert!(!ok("short"));
        assert!(!ok("aaaaaaaaaaaaaaaaaaaa"));
        assert!(!ok("postkeypostkeypostkey"));
        assert!(!ok("ana@contoso.example123"));
        assert!(!ok(&"x".repeat(2_000)));
        for guessed in [
            "123456789012345",
            "987654321098765",
            "abcdefghijklmnop",
            "qwertyuiopasdfg",
            "abcdeabcdeabcdeabcde",
            "Password1234567",
            "Passw0rdPassw0rd",
            "Welcome Fabrikam Group 1",
            "mail.example.org2026",
            "contoso.example.2026",
            "Changeme Postkey",
            "111111222222333333",
            "office365office365",
            "               ",
        ] {
            assert!(!ok(guessed), "{guessed}");
        }
        for good in ["fourteen is not fifteen", "tr0ub4dor&3 is short", "日本語のとても長いパスフレーズです"]
        {
            assert!(ok(good), "{good}");
        }
    }
}
