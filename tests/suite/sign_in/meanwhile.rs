//! What happens here while a code is being redeemed, and how much whoever has a link may do.

use postkey_simulator::{Failure, Fault, Kind, Place};

use super::{JAN, OLGA, SIGN_IN, application, begin, come_back, make_link, results, rows, signed_in, waiting};
use crate::support::{Browser, TestApp};

/// Ends a sign-in with `browser` that began with `at_microsoft`, and does `meanwhile` while Microsoft is asked for the tokens.
async fn redeemed_while(app: &TestApp, browser: &Browser, at_microsoft: &str, meanwhile: impl Future<Output = ()>) {
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 400 }).grant_type("authorization_code").times(1));
    app.sim.clear_requests();
    let meanwhile = async {
        app.sim.wait_for_arrival(Kind::Token, 1).await;
        meanwhile.await;
    };
    tokio::join!(come_back(app, browser, at_microsoft, OLGA), meanwhile);
}

#[tokio::test]
async fn a_link_that_is_withdrawn_while_its_code_is_redeemed_brings_nothing() {
    let app = TestApp::start().await;
    let (ana, olga) = (app.owner().await, app.stranger());
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let link = make_link(&ana, &mailbox).await;
    let at_microsoft = olga.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let withdraw = async {
        let sign_in = format!("{mailbox}/sign-in");
        ana.open_and_submit(&sign_in, &format!("{sign_in}/withdraw"), &[]).await.location();
    };
    redeemed_while(&app, &olga, &at_microsoft, withdraw).await;
    assert_eq!((results(&app).await, rows(&app, "delegated_grants").await), (vec!["changed".to_owned()], 0));
    app.stop().await;
}

#[tokio::test]
async fn who_logs_out_while_the_code_is_redeemed_brings_nothing() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let at_microsoft = begin(&ana, &mailbox).await;
    let log_out = async { drop(ana.open_and_submit("/", "/logout", &[]).await) };
    redeemed_while(&app, &ana, &at_microsoft, log_out).await;
    assert_eq!((results(&app).await, rows(&app, "delegated_grants").await), (vec!["changed".to_owned()], 0));
    app.stop().await;
}

#[tokio::test]
async fn an_application_that_becomes_another_while_the_code_is_redeemed_gets_nothing_of_the_old_one() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let edit = format!("/applications/{}/edit", application(&app, SIGN_IN).await);
    let at_microsoft = begin(&ana, &mailbox).await;
    let other = [("client_id", "99999999-9999-4999-8999-999999999999")];
    let moved = async { drop(ana.open_and_submit(&edit, &edit, &other).await.location().to_owned()) };
    redeemed_while(&app, &ana, &at_microsoft, moved).await;
    assert_eq!((results(&app).await, rows(&app, "delegated_grants").await), (vec!["changed".to_owned()], 0));
    app.stop().await;
}

#[tokio::test]
async fn what_was_forgotten_does_not_come_back_by_a_sign_in_that_was_under_way() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let link = make_link(&ana, &mailbox).await;
    let browsers = [app.stranger(), app.stranger(), app.stranger()];
    let mut at_microsoft = Vec::new();
    for browser in &browsers {
        at_microsoft.push(browser.open_and_submit(&link, &link, &[]).await.location().to_owned());
    }
    let [first, second, third] = &browsers;
    assert_eq!(come_back(&app, first, &at_microsoft[0], OLGA).await.one("h1"), "The mailbox is connected");
    let forget = async {
        let path = format!("{mailbox}/sign-in/forget");
        ana.open_and_submit(&path, &path, &[]).await.location();
    };
    redeemed_while(&app, second, &at_microsoft[1], forget).await;
    let callback = app.sim.approve(&at_microsoft[2], OLGA).await.unwrap();
    assert_eq!(third.follow(&callback).await.status, 400, "it is over");
    assert_eq!(results(&app).await, ["connected", "changed"]);
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    app.stop().await;
}

#[tokio::test]
async fn a_link_ends_with_the_mailbox_that_it_was_made_for() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let link = make_link(&ana, &mailbox).await;
    let edit = format!("{mailbox}/edit");
    ana.open_and_submit(&edit, &edit, &[("display_name", "Olga")]).await.location();
    assert_eq!(app.stranger().get(&link).await.status, 200, "a name is no other mailbox");
    ana.open_and_submit(&edit, &edit, &[("person", JAN)]).await.location();
    let page = app.stranger().get(&link).await;
    assert_eq!((page.status, page.body.contains(JAN)), (404, false));
    let tab = ana.get(&format!("{mailbox}/sign-in")).await;
    assert!(tab.text().contains("Ended when the mailbox was changed") && tab.all("#link").is_empty(), "{}", tab.text());
    app.stop().await;
}

#[tokio::test]
async fn whoever_has_a_link_may_try_thirty_times_an_hour_and_pushes_nobody_out() {
    let app = TestApp::start().await;
    let (ana, olga) = (app.owner().await, app.stranger());
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let link = make_link(&ana, &mailbox).await;
    let of_ana = begin(&ana, &mailbox).await;
    let page = olga.get(&link).await;
    for _ in 0..30 {
        olga.submit(&page, &link, &[]).await.location();
    }
    let before = (rows(&app, "audit").await, rows(&app, "sign_in_attempts").await);
    app.sim.clear_requests();
    let refused = olga.submit(&page, &link, &[]).await;
    assert_eq!(refused.status, 429);
    assert!(refused.text().contains("Too many tries"), "{}", refused.text());
    assert_eq!((rows(&app, "audit").await, rows(&app, "sign_in_attempts").await), before);
    assert!(app.sim.requests().is_empty(), "Microsoft was asked");
    assert!(come_back(&app, &ana, &of_ana, OLGA).await.header("refresh").ends_with("?done=signed-in"));
    app.stop().await;
}

#[tokio::test]
async fn a_result_is_shown_for_ten_minutes() {
    let app = TestApp::start().await;
    let (ana, olga) = (app.owner().await, app.stranger());
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let link = make_link(&ana, &mailbox).await;
    let at_microsoft = olga.open_and_submit(&link, &link, &[]).await.location().to_owned();
    let callback = app.sim.approve(&at_microsoft, JAN).await.unwrap();
    let result = olga.follow(&callback).await.location().to_owned();
    app.advance(599);
    assert_eq!(olga.get(&result).await.status, 200);
    app.advance(1);
    assert_eq!(olga.get(&result).await.status, 404);
    app.stop().await;
}

#[tokio::test]
async fn a_grant_of_another_tenant_than_the_applications_is_not_renewed() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = signed_in(&app, &ana, OLGA, OLGA).await;
    let elsewhere = "UPDATE delegated_grants SET tenant_id = '99999999-9999-4999-8999-999999999999'";
    crate::safety::world::meddle(&app.inside().db, elsewhere).await;
    app.advance(2 * 60 * 60);
    ana.sign_in(crate::support::app::EMAIL, crate::support::app::PASSWORD).await.location();
    app.sim.clear_requests();
    ana.check_now(&mailbox).await;
    assert_eq!(app.sim.count_grants("refresh_token"), 0);
    assert_eq!(ana.get(&mailbox).await.all(".kv dd")[0], "Needs sign-in");
    app.stop().await;
}

#[tokio::test]
async fn a_look_whether_the_callback_is_there_redeems_nothing() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = waiting(&app, &ana, SIGN_IN).await;
    let callback = app.sim.approve(&begin(&ana, &mailbox).await, OLGA).await.unwrap();
    assert_eq!(ana.head(&callback).await, 400);
    assert_eq!((rows(&app, "sign_in_attempts").await, app.sim.count_grants("authorization_code")), (1, 0));
    app.stop().await;
}
