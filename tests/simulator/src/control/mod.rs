//! The control page and its JSON API: look at the simulated cloud and change it while it runs.
//!
//! The page is `GET /_control`; its forms post to addresses beside it and lead back to it.
//!
//! The API is for programs in another process. Bodies are JSON, errors are `{"error": "…"}`. `{id}` is an application's
//! client ID or, percent-encoded, its name.
//!
//! ```text
//! GET    /_control/api/estate                          URLs, time, settings, tenants, applications with secrets and state
//! PUT    /_control/api/settings                        {"lifetime":{"kind":"fixed","seconds":90},"latency_ms":0,"skew_seconds":0,
//!                                                      "rotation":"strict","refresh_in":1800}
//! GET    /_control/api/requests?limit=100              newest first, without those of the control page
//! DELETE /_control/api/requests                        forget them and count from 0
//! GET    /_control/api/counts                          {"token":3,"graph.inbox":1}
//! GET    /_control/api/faults
//! POST   /_control/api/faults                          {"place":"token","failure":{"aadsts":53003},"application":null,"times":2} -> its number
//! DELETE /_control/api/faults                          all of them
//! DELETE /_control/api/faults/{number}
//! POST   /_control/api/clock/advance                   {"seconds":3600}; negative goes back
//! POST   /_control/api/keys/roll                       {"forget_old":true}
//! PATCH  /_control/api/applications/{id}               {"enabled":false,"blocked":true,"roles":["Mail.Send"]}, any of them,
//!                                                      "limit_to":["a@…"] (RBAC for Applications in place of consent),
//!                                                      "lift_limit":true (consent, for every mailbox),
//!                                                      and any of "redirect_uris", "add_redirect_uri", "delegated",
//!                                                      "configured_roles", "user_consent", "assignment_required",
//!                                                      "assigned":["a@…"], "tenant_consent":["Mail.Send"],
//!                                                      "revoke_consent":"a@…" ("*": everybody's); POST does the same
//! POST   /_control/api/applications/{id}/secrets       {"days":180,"value":null} -> the secret
//! POST   /_control/api/applications/{id}/certificates  the .cer file itself, DER or PEM -> its thumbprints
//! GET    /_control/api/mailboxes?search=…&limit=50
//! POST   /_control/api/mailboxes                       {"address":"a@contoso.example","kind":"shared","name":"A"}
//!                                                      with "shared_with":["a@…"] for Full Access and Send As
//! GET    /_control/api/people                          with their passwords, which are made up
//! POST   /_control/api/people/{address}                any of {"disabled","blocked","mfa","administrator","name",
//!                                                      "password","sign_in_frequency_hours","revoke_sessions":true,
//!                                                      "reset_password":"…"}
//! GET    /_control/api/grants                          what people let applications do, oldest first
//! POST   /_control/api/approve                         {"address":"http…/authorize?…","person":"a@…","decline":false}
//!                                                      -> {"location":"http…"}; 422: Microsoft keeps the person
//! GET    /_control/api/outbox                          oldest first
//! DELETE /_control/api/outbox
//! ```
//!
//! A fault's `place` is `anywhere`, `entra`, `discovery`, `keys`, `token`, `authorize`, `admin_consent`, `graph` or
//! `{"call":"send_mail"}`; `tenant`, `application`, `mailbox`, `person` (address) and `grant_type` narrow it; `times`
//! counts it down. Its `failure` is one of
//!
//! ```text
//! {"aadsts":7000222}                       {"graph":"policy_block"}          names as in `Refusal`, with underscores
//! {"throttle":{"seconds":60}}              or {"date":60}, "garbage", "absent"
//! {"status":{"status":503,"page":"html","retry_after":"absent"}}             page: json, html, empty
//! {"bent":"expires_in_string"}             names as in `Bend`
//! {"delay":{"ms":500}}                     {"redirect":{"to":"https://elsewhere.example/"}}
//! {"huge_body":{"megabytes":50}}           {"deep_json":{"levels":100000}}
//! "html_with200"  "truncated_json"  "slow_body"  "hang_after_headers"  "close_mid_body"
//! "state_tampered"                         at authorize and admin_consent
//! ```

mod api;
mod change;
mod forms;
mod note;
mod page;
mod people_api;
mod people_forms;
mod people_rows;
mod presets;
mod rows;

pub(crate) use note::Note;

use std::sync::Arc;

use axum::{
    Router,
    extract::Query,
    routing::{delete, get, patch, post, put},
};
use serde::Deserialize;

use crate::{entra::codes, world::World};

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new().route("/_control", get(page::index)).nest("/_control", posts()).nest("/_control/api", json())
}

fn posts() -> Router<Arc<World>> {
    Router::new()
        .route("/faults", post(forms::put_fault))
        .route("/faults/clear", post(forms::clear_faults))
        .route("/faults/{number}/remove", post(forms::remove_fault))
        .route("/settings", post(forms::settings))
        .route("/clock", post(forms::advance))
        .route("/keys", post(forms::roll_keys))
        .route("/requests/clear", post(forms::clear_requests))
        .route("/mailboxes", post(forms::put_mailbox))
        .route("/applications/{id}/secrets", post(forms::add_secret))
        .route("/applications/{id}/certificates", post(forms::add_certificate))
        .route("/applications/{id}/switches", post(forms::switch))
        .route("/applications/{id}/limit", post(forms::limit))
        .route("/applications/{id}/redirect_uris", post(people_forms::add_redirect_uri))
        .route("/applications/{id}/consents/revoke", post(people_forms::revoke_consent))
        .route("/applications/{id}/user_consent", post(people_forms::switch_user_consent))
        .route("/people/{address}", post(people_forms::change_person))
}

fn json() -> Router<Arc<World>> {
    Router::new()
        .route("/estate", get(api::estate))
        .route("/settings", put(api::settings))
        .route("/requests", get(api::requests).delete(api::clear_requests))
        .route("/counts", get(api::counts))
        .route("/faults", get(api::faults).post(api::put_fault).delete(api::clear_faults))
        .route("/faults/{number}", delete(api::remove_fault))
        .route("/clock/advance", post(api::advance))
        .route("/keys/roll", post(api::roll_keys))
        .route("/applications/{id}", patch(api::change_application).post(api::change_application))
        .route("/applications/{id}/secrets", post(api::add_secret))
        .route("/applications/{id}/certificates", post(api::add_certificate))
        .route("/mailboxes", get(api::mailboxes).post(api::put_mailbox))
        .route("/people", get(people_api::people))
        .route("/people/{address}", post(people_api::change_person))
        .route("/grants", get(people_api::grants))
        .route("/approve", post(people_api::approve))
        .route("/outbox", get(api::outbox).delete(api::clear_outbox))
}

#[derive(Deserialize)]
pub(crate) struct ErrorQuery {
    code: Option<u32>,
}

/// `GET /error?code=n`, where `error_uri` leads.
pub(crate) async fn error_code(Query(query): Query<ErrorQuery>) -> Note {
    match query.code.and_then(codes::find) {
        Some(code) => Note::new(format!("AADSTS{}", code.number), code.text),
        None => Note::new("Unknown error code", "The simulator has no text for this number."),
    }
}
