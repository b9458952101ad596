//! A secret that is given through the link.

use postkey::applications::credential::State;
use postkey_simulator::{Fault, Page as SimPage, Place, Secret};

use super::{badges, credentials, done, make, stored};
use crate::safety::world::{column, dump};
use crate::support::{Browser, Engine, Page, TestApp};

const FRESH: &str = "N3w~Q.canary-that-nobody-may-see-again";

/// Contoso Archive, whose secret has expired, with a mailbox; and a link about it. In Entra there is a fresh secret.
async fn asked(engine: Engine) -> (TestApp, Browser, String, String) {
    let app = TestApp::on(engine).await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Archive", &["support@contoso.example"]).await;
    app.sim.estate(|estate| {
        let valid = estate.application("Contoso Mail").unwrap().secrets[0].clone();
        let known = estate.application_mut("Contoso Archive").unwrap();
        known.secrets.push(Secret { value: FRESH.to_owned(), ..valid });
    });
    app.advance(60);
    let link = make(&ana, &application).await;
    (app, ana, application, link)
}

async fn give(browser: &Browser, link: &str, secret: &str) -> Page {
    browser.open_and_submit(link, &format!("{link}/secret"), &[("secret", secret)]).await
}

#[tokio::test]
async fn what_microsoft_accepts_is_in_use_at_once_and_in_no_page() {
    for engine in Engine::all() {
        let (app, ana, application, link) = asked(engine).await;
        let tom = app.stranger();
        assert_eq!(badges(&tom.get(&link).await)[2], "Needs a new one");
        let given = give(&tom, &link, FRESH).await;
        given.expect_redirect(&format!("{link}?done=secret-accepted"));
        let after = tom.get(given.location()).await;
        assert!(after.one(".flash").starts_with("Stored, and Microsoft accepts it."));
        assert_eq!(badges(&after)[2], "Stored and accepted");
        assert!(!after.actions().contains(&format!("{link}/secret")), "it can be done once");
        let console = format!("{application}/admin-link");
        let mailbox = crate::sign_in::path_of(&app, "support@contoso.example").await;
        while ana.get(&mailbox).await.one(".kv dd") != "Connected" {
            tokio::task::yield_now().await;
        }
        for path in [application.as_str(), &console, "/applications.csv", &mailbox, &link] {
            assert!(!ana.get(path).await.body.contains(FRESH), "{path}");
        }
        assert!(!given.body.contains(FRESH) && !after.body.contains(FRESH));
        assert!(!dump(&app.inside().db, &[]).await.contains(FRESH));
        assert!(done(&ana, &application).await[3].ends_with("accepted by Microsoft"));
        let newest = &credentials(&app, &application).await[0];
        assert_eq!((newest.state, newest.created_by.as_str()), (State::Accepted, "link of Ana Ruiz"));
        let entries =
            column(&app.inside().db, "SELECT action FROM audit WHERE actor = 'link of Ana Ruiz' ORDER BY id").await;
        assert!(entries.contains(&"credential.added".to_owned()), "{entries:?}");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_second_one_is_not_taken_after_the_first_was_accepted() {
    let (app, _, application, link) = asked(Engine::Sqlite).await;
    let tom = app.stranger();
    let form = tom.get(&link).await.form(&format!("{link}/secret"), &[("secret", FRESH)]);
    give(&tom, &link, FRESH).await.location();
    let before = credentials(&app, &application).await.len();
    tom.post(&format!("{link}/secret"), &form).await.expect_redirect(&link);
    assert_eq!(credentials(&app, &application).await.len(), before);
    app.stop().await;
}

#[tokio::test]
async fn what_microsoft_refuses_is_said_with_why_and_the_next_one_takes_its_place() {
    for engine in Engine::all() {
        let (app, ana, application, link) = asked(engine).await;
        let tom = app.stranger();
        let given = give(&tom, &link, "n0t-the-right-secret-value").await;
        given.expect_redirect(&format!("{link}?done=secret-refused&why=secret_refused"));
        let page = tom.get(given.location()).await;
        assert_eq!(badges(&page)[2], "Refused by Microsoft");
        assert!(page.text().contains("Microsoft refused the secret of Contoso Archive."), "{}", page.text());
        assert!(!page.body.contains("AADSTS") && !page.body.contains("n0t-the-right"));
        assert!(done(&ana, &application).await[3].ends_with("refused by Microsoft"));
        app.advance(60);
        give(&tom, &link, FRESH).await.expect_redirect(&format!("{link}?done=secret-accepted"));
        let states: Vec<State> = credentials(&app, &application).await.iter().map(|it| it.state).collect();
        assert_eq!(states[..2], [State::Accepted, State::Retired], "the refused one is erased");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_secret_id_is_refused_before_any_call_and_the_field_comes_back_empty() {
    let (app, _, application, link) = asked(Engine::Sqlite).await;
    app.sim.clear_requests();
    let before = credentials(&app, &application).await.len();
    let tom = app.stranger();
    let secret_id = app.sample("Contoso Mail").secret_id().unwrap().to_string();
    let page = give(&tom, &link, &secret_id).await;
    assert_eq!(page.status, 422);
    assert!(page.one("#secret-e").contains("Secret ID"));
    assert!(!page.body.contains(&secret_id));
    let wrong = [("secret", FRESH), ("expires", "on"), ("expires_on", "2026-01-01")];
    let page = tom.submit(&page, &format!("{link}/secret"), &wrong).await;
    assert_eq!(page.status, 422);
    assert!(page.one("#expires_on-e").contains("This day has passed"));
    assert!(page.one("#secret-e").contains("Paste the secret again"));
    assert!(!page.body.contains(FRESH));
    assert!(app.sim.requests().is_empty());
    assert_eq!(credentials(&app, &application).await.len(), before);
    let long = "x".repeat(60_000);
    assert_eq!(give(&tom, &link, &long).await.status, 422);
    app.stop().await;
}

#[tokio::test]
async fn while_microsoft_is_away_it_is_kept_untested_and_can_be_given_again() {
    let (app, ana, application, link) = asked(Engine::Sqlite).await;
    app.sim.fault(Fault::status(Place::Token, 503, SimPage::Html));
    let tom = app.stranger();
    let given = give(&tom, &link, FRESH).await;
    assert!(
        given.location().starts_with(&format!("{link}?done=secret-untested&why=provider_down")),
        "{}",
        given.location()
    );
    assert_eq!(badges(&tom.get(given.location()).await)[2], "Stored, not tested yet");
    assert!(done(&ana, &application).await[3].ends_with("not tested yet"));
    app.sim.clear_faults();
    give(&tom, &link, FRESH).await.expect_redirect(&format!("{link}?done=secret-accepted"));
    app.stop().await;
}

#[tokio::test]
async fn only_so_many_are_taken() {
    let (app, _, application, link) = asked(Engine::Sqlite).await;
    let tom = app.stranger();
    for turn in 0..20 {
        let given = give(&tom, &link, &format!("wr0ng-secret-number-{turn}-of-many")).await;
        assert!(given.location().contains("secret-refused"));
    }
    let before = credentials(&app, &application).await;
    assert_eq!(give(&tom, &link, "0ne-more-that-is-wrong-too").await.status, 409);
    assert_eq!(credentials(&app, &application).await, before);
    assert_eq!(before.iter().filter(|it| it.state == State::Refused && it.created_by.starts_with("link")).count(), 1);
    app.stop().await;
}
