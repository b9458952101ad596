//! What a failure means, why it happens, what to do and who can: the sentences of `articles.en.toml`.
//!
//! A sentence may name facts as `{application}`, `{mailbox}`, `{person}`, `{tenant}`, `{client_id}`, `{host}` and `{date}`; a fact that
//! is not known becomes a neutral phrase. A part in square brackets is left out when a fact in it is not known.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Cause, Code, Facts, LinkKind, Who};

static ARTICLES: LazyLock<Articles> =
    LazyLock::new(|| Articles::read(include_str!("articles.en.toml")).expect("a test reads articles.en.toml"));

/// One explained failure, with facts still to be filled in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// The name of the article in `/explain/…`: its first code, or the value of the cause it stands for.
    pub key: String,
    /// The codes it explains; empty when it stands for a cause.
    #[serde(default)]
    pub codes: Vec<String>,
    /// The status it belongs to.
    pub cause: Cause,
    /// What happened.
    pub title: String,
    /// Why it happens, commonest first.
    pub why: Vec<String>,
    /// What to do, in order.
    #[serde(rename = "do")]
    pub act: Vec<String>,
    /// A command for Exchange Online PowerShell that tells more.
    #[serde(default)]
    pub command: Option<String>,
    /// Who can do it.
    pub who: Who,
    /// Where it is done.
    pub link: LinkKind,
    /// What Postkey does once it is done.
    pub afterwards: String,
}

/// An article about one failure. Plain text throughout.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FilledArticle {
    /// The name of the article in `/explain/…`.
    pub key: String,
    /// The words on the status badge.
    pub label: &'static str,
    /// What happened.
    pub title: String,
    /// Why it happens, commonest first.
    pub why: Vec<String>,
    /// What to do, in order.
    pub act: Vec<String>,
    /// A command for Exchange Online PowerShell that tells more, ready to copy; none if a fact for it is missing.
    pub command: Option<String>,
    /// Who can do it.
    pub who: &'static str,
    /// Where it is done.
    pub link: LinkKind,
    /// What Postkey does once it is done.
    pub afterwards: String,
}

impl Article {
    /// The article with everything put in that is known.
    pub fn fill(&self, facts: &Facts) -> FilledArticle {
        let fill = |text: &String| facts.put_into(text);
        FilledArticle {
            key: self.key.clone(),
            label: self.cause.label(),
            title: capitalised(facts.put_into(&self.title)),
            why: self.why.iter().map(fill).collect(),
            act: self.act.iter().map(fill).collect(),
            command: self.command.as_ref().and_then(|command| facts.quoted().put_into_all(command)),
            who: self.who.words(),
            link: self.link,
            afterwards: facts.put_into(&self.afterwards),
        }
    }
}

fn capitalised(text: String) -> String {
    let neutral = ["the application", "the mailbox", "the person", "the tenant"];
    if neutral.iter().any(|phrase| text.starts_with(phrase)) {
        return format!("T{}", &text[1..]);
    }
    text
}

#[derive(Debug)]
struct Articles {
    all: Vec<Article>,
    place: HashMap<String, usize>,
}

impl Articles {
    fn read(text: &str) -> Result<Self, toml::de::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            article: Vec<Article>,
        }
        let all = toml::from_str::<File>(text)?.article;
        let place = all
            .iter()
            .enumerate()
            .flat_map(|(at, article)| article.names().map(move |name| (name.to_owned(), at)))
            .collect();
        Ok(Self { all, place })
    }

    fn get(&self, name: &str) -> Option<&Article> {
        self.place.get(name).map(|at| &self.all[*at])
    }
}

impl Article {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.key.as_str()).chain(self.codes.iter().map(String::as_str))
    }
}

/// The article about this code, or the one that stands for the cause.
///
/// A code's article is used only if it tells of the same cause, since the cause was decided by safer signs.
pub fn find(code: Option<&Code>, cause: Cause) -> &'static Article {
    code.and_then(about)
        .filter(|article| article.cause == cause)
        .or_else(|| ARTICLES.get(cause.value()))
        .expect("a test finds an article for every cause")
}

/// The status that this code is usually shown as.
pub fn usual_cause(code: &Code) -> Option<Cause> {
    about(code).map(|article| article.cause)
}

fn about(code: &Code) -> Option<&'static Article> {
    match code {
        Code::Http(status @ 500..=599) => by_key(&format!("http_{status}")).or_else(|| by_key("http_5xx")),
        _ => by_key(&code.to_string()),
    }
}

/// The article with this code or this cause's value, such as `AADSTS7000222`, `ErrorAccessDenied`, `secret_expired`.
pub fn by_key(key: &str) -> Option<&'static Article> {
    ARTICLES.get(key)
}

/// Every article, in the order of the file.
pub fn all() -> &'static [Article] {
    &ARTICLES.all
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::Transport;
    use super::*;

    #[test]
    fn every_article_is_complete_and_every_name_is_used_once() {
        let articles = Articles::read(include_str!("articles.en.toml")).unwrap();
        let mut seen = HashSet::new();
        for article in &articles.all {
            let key = &article.key;
            let texts = article.why.iter().chain(&article.act).chain([&article.title, &article.afterwards]);
            for text in texts {
                assert!(!text.trim().is_empty(), "{key} has an empty text");
                assert!(!text.contains('!'), "{key} exclaims");
                assert!(!text.to_lowercase().contains("sorry"), "{key} apologises");
            }
            assert!(!article.why.is_empty() && !article.act.is_empty(), "{key} lacks why or do");
            assert!(!article.title.ends_with('.'), "{key}: a title is no sentence");
            let for_cause = Cause::parse(key) == Some(article.cause);
            assert!(for_cause == article.codes.is_empty(), "{key} has codes, or stands for its cause");
            assert!(for_cause || article.codes.first() == Some(key), "{key} is its first code");
            let names: HashSet<_> = article.names().map(str::to_owned).collect();
            for name in names {
                assert!(seen.insert(name.clone()), "{name} is explained twice");
            }
        }
    }

    #[test]
    fn placeholders_are_only_the_ones_that_facts_know() {
        for article in all() {
            let texts = article.why.iter().chain(&article.act).chain([&article.title, &article.afterwards]);
            for text in texts {
                for piece in text.split('{').skip(1) {
                    let name = piece.split('}').next().unwrap();
                    assert!(Facts::default().get(name).is_some(), "{}: unknown {{{name}}}", article.key);
                }
            }
            let filled = article.fill(&Facts::default());
            assert!(!filled.title.contains(['{', '}']), "{}", filled.title);
            assert!(filled.title.starts_with(|first: char| !first.is_lowercase()), "{}", filled.title);
        }
    }

    #[test]
    fn every_cause_and_every_transport_failure_is_explained() {
        for cause in Cause::ALL {
            assert_eq!(find(None, *cause).key, cause.value());
        }
        for kind in Transport::ALL {
            assert_eq!(usual_cause(&Code::Transport(*kind)), Some(Cause::ProviderDown), "{kind:?}");
        }
        for status in [429, 500, 502, 503, 504] {
            assert!(usual_cause(&Code::Http(status)).is_some_and(Cause::is_transient));
        }
    }

    #[test]
    fn a_code_of_another_cause_does_not_choose_the_text() {
        let code = Code::Aadsts(7_000_222);
        assert_eq!(find(Some(&code), Cause::SecretExpired).key, "AADSTS7000222");
        assert_eq!(find(Some(&code), Cause::ProviderDown).key, "provider_down");
        assert_eq!(find(Some(&Code::Aadsts(999_999)), Cause::Other).key, "other");
    }
}
