//! `/settings/alerts`: who is told, and how messages fare.

mod ending;
mod mail;
mod pages;
mod webhook;

use postkey::alerts::send;

use crate::support::{Browser, HookSink, TestApp};

/// Sends everything that is due.
pub(crate) async fn send_all(app: &TestApp) {
    while send::round(app.inside()).await.unwrap() > 0 {}
}

/// Adds a webhook by its form, with more typed or other things. Gives its path.
pub(crate) async fn add_hook(ana: &Browser, hooks: &HookSink, more: &[(&str, &str)]) -> String {
    let mut typed = vec![("name", "Operations"), ("target", hooks.url.as_str()), ("warnings", "1")];
    typed.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    typed.extend(more);
    let page = ana.open_and_submit("/settings/alerts/new?kind=webhook", "/settings/alerts", &typed).await;
    page.location().split('?').next().unwrap().to_owned()
}
