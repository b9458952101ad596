//! `/mailboxes/{id}/sign-in`, `/s/{code}`, `/oauth/callback` and `/sign-in/{sign_in}`.

mod callback;
mod edit;
mod hand_off;
mod hostile;
mod mailed;
mod meanwhile;
mod now;
mod results;
mod shared;

use crate::safety::world::column;
use crate::support::{Browser, Page, TestApp};

pub(crate) const OLGA: &str = "olga@contoso.example";
pub(crate) const JAN: &str = "jan@contoso.example";
pub(crate) const SIGN_IN: &str = "Contoso Sign-in";

/// Adds a mailbox that is opened on behalf of a user, with a sample application that is stored or typed in place. Gives where
/// the form led to.
pub(crate) async fn save(app: &TestApp, browser: &Browser, sample: &str, typed: &[(&str, &str)]) -> Page {
    let known = app.sample(sample);
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let page = browser.get("/mailboxes/new").await;
    let stored = page.body.contains(&format!("<strong>{sample}</strong>"));
    let mut fields = vec![("access", "delegated")];
    let id;
    if stored {
        id = application(app, sample).await;
        fields.push(("application", id.as_str()));
    } else {
        let secret = known.secret();
        fields.extend([("application", "new"), ("name", sample), ("tenant", &tenant), ("client_id", &client_id)]);
        fields.push(("secret", secret));
    }
    fields.extend(typed);
    browser.submit_on(&page, "/mailboxes", &fields).await
}

/// The ID of a stored application.
pub(crate) async fn application(app: &TestApp, name: &str) -> String {
    let stored = postkey::applications::store::list(&app.inside().db).await.unwrap();
    let found = stored.into_iter().find(|listed| listed.application.name == name);
    found.unwrap_or_else(|| panic!("{name} is not stored")).application.id.to_string()
}

/// The path of a mailbox' page.
pub(crate) async fn path_of(app: &TestApp, address: &str) -> String {
    let id = postkey::mailboxes::store::by_address(&app.inside().db, address).await.unwrap().unwrap();
    format!("/mailboxes/{id}")
}

/// Signs `person` in at the simulator and comes back with `browser`. Gives the page that the callback leads to.
pub(crate) async fn come_back(app: &TestApp, browser: &Browser, at_microsoft: &str, person: &str) -> Page {
    let callback = app.sim.approve(at_microsoft, person).await.unwrap();
    land(app, browser, &callback).await
}

/// Follows the callback a second later, so that results stand in their order. Gives the page that it leads to.
pub(crate) async fn land(app: &TestApp, browser: &Browser, callback: &str) -> Page {
    app.advance(1);
    let answer = browser.follow(callback).await;
    let to = answer.location().to_owned();
    browser.get(&to).await
}

/// A mailbox for which `person` has signed in from the console. Gives its path.
pub(crate) async fn signed_in(app: &TestApp, browser: &Browser, address: &str, person: &str) -> String {
    let who = if person == address { "" } else { person };
    let leads = save(app, browser, SIGN_IN, &[("address", address), ("person", who), ("how", "now")]).await;
    let at_microsoft = leads.location().to_owned();
    come_back(app, browser, &at_microsoft, person).await;
    path_of(app, address).await
}

/// Begins a sign-in for a stored mailbox from its tab. Gives where the browser is sent.
pub(crate) async fn begin(browser: &Browser, mailbox: &str) -> String {
    let path = format!("{mailbox}/sign-in");
    browser.open_and_submit(&path, &path, &[("how", "now")]).await.location().to_owned()
}

/// Makes a link for a stored mailbox. Gives its path.
pub(crate) async fn make_link(browser: &Browser, mailbox: &str) -> String {
    let path = format!("{mailbox}/sign-in");
    browser.open_and_submit(&path, &path, &[("how", "link")]).await.expect_redirect(&format!("{path}?done=link-made"));
    let shown = browser.get(&path).await.one("#link");
    format!("/s/{}", shown.rsplit('/').next().unwrap())
}

/// A mailbox that waits for `OLGA`, opened by a sample application. Gives its path.
pub(crate) async fn waiting(app: &TestApp, browser: &Browser, sample: &str) -> String {
    save(app, browser, sample, &[("address", OLGA), ("how", "link")]).await.location();
    path_of(app, OLGA).await
}

/// How many rows a table has.
pub(crate) async fn rows(app: &TestApp, table: &str) -> i64 {
    let all = column(&app.inside().db, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM {table}")).await;
    all[0].parse().unwrap()
}

/// The results so far, oldest first.
pub(crate) async fn results(app: &TestApp) -> Vec<String> {
    column(&app.inside().db, "SELECT outcome FROM sign_ins ORDER BY at, id").await
}

/// One parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> String {
    let address: url::Url = address.parse().unwrap();
    let found = address.query_pairs().find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("{address} has no {name}")).1.into_owned()
}
