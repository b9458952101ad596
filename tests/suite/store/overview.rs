//! `overview/store.rs`, through the page that reads it.

use postkey::applications::store as applications;
use postkey::mailboxes::{history, store};
use postkey::words::{Cause, Status};

use super::World;
use crate::support::{Engine, Page, TestApp};

/// The product's own database as a world of rows.
fn rows_of(app: &TestApp, engine: Engine) -> World {
    World { app: app.inside().clone(), engine, home: tempfile::TempDir::new().unwrap() }
}

fn problems(page: &Page) -> Vec<String> {
    page.all(".problem")
}

#[tokio::test]
async fn what_suffers_from_one_cause_is_one_problem_and_the_most_serious_comes_first() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let world = rows_of(&app, engine);
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let expired = Status::Failing(Cause::SecretExpired);
        let consent = Status::Failing(Cause::NeedsConsent);
        for name in ["a", "b", "c"] {
            let mailbox = world.added(&mail, &format!("{name}@x.example")).await;
            world.checked(&mailbox, expired, expired).await;
        }
        let reader = world.added(&mail, "reader@x.example").await;
        world.checked(&reader, Status::Connected, consent).await;
        let writer = world.added(&mail, "writer@x.example").await;
        world.checked(&writer, consent, consent).await;
        let alone = world.added(&other, "alone@x.example").await;
        world.checked(&alone, Status::Failing(Cause::NoAccess), Status::Failing(Cause::NoAccess)).await;
        let fine = world.added(&other, "fine@x.example").await;
        world.checked(&fine, Status::Connected, Status::Ready).await;
        for (name, state) in [("paused", true), ("deleted", false)] {
            let mailbox = world.added(&other, &format!("{name}@x.example")).await;
            world.checked(&mailbox, expired, expired).await;
            let (id, now) = (&mailbox.id, world.now());
            world
                .write(async |tx| match state {
                    true => store::pause(tx, id, "Ana", now).await,
                    false => store::delete(tx, id, "Ana", now).await,
                })
                .await;
        }
        let page = browser.get("/").await;
        let problems = problems(&page);
        let expected = [
            ("Secret expired · Mail", "3 mailboxes"),
            ("No access to mailbox · Other", "alone@x.example"),
            ("Needs admin consent · Mail", "2 mailboxes"),
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, (title, text)) in problems.iter().zip(expected) {
            assert!(problem.contains(title) && problem.contains(text), "{problem} on {engine:?}");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn an_impossible_status_is_an_error_page_and_not_a_panic() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let world = rows_of(&app, engine);
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "a@x.example").await;
        let broken = Status::Failing(Cause::NoAccess);
        world.checked(&mailbox, broken, broken).await;
        assert_eq!(applications::mailbox_count(world.db(), &mail.id).await.unwrap(), 1);
        assert_eq!(history::newest(world.db(), &mailbox.id, 5).await.unwrap().len(), 1);
        world.by_hand("UPDATE mailboxes SET incoming = 'excellent'").await;
        let page = browser.get("/").await;
        assert_eq!(page.status, 500);
        assert!(page.text().contains("our side") || page.text().contains("Postkey"), "{}", page.text());
        app.stop().await;
    }
}
