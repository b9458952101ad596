//! A mailbox that another person opens: asked for by the shared permissions, opened at its own address.

use postkey_simulator::{Call, Kind};

use super::{JAN, OLGA, SIGN_IN, come_back, parameter, path_of, save};
use crate::support::{Browser, Page, TestApp};

const SHARED: &str = "shared@contoso.example";

async fn opened(app: &TestApp, browser: &Browser, address: &str, person: &str) -> Page {
    let typed = [("address", address), ("person", person), ("how", "now")];
    let at_microsoft = save(app, browser, SIGN_IN, &typed).await.location().to_owned();
    assert_eq!(parameter(&at_microsoft, "login_hint"), person);
    let scopes = parameter(&at_microsoft, "scope");
    assert!(scopes.ends_with("Mail.ReadWrite Mail.Send Mail.ReadWrite.Shared Mail.Send.Shared"), "{scopes}");
    come_back(app, browser, &at_microsoft, person).await;
    browser.get(&path_of(app, address).await).await
}

#[tokio::test]
async fn a_person_with_full_access_connects_a_shared_mailbox() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let page = opened(&app, &browser, SHARED, OLGA).await;
    assert_eq!(page.all(".kv dd")[..2], ["Connected", "Ready"], "{}", page.text());
    assert!(page.text().contains("Mail.ReadWrite.Shared and Mail.Send.Shared"));
    let asked = app.sim.requests().into_iter().find(|request| request.kind == Kind::Graph(Call::Inbox)).unwrap();
    assert_eq!(asked.mailbox.as_deref(), Some(SHARED), "never the person's own inbox");
    let mailbox = path_of(&app, SHARED).await;
    let sent = [("to", OLGA)];
    browser
        .open_and_submit(&format!("{mailbox}/test-message"), &format!("{mailbox}/test-message"), &sent)
        .await
        .location();
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[1], "Connected");
    app.stop().await;
}

#[tokio::test]
async fn a_mailbox_that_is_not_shared_and_one_that_is_not_there_are_told_as_honestly_as_microsoft_allows() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    for address in [SHARED, "nobody.there@contoso.example"] {
        let page = opened(&app, &browser, address, JAN).await;
        assert_eq!(page.all(".kv dd")[0], "No access to mailbox", "{}", page.text());
        let title = page.one("#trouble-title");
        assert_eq!(title, format!("{address} does not open for {JAN}"));
        assert!(page.text().contains("Microsoft answers the same to both"));
        let tab = browser.get(&format!("{}/sign-in", path_of(&app, address).await)).await;
        assert!(tab.text().contains("Signed in, mailbox closed"), "the sign-in itself is kept: {}", tab.text());
    }
    app.stop().await;
}

#[tokio::test]
async fn a_right_given_later_opens_the_mailbox_without_another_sign_in() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    opened(&app, &browser, SHARED, JAN).await;
    let mailbox = path_of(&app, SHARED).await;
    app.sim.estate(|estate| {
        let shared = estate.mailboxes.get(SHARED).unwrap().clone().shared_with(JAN);
        estate.mailboxes.put(shared);
    });
    browser.check_now(&mailbox).await;
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Connected");
    assert_eq!(app.sim.count_grants("authorization_code"), 1);
    app.stop().await;
}

#[tokio::test]
async fn the_person_of_a_shared_mailbox_is_pinned_and_not_the_mailbox() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let typed = [("address", SHARED), ("person", OLGA), ("how", "now")];
    let at_microsoft = save(&app, &browser, SIGN_IN, &typed).await.location().to_owned();
    come_back(&app, &browser, &at_microsoft, JAN).await;
    assert_eq!(super::results(&app).await, ["wrong_account"]);
    app.stop().await;
}
