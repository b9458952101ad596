//! `GET /explain/{code}`: one article with neutral facts.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::microsoft::Cloud;
use crate::web::csrf::FormKey;
use crate::web::{Badge, Page, Shell};
use crate::words::{Article, Cause, Code, Facts, FilledArticle, LinkFacts, LinkKind, Status, articles};

#[derive(Template)]
#[template(path = "explain/show.html")]
struct Show {
    shell: Shell,
    badge: Badge,
    article: FilledArticle,
    codes: Vec<String>,
    click_path: String,
    microsoft: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "explain/unknown.html")]
struct Unknown {
    shell: Shell,
    code: String,
    /// What is true of every code without an article of its own.
    article: FilledArticle,
    microsoft: Option<String>,
}

/// `GET /explain/{code}`
pub async fn show(State(app): State<App>, key: FormKey, Path(asked): Path<String>) -> Response {
    let shell = Shell::plain(&app, &key);
    let Some(article) = article(&asked) else {
        let code: String = asked.chars().take(100).collect();
        let microsoft = code_in(&asked).and_then(|code| microsoft_text(&app, &code));
        let article = articles::find(None, Cause::Other).fill(&Facts::default());
        return Page::with_status(StatusCode::NOT_FOUND, Unknown { shell, code, article, microsoft }).into_response();
    };
    let elsewhere =
        !matches!(article.link, LinkKind::Nothing | LinkKind::SignIn | LinkKind::Form | LinkKind::MicrosoftText);
    let texts = article.codes.iter().filter_map(|code| Some((code.clone(), microsoft_text(&app, code)?)));
    let page = Show {
        shell,
        badge: Status::Failing(article.cause).into(),
        codes: article.codes.clone(),
        click_path: if elsewhere { article.link.click_path("the application") } else { String::new() },
        microsoft: texts.collect(),
        article: article.fill(&Facts::default()),
    };
    Page::new(page).into_response()
}

/// The article of a code however it is written: `AADSTS7000222`, `aadsts7000222`, `7000222`, `secret_expired`.
pub(super) fn article(asked: &str) -> Option<&'static Article> {
    let asked = asked.trim();
    let is_number = !asked.is_empty() && asked.len() <= 9 && asked.bytes().all(|byte| byte.is_ascii_digit());
    let wanted = if is_number { format!("AADSTS{asked}") } else { asked.to_owned() };
    let is_wanted = |name: &String| name.eq_ignore_ascii_case(&wanted);
    let named = articles::all().iter().find(|article| is_wanted(&article.key) || article.codes.iter().any(is_wanted));
    // Server errors share one article.
    let server_error = wanted.to_ascii_lowercase().strip_prefix("http_5").is_some_and(|rest| rest.len() == 2);
    named.or_else(|| articles::by_key("http_5xx").filter(|_| server_error))
}

/// The first AADSTS code in a text, or the number if the text is nothing else.
pub(super) fn code_in(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let after = match upper.find("AADSTS") {
        Some(at) => &upper[at + "AADSTS".len()..],
        None if upper.trim().bytes().all(|byte| byte.is_ascii_digit()) => upper.trim(),
        None => return None,
    };
    let digits: String = after.chars().take_while(char::is_ascii_digit).take(9).collect();
    (!digits.is_empty()).then(|| format!("AADSTS{digits}"))
}

/// Microsoft's own words for an AADSTS code, which only administrators may open.
fn microsoft_text(app: &App, code: &str) -> Option<String> {
    let Code::Aadsts(number) = Code::from(code.to_owned()) else { return None };
    let clouds = app.microsoft.clouds();
    let facts = LinkFacts {
        portal: clouds.portal(Cloud::Global),
        authority: clouds.authority(Cloud::Global).map(url::Url::as_str),
        number: Some(number),
        ..LinkFacts::default()
    };
    LinkKind::MicrosoftText.address(&facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for written in ["AADSTS7000222", "aadsts7000222", "7000222", " 7000222 "] {
            assert_eq!(article(written).map(|article| article.key.as_str()), Some("AADSTS7000222"), "{written:?}");
        }
        assert_eq!(article("http_503").map(|article| article.key.as_str()), Some("http_5xx"));
        assert_eq!(article("erroraccessdenied").map(|article| article.key.as_str()), Some("ErrorAccessDenied"));
        for none in ["", " ", "99999999", "AADSTS", "http_5", "../../etc/passwd"] {
            assert!(article(none).is_none(), "{none:?}");
        }
    }

    #[test]
    fn a_code_is_found_in_a_whole_message() {
        let message = "invalid_client: AADSTS7000222: The provided client secret keys for app '9e1c' are expired.";
        assert_eq!(code_in(message).as_deref(), Some("AADSTS7000222"));
        assert_eq!(code_in("700016").as_deref(), Some("AADSTS700016"));
        for none in ["", "secret expired", "AADSTS", "ÄADSTS"] {
            assert_eq!(code_in(none), None, "{none:?}");
        }
    }
}
