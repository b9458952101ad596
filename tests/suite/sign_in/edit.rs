//! What becomes of a sign-in when the settings of its mailbox change.

use super::{JAN, OLGA, SIGN_IN, begin, come_back, path_of, results, rows, save, signed_in};
use crate::support::TestApp;

#[tokio::test]
async fn another_person_or_access_type_needs_another_sign_in_and_a_name_does_not() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = signed_in(&app, &browser, OLGA, OLGA).await;
    let edit = format!("{mailbox}/edit");
    browser
        .open_and_submit(&edit, &edit, &[("display_name", "Olga")])
        .await
        .expect_redirect(&format!("{mailbox}?done=saved"));
    assert_eq!(rows(&app, "delegated_grants").await, 1);
    assert!(browser.get(&edit).await.text().contains("needs a new sign-in"));
    let typed = [("person", JAN)];
    browser.open_and_submit(&edit, &edit, &typed).await.expect_redirect(&format!("{mailbox}/sign-in?done=saved"));
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    assert_eq!(browser.get(&mailbox).await.all(".kv dd")[0], "Waiting for sign-in");
    let typed = [("access", "application")];
    browser.open_and_submit(&edit, &edit, &typed).await.location();
    assert_eq!(browser.get(&format!("{mailbox}/sign-in")).await.status, 404, "nobody signs in for it now");
    app.stop().await;
}

#[tokio::test]
async fn what_changed_while_somebody_was_at_microsoft_is_not_signed_in_for() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    save(&app, &browser, SIGN_IN, &[("address", OLGA), ("how", "link")]).await.location();
    let mailbox = path_of(&app, OLGA).await;
    let at_microsoft = begin(&browser, &mailbox).await;
    let edit = format!("{mailbox}/edit");
    browser.open_and_submit(&edit, &edit, &[("person", JAN)]).await.location();
    come_back(&app, &browser, &at_microsoft, OLGA).await;
    let at_microsoft = begin(&browser, &mailbox).await;
    browser.open_and_submit(&format!("{mailbox}/delete"), &format!("{mailbox}/delete"), &[]).await.location();
    come_back(&app, &browser, &at_microsoft, JAN).await;
    assert_eq!(results(&app).await, ["changed", "changed"]);
    assert_eq!((rows(&app, "delegated_grants").await, app.sim.count_grants("authorization_code")), (0, 0));
    app.stop().await;
}

#[tokio::test]
async fn the_same_account_signs_in_again_under_another_name_and_another_account_under_the_same_name_does_not() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = signed_in(&app, &browser, OLGA, OLGA).await;
    let id = || crate::safety::world::column(&app.inside().db, "SELECT id FROM delegated_grants");
    let first = id().await;
    come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
    assert_eq!(results(&app).await, ["connected", "connected"]);
    assert_eq!((id().await, first.len()), (first, 1), "the grant keeps its ID");
    // Olga's account was deleted and made anew: the directory gives the same name to another object.
    crate::safety::world::meddle(
        &app.inside().db,
        "UPDATE delegated_grants SET object_id = '99999999-9999-4999-8999-999999999999'",
    )
    .await;
    come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
    assert_eq!(results(&app).await.pop().unwrap(), "wrong_account");
    app.stop().await;
}

#[tokio::test]
async fn a_form_says_every_mistake_about_the_person() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let page = save(&app, &browser, SIGN_IN, &[("address", OLGA), ("person", "olga"), ("how", "now")]).await;
    assert_eq!(page.status, 422);
    assert!(page.one(".summary li").contains("not an e-mail address"));
    assert!(page.body.contains("value=\"olga\"") && page.body.contains("value=\"delegated\" checked"));
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}
