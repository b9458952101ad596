//! Adding, changing, pausing and deleting a channel.

use super::{add_hook, send_all};
use crate::mailboxes::add;
use crate::problems::{SETTLES, STAYS_AWAY, look, look_after};
use crate::safety::world::{column, dump, meddle};
use crate::support::{HookSink, TestApp};

#[tokio::test]
async fn a_webhooks_address_is_stored_sealed_and_shown_by_its_host_only() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    let path = add_hook(&ana, &hooks, &[]).await;
    let host = hooks.url.split("/hooks").next().unwrap().to_owned();
    for page in ["/settings/alerts", path.as_str(), &format!("{path}/edit")] {
        let page = ana.get(page).await;
        assert!(page.text().contains(&format!("{host}/…")), "{}", page.text());
        assert!(!page.body.contains("aB3dEfGh1JkLmNoP"));
    }
    assert!(!dump(&app.inside().db, &[]).await.contains("aB3dEfGh1JkLmNoP"));
    app.stop().await;
}

#[tokio::test]
async fn a_refused_form_says_every_mistake_and_keeps_what_was_typed_but_the_address_of_a_webhook() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let typed = [("name", ""), ("target", "http://hooks.example.com/secret-part"), ("quiet_from", "22:00")];
    let page = ana.open_and_submit("/settings/alerts/new?kind=webhook", "/settings/alerts", &typed).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.all(".summary li").len(), 3, "{}", page.text());
    assert!(page.body.contains("value=\"22:00\"") && !page.body.contains("secret-part"));
    assert_eq!(ana.get("/settings/alerts/new?kind=pigeon").await.status, 400);
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let own = [("name", "Operations"), ("target", "Support@contoso.example")];
    let page = ana.open_and_submit("/settings/alerts/new?kind=mail", "/settings/alerts", &own).await;
    assert!(page.status == 422 && page.text().contains("Postkey looks after this mailbox"), "{}", page.text());
    app.stop().await;
}

#[tokio::test]
async fn a_changed_channel_keeps_its_address_unless_a_new_one_is_typed() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let (old, new) = (HookSink::start().await, HookSink::start().await);
    let path = add_hook(&ana, &old, &[]).await;
    let edit = format!("{path}/edit");
    let saved = format!("{path}?done=channel-saved");
    ana.open_and_submit(&edit, &edit, &[("name", "Night shift")]).await.expect_redirect(&saved);
    let test = format!("{path}/test");
    ana.open_and_submit(&path, &test, &[]).await.location();
    assert_eq!((old.received().len(), ana.get(&path).await.one("h1")), (1, "Night shift".to_owned()));
    ana.open_and_submit(&edit, &edit, &[("target", &new.url)]).await.expect_redirect(&saved);
    ana.open_and_submit(&path, &test, &[]).await.location();
    assert_eq!((old.received().len(), new.received().len()), (1, 1));
    app.stop().await;
}

#[tokio::test]
async fn a_paused_channel_is_told_nothing_and_a_deleted_one_is_gone_with_its_log() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    let path = add_hook(&ana, &hooks, &[]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    look(&app).await;
    app.advance(SETTLES);
    postkey::problems::watch::look(app.inside()).await.unwrap();
    ana.open_and_submit(&path, &format!("{path}/pause"), &[]).await.location();
    send_all(&app).await;
    assert_eq!(hooks.told(), [], "not what was written before, either");
    meddle(&app.inside().db, "UPDATE mailboxes SET paused_at = 1").await;
    look_after(&app, 1).await;
    look_after(&app, STAYS_AWAY).await;
    ana.open_and_submit(&path, &format!("{path}/resume"), &[]).await.location();
    send_all(&app).await;
    assert_eq!(hooks.told(), [], "it is over meanwhile");
    ana.open_and_submit(&path, &format!("{path}/test"), &[]).await.location();
    let delete = format!("{path}/delete");
    ana.open_and_submit(&delete, &delete, &[]).await.expect_redirect("/settings/alerts?done=channel-deleted");
    assert_eq!(ana.get(&path).await.status, 404);
    assert!(column(&app.inside().db, "SELECT id FROM alert_messages").await.is_empty());
    let actions =
        column(&app.inside().db, "SELECT action FROM audit WHERE action LIKE 'alert_channel.%' ORDER BY id").await;
    assert_eq!(actions.len(), 5, "{actions:?}");
    app.stop().await;
}
