//! The link itself: made, copied, withdrawn, expired; and that it tells strangers nothing.

use super::{TOM, begin, come_back, done, make, make_for, stored};
use crate::safety::world::dump;
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn a_hundred_looks_change_nothing_and_ask_nobody() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let application = stored(&app, &ana, "Contoso Mail", &["support@contoso.example"]).await;
        let link = make(&ana, &application).await;
        app.sim.clear_requests();
        let before = dump(&app.inside().db, &[]).await;
        let scanner = app.stranger();
        for _ in 0..100 {
            assert_eq!(scanner.get(&link).await.status, 200);
        }
        assert_eq!(scanner.get(&format!("{link}/limit.ps1")).await.status, 200);
        assert_eq!(scanner.get(&format!("{link}/certificate.cer")).await.status, 404);
        assert_eq!(scanner.get(&format!("{link}/consent")).await.status, 405);
        assert_eq!(scanner.get(&format!("{link}/secret")).await.status, 405);
        assert!(dump(&app.inside().db, &[]).await == before);
        assert!(app.sim.requests().is_empty());
        begin(&app.stranger(), &link).await;
        app.stop().await;
    }
}

#[tokio::test]
async fn what_never_was_what_expired_and_what_was_withdrawn_look_the_same() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let application = stored(&app, &ana, "Contoso Mail", &["support@contoso.example"]).await;
        let tom = app.stranger();
        let expired = make_for(&ana, &application, "1").await;
        let key = tom.get(&expired).await.form(&format!("{expired}/secret"), &[("secret", "S0me~secret-value")]);
        app.advance(24 * 60 * 60 - 1);
        assert_eq!(tom.get(&expired).await.status, 200);
        app.advance(1);
        let ana = app.owner().await;
        let withdrawn = make_for(&ana, &application, "7").await;
        let console = format!("{application}/admin-link");
        ana.open_and_submit(&console, &format!("{console}/withdraw"), &[])
            .await
            .expect_redirect(&format!("{console}?done=link-withdrawn"));
        app.sim.clear_requests();
        let before = dump(&app.inside().db, &[]).await;
        let never = format!("/a/{}", "x".repeat(43));
        let unknown = tom.get(&never).await;
        assert_eq!((unknown.status, unknown.one("h1").as_str()), (404, "This link does not work any more"));
        let handed_off = tom.get(&format!("/s/{}", "x".repeat(43))).await;
        assert_eq!(handed_off.text(), unknown.text());
        for link in [&expired, &withdrawn, &never] {
            for path in ["", "/limit.ps1", "/certificate.cer"] {
                let page = tom.get(&format!("{link}{path}")).await;
                assert_eq!((page.status, page.text()), (404, unknown.text()), "{link}{path}");
                let names = |page: &crate::support::Page| page.headers.keys().cloned().collect::<Vec<_>>();
                assert_eq!(names(&page), names(&unknown), "{link}{path}");
            }
            for path in ["/consent", "/secret"] {
                let page = tom.post(&format!("{link}{path}"), &key).await;
                assert_eq!((page.status, page.text()), (404, unknown.text()), "{link}{path}");
            }
        }
        assert!(dump(&app.inside().db, &[]).await == before);
        assert!(app.sim.requests().is_empty());
        app.stop().await;
    }
}

#[tokio::test]
async fn a_new_link_ends_the_one_before() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Mail", &[]).await;
    let first = make(&ana, &application).await;
    let second = make(&ana, &application).await;
    assert_ne!(first, second);
    assert_eq!(app.stranger().get(&first).await.status, 404);
    assert_eq!(app.stranger().get(&second).await.status, 200);
    let page = ana.get(&format!("{application}/admin-link")).await;
    assert_eq!(page.one("#link"), format!("{}{second}", app.url), "it can be copied again");
    assert!(ana.get(&application).await.links().contains(&format!("{application}/admin-link")));
    app.stop().await;
}

#[tokio::test]
async fn when_both_is_done_the_link_is_over() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let application = stored(&app, &ana, "Contoso Intranet", &[]).await;
        let link = make(&ana, &application).await;
        let tom = app.stranger();
        let at_microsoft = begin(&tom, &link).await;
        come_back(&tom, &app.sim.approve(&at_microsoft, TOM).await.unwrap()).await;
        let secret = app.sample("Contoso Intranet").secret().to_owned();
        let given = tom.open_and_submit(&link, &format!("{link}/secret"), &[("secret", &secret)]).await;
        let page = tom.get(given.location()).await;
        assert_eq!((page.status, page.one("h1").as_str()), (404, "Everything that this link asked for is done"));
        let facts = done(&ana, &application).await;
        assert_eq!(facts[0], "Done");
        assert!(facts[3].ends_with("accepted by Microsoft"), "{facts:?}");
        assert!(ana.get(&format!("{application}/admin-link")).await.all("#link").is_empty());
        app.stop().await;
    }
}

#[tokio::test]
async fn only_application_administrators_see_it_and_viewers_what_was_done() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Mail", &[]).await;
    let link = make(&ana, &application).await;
    crate::safety::world::enrol(&app, "oskar@contoso.example", postkey::users::Role::MailboxAdministrator).await;
    let oskar = app.stranger();
    oskar.sign_in("oskar@contoso.example", crate::support::app::PASSWORD).await.location();
    let page = oskar.get(&format!("{application}/admin-link")).await;
    assert_eq!(page.one("main .kv dd"), "Open");
    assert!(!page.body.contains(&link), "the code is not for everybody");
    assert!(!page.actions().iter().any(|action| action.contains("admin-link")));
    app.stop().await;
}

#[tokio::test]
async fn a_link_ends_with_the_registration_that_it_was_made_for() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let application = stored(&app, &browser, "Contoso Mail", &["support@contoso.example"]).await;
    let link = make(&browser, &application).await;
    let edit = format!("{application}/edit");
    browser.open_and_submit(&edit, &edit, &[("name", "Renamed")]).await.location();
    let stranger = app.stranger();
    let opened = stranger.get(&link).await;
    assert_eq!(opened.status, 200, "a name is no other registration");
    let other = [("client_id", "99999999-9999-4999-8999-999999999999")];
    browser.open_and_submit(&edit, &edit, &other).await.location();
    let page = stranger.get(&link).await;
    assert_eq!((page.status, page.body.contains("support@contoso.example")), (404, false));
    let secret = format!("{link}/secret");
    let given = stranger.submit(&opened, &secret, &[("secret", app.sample("Contoso Mail").secret())]).await;
    assert_eq!(given.status, 404, "what was opened before stores nothing after");
    assert!(
        browser
            .get(&format!("{application}/admin-link"))
            .await
            .text()
            .contains("Ended when the application was changed")
    );
    app.stop().await;
}

#[tokio::test]
async fn whoever_has_a_link_may_begin_thirty_consents_an_hour() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let application = stored(&app, &browser, "Contoso Mail", &[]).await;
    let link = make(&browser, &application).await;
    let stranger = app.stranger();
    let (page, consent) = (stranger.get(&link).await, format!("{link}/consent"));
    for _ in 0..30 {
        stranger.submit(&page, &consent, &[]).await.location();
    }
    assert_eq!(stranger.submit(&page, &consent, &[]).await.status, 429);
    app.stop().await;
}
