//! Alerts by mail.

use postkey::config::Config;

use super::send_all;
use crate::mailboxes::add;
use crate::problems::{SETTLES, STAYS_AWAY, look, look_after};
use crate::safety::world::meddle;
use crate::support::{Engine, MailSink, Manner, TestApp};

const TYPED: [(&str, &str); 3] = [("name", "On call"), ("target", "oncall@ops.example"), ("warnings", "1")];

#[tokio::test]
async fn the_beginning_and_the_end_of_a_problem_are_two_mails_of_one_conversation() {
    let mails = MailSink::start();
    let settings = mails.clone();
    let app = TestApp::with(Engine::Sqlite, move |config: &mut Config| settings.configure(config)).await;
    let ana = app.owner().await;
    ana.open_and_submit("/settings/alerts/new?kind=mail", "/settings/alerts", &TYPED).await.location();
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    look(&app).await;
    look_after(&app, SETTLES).await;
    meddle(&app.inside().db, "UPDATE mailboxes SET paused_at = 1").await;
    look_after(&app, 1).await;
    look_after(&app, STAYS_AWAY).await;
    let taken = mails.taken();
    assert_eq!(taken.len(), 2);
    let (first, second) = (&taken[0], &taken[1]);
    assert_eq!(first.to, ["oncall@ops.example"]);
    let subject = "[Postkey] Secret expired: Contoso Archive, support@contoso.example";
    assert_eq!(first.header("Subject").as_deref(), Some(subject));
    assert!(second.header("Subject").unwrap().starts_with("[Postkey] Solved after"), "{}", second.text);
    let id = first.header("Message-ID");
    assert!(id.is_some());
    assert_eq!((second.header("In-Reply-To"), second.header("References")), (id.clone(), id.clone()));
    assert_ne!(second.header("Message-ID"), id);
    assert_eq!(first.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(first.header("Reply-To").is_none(), "nobody answers a machine");
    app.stop().await;
}

#[tokio::test]
async fn a_mail_server_that_is_busy_is_asked_again() {
    let mails = MailSink::start();
    let settings = mails.clone();
    let app = TestApp::with(Engine::Sqlite, move |config: &mut Config| settings.configure(config)).await;
    let ana = app.owner().await;
    let page = ana.open_and_submit("/settings/alerts/new?kind=mail", "/settings/alerts", &TYPED).await;
    let path = page.location().split('?').next().unwrap().to_owned();
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    look(&app).await;
    mails.behave(Manner::Throttles);
    look_after(&app, SETTLES).await;
    assert!(ana.get(&path).await.one("#log tbody tr").contains("does not take this message now"));
    mails.behave(Manner::Takes);
    app.advance(10);
    send_all(&app).await;
    assert_eq!(mails.taken().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn without_a_mail_server_the_page_says_so_and_the_log_too() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    assert!(ana.get("/settings/alerts").await.text().contains("Postkey has no mail server"));
    let page = ana.open_and_submit("/settings/alerts/new?kind=mail", "/settings/alerts", &TYPED).await;
    let path = page.location().split('?').next().unwrap().to_owned();
    ana.open_and_submit(&path, &format!("{path}/test"), &[])
        .await
        .expect_redirect(&format!("{path}?done=channel-not-tested"));
    assert!(ana.get(&path).await.one("#log").contains("Postkey has no mail server, so nothing was sent."));
    app.stop().await;
}
