//! Signing in to Postkey itself and out again.
//!
//! `GET /login` shows the form, `POST /login` compares, `POST /logout` ends the session.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::Result;
use crate::users::User;
use crate::users::password::{self, Verdict};
use crate::users::store;
use crate::users::throttle::{self, Subject};
use crate::users::user::email_key;
use crate::web::client::ClientAddress;
use crate::web::csrf::FormKey;
use crate::web::flash::Flash;
use crate::web::forms::{Field, FormErrors, title_prefix};
use crate::web::session::{self, Person};
use crate::web::{Page, Shell, next, see_other};

#[derive(Template)]
#[template(path = "login/page.html")]
struct LoginPage {
    shell: Shell,
    errors: FormErrors,
    email: Field,
    password: Field,
    next: String,
}

/// Where to go afterwards, and what was just done.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

/// What was typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    email: String,
    #[serde(default = "nothing")]
    password: SecretString,
    #[serde(default)]
    next: String,
}

fn nothing() -> SecretString {
    SecretString::from(String::new())
}

impl LoginPage {
    fn new(app: &App, key: &FormKey, email: &str, next: &str, errors: FormErrors) -> Self {
        let text = |name, label| Field::text(name, label, "");
        Self {
            shell: Shell::plain(app, key).titled(title_prefix(&errors)),
            email: text("email", "E-mail").kind("email").autocomplete("username").holding(email).checked(&errors),
            password: text("password", "Password").kind("password").autocomplete("current-password").checked(&errors),
            next: next::path(next).unwrap_or_default().to_owned(),
            errors,
        }
    }
}

/// `GET /login`
pub async fn show(
    State(app): State<App>,
    session: Session,
    key: FormKey,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    if !store::is_set_up(&app.db).await? {
        return Ok(see_other("/setup"));
    }
    if whose(&app, &session).await?.is_some() && asked.next.is_empty() && asked.done.is_empty() {
        return Ok(see_other("/"));
    }
    let mut page = LoginPage::new(&app, &key, "", &asked.next, FormErrors::default());
    page.shell.flash = Flash::of(&asked.done);
    Ok(Page::new(page).into_response())
}

/// `POST /login`
pub async fn sign_in(
    State(app): State<App>,
    session: Session,
    key: FormKey,
    ClientAddress(address): ClientAddress,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let subjects = [Subject::Account(email_key(&typed.email)), Subject::Address(address)];
    if let Err(wait) = throttle::admit(&app, &subjects).await? {
        let mut errors = FormErrors::default();
        errors.add("email", format!("Too many wrong tries. Wait {wait} seconds, then try again."));
        let page = LoginPage::new(&app, &key, &typed.email, &typed.next, errors);
        let mut response = Page::with_status(StatusCode::TOO_MANY_REQUESTS, page).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        return Ok(response);
    }
    let row = store::for_login(&app.db, &typed.email).await?;
    let stored = row.as_ref().map(|row| row.password_hash.clone());
    let verdict = password::verify(&app, typed.password, stored).await?;
    let (Some(row), Verdict::Right | Verdict::RightButWeak(_)) = (row, &verdict) else {
        let mut tx = app.db.begin().await?;
        note(&mut tx, &app, &typed.email, "login.refused", address).await?;
        tx.commit().await?;
        let mut errors = FormErrors::default();
        errors.add("email", "This e-mail and password do not belong together.");
        return Ok(Page::refused(LoginPage::new(&app, &key, &typed.email, &typed.next, errors)).into_response());
    };
    let mut tx = app.db.begin().await?;
    throttle::forgive(&mut tx, &subjects).await?;
    if let Verdict::RightButWeak(stronger) = verdict {
        store::upgrade_hash(&mut tx, &row.user.id, &stronger).await?;
    }
    note(&mut tx, &app, &row.user.email, "login.accepted", address).await?;
    tx.commit().await?;
    session::begin(&session, &Person { id: row.user.id, epoch: row.session_epoch }).await?;
    Ok(see_other(next::path(&typed.next).unwrap_or("/")))
}

/// `POST /logout`
pub async fn sign_out(
    State(app): State<App>,
    session: Session,
    ClientAddress(address): ClientAddress,
) -> Result<Response> {
    if let Some(user) = whose(&app, &session).await? {
        let mut tx = app.db.begin().await?;
        note(&mut tx, &app, &user.email, "logout", address).await?;
        tx.commit().await?;
    }
    session::end(&session).await?;
    let mut response = see_other("/login?done=signed-out");
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}

/// Whose session it is, while the account may still use it.
async fn whose(app: &App, session: &Session) -> Result<Option<User>> {
    match session::person(session).await? {
        Some(person) => store::by_session(&app.db, &person.id, person.epoch).await,
        None => Ok(None),
    }
}

async fn note(tx: &mut Tx, app: &App, email: &str, action: &'static str, address: IpAddr) -> Result<()> {
    let known: String = email.chars().filter(|c| !c.is_control()).take(254).collect();
    let detail = format!("from {address}");
    audit::record(tx, app, audit::Entry { actor: &known, action, object: "login", detail: &detail }).await
}
