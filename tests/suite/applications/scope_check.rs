//! `/applications/{id}/scope-check`.

use postkey::users::Role;
use postkey_simulator::{Call, Failure, Fault, Kind, Place, RetryAfter};

use super::{add_mailbox, audited, person};
use crate::safety::world::add_application;
use crate::sign_in;
use crate::support::{Browser, Page, TestApp};

pub(crate) const SUPPORT: &str = "support@contoso.example";
pub(crate) const CEO: &str = "ceo@contoso.example";

/// Adds a sample application with a mailbox that it opens. Gives its address.
pub(crate) async fn with_mailbox(app: &TestApp, browser: &Browser, sample: &str) -> String {
    let here = add_application(app, browser, sample).await;
    add_mailbox(browser, &here, SUPPORT).await;
    here
}

/// Names mailboxes, which checks them.
pub(crate) async fn name(browser: &Browser, here: &str, open: &str, closed: &str) -> Page {
    let edit = format!("{here}/scope-check/edit");
    browser.open_and_submit(&edit, &edit, &[("open", open), ("closed", closed)]).await
}

pub(crate) async fn check_now(browser: &Browser, here: &str) -> Page {
    let path = format!("{here}/scope-check");
    let answer = browser.open_and_submit(&path, &path, &[]).await;
    browser.get(answer.location()).await
}

/// The third column.
fn outcomes(page: &Page) -> Vec<String> {
    page.all("#scope td .st")
}

#[tokio::test]
async fn a_limit_that_holds_is_proven_by_two_clicks_and_one_field() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Support Desk").await;
    let path = ana.get(&here).await.href(&format!("{here}/scope-check"));
    let page = ana.get(&path).await;
    assert_eq!(page.one("#open"), SUPPORT, "what Postkey opens with it is offered");
    app.advance(60);
    app.sim.clear_requests();
    let saved = ana.submit(&page, &format!("{path}/edit"), &[("closed", CEO)]).await;
    saved.expect_redirect(&format!("{path}?done=saved"));
    assert_eq!((app.sim.count(Kind::Token), app.sim.count(Kind::Graph(Call::Inbox))), (1, 2));
    assert_eq!(app.sim.requests().iter().filter(|asked| matches!(asked.kind, Kind::Graph(_))).count(), 2, "only read");
    app.sim.clear_requests();
    let page = ana.get(&path).await;
    assert!(page.text().contains("The limit holds Opened 1 of 1, refused ceo@contoso.example."), "{}", page.text());
    assert_eq!(outcomes(&page), ["Opened", "Refused"]);
    let shown = ana.get(&here).await.text();
    assert!(shown.contains("last 23 Nov 2026, 13:01: opened 1 of 1, refused ceo@contoso.example"), "{shown}");
    assert_eq!(app.sim.requests().len(), 0, "no page asks Microsoft");
    assert!(audited(&app, &here).await.contains(&"scope.named".to_owned()));
    app.stop().await;
}

#[tokio::test]
async fn a_limit_that_was_lifted_is_told_with_its_remedy_until_it_is_back() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Support Desk").await;
    name(&ana, &here, SUPPORT, CEO).await.location();
    let sample = app.sample("Contoso Support Desk").client_id.to_string();
    app.sim.estate(|estate| estate.application_mut(&sample).unwrap().lift_limit());
    app.advance(60);
    let page = check_now(&ana, &here).await;
    let title = "Contoso Support Desk can open every mailbox of the tenant that was tried, also ceo@contoso.example";
    assert_eq!(page.one("#trouble-title"), title);
    assert_eq!(outcomes(&page), ["Opened", "Opened, but must stay closed"]);
    let text = page.text();
    for words in [
        "Its last token carries Mail.ReadWrite, Mail.Send",
        "Changed less than 2 hours ago? Try later",
        "remove every Mail.* application permission in Entra",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(page.links().contains(&format!("{here}/limit.ps1")));
    assert!(audited(&app, &here).await.contains(&"scope.check_asked".to_owned()));

    app.sim.estate(|estate| estate.application_mut(&sample).unwrap().limit_to([SUPPORT]));
    app.advance(59);
    assert!(!check_now(&ana, &here).await.all("#trouble-title").is_empty(), "Microsoft’s own delay");
    app.advance(1);
    let mended = check_now(&ana, &here).await;
    assert!(mended.text().contains("The limit holds"), "a newer token is asked for: {}", mended.text());
    let history = mended.all(".timeline strong");
    assert_eq!(history, ["The limit holds", "Too wide", "Too wide", "The limit holds"]);
    app.stop().await;
}

#[tokio::test]
async fn what_must_open_and_is_refused_is_too_narrow() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Support Desk").await;
    name(&ana, &here, "support@contoso.example\nsales@contoso.example", CEO).await.location();
    let page = ana.get(&format!("{here}/scope-check")).await;
    let title = "Contoso Support Desk was refused sales@contoso.example, which it must open";
    assert_eq!(page.one("#trouble-title"), title);
    assert_eq!(outcomes(&page), ["Opened", "Refused, but must open", "Refused"]);
    app.stop().await;
}

#[tokio::test]
async fn what_is_not_found_or_not_known_proves_nothing_and_says_why() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Support Desk").await;
    name(&ana, &here, SUPPORT, "nobody@contoso.example").await.location();
    let page = ana.get(&format!("{here}/scope-check")).await;
    let words = "Not proven Opened 1 of 1, did not find nobody@contoso.example.";
    assert!(page.text().contains(words), "{}", page.text());
    assert!(page.text().contains("This tenant has no such mailbox, which proves nothing."));
    name(&ana, &here, SUPPORT, CEO).await.location();
    app.sim.fault(Fault::new(Place::Graph, Failure::Throttle(RetryAfter::Seconds(60))));
    app.sim.clear_requests();
    let page = check_now(&ana, &here).await;
    assert_eq!(outcomes(&page), ["Not known", "Not known"]);
    assert!(
        page.text()
            .contains("Not proven Opened 0 of 1, could not try support@contoso.example and ceo@contoso.example.")
    );
    app.sim.clear_faults();
    app.sim.fault(Fault::aadsts(7_000_222));
    app.advance(60);
    app.sim.clear_requests();
    let page = check_now(&ana, &here).await;
    assert!(page.all("#scope td").iter().any(|cell| cell.contains("AADSTS7000222")), "{}", page.text());
    assert_eq!((app.sim.count(Kind::Token), app.sim.count(Kind::Graph(Call::Inbox))), (1, 0));
    app.stop().await;
}

#[tokio::test]
async fn when_microsoft_asks_to_wait_the_rest_is_left_alone() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    app.sim.fault(Fault::new(Place::Graph, Failure::Throttle(RetryAfter::Seconds(60))));
    app.sim.clear_requests();
    let many: String = (0..20).map(|number| format!("box{number}@contoso.example\n")).collect();
    name(&ana, &here, &many, CEO).await.location();
    let asked = app.sim.count(Kind::Graph(Call::Inbox));
    assert!((1..=4).contains(&asked), "{asked}");
    app.stop().await;
}

#[tokio::test]
async fn mistakes_stand_at_their_fields_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    app.sim.clear_requests();
    let page = name(&ana, &here, "support@contoso.example\nceo", "").await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("support@contoso.example\nceo</textarea>"));
    assert!(page.one("#open-e").contains("“ceo” is not an e-mail address"));
    assert!(page.one("#closed-e").contains("at least one mailbox that must stay closed"));
    let page = name(&ana, &here, SUPPORT, "SUPPORT@contoso.example").await;
    assert!(page.one("#closed-e").contains("stands in both lists"));
    let page = name(&ana, &here, "sales@contoso.example", SUPPORT).await;
    assert!(page.one("#closed-e").contains("is a mailbox that Postkey opens with this application"));
    assert_eq!(app.sim.requests().len(), 0);
    assert!(!audited(&app, &here).await.contains(&"scope.named".to_owned()));
    app.stop().await;
}

#[tokio::test]
async fn of_two_who_edit_at_once_the_second_is_told() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    let edit = format!("{here}/scope-check/edit");
    let (one, two) = (ana.get(&edit).await, ana.get(&edit).await);
    ana.submit(&one, &edit, &[("closed", CEO)]).await.location();
    let told = ana.submit(&two, &edit, &[("closed", "sales@contoso.example")]).await;
    assert_eq!(told.status, 409);
    assert!(told.one("#open-e").contains("Someone changed these mailboxes"));
    assert_eq!(told.one("#closed"), "sales@contoso.example");
    ana.submit(&told, &edit, &[]).await.location();
    assert_eq!(ana.get(&edit).await.one("#closed"), "sales@contoso.example");
    app.stop().await;
}

#[tokio::test]
async fn each_role_is_offered_what_it_may_do() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    let path = format!("{here}/scope-check");
    let viewer = person(&app, Role::Viewer).await;
    assert!(viewer.get(&path).await.text().contains("An application administrator names them here."));
    name(&ana, &here, SUPPORT, CEO).await.location();
    let page = viewer.get(&path).await;
    assert!(!page.actions().contains(&path) && !page.links().contains(&format!("{path}/edit")));
    let operator = person(&app, Role::Operator).await;
    let page = operator.get(&path).await;
    assert!(page.actions().contains(&path) && !page.links().contains(&format!("{path}/edit")));
    assert!(check_now(&operator, &here).await.text().contains("Checked just now."));
    app.stop().await;
}

#[tokio::test]
async fn an_application_that_only_signs_people_in_has_nothing_to_check() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    sign_in::signed_in(&app, &ana, sign_in::OLGA, sign_in::OLGA).await;
    let here = format!("/applications/{}", sign_in::application(&app, sign_in::SIGN_IN).await);
    assert!(!ana.get(&here).await.text().contains("Scope check"));
    let page = ana.get(&format!("{here}/scope-check")).await;
    assert!(page.text().contains("There is nothing to check."), "{}", page.text());
    assert!(page.all("main form").is_empty());
    assert_eq!(ana.get(&format!("{here}/scope-check/edit")).await.status, 409);
    app.stop().await;
}

#[tokio::test]
async fn a_slow_check_is_followed_and_no_second_one_starts_beside_it() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    app.sim.fault(Fault::new(Place::Graph, Failure::Delay { ms: 5_500 }).mailbox(CEO));
    app.sim.clear_requests();
    name(&ana, &here, SUPPORT, CEO).await.expect_redirect(&format!("{here}/scope-check"));
    let path = format!("{here}/scope-check");
    let page = ana.get(&path).await;
    assert_eq!(page.one("#asking-title"), "Asking Microsoft…");
    assert!(page.body.contains("<meta http-equiv=\"refresh\""));
    let busy = ana.submit(&page, &path, &[]).await;
    busy.expect_redirect(&format!("{path}?done=busy"));
    app.sim.wait_for(Kind::Graph(Call::Inbox), 2).await;
    let fragment = [("x-postkey-fragment", "results")];
    let part = loop {
        let part = ana.get_with(&path, &fragment).await;
        assert_eq!(part.status, 200, "{:?}", part.headers);
        if !part.body.contains("asking-title") {
            break part;
        }
        tokio::task::yield_now().await;
    };
    assert!(part.body.contains("but must stay closed") && !part.body.contains("<html"), "{}", part.body);
    assert_eq!(app.sim.count(Kind::Graph(Call::Inbox)), 2);
    app.stop().await;
}

#[tokio::test]
async fn the_results_are_a_csv_too() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    name(&ana, &here, SUPPORT, "ceo@contoso.example\nnobody@contoso.example").await.location();
    let csv = ana.get(&format!("{here}/scope-check.csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let at = "2026-11-23T12:00:00Z";
    let expected = format!(
        "address,must,outcome,as_it_must_be,code,tried_at,proven,proven_since
support@contoso.example,open,opened,true,,{at},opened,{at}
ceo@contoso.example,closed,opened,false,,{at},opened,{at}
nobody@contoso.example,closed,not_found,,ErrorInvalidUser,{at},,
"
    );
    assert_eq!(csv.body.trim_start_matches('\u{feff}').replace("\r\n", "\n"), expected);
    app.stop().await;
}

#[tokio::test]
async fn of_another_application_under_the_same_name_nothing_is_known() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    name(&ana, &here, SUPPORT, CEO).await.location();
    let desk = app.sample("Contoso Support Desk").client_id.to_string();
    let edit = format!("{here}/edit");
    ana.open_and_submit(&edit, &edit, &[("client_id", &desk)]).await.location();
    let page = ana.get(&format!("{here}/scope-check")).await;
    assert!(page.all("#trouble-title").is_empty());
    assert_eq!(outcomes(&page), ["Not checked yet", "Not checked yet"]);
    app.stop().await;
}

#[tokio::test]
async fn a_scope_check_that_is_stopped_is_forgotten() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Mail").await;
    let edit = format!("{here}/scope-check/edit");
    let stop = format!("{here}/scope-check/stop");
    assert!(!ana.get(&edit).await.actions().contains(&stop), "there is nothing to stop");
    name(&ana, &here, SUPPORT, CEO).await.location();
    ana.open_and_submit(&edit, &stop, &[]).await.expect_redirect(&format!("{here}?done=scope-stopped"));
    let page = ana.get(&format!("{here}?done=scope-stopped")).await;
    assert!(page.text().contains("Prove what it can open and what not"), "{}", page.text());
    assert!(postkey::applications::scope_store::widened(&app.inside().db).await.unwrap().is_empty());
    assert!(audited(&app, &here).await.contains(&"scope.forgotten".to_owned()));
    app.stop().await;
}
