//! Every address the simulator answers.

use std::sync::Arc;

use axum::{
    Extension, Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{delete, get, post},
};

use crate::{
    asked::Asked,
    control,
    entra::{discovery, sign_in, token},
    front,
    graph::{Refusal, messages, people, send},
    kind::Kind,
    world::World,
};

/// Authority at the root, Graph under `/graph`, control under `/_control`.
pub(crate) fn all(world: &Arc<World>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/_control") }))
        .route("/error", get(control::error_code))
        .merge(entra())
        .nest("/graph/v1.0", graph_v1())
        .merge(control::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(lost)
        .layer(middleware::from_fn_with_state(Arc::clone(world), front::answer))
        .with_state(Arc::clone(world))
}

fn entra() -> Router<Arc<World>> {
    Router::new()
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/oauth2/v2.0/token", post(token::create).fallback(token::only_post))
        .route("/{tenant}/oauth2/v2.0/authorize", get(sign_in::authorize))
        .route("/{tenant}/v2.0/adminconsent", get(sign_in::admin_consent))
        .route("/{tenant}/adminconsent", get(sign_in::legacy_admin_consent))
        .route("/{tenant}/signin/{flow}", post(sign_in::proceed))
        .route("/{tenant}/oauth2/v2.0/logout", get(sign_in::logout))
}

fn graph_v1() -> Router<Arc<World>> {
    Router::new()
        .route("/me", get(people::me))
        .nest("/me", mailbox())
        .route("/users/{m}", get(people::show))
        .nest("/users/{m}", mailbox())
}

fn mailbox() -> Router<Arc<World>> {
    Router::new()
        .route("/mailboxSettings", get(people::settings))
        .route("/mailFolders/{folder}", get(messages::folder))
        .route("/messages", get(messages::index).post(messages::create))
        .route("/messages/{id}", delete(messages::delete))
        .route("/messages/{id}/permanentDelete", post(messages::delete_for_good))
        .route("/sendMail", post(send::create))
}

async fn wrong_method(Extension(asked): Extension<Arc<Asked>>) -> Response {
    match asked.kind {
        Kind::Graph(_) => Refusal::MethodNotAllowed.into_response(),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn lost(Extension(asked): Extension<Arc<Asked>>) -> Response {
    match asked.kind {
        Kind::Graph(_) => Refusal::UnknownSegment.into_response(),
        _ => (StatusCode::NOT_FOUND, control::Note::lost()).into_response(),
    }
}
