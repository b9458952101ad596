//! The first account, made by whoever can read the host's console (S-110).
//!
//! `GET /setup` asks for the one-time code, `POST /setup` takes it and makes the first owner. Both are gone afterwards.

pub mod code;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::App;
use crate::audit;
use crate::chance::hash_of;
use crate::error::{AppError, Result};
use crate::ids::UserId;
use crate::users::throttle::{self, Subject};
use crate::users::{Role, User, password, store, user};
use crate::web::client::ClientAddress;
use crate::web::csrf::FormKey;
use crate::web::forms::{Field, FormErrors, title_prefix};
use crate::web::session::{self, Person};
use crate::web::{Page, Shell, see_other};

#[derive(Template)]
#[template(path = "setup/page.html")]
struct SetupPage {
    shell: Shell,
    errors: FormErrors,
    code: Field,
    name: Field,
    email: Field,
    password: Field,
}

/// What was typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default = "nothing")]
    code: SecretString,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default = "nothing")]
    password: SecretString,
}

fn nothing() -> SecretString {
    SecretString::from(String::new())
}

impl SetupPage {
    fn new(app: &App, key: &FormKey, typed: Option<&Typed>, errors: FormErrors) -> Self {
        let (name, email) = typed.map_or(("", ""), |typed| (typed.name.as_str(), typed.email.as_str()));
        let code =
            "Postkey wrote it to its console when it started. Run “postkey setup-code” on the host to see it again.";
        let password = "At least 15 characters. A sentence is easy to remember and hard to guess.";
        Self {
            shell: Shell::plain(app, key).titled(title_prefix(&errors)),
            code: Field {
                error: errors.of("code").map(str::to_owned),
                ..Field::text("code", "Set-up code", code).kind("secret")
            },
            name: Field::text("name", "Your name", "").autocomplete("name").holding(name).checked(&errors),
            email: Field::text("email", "Your e-mail", "You sign in with it.")
                .kind("email")
                .autocomplete("username")
                .holding(email)
                .checked(&errors),
            password: Field::text("password", "Choose a password", password)
                .kind("password")
                .autocomplete("new-password")
                .checked(&errors),
            errors,
        }
    }
}

/// `GET /setup`
pub async fn show(State(app): State<App>, key: FormKey) -> Result<Response> {
    if store::is_set_up(&app.db).await? {
        return Err(AppError::NotFound);
    }
    Ok(Page::new(SetupPage::new(&app, &key, None, FormErrors::default())).into_response())
}

/// `POST /setup`
pub async fn create(
    State(app): State<App>,
    session: Session,
    key: FormKey,
    ClientAddress(address): ClientAddress,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    if store::is_set_up(&app.db).await? {
        return Err(AppError::NotFound);
    }
    let guesser = [Subject::Address(address)];
    let wait = throttle::admit(&app, &guesser).await?;
    let code_hash = hash_of(typed.code.expose_secret().trim());
    let good = wait.is_ok() && store::code_is_good(&app.db, &code_hash, app.clock.now()).await?;
    let mut errors = FormErrors::default();
    if let Err(wait) = wait {
        errors.add("code", format!("Too many wrong codes. Wait {wait} seconds, then try again."));
    } else if good {
        let mut tx = app.db.begin().await?;
        throttle::forgive(&mut tx, &guesser).await?;
        tx.commit().await?;
    } else {
        errors.add(
            "code",
            "This is not the set-up code, or it has run out. Run “postkey setup-code” on the host for a new one.",
        );
    }
    let name = errors.keep("name", person_name(&typed.name));
    let email = errors.keep("email", user::email(&typed.email));
    let strong = errors.keep("password", strong(&app, &typed));
    let (true, Some(name), Some(email), Some(())) = (good, name, email, strong) else {
        if good {
            errors.add("code", "Paste the set-up code again.");
        }
        let status = if good { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
        return Ok(Page::with_status(status, SetupPage::new(&app, &key, Some(&typed), errors)).into_response());
    };
    let password_hash = password::hash(&app, typed.password).await?;
    let user = User { id: UserId::new(app.clock.now(), &app.chance), email, name, role: Role::Owner };
    make_first(&app, &user, &password_hash, &code_hash).await?;
    code::forget(&app);
    session::begin(&session, &Person { id: user.id, epoch: 1 }).await?;
    Ok(see_other("/?done=welcome"))
}

fn strong(app: &App, typed: &Typed) -> std::result::Result<(), String> {
    password::acceptable(&typed.password, &typed.email, &app.config.company())
}

/// The code, the mark and the account change together, so that of many who come at once exactly one wins.
async fn make_first(app: &App, user: &User, password_hash: &str, code_hash: &str) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let first = store::take_code(&mut tx, code_hash, now).await? && store::mark_set_up(&mut tx, now).await?;
    if !first || !store::insert(&mut tx, user, password_hash, now).await? {
        return Err(AppError::Conflict("The first account was just made by somebody else. Nothing was changed."));
    }
    let entry =
        audit::Entry { actor: &user.name, action: "setup.done", object: user.id.as_str(), detail: "first owner" };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}

fn person_name(text: &str) -> std::result::Result<String, String> {
    let text = text.trim();
    let fine = !text.is_empty() && text.chars().count() <= 100 && !text.chars().any(char::is_control);
    fine.then(|| text.to_owned()).ok_or_else(|| "Enter your name, at most 100 characters.".to_owned())
}
