//! `/applications/{id}/credentials/{credential}/retire`.

use postkey::applications::store;
use postkey::tokens;

use super::{add, add_mailbox, add_secret, audited, credentials, id, new_secret_in_entra, newest};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn the_only_one_that_works_needs_a_tick_that_names_what_stops() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        add_mailbox(&browser, &here, "support@contoso.example").await;
        add_mailbox(&browser, &here, "sales@contoso.example").await;
        let path = format!("{}/retire", newest(&app, &here).await);
        let page = browser.get(&path).await;
        assert!(
            page.text().contains("It is in use for 2 mailboxes; Microsoft last gave a token for it just now."),
            "{}",
            page.text()
        );
        assert!(page.text().contains("These 2 mailboxes stop"));
        let untouched = browser.submit(&page, &path, &[]).await;
        assert_eq!(untouched.status, 422);
        assert_eq!(untouched.all(".summary a"), ["Tick that 2 mailboxes stop, or keep it."]);
        assert!(store::sealed(&app.inside().db, &credentials(&app, &here).await[0].id).await.unwrap().is_some());

        browser.submit(&page, &path, &[("sure", "1")]).await.expect_redirect(&format!("{here}?done=retired"));
        assert!(store::sealed(&app.inside().db, &credentials(&app, &here).await[0].id).await.unwrap().is_none());
        let grant =
            tokens::store::find(&app.inside().db, &id(&here).parse().unwrap(), tokens::store::GRAPH).await.unwrap();
        assert!(grant.is_none(), "the token that it got is forgotten");
        let page = browser.get(&here).await;
        assert!(page.text().contains("It has no credential,"));
        assert_eq!(page.one("#retired summary"), "Retired (1)");
        assert!(page.one("#retired li").contains("Retired 23 Nov 2026"));
        assert_eq!(audited(&app, &here).await, ["application.added", "credential.added", "credential.retired"]);
        assert_eq!(browser.get("/applications").await.all("tbody .st"), ["None"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn an_older_one_goes_without_a_tick_once_a_newer_one_is_accepted() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    add_mailbox(&browser, &here, "support@contoso.example").await;
    app.advance(60);
    let value = new_secret_in_entra(&app, "Contoso Mail");
    add_secret(&browser, &here, &value).await.expect_redirect(&format!("{here}?done=credential-added"));
    let old = format!("{here}/credentials/{}/retire", credentials(&app, &here).await[1].id);
    let page = browser.get(&old).await;
    assert!(page.text().contains("It is not in use. It last got a token on 23 Nov 2026, 13:00."), "{}", page.text());
    assert!(page.all("input[name=sure]").is_empty());
    browser.submit(&page, &old, &[]).await.expect_redirect(&format!("{here}?done=retired"));
    let grant = tokens::store::find(&app.inside().db, &id(&here).parse().unwrap(), tokens::store::GRAPH).await.unwrap();
    assert!(grant.is_some(), "the newer one's token stays");
    app.stop().await;
}

#[tokio::test]
async fn of_two_that_are_retired_at_once_the_last_one_still_needs_the_tick() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let here = add(&app, &browser, "Contoso Mail").await;
        add_mailbox(&browser, &here, "support@contoso.example").await;
        let value = new_secret_in_entra(&app, "Contoso Mail");
        add_secret(&browser, &here, &value).await.expect_redirect(&format!("{here}?done=credential-added"));
        let all = credentials(&app, &here).await;
        let paths = [0, 1].map(|at: usize| format!("{here}/credentials/{}/retire", all[at].id));
        let forms =
            [browser.get(&paths[0]).await.form(&paths[0], &[]), browser.get(&paths[1]).await.form(&paths[1], &[])];
        let (one, other) = tokio::join!(browser.post(&paths[0], &forms[0]), browser.post(&paths[1], &forms[1]));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422]);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_retired_one_cannot_be_used_again() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let here = add(&app, &browser, "Contoso Mail").await;
    let credential = newest(&app, &here).await;
    let path = format!("{credential}/retire");
    let page = browser.get(&path).await;
    assert!(page.text().contains("It is not in use. It has never got a token."), "{}", page.text());
    browser.submit(&page, &path, &[]).await.expect_redirect(&format!("{here}?done=retired"));
    browser.submit(&page, &path, &[]).await.expect_redirect(&format!("{here}?done=retired"));
    let key: Vec<_> = page.form(&path, &[]);
    let test = browser.post(&format!("{credential}/test"), &key).await;
    assert_eq!(test.status, 409);
    assert!(test.body.contains("This one is retired"));
    assert!(app.sim.requests().is_empty());
    assert_eq!(audited(&app, &here).await.iter().filter(|action| *action == "credential.retired").count(), 1);
    app.stop().await;
}
