//! `/expiry/feed`: made, copied, withdrawn, and what calendars read.

use postkey::users::Role;

use crate::applications::{add_as, add_mailbox, person};
use crate::safety::world::{column, dump};
use crate::support::{Browser, Engine, TestApp};

async fn make(browser: &Browser) -> String {
    browser.open_and_submit("/expiry", "/expiry/feed", &[]).await.expect_redirect("/expiry?done=feed-made");
    let address = browser.get("/expiry").await.one("#feed-address");
    address[address.find("/expiry").unwrap()..].to_owned()
}

/// The file without its folds.
fn unfolded(text: &str) -> String {
    text.replace("\r\n ", "")
}

#[tokio::test]
async fn a_calendar_reads_what_ends_with_reminders_and_no_secret() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let secret = app.sample("Contoso Mail").secret().to_owned();
        let typed =
            [("name", "Mail; of,Contoso"), ("secret", &secret), ("expires", "on"), ("expires_on", "2026-12-31")];
        let mail = add_as(&app, &ana, "Contoso Mail", &typed).await;
        add_as(&app, &ana, "Contoso Vault", &[("proof", "certificate")]).await;
        let unknown = app.sample("Contoso Archive").secret().to_owned();
        add_as(&app, &ana, "Contoso Archive", &[("secret", &unknown), ("expires", "unknown")]).await;
        add_mailbox(&ana, &mail, "support@contoso.example").await;
        let path = make(&ana).await;
        assert!(path.starts_with("/expiry/feed/") && path.ends_with(".ics") && path.len() == 13 + 43 + 4, "{path}");
        let before = dump(&app.inside().db, &[]).await;
        let file = app.stranger().get(&path).await;
        assert_eq!((file.status, file.header("content-type")), (200, "text/calendar; charset=utf-8"));
        assert!(dump(&app.inside().db, &[]).await == before, "reading changes nothing");
        assert!(file.body.lines().all(|line| line.len() <= 75) && !file.body.replace("\r\n", "").contains('\n'));
        let text = unfolded(&file.body);
        assert!(
            text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"),
            "{text}"
        );
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2, "one has no date: {text}");
        for line in [
            "DTSTART;VALUE=DATE:20261231",
            "DTEND;VALUE=DATE:20270101",
            "DTSTAMP:20261123T120000Z",
            "SUMMARY:Secret ends: Mail\\; of\\,Contoso",
            "TRIGGER:-P30D",
            "TRIGGER:-P14D",
            "TRIGGER:-P7D",
            "TRIGGER:-P3D",
            "TRIGGER:-P1D",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is missing: {text}");
        }
        assert_eq!(text.matches("BEGIN:VALARM").count(), 10);
        assert!(text.contains("1 mailbox stops then\\, unless") && text.contains(":No mailbox uses it."), "{text}");
        let mut stamps = text.lines().filter(|line| line.starts_with("DTSTAMP:"));
        assert!(stamps.all(|stamp| stamp == "DTSTAMP:20261123T120000Z"), "our clock, not the wall's: {text}");
        assert!(!text.contains(&secret) && !text.contains(&secret[secret.len() - 3..]), "not even its end: {text}");

        let named = |text: &str| -> Vec<String> {
            text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect()
        };
        app.advance(24 * 60 * 60);
        let again = unfolded(&app.stranger().get(&path).await.body);
        assert_eq!(named(&again), named(&text), "the same things keep their names");
        assert_eq!(named(&text).len(), 12);
        app.stop().await;
    }
}

#[tokio::test]
async fn only_the_newest_address_works_and_none_after_it_was_withdrawn() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let first = make(&ana).await;
        let second = make(&ana).await;
        let stranger = app.stranger();
        let unknown = stranger.get(&format!("/expiry/feed/{}.ics", "x".repeat(43))).await;
        assert_eq!((unknown.status, unknown.one("h1").as_str()), (404, "This link does not work any more"));
        for (path, status) in [(&first, 404), (&second, 200), (&second.replace(".ics", ""), 404)] {
            assert_eq!(stranger.get(path).await.status, status, "{path}");
        }
        ana.open_and_submit("/expiry", "/expiry/feed/withdraw", &[])
            .await
            .expect_redirect("/expiry?done=feed-withdrawn");
        let gone = stranger.get(&second).await;
        assert_eq!((gone.status, gone.text()), (404, unknown.text()));
        assert!(ana.get("/expiry").await.text().contains("Make an address"));
        let audited = column(&app.inside().db, "SELECT action FROM audit WHERE object LIKE 'feed_%' ORDER BY id").await;
        assert_eq!(audited.len(), 3, "{audited:?}");
        let rows = dump(&app.inside().db, &[]).await;
        for path in [&first, &second] {
            let code = path.rsplit('/').next().unwrap().trim_end_matches(".ics");
            assert!(!rows.contains(code), "the code is not stored in the open");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn two_people_do_not_undo_each_other() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let none = ana.get("/expiry").await;
    let path = make(&ana).await;
    assert_eq!(ana.submit(&none, "/expiry/feed", &[]).await.status, 409, "pressed twice");
    let there = ana.get("/expiry").await;
    ana.submit(&there, "/expiry/feed/withdraw", &[]).await.location();
    assert_eq!(ana.submit(&there, "/expiry/feed/withdraw", &[]).await.status, 409);
    assert_eq!(app.stranger().get(&path).await.status, 404);
    app.stop().await;
}

#[tokio::test]
async fn only_application_administrators_see_the_address() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = make(&ana).await;
    for (role, sees) in
        [(Role::Viewer, false), (Role::MailboxAdministrator, false), (Role::ApplicationAdministrator, true)]
    {
        let browser = person(&app, role).await;
        for view in ["/expiry", "/expiry?view=month", "/expiry.csv"] {
            let page = browser.get(view).await;
            assert_eq!(page.body.contains(&path), sees && view == "/expiry", "{role:?} at {view}");
        }
    }
    app.stop().await;
}
