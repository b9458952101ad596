//! `/applications` and everything below it.

mod certificates;
mod delete;
mod edit;
mod index;
mod new;
mod retire;
pub(crate) mod scope_check;
mod scope_rounds;
mod secrets;
mod sheet;
mod show;

use postkey::applications::{Credential, store};
use postkey::users::{Role, User, password};
use postkey_simulator::Secret;
use secrecy::SecretString;

use crate::support::app::PASSWORD;
use crate::support::{Browser, Page, TestApp};

/// Adds a sample application by the form; gives back its address here.
async fn add(app: &TestApp, browser: &Browser, sample: &str) -> String {
    let secret = app.sample(sample).secret().to_owned();
    add_as(app, browser, sample, &[("secret", &secret)]).await
}

/// The same with other answers on the form.
pub(crate) async fn add_as(app: &TestApp, browser: &Browser, sample: &str, more: &[(&str, &str)]) -> String {
    let known = app.sample(sample);
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let mut typed = vec![("name", sample), ("tenant", &tenant), ("client_id", &client_id)];
    typed.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    typed.extend(more);
    let added = browser.open_and_submit("/applications/new", "/applications/new", &typed).await;
    let (here, done) = added.location().split_once('?').unwrap();
    assert!(done.ends_with("-added"), "{done}");
    here.to_owned()
}

pub(crate) async fn add_mailbox(browser: &Browser, here: &str, address: &str) -> String {
    let typed = [("address", address), ("application", id(here))];
    let added = browser.open_and_submit("/mailboxes/new", "/mailboxes", &typed).await;
    added.location().split('?').next().unwrap().to_owned()
}

async fn add_secret(browser: &Browser, here: &str, value: &str) -> Page {
    let path = format!("{here}/secrets/new");
    browser.open_and_submit(&path, &path, &[("secret", value)]).await
}

/// Makes one more secret in Entra; gives back its value.
fn new_secret_in_entra(app: &TestApp, sample: &str) -> String {
    let value = "N3w~Q.secret-that-nobody-has-seen-before".to_owned();
    let client_id = app.sample(sample).client_id.to_string();
    app.sim.estate(|estate| {
        let known = estate.application_mut(&client_id).unwrap();
        let fresh = Secret { value: value.clone(), ..known.secrets[0].clone() };
        known.secrets.push(fresh);
    });
    value
}

fn id(here: &str) -> &str {
    here.rsplit('/').next().unwrap()
}

/// The stored credentials, newest first.
async fn credentials(app: &TestApp, here: &str) -> Vec<Credential> {
    store::credentials(&app.inside().db, &id(here).parse().unwrap()).await.unwrap()
}

/// The address of the newest credential.
async fn newest(app: &TestApp, here: &str) -> String {
    format!("{here}/credentials/{}", credentials(app, here).await[0].id)
}

/// Somebody with this role, signed in.
pub(crate) async fn person(app: &TestApp, role: Role) -> Browser {
    app.owner().await;
    let inside = app.inside();
    let email = format!("{}@contoso.example", role.value());
    let id = postkey::ids::UserId::new(inside.clock.now(), &inside.chance);
    let user = User { id, email: email.clone(), name: "Oskar".to_owned(), role };
    let hash = password::hash(inside, SecretString::from(PASSWORD)).await.unwrap();
    let mut tx = inside.db.begin().await.unwrap();
    postkey::users::store::insert(&mut tx, &user, &hash, inside.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let browser = app.stranger();
    browser.sign_in(&email, PASSWORD).await.expect_redirect("/");
    browser
}

/// What the audit holds of this application, sorted.
async fn audited(app: &TestApp, here: &str) -> Vec<String> {
    const SQL: &str = "SELECT action FROM audit WHERE object = $1 ORDER BY action";
    match &app.inside().db {
        postkey::db::Db::Sqlite { read, .. } => sqlx::query_scalar(SQL).bind(id(here)).fetch_all(read).await.unwrap(),
        postkey::db::Db::Postgres(pool, ..) => sqlx::query_scalar(SQL).bind(id(here)).fetch_all(pool).await.unwrap(),
    }
}
