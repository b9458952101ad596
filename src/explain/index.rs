//! `GET /explain`: all articles by cause. `?q=` takes words, a code, or a whole message of Microsoft's that holds one.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::web::csrf::FormKey;
use crate::web::{Badge, Page, Shell, see_other};
use crate::words::{Article, Cause, Facts, Status, articles};

use super::show::{article, code_in};

/// Most characters of a search that are looked at.
const MOST: usize = 2_000;

#[derive(Template)]
#[template(path = "explain/index.html")]
struct Index {
    shell: Shell,
    q: String,
    unknown: String,
    groups: Vec<Group>,
}

/// The articles of one cause.
struct Group {
    badge: Badge,
    articles: Vec<Line>,
}

struct Line {
    key: String,
    codes: String,
    title: String,
}

/// What to look for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Find {
    q: String,
}

/// `GET /explain`
pub async fn index(State(app): State<App>, key: FormKey, Query(find): Query<Find>) -> Response {
    let q: String = find.q.trim().chars().take(MOST).collect();
    let code = code_in(&q);
    if let Some(found) = article(&q).or_else(|| code.as_deref().and_then(article)) {
        return see_other(&format!("/explain/{}", found.key));
    }
    let mut causes = Cause::ALL.to_vec();
    causes.sort_by_key(|cause| Status::Failing(*cause).rank());
    let groups = causes.into_iter().map(|cause| group(cause, &q)).filter(|group| !group.articles.is_empty()).collect();
    let shown = q.chars().take(200).collect();
    Page::new(Index { shell: Shell::plain(&app, &key), q: shown, unknown: code.unwrap_or_default(), groups })
        .into_response()
}

fn group(cause: Cause, q: &str) -> Group {
    let fits = |article: &&Article| article.cause == cause && holds(article, q);
    Group { badge: Status::Failing(cause).into(), articles: articles::all().iter().filter(fits).map(line).collect() }
}

/// Whether all words of the search stand somewhere in the article.
fn holds(article: &Article, q: &str) -> bool {
    let filled = article.fill(&Facts::default());
    let texts =
        [filled.title, filled.why.join(" "), filled.act.join(" "), article.codes.join(" "), filled.label.to_owned()];
    let text = texts.join(" ").to_lowercase();
    q.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn line(article: &Article) -> Line {
    Line {
        key: article.key.clone(),
        codes: if article.codes.is_empty() { "any other code".to_owned() } else { article.codes.join(", ") },
        title: article.fill(&Facts::default()).title,
    }
}
