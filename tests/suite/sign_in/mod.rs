//! `/mailboxes/{id}/sign-in`, `/s/{code}`, `/oauth/callback` and `/sign-in/{sign_in}`.

mod now;

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
    let answer = browser.follow(&callback).await;
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
