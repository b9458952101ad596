//! `/applications/{id}/admin-link`, `/a/{code}` and `/consent/{consent}`.

mod consent;
mod link;
mod page;
mod secret;

use postkey::applications::{Credential, store as applications};

use crate::support::{Browser, Page, TestApp};

pub(crate) const TOM: &str = "tom@contoso.example";
const OLGA: &str = "olga@contoso.example";

/// Makes a link for an application. Gives the path that its receiver opens.
pub(crate) async fn make(browser: &Browser, application: &str) -> String {
    make_for(browser, application, "1").await
}

async fn make_for(browser: &Browser, application: &str, days: &str) -> String {
    let console = format!("{application}/admin-link");
    let made = browser.open_and_submit(&console, &console, &[("days", days)]).await;
    let page = browser.get(made.location()).await;
    format!("/a/{}", page.one("#link").rsplit('/').next().unwrap())
}

/// Presses the button that leads to Microsoft. Gives the address there.
pub(crate) async fn begin(browser: &Browser, link: &str) -> String {
    browser.open_and_submit(link, &format!("{link}/consent"), &[]).await.location().to_owned()
}

/// Comes back with this answer of Microsoft's. Gives the page that it leads to.
async fn come_back(browser: &Browser, callback: &str) -> Page {
    let answer = browser.follow(callback).await;
    let to = answer.location().to_owned();
    assert!(to.starts_with("/consent/con_") && !to.contains('?'), "{to}");
    browser.get(&to).await
}

/// A sample application that is stored, with a mailbox of each given address that is opened without a user. Gives its path.
async fn stored(app: &TestApp, browser: &Browser, sample: &str, addresses: &[&str]) -> String {
    let known = app.sample(sample);
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let typed = [("name", sample), ("tenant", &tenant), ("client_id", &client_id), ("secret", known.secret())];
    let added = browser.open_and_submit("/applications/new", "/applications/new", &typed).await;
    let here = added.location().split('?').next().unwrap().to_owned();
    for address in addresses {
        let typed = [("address", *address), ("application", id(&here))];
        browser.open_and_submit("/mailboxes/new", "/mailboxes", &typed).await.location();
    }
    here
}

fn id(application: &str) -> &str {
    application.rsplit('/').next().unwrap()
}

/// The stored credentials, newest first.
async fn credentials(app: &TestApp, application: &str) -> Vec<Credential> {
    applications::credentials(&app.inside().db, &id(application).parse().unwrap()).await.unwrap()
}

/// The three badges of the page.
fn badges(page: &Page) -> Vec<String> {
    page.all("main p > .st")
}

/// What the console says was done through the link: state, made, consent, secret.
async fn done(browser: &Browser, application: &str) -> Vec<String> {
    browser.get(&format!("{application}/admin-link")).await.all("main .kv dd")
}
