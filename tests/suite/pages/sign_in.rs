//! The pages of signing in on behalf of a user.

use postkey_simulator::{Bend, Failure, Fault, Place};

use super::snapshots::same;
use crate::sign_in::{JAN, OLGA, SIGN_IN, come_back, path_of, save, signed_in};
use crate::support::{Browser, Page, TestApp};

/// Makes a link for the mailbox at `path`, and gives its path.
async fn link(browser: &Browser, path: &str) -> String {
    let page = format!("{path}/sign-in");
    browser.open_and_submit(&page, &page, &[("how", "link"), ("days", "3")]).await.location();
    let shown = browser.get(&page).await.one("#link");
    shown[shown.find("/s/").unwrap()..].to_owned()
}

/// Follows the link, and gives what the person reads at the end.
async fn follow(app: &TestApp, owner: &Browser, link: &str, person: &str) -> Page {
    app.advance(60);
    let leads = owner.open_and_submit(link, link, &[]).await.location().to_owned();
    come_back(app, owner, &leads, person).await
}

#[tokio::test]
async fn the_form_and_the_tab() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let wrong = [("access", "delegated"), ("how", "link"), ("person", "nobody"), ("address", "shared@contoso.example")];
    let refused = ana.open_and_submit("/mailboxes/new", "/mailboxes", &wrong).await;
    same("mailbox_new_delegated_refused", 422, &refused);
    save(&app, &ana, SIGN_IN, &[("address", OLGA), ("how", "now")]).await;
    let mailbox = path_of(&app, OLGA).await;
    same("sign_in_nobody_yet", 200, &ana.get(&format!("{mailbox}/sign-in")).await);
    link(&ana, &mailbox).await;
    same("sign_in_link_open", 200, &ana.get(&format!("{mailbox}/sign-in")).await);
    let jan = signed_in(&app, &ana, JAN, JAN).await;
    same("mailbox_signed_in", 200, &ana.get(&jan).await);
    for page in ["sign-in", "sign-in/forget", "delete", "edit"] {
        let name = format!("mailbox_signed_in_{}", page.replace(['/', '-'], "_"));
        same(&name, 200, &ana.get(&format!("{jan}/{page}")).await);
    }
    app.stop().await;
}

#[tokio::test]
async fn what_the_owner_of_a_mailbox_sees() {
    let app = TestApp::start().await;
    let (ana, olga) = (app.owner().await, app.stranger());
    save(&app, &ana, SIGN_IN, &[("address", "shared@contoso.example"), ("person", OLGA), ("how", "now")]).await;
    let mailbox = path_of(&app, "shared@contoso.example").await;
    let first = link(&ana, &mailbox).await;
    let link = link(&ana, &mailbox).await;
    same("link_closed", 404, &olga.get(&first).await);
    same("hand_off", 200, &olga.get(&link).await);
    same("result_wrong_account", 200, &follow(&app, &olga, &link, JAN).await);
    app.advance(60);
    let leads = olga.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let declined = olga.follow(&app.sim.decline(&leads, OLGA).await.unwrap()).await;
    same("result_declined", 200, &olga.get(declined.location()).await);
    for (place, failure, name) in [
        (Place::Authorize, Failure::Aadsts(65_001), "needs_administrator"),
        (Place::Token, Failure::Aadsts(53_003), "blocked"),
        (Place::Token, Failure::Aadsts(9_002_313), "failed"),
        (Place::Token, Failure::Bent(Bend::ScopeFewer), "missing_permission"),
    ] {
        app.advance(60);
        app.sim.fault(Fault::new(place, failure).times(1));
        let leads = olga.open_and_submit(&link, &link, &[]).await.location().to_owned();
        let callback = app.sim.approve(&leads, OLGA).await;
        let answer = olga.follow(&callback.unwrap()).await;
        same(&format!("result_{name}"), 200, &olga.get(answer.location()).await);
    }
    let tries = ana.get(&format!("{mailbox}/sign-in")).await;
    same("sign_in_tried", 200, &tries);
    same("tried_failed", 200, &ana.get(&tries.href(&format!("{mailbox}/sign-in/si_"))).await);
    same("result_connected", 200, &follow(&app, &olga, &link, OLGA).await);
    same("link_used", 404, &olga.get(&link).await);
    same("lost", 400, &olga.get("/oauth/callback").await);
    app.stop().await;
}

#[tokio::test]
async fn what_a_try_in_the_console_leaves() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let leads = save(&app, &ana, SIGN_IN, &[("address", OLGA), ("how", "now")]).await.location().to_owned();
    same("onwards", 200, &come_back(&app, &ana, &leads, JAN).await);
    let mailbox = path_of(&app, OLGA).await;
    let tries = ana.get(&format!("{mailbox}/sign-in")).await;
    same("tried_wrong_account", 200, &ana.get(&tries.href(&format!("{mailbox}/sign-in/si_"))).await);
    app.stop().await;
}
