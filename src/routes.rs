//! Every address of the product on one screen, in groups by who may call it.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::{self, Desk};
use crate::app::App;
use crate::applications::{self, credentials, end, retire, scope_edit, scope_show};
use crate::error::AppError;
use crate::keys;
use crate::mailboxes::{actions, bulk, checks, edit, index as mailbox_list, new as new_mailbox, past, show as mailbox};
use crate::sign_in::{self, hand_off};
use crate::users::guard;
use crate::web::{assets, csrf, error_page, headers, session};
use crate::{
    admin_link, alerts, callback, expiry, explain, login, metrics, overview, probes, problems, setup, telemetry, tokens,
};

/// The whole product as one service.
pub fn router(app: App, desk: Desk) -> Router {
    let console = public()
        .merge(viewer().route_layer(from_fn_with_state(app.clone(), guard::signed_in)))
        .merge(operator().route_layer(from_fn_with_state(app.clone(), guard::operator)))
        .merge(mailbox_administrator().route_layer(from_fn_with_state(app.clone(), guard::mailbox_administrator)))
        .merge(
            application_administrator().route_layer(from_fn_with_state(app.clone(), guard::application_administrator)),
        )
        .merge(owner().route_layer(from_fn_with_state(app.clone(), guard::owner)))
        .fallback(|| async { AppError::NotFound })
        .layer(from_fn_with_state(app.clone(), csrf::guard))
        .layer(session::layer(&app))
        .layer(from_fn_with_state(app.clone(), csrf::own_host));
    let keys = from_fn_with_state((app.clone(), desk), api::guard::admit);
    dressed(app, machines().merge(workers().route_layer(keys)).merge(console))
}

/// What every answer passes through on its way out, a failure of ours included.
pub fn dressed(app: App, routes: Router<App>) -> Router {
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), error_page::render))
        .layer(from_fn_with_state(app.clone(), headers::add))
        .layer(from_fn_with_state(app.clone(), telemetry::trace))
        .with_state(app)
}

fn machines() -> Router<App> {
    Router::new()
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(metrics::show))
        .route("/static/{file}", get(assets::serve))
        .route("/api", get(api::reference::show))
        .route("/api/v1/openapi.json", get(api::document::show))
}

fn workers() -> Router<App> {
    Router::new()
        .route("/api/v1/mailboxes", get(api::mailboxes::list))
        .route("/api/v1/mailboxes/{id}", get(api::mailboxes::show))
        .route("/api/v1/mailboxes/{id}/token", get(api::token::show))
        .route("/api/v1/mailboxes/{id}/token/refused", post(api::refused::report))
}

fn public() -> Router<App> {
    Router::new()
        .route("/login", get(login::show).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/setup", get(setup::show).post(setup::create))
        .route("/explain", get(explain::index::index))
        .route("/explain/{code}", get(explain::show::show))
        .route("/s/{code}", get(hand_off::show).post(hand_off::start))
        .route("/a/{code}", get(admin_link::show::show))
        .route("/a/{code}/consent", post(admin_link::begin::start))
        .route("/a/{code}/secret", post(admin_link::deposit::give))
        .route("/a/{code}/limit.ps1", get(admin_link::files::script))
        .route("/a/{code}/certificate.cer", get(admin_link::files::certificate))
        .route("/oauth/callback", get(callback::callback))
        .route("/consent/{consent}", get(admin_link::result::show))
        .route("/sign-in/{sign_in}", get(sign_in::result::show))
        .route("/sign-in/{sign_in}/again", post(sign_in::result::again))
        .route("/expiry/feed/{code}", get(expiry::ics::feed))
}

fn viewer() -> Router<App> {
    Router::new()
        .route("/", get(overview::show))
        .route("/problems", get(problems::index::index))
        .route("/problems.csv", get(problems::index::csv))
        .route("/problems/{id}", get(problems::show::show))
        .route("/mailboxes", get(mailbox_list::index))
        .route("/mailboxes.csv", get(mailbox_list::csv))
        .route("/mailboxes/{id}", get(mailbox::show))
        .route("/mailboxes/{id}/checks", get(checks::index))
        .route("/mailboxes/{id}/history.csv", get(past::csv))
        .route("/mailboxes/{id}/sign-in", get(sign_in::show::show))
        .route("/mailboxes/{id}/sign-in/{sign_in}", get(sign_in::tried::show))
        .route("/tokens", get(tokens::index::index))
        .route("/tokens.csv", get(tokens::index::csv))
        .route("/tokens/renewals.csv", get(tokens::renewals::csv))
        .route("/tokens/{token}", get(tokens::show::show))
        .route("/tokens/{token}/renewals.csv", get(tokens::show::csv))
        .route("/applications", get(applications::index::index))
        .route("/applications.csv", get(applications::index::csv))
        .route("/applications/{id}", get(applications::show::show))
        .route("/applications/{id}/sheet", get(applications::sheet::sheet))
        .route("/applications/{id}/limit.ps1", get(applications::sheet::limit))
        .route("/applications/{id}/scope-check", get(scope_show::show))
        .route("/applications/{id}/scope-check.csv", get(scope_show::csv))
        .route("/applications/{id}/admin-link", get(admin_link::ask::show))
        .route("/applications/{id}/credentials/{credential}/certificate.cer", get(credentials::certificate))
        .route("/expiry", get(expiry::index::index))
        .route("/expiry.csv", get(expiry::index::csv))
}

fn operator() -> Router<App> {
    Router::new()
        .route("/mailboxes/{id}/check", post(actions::check_now))
        .route("/tokens/{token}/renew", post(tokens::show::renew))
        .route("/problems/{id}/acknowledge", post(problems::act::acknowledge))
        .route("/problems/{id}/silence", post(problems::act::silence))
        .route("/problems/{id}/unsilence", post(problems::act::unsilence))
        .route("/applications/{id}/scope-check", post(scope_show::check_now))
}

fn mailbox_administrator() -> Router<App> {
    Router::new()
        .route("/mailboxes", post(new_mailbox::create))
        .route("/mailboxes/new", get(new_mailbox::new))
        .route("/mailboxes/bulk", post(bulk::bulk))
        .route("/mailboxes/{id}/edit", get(edit::edit).post(edit::update))
        .route("/mailboxes/{id}/sign-in", post(sign_in::start::start))
        .route("/mailboxes/{id}/sign-in/withdraw", post(sign_in::start::withdraw))
        .route("/mailboxes/{id}/sign-in/mail", post(sign_in::mailed::again))
        .route("/mailboxes/{id}/sign-in/forget", get(sign_in::forget::ask).post(sign_in::forget::forget))
        .route("/mailboxes/{id}/test-message", get(actions::ask_test_message).post(actions::send_test_message))
        .route("/mailboxes/{id}/pause", get(actions::ask_pause).post(actions::pause))
        .route("/mailboxes/{id}/resume", post(actions::resume))
        .route("/mailboxes/{id}/default", post(actions::make_default))
        .route("/mailboxes/{id}/delete", get(actions::ask_delete).post(actions::delete))
        .route("/mailboxes/{id}/restore", post(actions::restore))
}

fn application_administrator() -> Router<App> {
    Router::new()
        .route("/applications/new", get(applications::new::new).post(applications::new::create))
        .route("/applications/{id}/edit", get(applications::edit::edit).post(applications::edit::update))
        .route("/applications/{id}/delete", get(applications::delete::ask).post(applications::delete::delete))
        .route("/applications/{id}/scope-check/edit", get(scope_edit::edit).post(scope_edit::update))
        .route("/applications/{id}/scope-check/stop", post(scope_edit::stop))
        .route("/applications/{id}/admin-link", post(admin_link::ask::make))
        .route("/applications/{id}/admin-link/withdraw", post(admin_link::ask::withdraw))
        .route("/applications/{id}/secrets/new", get(credentials::new_secret).post(credentials::create_secret))
        .route(
            "/applications/{id}/certificates/new",
            get(credentials::ask_certificate).post(credentials::create_certificate),
        )
        .route("/applications/{id}/credentials/{credential}/test", post(credentials::test))
        .route("/applications/{id}/credentials/{credential}/end", get(end::edit).post(end::update))
        .route("/applications/{id}/credentials/{credential}/retire", get(retire::ask).post(retire::retire))
        .route("/keys", get(keys::index::index))
        .route("/keys.csv", get(keys::index::csv))
        .route("/keys/new", get(keys::new::new).post(keys::new::create))
        .route("/keys/{id}", get(keys::show::show))
        .route("/keys/{id}/rotate", post(keys::rotate::rotate))
        .route("/keys/{id}/revoke", get(keys::revoke::ask).post(keys::revoke::revoke))
        .route("/expiry/feed", post(expiry::feed::make))
        .route("/expiry/feed/withdraw", post(expiry::feed::withdraw))
}

fn owner() -> Router<App> {
    Router::new()
        .route("/settings/alerts", get(alerts::index::index).post(alerts::new::create))
        .route("/settings/alerts/new", get(alerts::new::new))
        .route("/settings/alerts/{channel}", get(alerts::show::show))
        .route("/settings/alerts/{channel}/edit", get(alerts::edit::edit).post(alerts::edit::update))
        .route("/settings/alerts/{channel}/test", post(alerts::act::test))
        .route("/settings/alerts/{channel}/pause", post(alerts::act::pause))
        .route("/settings/alerts/{channel}/resume", post(alerts::act::resume))
        .route("/settings/alerts/{channel}/delete", get(alerts::act::ask_delete).post(alerts::act::delete))
}

/// A panic is a fault of ours like any other: logged, told to nobody, and the process lives (S-84).
fn panicked(cause: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    use axum::response::IntoResponse;
    let text =
        cause.downcast_ref::<String>().cloned().or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    AppError::internal(anyhow::anyhow!("panic: {}", text.unwrap_or_default())).into_response()
}
