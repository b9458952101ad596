//! When nothing is renewed or checked any more: `/readyz`, and the banner over every page of the console (HS1).

use std::time::Duration;

use postkey::beat::Beat;
use tokio::sync::watch;

use crate::mailboxes::{add, statuses};
use crate::safety::table::{TABLE, Who};
use crate::safety::world::meddle;
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Browser, Engine, Page, TestApp};

const SILENT: &str = "Postkey has not renewed or checked anything since 13:00. What you see may be old.";

/// What the alert on a page says, if there is one.
fn alert(page: &Page) -> Option<String> {
    page.all(".bar.crit[role=alert] h2").first().cloned()
}

/// A process in which the keeper was begun and is no more.
fn begin(app: &TestApp) {
    for beat in [&app.inside().beat, &app.inside().checks_beat] {
        beat.send_modify(|beat| beat.begin(app.inside().clock.now()));
    }
}

async fn ready(app: &TestApp) -> (u16, String) {
    let page = app.stranger().get("/readyz").await;
    assert!(page.header("content-type").starts_with("text/plain"));
    (page.status, page.body)
}

#[tokio::test]
async fn when_the_checker_stops_every_page_says_so_within_a_minute_and_every_badge_is_unknown_in_the_end() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    begin(&app);
    app.advance(59);
    assert_eq!((alert(&ana.get("/").await), ready(&app).await.0), (None, 200));
    app.advance(1);
    let at = |route: &str| route.replace("/mailboxes/{id}", &mailbox);
    let console = TABLE.iter().filter(|(_, methods, who)| methods.contains(&"GET") && *who > Who::Anyone);
    let mut pages = 0;
    for (route, ..) in console {
        let page = ana.get(&at(route)).await;
        if page.status == 200 && page.header("content-type").starts_with("text/html") {
            assert_eq!(alert(&page).as_deref(), Some(SILENT), "{route}");
            pages += 1;
        }
    }
    assert!(pages >= 10, "{pages} pages were seen");
    for public in ["/login", "/explain", "/explain/aadsts7000215"] {
        assert_eq!(alert(&app.stranger().get(public).await), None, "{public}");
    }
    assert_eq!(ready(&app).await, (503, "the token keeper has not looked for 60 seconds".to_owned()));
    assert_eq!(app.stranger().get("/healthz").await.body, "ok");

    app.advance(3 * 3_600);
    let ana: Browser = app.stranger();
    ana.sign_in(EMAIL, PASSWORD).await.location();
    let page = ana.get(&mailbox).await;
    assert_eq!(statuses(&page), ("Unknown".to_owned(), "Unknown".to_owned()));
    assert_eq!(alert(&page).as_deref(), Some(SILENT));
    for beat in [&app.inside().beat, &app.inside().checks_beat] {
        beat.send_modify(|beat| beat.round(app.inside().clock.now()));
    }
    assert_eq!((alert(&ana.get("/").await), ready(&app).await.0), (None, 200));
    app.stop().await;
}

/// Waits until `beat` says more rounds than now, after `wake`.
async fn another(beat: &watch::Sender<Beat>, wake: &tokio::sync::Notify) {
    let mut heard = beat.subscribe();
    let seen = heard.borrow_and_update().rounds;
    wake.notify_one();
    let waited = tokio::time::timeout(Duration::from_secs(10), heard.wait_for(|beat| beat.rounds > seen)).await;
    waited.expect("a round").unwrap();
}

#[tokio::test]
async fn rounds_that_fail_are_told_as_rounds_that_are_not_made_and_end_with_their_cause() {
    let app = TestApp::with(Engine::Sqlite, |config| config.keeper = true).await;
    let ana = app.owner().await;
    let inside = app.inside();
    another(&inside.beat, &inside.wake).await;
    assert_eq!((alert(&ana.get("/mailboxes").await), ready(&app).await.0), (None, 200));
    meddle(&inside.db, "ALTER TABLE delegated_grants RENAME TO hidden").await;
    app.advance(61);
    another(&inside.checks_beat, &inside.checks).await;
    another(&inside.checks_beat, &inside.checks).await;
    let said = alert(&ana.get("/mailboxes").await).unwrap();
    assert_eq!(said, "Postkey has not renewed any token since 13:00. What you see may be old.");
    assert_eq!(ready(&app).await.0, 503);
    meddle(&inside.db, "ALTER TABLE hidden RENAME TO delegated_grants").await;
    another(&inside.beat, &inside.wake).await;
    assert_eq!((alert(&ana.get("/mailboxes").await), ready(&app).await.0), (None, 200));
    app.stop().await;
}

#[tokio::test]
async fn a_process_that_keeps_nothing_says_nothing_of_it() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    app.advance(20 * 60);
    assert_eq!((alert(&ana.get("/").await), ready(&app).await), (None, (200, "ok".to_owned())));
    app.stop().await;
}
