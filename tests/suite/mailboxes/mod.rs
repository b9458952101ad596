//! `/mailboxes` and what lies below it.

mod actions;
mod bulk;
mod edit;
mod history;
mod index;
mod mended;
mod new;
mod rounds;
mod show;

use postkey_simulator::Application;

use crate::support::{Browser, Page, TestApp};

/// What a person types to add a mailbox with a new application.
pub(crate) fn typed<'a>(
    address: &'a str,
    sample: &'a Application,
    ids: &'a (String, String),
) -> Vec<(&'a str, &'a str)> {
    vec![
        ("address", address),
        ("application", "new"),
        ("name", &sample.name),
        ("client_id", &ids.0),
        ("tenant", &ids.1),
        ("secret", sample.secret()),
    ]
}

pub(crate) fn ids(sample: &Application) -> (String, String) {
    (sample.client_id.to_string(), sample.tenant_id.to_string())
}

/// Adds a mailbox with a new application, as a person does. Gives its path.
pub(crate) async fn add(app: &TestApp, browser: &Browser, address: &str, sample: &str) -> String {
    let sample = app.sample(sample);
    let ids = ids(&sample);
    let page = browser.open_and_submit("/mailboxes/new", "/mailboxes", &typed(address, &sample, &ids)).await;
    path_of(&page)
}

/// Adds a mailbox with the application that is already stored, the form's first choice.
pub(crate) async fn add_more(browser: &Browser, address: &str) -> String {
    path_of(&browser.open_and_submit("/mailboxes/new", "/mailboxes", &[("address", address)]).await)
}

fn path_of(page: &Page) -> String {
    let location = page.location();
    assert!(location.starts_with("/mailboxes/mb_"), "{location}");
    location.split('?').next().unwrap().to_owned()
}

/// The two statuses that a mailbox page shows.
pub(crate) fn statuses(page: &Page) -> (String, String) {
    let badges = page.all("dl.kv dd .st");
    (badges[0].clone(), badges[1].clone())
}
