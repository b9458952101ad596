//! Who asks, and whether their role allows it. `routes.rs` puts one of these around each group of addresses.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;

use crate::app::App;
use crate::error::{AppError, Result};
use crate::web::csrf::FormKey;
use crate::web::flash::Flash;
use crate::web::shell::NavItem;
use crate::web::{FRAGMENT, Shell, see_other, session, session_store, silence};

use super::store;
use super::user::{Role, User};

/// The person who asks. A handler that names it in its arguments is only reached by someone who signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who it is.
    pub user: User,
    key: FormKey,
    session: String,
    flash: Option<Flash>,
    fragment: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let missing =
            || AppError::internal(anyhow::anyhow!("{} stands outside of the signed-in routes", parts.uri.path()));
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// The parts of the console, as the navigation names them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// What needs a person.
    Overview,
    /// What is wrong, and what was.
    Problems,
    /// Mailboxes.
    Mailboxes,
    /// The health of tokens.
    Tokens,
    /// Entra app registrations.
    Applications,
    /// What ends, and when.
    Expiry,
    /// Keys of mail workers.
    Keys,
    /// What owners decide.
    Settings,
}

const NAVIGATION: [(Section, &str, &str, &str, Role); 8] = [
    (Section::Overview, "/", "Overview", "overview", Role::Viewer),
    (Section::Problems, "/problems", "Problems", "octagon", Role::Viewer),
    (Section::Mailboxes, "/mailboxes", "Mailboxes", "mail", Role::Viewer),
    (Section::Tokens, "/tokens", "Token health", "token", Role::Viewer),
    (Section::Applications, "/applications", "Applications", "app", Role::Viewer),
    (Section::Expiry, "/expiry", "Expiry", "calendar", Role::Viewer),
    (Section::Keys, "/keys", "API keys", "key", Role::ApplicationAdministrator),
    (Section::Settings, "/settings/alerts", "Alerts", "settings", Role::Owner),
];

impl SignedIn {
    /// The shell of a page in `section`.
    pub fn shell(&self, app: &App, section: Section) -> Shell {
        let nav = NAVIGATION
            .into_iter()
            .filter(|(.., least)| self.may(*least))
            .map(|(own, href, label, icon, _)| NavItem {
                href,
                label,
                icon,
                current: own == section,
                count: 0,
                count_words: String::new(),
            })
            .collect();
        let flash = if self.fragment { None } else { self.flash.clone() };
        let banner = silence::banner(app);
        Shell { person: self.user.name.clone(), nav, flash, banner, ..Shell::plain(app, &self.key) }
    }

    /// The hash of the session, for work that ends in a request that does not carry its cookie. See [`session_may`].
    pub fn session(&self) -> &str {
        &self.session
    }

    /// Whether this person's role is `least` or a higher one.
    pub fn may(&self, least: Role) -> bool {
        self.user.role >= least
    }
}

/// Lets anybody pass who signed in; others go to the login page and come back afterwards.
pub async fn signed_in(State(app): State<App>, session: Session, request: Request, next: Next) -> Response {
    admit(app, session, Role::Viewer, request, next).await
}

/// Lets operators and above pass.
pub async fn operator(State(app): State<App>, session: Session, request: Request, next: Next) -> Response {
    admit(app, session, Role::Operator, request, next).await
}

/// Lets mailbox administrators and above pass.
pub async fn mailbox_administrator(State(app): State<App>, session: Session, request: Request, next: Next) -> Response {
    admit(app, session, Role::MailboxAdministrator, request, next).await
}

/// Lets application administrators and owners pass.
pub async fn application_administrator(
    State(app): State<App>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    admit(app, session, Role::ApplicationAdministrator, request, next).await
}

/// Lets owners pass.
pub async fn owner(State(app): State<App>, session: Session, request: Request, next: Next) -> Response {
    admit(app, session, Role::Owner, request, next).await
}

async fn admit(app: App, session: Session, least: Role, mut request: Request, next: Next) -> Response {
    match who(&app, &session).await {
        Err(error) => error.into_response(),
        Ok(None) if request.headers().contains_key(FRAGMENT) => StatusCode::UNAUTHORIZED.into_response(),
        Ok(None) => see_other(&login_address(&request)),
        Ok(Some(user)) if user.role < least => AppError::Forbidden(needed(least)).into_response(),
        Ok(Some(user)) => {
            let Some(key) = request.extensions().get::<FormKey>().cloned() else {
                return AppError::internal(anyhow::anyhow!("no form key")).into_response();
            };
            let fragment = request.headers().contains_key(FRAGMENT);
            let flash = flash(&request);
            let session = session.id().as_ref().map(session_store::hash).unwrap_or_default();
            request.extensions_mut().insert(SignedIn { user, key, session, flash, fragment });
            next.run(request).await
        }
    }
}

/// Read anew at each request, so that a disabled account or a changed role takes effect at once (S-27).
async fn who(app: &App, session: &Session) -> Result<Option<User>> {
    match session::person(session).await? {
        Some(person) => store::by_session(&app.db, &person.id, person.epoch).await,
        None => Ok(None),
    }
}

/// Whether the session with this hash is still alive, and its person still may what `least` may.
///
/// # Errors
/// If the database cannot answer.
pub async fn session_may(app: &App, hash: &str, least: Role) -> Result<bool> {
    let Some(person) = session_store::person(&app.db, hash, app.clock.now()).await? else { return Ok(false) };
    let user = store::by_session(&app.db, &person.id, person.epoch).await?;
    Ok(user.is_some_and(|user| user.role >= least))
}

fn login_address(request: &Request) -> String {
    let here = request.uri().path_and_query().map_or("/", |whole| whole.as_str());
    if request.method() != Method::GET || here == "/" {
        return "/login".to_owned();
    }
    let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    format!("/login?next={next}")
}

fn flash(request: &Request) -> Option<Flash> {
    let query = request.uri().query()?;
    let code = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "done")?.1;
    Flash::of(&code)
}

fn needed(least: Role) -> &'static str {
    match least {
        Role::Viewer => "Only people with an account can see this.",
        Role::Operator => "Only operators and administrators can do this. Ask one of them.",
        Role::MailboxAdministrator => "Only mailbox administrators can do this. Ask one of them, or an owner.",
        Role::ApplicationAdministrator => "Only application administrators can do this. Ask one of them, or an owner.",
        Role::Owner => "Only owners can do this. Ask one of them.",
    }
}
