//! What people read and do about problems.

use postkey::users::Role;

use super::{SETTLES, look, look_after};
use crate::alerts::add_hook;
use crate::applications::person;
use crate::mailboxes::add;
use crate::safety::world::column;
use crate::support::{Browser, HookSink, TestApp};

/// A mailbox that has stopped, and the path of its problem.
async fn stopped(app: &TestApp, ana: &Browser) -> String {
    add(app, ana, "support@contoso.example", "Contoso Archive").await;
    look(app).await;
    format!("/problems/{}", column(&app.inside().db, "SELECT id FROM problems").await[0])
}

#[tokio::test]
async fn a_problem_says_what_suffers_why_what_to_do_who_can_and_what_happened() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = stopped(&app, &ana).await;
    let page = ana.get(&path).await;
    let text = page.text();
    for part in
        ["Secret expired · Contoso Archive", "What to do:", "Who can do it:", "support@contoso.example", "It began"]
    {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(page.links().iter().any(|href| href.ends_with("/secrets/new")));
    assert!(ana.get("/").await.links().contains(&path), "the overview leads to it");
    let csv = ana.get("/problems.csv").await.body;
    assert!(csv.contains(",secret_expired,Contoso Archive,open,"), "{csv}");
    app.stop().await;
}

#[tokio::test]
async fn whoever_takes_care_of_it_is_named_and_nobody_is_reminded() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let path = stopped(&app, &ana).await;
    look_after(&app, SETTLES).await;
    let oskar = person(&app, Role::Operator).await;
    oskar
        .open_and_submit(&path, &format!("{path}/acknowledge"), &[])
        .await
        .expect_redirect(&format!("{path}?done=acknowledged"));
    let page = ana.get(&path).await;
    assert!(page.text().contains("takes care of it since"), "{}", page.text());
    assert!(!page.actions().contains(&format!("{path}/acknowledge")));
    for _ in 0..30 {
        crate::safety::world::meddle(&app.inside().db, "UPDATE mailboxes SET checked_at = checked_at + 3600").await;
        look_after(&app, 3_600).await;
    }
    assert_eq!(hooks.told().len(), 1);
    let audit = column(&app.inside().db, "SELECT detail FROM audit WHERE action = 'problem.acknowledged'").await;
    assert_eq!(audit, ["Secret expired · Contoso Archive"]);
    app.stop().await;
}

#[tokio::test]
async fn a_silenced_problem_is_told_to_nobody_until_the_silence_ends_or_is_lifted() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let path = stopped(&app, &ana).await;
    let here = format!("{path}/silence");
    ana.open_and_submit(&path, &here, &[("hours", "1")]).await.expect_redirect(&format!("{path}?done=silenced"));
    assert!(ana.get("/problems").await.one("#open tbody tr").contains("Silenced by Ana Ruiz until"));
    look_after(&app, 3_599).await;
    assert_eq!(hooks.told(), []);
    look_after(&app, 1).await;
    assert_eq!(hooks.told().len(), 1, "the silence has ended");
    let ana = app.owner().await;
    ana.open_and_submit(&path, &here, &[("hours", "24")]).await.location();
    let page = ana.get(&path).await;
    let lift = format!("{path}/unsilence");
    assert!(page.actions().contains(&lift));
    ana.submit(&page, &lift, &[]).await.expect_redirect(&format!("{path}?done=unsilenced"));
    let page = ana.get(&path).await;
    assert!(page.actions().contains(&here) && page.text().contains("The silence was lifted"), "{}", page.text());
    let wrong = ana.open_and_submit(&path, &here, &[("hours", "9")]).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    app.stop().await;
}

#[tokio::test]
async fn a_viewer_reads_problems_and_acts_on_none() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = stopped(&app, &ana).await;
    let viewer = person(&app, Role::Viewer).await;
    let page = viewer.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.actions().iter().all(|action| !action.starts_with("/problems")), "{:?}", page.actions());
    app.stop().await;
}
