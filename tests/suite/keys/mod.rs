//! `/keys` and what lies below it.

mod command;

use postkey_simulator::Kind;

use crate::mailboxes::{add, add_more};
use crate::safety::world::{column, dump};
use crate::support::{Browser, Page, TestApp};

const DAY: i64 = 24 * 60 * 60;

/// Makes a key by its form. Gives its path and its text.
pub(crate) async fn make(browser: &Browser, typed: &[(&str, &str)]) -> (String, String) {
    let mut all = vec![("name", "worker-eu-1"), ("may", "tokens"), ("reach", "all"), ("days", "90")];
    all.retain(|(name, _)| !typed.iter().any(|(given, _)| given == name));
    all.extend(typed);
    let made = browser.open_and_submit("/keys/new", "/keys/new", &all).await;
    let path = made.location().to_owned();
    let page = browser.get(&path).await;
    (path.split('?').next().unwrap().to_owned(), page.one("#key-text"))
}

async fn refused(browser: &Browser, typed: &[(&str, &str)], words: &str) {
    let page = browser.open_and_submit("/keys/new", "/keys/new", typed).await;
    assert_eq!(page.status, 422, "{}", page.text());
    assert!(page.text().contains(words), "{words}: {}", page.text());
}

fn facts(page: &Page) -> String {
    page.all(".kv dd").join(" | ")
}

#[tokio::test]
async fn a_key_is_shown_once_and_is_kept_as_a_hash_alone() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let typed = [("name", "worker-eu-1"), ("may", "tokens"), ("reach", "all"), ("days", "30")];
    let made = ana.open_and_submit("/keys/new", "/keys/new", &typed).await;
    let path = made.location().to_owned();
    // Somebody else, and the same person elsewhere, do not take it away.
    let elsewhere = app.owner().await;
    assert!(elsewhere.get(&path).await.all("#key-text").is_empty());
    let page = ana.get(&path).await;
    let text = page.one("#key-text");
    assert!(text.starts_with("pk_live_") && text.len() == 92, "{text}");
    assert!(
        page.links().iter().filter(|link| path.starts_with(link.as_str()) && link.len() > 6).count() == 1,
        "back to itself"
    );
    assert!(!made.header("location").contains(&text) && !page.one("#curl").contains(&text));
    for again in [path.as_str(), path.split('?').next().unwrap()] {
        let page = ana.get(again).await;
        assert!(page.all("#key-text").is_empty() && !page.body.contains(&text), "{again}");
        assert_eq!(page.text().contains("shown once and is gone"), again == path, "{again}");
    }
    let rows = dump(&app.inside().db, &[]).await;
    assert!(!rows.contains(&text) && !rows.contains(&text[20..60]));
    assert!(rows.contains(&postkey::chance::hash_of(&text)));
    assert!(column(&app.inside().db, "SELECT sealed FROM api_key_flashes").await.is_empty());
    let audit = column(&app.inside().db, "SELECT action || ' ' || detail FROM audit ORDER BY id").await;
    assert!(audit.contains(&"api_key.made worker-eu-1".to_owned()), "{audit:?}");
    app.stop().await;
}

#[tokio::test]
async fn a_key_that_nobody_came_to_see_in_time_is_gone() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let typed = [("name", "late"), ("may", "tokens"), ("reach", "all"), ("days", "30")];
    let made = ana.open_and_submit("/keys/new", "/keys/new", &typed).await;
    app.advance(601);
    let page = ana.get(made.location()).await;
    assert!(page.all("#key-text").is_empty() && page.text().contains("shown once and is gone"), "{}", page.text());
    app.stop().await;
}

#[tokio::test]
async fn the_form_says_everything_that_is_wrong_at_once_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let page = ana.open_and_submit("/keys/new", "/keys/new", &[("name", " "), ("days", "9")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.all(".summary li").len(), 2, "{:?}", page.all(".summary li"));
    refused(&ana, &[("name", &"x".repeat(61))], "at most 60 letters").await;
    refused(&ana, &[("name", "a"), ("reach", "mailboxes")], "Enter at least one address").await;
    let listed = [("name", "a"), ("reach", "mailboxes"), ("mailboxes", "nobody@contoso.example")];
    refused(&ana, &listed, "Postkey has no mailbox nobody@contoso.example").await;
    refused(&ana, &[("name", "a"), ("reach", "applications")], "Tick at least one application").await;
    let gone = [("name", "a"), ("reach", "applications"), ("application", "app_000000000000000000000000")];
    refused(&ana, &gone, "is not there any more").await;
    assert!(column(&app.inside().db, "SELECT id FROM api_keys").await.is_empty());
    app.stop().await;
}

#[tokio::test]
async fn the_list_and_the_page_say_what_a_key_may_and_how_it_stands() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    add_more(&ana, "sales@contoso.example").await;
    let application = crate::sign_in::application(&app, "Contoso Mail").await;
    assert!(ana.get("/keys").await.text().contains("Give a mail worker its key"));
    let both = "Sales@contoso.example\nsupport@contoso.example";
    let (listed, _) = make(&ana, &[("name", "listed"), ("reach", "mailboxes"), ("mailboxes", both)]).await;
    let of = [("name", "of-application"), ("reach", "applications"), ("application", application.as_str())];
    let (of, _) = make(&ana, &[&of[..], &[("may", "status"), ("days", "30")]].concat()).await;
    app.sim.clear_requests();
    let page = ana.get(&listed).await;
    assert!(facts(&page).contains("sales@contoso.example, support@contoso.example"), "{}", facts(&page));
    assert!(page.one("#curl").contains("/api/v1/mailboxes/sales@contoso.example/token"));
    assert!(facts(&ana.get(&of).await).contains("Contoso Mail"));
    assert!(!ana.get(&of).await.one("#curl").contains("/token"));
    let row = |page: &Page, name: &str| page.all("tbody tr").into_iter().find(|row| row.starts_with(name)).unwrap();
    let list = ana.get("/keys").await;
    assert!(
        row(&list, "of-application").contains("1 application: status only")
            && row(&list, "of-application").contains("never"),
        "{}",
        row(&list, "of-application")
    );
    assert!(row(&list, "listed").contains("2 mailboxes: tokens and status") && row(&list, "listed").contains("Works"));
    app.advance(30 * DAY);
    let ana = app.owner().await;
    let list = ana.get("/keys").await;
    assert!(
        row(&list, "of-application").contains("Ended") && row(&list, "listed").contains("Unused for 30 days"),
        "{}",
        list.text()
    );
    let csv = ana.get("/keys.csv").await;
    assert!(csv.body.contains("listed,pk_live_") && csv.body.contains(",unused,Ana Ruiz,"), "{}", csv.body);
    assert!(ana.get(&of).await.actions().iter().all(|action| !action.contains("/keys/")), "nothing to replace");
    assert_eq!(app.sim.count(Kind::Token), 0);
    app.stop().await;
}

#[tokio::test]
async fn a_rotation_makes_a_second_key_and_the_first_goes_on_for_the_hours_that_were_chosen() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let listed = [("reach", "mailboxes"), ("mailboxes", "support@contoso.example"), ("may", "status")];
    let (old, _) = make(&ana, &listed).await;
    let made = ana.open_and_submit(&old, &format!("{old}/rotate"), &[("hours", "1")]).await;
    let new = made.location().to_owned();
    assert!(ana.get(&new).await.one("#key-text").starts_with("pk_live_"));
    let page = ana.get(new.split('?').next().unwrap()).await;
    assert!(
        facts(&page).contains("support@contoso.example") && facts(&page).contains("Status only"),
        "{}",
        facts(&page)
    );
    assert!(page.links().contains(&old));
    assert!(facts(&ana.get(&old).await).contains("Ends soon"));
    app.advance(3_600);
    let ana = app.owner().await;
    assert!(facts(&ana.get(&old).await).starts_with("Ended"), "{}", facts(&ana.get(&old).await));
    let again = format!("{old}/rotate");
    let form = page.form(&format!("{}/rotate", new.split('?').next().unwrap()), &[]);
    let form: Vec<(String, String)> = form
        .into_iter()
        .filter(|(name, _)| name != "_csrf")
        .chain(ana.get("/keys/new").await.form("/keys/new", &[]).into_iter().filter(|(name, _)| name == "_csrf"))
        .collect();
    assert_eq!(ana.post(&again, &form).await.status, 409);
    app.stop().await;
}

#[tokio::test]
async fn a_key_that_was_revoked_says_who_did_it_and_cannot_be_used_in_the_console() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let (path, text) = make(&ana, &[]).await;
    let bearer = format!("Bearer {text}");
    for console in ["/", "/mailboxes", &path] {
        let page = app.stranger().get_with(console, &[("authorization", &bearer)]).await;
        assert_eq!(page.status, 303, "{console}");
    }
    let revoke = format!("{path}/revoke");
    assert!(ana.get(&revoke).await.text().contains("Nobody has used it yet"));
    let done = ana.open_and_submit(&revoke, &revoke, &[]).await;
    done.expect_redirect(&format!("{path}?done=key-revoked"));
    let page = ana.get(done.location()).await;
    assert!(facts(&page).contains("Revoked") && facts(&page).contains("by Ana Ruiz"), "{}", facts(&page));
    assert_eq!(ana.get("/keys/key_000000000000000000000000").await.status, 404);
    app.stop().await;
}
