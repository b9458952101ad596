//! Webhooks: signed, in order, retried, and nothing lost.

use std::time::Duration;

use standardwebhooks::Webhook;

use super::{add_hook, send_all};
use crate::mailboxes::add;
use crate::problems::{SETTLES, STAYS_AWAY, look, look_after};
use crate::safety::world::{column, meddle};
use crate::support::{Engine, HookSink, TestApp};

#[tokio::test]
async fn the_signature_is_accepted_by_the_specifications_own_library() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    let path = add_hook(&ana, &hooks, &[]).await;
    let test = format!("{path}/test");
    ana.open_and_submit(&path, &test, &[]).await.expect_redirect(&format!("{path}?done=channel-tested"));
    let received = hooks.received().remove(0);
    assert_eq!(received.told().0, "test");
    let key = ana.get(&path).await.one("#key");
    let webhook = Webhook::new(&key).unwrap();
    let header = |name: &str| received.headers[name].to_str().unwrap().to_owned();
    let at: i64 = header("webhook-timestamp").parse().unwrap();
    assert_eq!(at, app.clock.now().seconds());
    let signed = webhook.sign(&header("webhook-id"), at, received.body.as_bytes()).unwrap();
    assert_eq!(header("webhook-signature"), signed);
    assert_eq!(received.headers["content-type"], "application/json");
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_taken_is_tried_again_under_the_same_name_and_keeps_its_order() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let hooks = HookSink::start().await;
        let path = add_hook(&ana, &hooks, &[]).await;
        hooks.answers(503, "try later");
        add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
        look(&app).await;
        look_after(&app, SETTLES).await;
        assert_eq!(hooks.received().len(), 1);
        let log = ana.get(&path).await.one("#log tbody tr");
        assert!(log.contains("Being tried again") && log.contains("The receiver answered 503: try later"), "{log}");
        meddle(&app.inside().db, "UPDATE mailboxes SET paused_at = 1").await;
        look_after(&app, 5).await;
        assert_eq!(hooks.received().len(), 1, "not before its pause is over");
        look_after(&app, STAYS_AWAY).await;
        hooks.answers(200, "");
        for _ in 0..4 {
            app.advance(60);
            send_all(&app).await;
        }
        let events: Vec<String> = hooks.told().into_iter().map(|(event, _)| event).collect();
        assert_eq!(events, ["problem.opened", "problem.opened", "problem.opened", "problem.solved"]);
        let received = hooks.received();
        assert_eq!(received[0].headers["webhook-id"], received[2].headers["webhook-id"]);
        assert_ne!(received[0].headers["webhook-id"], received[3].headers["webhook-id"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_restart_loses_no_message_and_sends_none_twice() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    postkey::problems::watch::look(app.inside()).await.unwrap();
    app.advance(SETTLES);
    postkey::problems::watch::look(app.inside()).await.unwrap();
    // Killed while it was sending.
    meddle(&app.inside().db, "UPDATE alert_messages SET leased_by = 'gone', leased_until = 9999999999").await;
    let app = app.restart().await;
    send_all(&app).await;
    send_all(&app).await;
    assert_eq!(hooks.told().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_receiver_that_never_takes_it_is_given_up_after_a_day_and_one_that_refuses_sooner() {
    for (status, tries) in [(503, 30), (404, 5)] {
        let app = TestApp::start().await;
        let ana = app.owner().await;
        let hooks = HookSink::start().await;
        let path = add_hook(&ana, &hooks, &[]).await;
        hooks.answers(status, "<html>no</html>");
        add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
        look(&app).await;
        look_after(&app, SETTLES).await;
        for _ in 0..26 * 60 {
            app.advance(60);
            send_all(&app).await;
        }
        let seen = hooks.received().len();
        assert!(seen <= tries && seen >= tries.min(20), "{seen} tries");
        let log = app.owner().await.get(&path).await.one("#log tbody tr");
        assert!(log.contains("Not delivered") && !log.contains("html"), "{log}");
        app.stop().await;
    }
}

#[tokio::test]
async fn an_answer_that_repeats_the_address_is_not_stored_and_a_silent_receiver_is_told_so() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    let path = add_hook(&ana, &hooks, &[]).await;
    hooks.answers(400, "no such hook: aB3dEfGh1JkLmNoP");
    let test = format!("{path}/test");
    ana.open_and_submit(&path, &test, &[]).await.expect_redirect(&format!("{path}?done=channel-not-tested"));
    assert_eq!(column(&app.inside().db, "SELECT said FROM alert_messages").await, ["The receiver answered 400."]);
    let closed = [("target", "http://127.0.0.1:9/x"), ("name", "Nobody"), ("warnings", "1")];
    let other = ana.open_and_submit("/settings/alerts/new?kind=webhook", "/settings/alerts", &closed).await;
    let other = other.location().split('?').next().unwrap().to_owned();
    let test = format!("{other}/test");
    let waited = tokio::time::timeout(Duration::from_secs(20), ana.open_and_submit(&other, &test, &[]));
    waited.await.unwrap().expect_redirect(&format!("{other}?done=channel-not-tested"));
    assert!(ana.get(&other).await.text().contains("cannot be reached"));
    app.stop().await;
}

#[tokio::test]
async fn in_quiet_hours_only_what_has_stopped_mail_goes_out_and_what_came_and_went_is_never_told() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    // It is one o'clock in the afternoon in Madrid.
    add_hook(&ana, &hooks, &[("quiet_from", "12:00"), ("quiet_until", "14:00")]).await;
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    app.sim.fault(postkey_simulator::Fault::status(
        postkey_simulator::Place::Graph,
        503,
        postkey_simulator::Page::Json,
    ));
    ana.check_now(&mailbox).await;
    look_after(&app, 301).await;
    look_after(&app, SETTLES).await;
    assert_eq!(hooks.told(), [], "it passes by itself");
    assert_eq!(column(&app.inside().db, "SELECT event FROM alert_messages").await, ["problem.opened"]);
    app.sim.clear_faults();
    ana.check_now(&mailbox).await;
    look_after(&app, 1).await;
    look_after(&app, STAYS_AWAY).await;
    app.advance(7_200);
    send_all(&app).await;
    assert_eq!(hooks.told(), []);
    assert_eq!(column(&app.inside().db, "SELECT state FROM alert_messages").await, ["withdrawn"]);
    app.advance(-7_200);
    add(&app, &ana, "archive@contoso.example", "Contoso Archive").await;
    look_after(&app, 1).await;
    look_after(&app, SETTLES).await;
    assert_eq!(hooks.told().len(), 1, "mail has stopped");
    app.stop().await;
}
