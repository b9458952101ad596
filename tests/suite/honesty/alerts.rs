//! HS8: a mail and a webhook say of a mailbox what its page, the file and the metrics say.

use std::collections::BTreeMap;
use std::io::Write;

use postkey::config::Config;
use postkey::words::{Cause, Status};

use super::everywhere::{all, become_of};
use crate::alerts::add_hook;
use crate::mailboxes::{add, statuses};
use crate::problems::{SETTLES, STAYS_AWAY, look, look_after};
use crate::support::{Engine, HookSink, MailSink, TestApp};

#[tokio::test]
async fn an_alert_says_the_same_as_the_page_the_file_and_the_metrics() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"scrape-me-0123456789\n").unwrap();
    let path_of_token = file.path().to_owned();
    let (hooks, mails) = (HookSink::start().await, MailSink::start());
    let settings = mails.clone();
    let app = TestApp::with(Engine::Sqlite, move |config: &mut Config| {
        config.metrics_token_file = Some(path_of_token);
        settings.configure(config);
    })
    .await;
    let ana = app.owner().await;
    add_hook(&ana, &hooks, &[]).await;
    let typed = [("name", "On call"), ("target", "oncall@ops.example"), ("warnings", "1")];
    ana.open_and_submit("/settings/alerts/new?kind=mail", "/settings/alerts", &typed).await.location();
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    // What passes by itself is told once it has lasted.
    app.advance(600);
    let mut told = 0;
    for status in all().filter(|status| status.cause().is_some()) {
        become_of(&app, status).await;
        look(&app).await;
        look_after(&app, SETTLES).await;
        let ana = app.owner().await;
        let hook = hooks.received().pop().unwrap_or_else(|| panic!("nothing is told of {status:?}")).json();
        let problem = &hook["data"]["problem"];
        assert_eq!((hook["type"].as_str(), problem["kind"].as_str()), (Some("problem.opened"), Some(status.value())));
        assert_eq!(problem["label"].as_str(), Some(status.label()), "{status:?}: the webhook's word");
        let mail = mails.taken().pop().unwrap();
        let subject = mail.header("Subject").unwrap();
        assert!(subject.starts_with(&format!("[Postkey] {}: ", status.label())), "{status:?}: {subject}");
        assert_eq!(statuses(&ana.get(&path).await).0, status.label(), "{status:?}: the page");
        let csv = ana.get("/mailboxes.csv").await;
        let (head, row) = csv.body.split_once('\n').unwrap();
        let cells: BTreeMap<&str, &str> = head.trim().split(',').zip(row.trim().split(',')).collect();
        assert_eq!(cells["incoming"], status.value(), "{status:?}: the file");
        let metrics = app.stranger().get_with("/metrics", &[("authorization", "Bearer scrape-me-0123456789")]).await;
        let series = |line: &str| line.starts_with("postkey_mailboxes{") && line.ends_with(" 1");
        let value = format!("status=\"{}\"", status.value());
        assert!(metrics.body.lines().any(|line| series(line) && line.contains(&value)), "{status:?}: the metrics");
        become_of(&app, Status::Connected).await;
        look_after(&app, 1).await;
        look_after(&app, STAYS_AWAY).await;
        told += 1;
    }
    assert_eq!(told, Cause::ALL.len(), "every cause");
    app.stop().await;
}
