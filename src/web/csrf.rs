//! Every change comes from one of our own pages (S-30), and every request names our own address (S-74).

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use subtle::ConstantTimeEq;
use tower_sessions::Session;

use crate::app::App;
use crate::chance::hash_of;
use crate::config::Config;
use crate::error::AppError;
use crate::web::session;

/// Name of the hidden field in each form.
const FIELD: &str = "_csrf";
/// Largest form, in bytes (S-81).
const FORM_BYTES: usize = 64 * 1024;

/// Pages for whoever holds a link. The way to them may begin in a letter or at Microsoft, and then the session's cookie does
/// not come along, but it does with the form that is sent from there.
const LINKS: [&str; 4] = ["/s/", "/sign-in/", "/a/", "/consent/"];

/// What the forms on a page must carry to be taken back from the same browser.
#[derive(Clone, Debug)]
pub struct FormKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for FormKey {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| AppError::internal(anyhow::anyhow!("no form key")))
    }
}

/// Name of the session cookie. The prefix makes browsers refuse it from a subdomain or over plain http.
pub fn session_cookie(config: &Config) -> &'static str {
    if config.is_https() { "__Host-postkey" } else { "postkey" }
}

fn visit_cookie(config: &Config) -> &'static str {
    if config.is_https() { "__Host-postkey-visit" } else { "postkey-visit" }
}

/// Refuses requests for another host than ours: nothing that Postkey says may be built from what a stranger sent.
pub async fn own_host(State(app): State<App>, request: Request, next: Next) -> Response {
    if asks_us(&app.config, &request) {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    }
}

/// Whether every host that the request names is ours: of two of them, a proxy may have looked at the other one.
fn asks_us(config: &Config, request: &Request) -> bool {
    let named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut named = named.chain(request.uri().authority().map(|authority| authority.as_str())).peekable();
    named.peek().is_some() && named.all(|host| is_own(config, host))
}

/// On a loopback address the several names of this host are the same place.
fn is_own(config: &Config, host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => return false,
        },
        _ => (host, None),
    };
    let port =
        port.or_else(|| url::Url::parse(&format!("{}://x", config.public_url.scheme())).ok()?.port_or_known_default());
    let own = config.public_url.host_str().unwrap_or_default();
    let loopback = ["127.0.0.1", "localhost", "[::1]"];
    let same = name.eq_ignore_ascii_case(own) || (loopback.contains(&own) && loopback.contains(&name));
    same && port == config.public_url.port_or_known_default()
}

/// Refuses a change unless it was sent by one of our own pages, from the browser that the page was made for.
///
/// The key of a form is bound to the browser, and to the session once there is one. Of the pages of `LINKS` the browser is
/// enough.
pub async fn guard(
    State(app): State<App>,
    jar: CookieJar,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let (visitor, fresh) = match jar.get(visit_cookie(&app.config)) {
        Some(cookie) => (cookie.value().to_owned(), None),
        None => {
            let code = app.chance.code();
            (code.clone(), Some(visit(&app, code)))
        }
    };
    if request.uri().query().is_some_and(|query| holds_nul(query.as_bytes())) {
        return AppError::BadRequest(NUL).into_response();
    }
    let signed_in = match session::person(&session).await {
        Ok(person) => person.and_then(|_| session.id()).map(|id| id.to_string()),
        Err(error) => return error.into_response(),
    };
    let key = |session: &str| hash_of(&format!("postkey form|{visitor}|{session}"));
    let bound = key(&signed_in.unwrap_or_default());
    let is_link = LINKS.iter().any(|start| request.uri().path().starts_with(start));
    let shown = if is_link { key("") } else { bound.clone() };
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        if !same_origin(&app.config, request.headers()) {
            return AppError::Forbidden(NOT_OURS).into_response();
        }
        if fresh.is_some() {
            return AppError::Forbidden(NO_COOKIE).into_response();
        }
        request = match checked(request, [&bound, &shown], app.config.deadlines.form).await {
            Ok(request) => request,
            Err(refusal) => return refusal,
        };
    }
    request.extensions_mut().insert(FormKey(shown));
    let mut response = next.run(request).await;
    if let Some(cookie) = fresh
        && response.status().is_success()
        && let Ok(value) = cookie.to_string().parse()
    {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

const NUL: &str = "No field may hold a NUL character. Nothing was changed.";
const NOT_OURS: &str =
    "This did not come from a page of Postkey, so nothing was changed. Open Postkey itself and try again.";
const NO_COOKIE: &str = "Your browser did not send Postkey's cookie back, so nothing was changed. Allow cookies for this address, reload the page and try again.";
const TOO_OLD: &str = "This form was open too long, or you signed in again meanwhile. Nothing was changed. Go back, reload the page and send it again.";

/// The cookie that the keys of forms are bound to. `Lax`, because a page that is opened from another site would else be given
/// another one, and every form that is open in another tab would be worth nothing. No form from another site brings it along.
fn visit(app: &App, code: String) -> Cookie<'static> {
    Cookie::build((visit_cookie(&app.config), code))
        .path("/")
        .http_only(true)
        .secure(app.config.is_https())
        .same_site(SameSite::Lax)
        .build()
}

/// `Sec-Fetch-Site` where the browser sends it, else `Origin`; a request with neither is not from a browser's form.
/// Under our own `Referrer-Policy: no-referrer` browsers send `Origin: null` even to ourselves, so beside a good
/// `Sec-Fetch-Site` that says nothing.
fn same_origin(config: &Config, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin_is_own = || {
        let origin = text("origin")?;
        let host = origin.strip_prefix(config.public_url.scheme())?.strip_prefix("://")?;
        Some(is_own(config, host))
    };
    match text("sec-fetch-site") {
        Some(site) => {
            site == "same-origin" && (matches!(text("origin"), None | Some("null")) || origin_is_own() == Some(true))
        }
        None => origin_is_own() == Some(true),
    }
}

/// Reads the whole form, compares its key, and puts the body back for the handler.
async fn checked(request: Request, keys: [&str; 2], deadline: Duration) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let mime = parts.headers.get(header::CONTENT_TYPE).and_then(|mime| mime.to_str().ok()).unwrap_or_default();
    if !mime.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    let reading = axum::body::to_bytes(body, FORM_BYTES);
    let bytes = match tokio::time::timeout(deadline, reading).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(_) => return Err(StatusCode::REQUEST_TIMEOUT.into_response()),
    };
    let mut given = form_urlencoded::parse(&bytes).filter(|(name, _)| name == FIELD);
    let matches = given
        .next()
        .is_some_and(|(_, given)| keys.iter().any(|key| bool::from(given.as_bytes().ct_eq(key.as_bytes()))));
    if !matches || given.next().is_some() {
        return Err(AppError::Forbidden(TOO_OLD).into_response());
    }
    if holds_nul(&bytes) {
        return Err(AppError::BadRequest(NUL).into_response());
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// No text of ours holds one, and PostgreSQL takes none.
fn holds_nul(form: &[u8]) -> bool {
    form_urlencoded::parse(form).any(|(name, value)| name.contains('\0') || value.contains('\0'))
}
