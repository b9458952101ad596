//! `/mailboxes/new` and `POST /mailboxes`.

use postkey_simulator::{Failure, Fault, Kind, Page as Answer, Place, RetryAfter};

use super::{add, add_more, ids, statuses, typed};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn saving_with_each_sample_application_says_connected_or_the_right_cause() {
    let expected = [
        ("Contoso Mail", "support@contoso.example", "Connected", "Ready"),
        ("Contoso Archive", "sales@contoso.example", "Secret expired", "Secret expired"),
        ("Contoso Intranet", "billing@contoso.example", "Needs admin consent", "Needs admin consent"),
        ("Contoso Warehouse", "ceo@contoso.example", "Blocked by policy", "Blocked by policy"),
        ("Contoso Reader", "shared@contoso.example", "Connected", "Needs admin consent"),
        ("Contoso Support Desk", "support@contoso.onmicrosoft.example", "Connected", "Not tested"),
        ("Contoso Invoices", "team@contoso.example", "No access to mailbox", "No access to mailbox"),
        ("Contoso Retired", "everyone@contoso.example", "Application not found", "Application not found"),
        ("Fabrikam Mail", "fax@fabrikam.example", "Mailbox not found", "Mailbox not found"),
    ];
    let app = TestApp::start().await;
    let browser = app.owner().await;
    for (sample, address, incoming, outgoing) in expected {
        let path = add(&app, &browser, address, sample).await;
        let page = browser.get(&path).await;
        assert_eq!(statuses(&page), (incoming.to_owned(), outgoing.to_owned()), "{sample}: {}", page.text());
    }
    app.stop().await;
}

#[tokio::test]
async fn the_second_mailbox_of_an_application_asks_for_no_second_token() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let path = add_more(&browser, "sales@contoso.example").await;
        assert_eq!(statuses(&browser.get(&path).await).0, "Connected");
        assert_eq!(app.sim.count(Kind::Token), 1);
        app.stop().await;
    }
}

#[tokio::test]
async fn every_mistake_is_told_at_once_and_only_the_secret_is_forgotten() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let fields = [
        ("address", "no address"),
        ("application", "new"),
        ("name", "Our mail"),
        ("client_id", "123"),
        ("tenant", "common"),
        ("secret", "only-here-once~8Q"),
    ];
    let page = browser.open_and_submit("/mailboxes/new", "/mailboxes", &fields).await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("<title>Error: New mailbox"), "{}", page.body);
    assert_eq!(page.all(".summary li").len(), 3, "{:?}", page.all(".summary li"));
    for kept in ["no address", "123", "common", "Our mail"] {
        assert!(page.body.contains(&format!("value=\"{kept}\"")), "{kept}");
    }
    assert!(!page.body.contains("only-here-once"));
    assert!(page.text().contains("Paste the secret again"));
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn a_secret_id_is_refused_before_anybody_is_asked() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let sample = app.sample("Contoso Mail");
    let (ids, secret_id) = (ids(&sample), sample.secret_id().unwrap().to_string());
    let mut fields = typed("support@contoso.example", &sample, &ids);
    fields.retain(|(name, _)| *name != "secret");
    fields.push(("secret", &secret_id));
    let page = browser.open_and_submit("/mailboxes/new", "/mailboxes", &fields).await;
    assert_eq!(page.status, 422);
    assert!(page.one(".summary li").contains("That looks like the Secret ID"));
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn ids_are_understood_the_way_people_paste_them() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let sample = app.sample("Contoso Mail");
    let address = format!(
        "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview/appId/{}",
        sample.client_id
    );
    let tenant = format!(" \u{200b}{{{}}}\r\n", sample.tenant_id.to_string().to_uppercase());
    let secret = format!(" {}\n", sample.secret());
    let fields = [
        ("address", " Support@Contoso.example\u{200b} "),
        ("application", "new"),
        ("client_id", &address),
        ("tenant", &tenant),
        ("secret", &secret),
    ];
    let page = browser.open_and_submit("/mailboxes/new", "/mailboxes", &fields).await;
    let page = browser.get(page.location()).await;
    assert_eq!(statuses(&page).0, "Connected");
    assert_eq!(page.one("h1"), "Support@Contoso.example");
    app.stop().await;
}

#[tokio::test]
async fn a_tenant_may_be_a_domain_and_the_two_ids_may_not_be_one() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let sample = app.sample("Contoso Mail");
    let same = (sample.client_id.to_string(), sample.client_id.to_string());
    let page = browser
        .open_and_submit("/mailboxes/new", "/mailboxes", &typed("support@contoso.example", &sample, &same))
        .await;
    assert!(page.one(".summary li").contains("This is the same ID as the application's"), "{}", page.text());
    let domain = (sample.client_id.to_string(), "contoso.example".to_owned());
    let page = browser
        .open_and_submit("/mailboxes/new", "/mailboxes", &typed("support@contoso.example", &sample, &domain))
        .await;
    assert_eq!(statuses(&browser.get(page.location()).await).0, "Connected");
    app.stop().await;
}

#[tokio::test]
async fn an_address_or_an_application_that_is_already_there_is_pointed_out() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let sample = app.sample("Contoso Mail");
        let ids = ids(&sample);
        let page = browser
            .open_and_submit("/mailboxes/new", "/mailboxes", &typed("SUPPORT@contoso.example", &sample, &ids))
            .await;
        let mistakes = page.all(".summary li");
        assert!(mistakes[0].contains("already a mailbox here"), "{mistakes:?}");
        assert!(mistakes[1].contains("already stored as Contoso Mail"), "{mistakes:?}");
        assert!(mistakes[2].contains("already an application called Contoso Mail"), "{mistakes:?}");
        app.stop().await;
    }
}

#[tokio::test]
async fn when_microsoft_cannot_answer_the_mailbox_is_saved_and_its_page_says_so() {
    let cases = [
        (Fault::status(Place::Token, 503, Answer::Html), "Microsoft not reachable"),
        (Fault::status(Place::Token, 500, Answer::Empty), "Microsoft not reachable"),
        (Fault::new(Place::Token, Failure::HtmlWith200), "Microsoft not reachable"),
        (Fault::new(Place::Token, Failure::TruncatedJson), "Microsoft not reachable"),
        (Fault::new(Place::Token, Failure::Throttle(RetryAfter::Seconds(60))), "Throttled"),
        (Fault::status(Place::Discovery, 503, Answer::Json), "Microsoft not reachable"),
        (Fault::status(Place::Graph, 503, Answer::Json), "Microsoft not reachable"),
    ];
    for (fault, status) in cases {
        let app = TestApp::start().await;
        let browser = app.owner().await;
        let told = format!("{fault:?}");
        app.sim.fault(fault);
        let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        assert_eq!(statuses(&browser.get(&path).await).0, status, "{told}");
        app.sim.clear_faults();
        // Nobody is asked before the time that Microsoft named.
        app.advance(60);
        browser.open_and_submit(&path, &format!("{path}/check"), &[]).await;
        assert_eq!(statuses(&browser.get(&path).await).0, "Connected", "{told}");
        app.stop().await;
    }
}

#[tokio::test]
async fn when_microsoft_is_slow_the_page_says_that_it_is_being_asked_and_gets_the_result_later() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 5_500 }).times(1));
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let page = browser.get(&path).await;
    assert!(page.text().contains("Asking Microsoft"), "{}", page.text());
    assert!(page.body.contains("<noscript><meta http-equiv=\"refresh\" content=\"3\">"));
    assert_eq!(statuses(&page).0, "Checking");
    app.sim.wait_for(Kind::Graph(postkey_simulator::Call::PermanentDelete), 1).await;
    let headers = [("x-postkey-fragment", "health")];
    let mut fragment = browser.get_with(&path, &headers).await;
    while fragment.body.contains("Asking Microsoft") {
        tokio::task::yield_now().await;
        fragment = browser.get_with(&path, &headers).await;
    }
    assert_eq!(fragment.all(".st")[0], "Connected");
    let tag = fragment.header("etag").to_owned();
    assert_eq!(browser.get_with(&path, &[("x-postkey-fragment", "health"), ("if-none-match", &tag)]).await.status, 304);
    app.stop().await;
}

#[tokio::test]
async fn when_the_database_is_locked_nothing_is_half_saved() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let sample = app.sample("Contoso Mail");
    let ids = ids(&sample);
    let form = browser.get("/mailboxes/new").await;
    let writer = app.inside().db.begin().await.unwrap();
    let page = browser.submit(&form, "/mailboxes", &typed("support@contoso.example", &sample, &ids)).await;
    assert_eq!(page.status, 503);
    assert!(page.text().contains("Nothing was saved"), "{}", page.text());
    drop(writer);
    let list = browser.get("/mailboxes").await;
    assert!(list.text().contains("Add your first mailbox"), "{}", list.text());
    assert_eq!(browser.get("/applications").await.text().matches("Contoso Mail").count(), 0);
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn a_copy_takes_over_the_settings_and_shows_no_credential() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let id = path.rsplit('/').next().unwrap();
    let form = browser.get(&format!("/mailboxes/new?copy={id}")).await;
    assert!(form.text().contains("The settings are those of support@contoso.example"));
    assert!(!form.body.contains(app.sample("Contoso Mail").secret()));
    let page = browser.submit(&form, "/mailboxes", &[("address", "sales@contoso.example")]).await;
    assert_eq!(statuses(&browser.get(page.location()).await).0, "Connected");
    app.stop().await;
}
