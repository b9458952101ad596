//! `GET /api`: the API in words, for whoever writes a mail worker. It needs no account and nothing from elsewhere.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::app::App;
use crate::web::csrf::FormKey;
use crate::web::{Page, Shell};
use crate::words::Cause;

use super::{Code, document};

#[derive(Template)]
#[template(path = "api/reference.html")]
struct Reference {
    shell: Shell,
    calls: Vec<Call>,
    codes: [Code; 12],
    causes: Vec<(&'static str, &'static str)>,
    base: String,
}

/// One address of the API, from its document.
struct Call {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<(String, String)>,
    sent: Vec<Part>,
    answered: Vec<Part>,
}

/// A field of a body.
struct Part {
    name: String,
    what: String,
}

/// `GET /api`
pub async fn show(State(app): State<App>) -> Response {
    let base = app.config.public_url.as_str().trim_end_matches('/').to_owned();
    let document = serde_json::to_value(document::document(&base)).unwrap_or_default();
    let page = Reference {
        shell: Shell::plain(&app, &FormKey(String::new())),
        calls: calls(&document),
        codes: Code::ALL,
        causes: Cause::ALL.iter().map(|cause| (cause.value(), cause.label())).collect(),
        base,
    };
    Page::new(page).into_response()
}

fn calls(document: &Value) -> Vec<Call> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all =
        paths.flat_map(|(path, methods)| methods.as_object().into_iter().flatten().map(move |found| (path, found)));
    all.map(|(path, (method, call))| Call {
        id: format!("{method}{}", path.replace(['/', '{', '}'], "-")),
        method: method.to_uppercase(),
        path: path.clone(),
        summary: words(&call["summary"]),
        description: words(&call["description"]),
        parameters: parameters(call),
        sent: parts(document, &call["requestBody"]["content"]["application/json"]["schema"]),
        answered: parts(document, &call["responses"]["200"]["content"]["application/json"]["schema"]),
    })
    .collect()
}

fn parameters(call: &Value) -> Vec<(String, String)> {
    let all = call["parameters"].as_array().into_iter().flatten();
    all.map(|parameter| {
        let bounds = [("minimum", "at least"), ("maximum", "at most"), ("default", "else")];
        let bounds = bounds.iter().filter_map(|(name, words)| {
            let value = &parameter["schema"][*name];
            (!value.is_null()).then(|| format!("{words} {value}"))
        });
        let bounds: Vec<String> = bounds.collect();
        let what = words(&parameter["description"]);
        let what = if bounds.is_empty() { what } else { format!("{what} ({})", bounds.join(", ")) };
        (words(&parameter["name"]), what)
    })
    .collect()
}

/// The fields of what a schema refers to.
fn parts(document: &Value, schema: &Value) -> Vec<Part> {
    let named = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()).unwrap_or_default();
    let fields = document["components"]["schemas"][named]["properties"].as_object().into_iter().flatten();
    fields.map(|(name, field)| Part { name: name.clone(), what: what(field) }).collect()
}

/// What a field holds: its description, and an example.
fn what(field: &Value) -> String {
    // What may be missing is described in one of two schemas.
    let either = field["oneOf"].as_array().into_iter().flatten().map(|one| words(&one["description"]));
    let described = std::iter::once(words(&field["description"])).chain(either).find(|words| !words.is_empty());
    let example = match &field["example"] {
        Value::Null => String::new(),
        Value::String(text) => format!("Example: {text}"),
        other => format!("Example: {other}"),
    };
    format!("{} {example}", described.unwrap_or_default()).trim().to_owned()
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}
