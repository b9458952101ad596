//! `GET /api/v1/openapi.json`: the API as OpenAPI 3.1, made from the code.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr, Schema, Server};
use utoipa::{Modify, OpenApi as _};

use crate::app::App;
use crate::words::{Cause, Status, Who};

use super::problem::Sent;
use super::{Code, mailboxes, refused, token};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Postkey",
        description = "Hands mail workers fresh access tokens for mailboxes, and says how mailboxes are. The key goes into the \
                       header Authorization, as Bearer pk_…."
    ),
    paths(mailboxes::list, mailboxes::show, token::show, refused::report),
    components(schemas(Sent)),
    modifiers(&Key),
    security(("key" = [])),
)]
struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("pk_live_…").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
    let mut document = Document::openapi();
    list_words(&mut document);
    document.info.license = None;
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
});

/// The document, for whoever reaches Postkey at `public_url`.
pub fn document(public_url: &str) -> OpenApi {
    let mut document = DOCUMENT.clone();
    document.servers = Some(vec![Server::new(public_url.trim_end_matches('/'))]);
    document
}

/// `GET /api/v1/openapi.json`
pub async fn show(State(app): State<App>) -> Response {
    let document = document(app.config.public_url.as_str());
    let body = serde_json::to_string_pretty(&document).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The words that a field of this name may hold, if they are known.
fn words_of(field: &str) -> Vec<&'static str> {
    let causes = || Cause::ALL.iter().map(|cause| cause.value());
    match field {
        "access" => vec!["application", "delegated"],
        "code" => Code::ALL.map(Code::value).into(),
        "cause" => causes().collect(),
        "who" => Who::ALL.iter().map(|who| who.value()).collect(),
        "incoming" | "outgoing" => Status::PLAIN.iter().map(|status| status.value()).chain(causes()).collect(),
        _ => Vec::new(),
    }
}

/// Adds to each field the words that it may hold.
fn list_words(document: &mut OpenApi) {
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for schema in schemas {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        for (name, field) in &mut object.properties {
            let words = words_of(name);
            if let RefOr::T(Schema::Object(field)) = field
                && !words.is_empty()
            {
                field.enum_values = Some(words.into_iter().map(Into::into).collect());
            }
        }
    }
}
