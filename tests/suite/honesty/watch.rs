//! Pages that are left open: on a wall, loaded anew by themselves, or asked part by part.

use postkey_simulator::Fault;

use crate::mailboxes::add;
use crate::support::TestApp;
use crate::support::app::{EMAIL, PASSWORD};

const PAGES: [(&str, &str); 3] = [("/tokens", "health"), ("/", "overview"), ("/problems", "open")];

#[tokio::test]
async fn on_a_wall_there_is_no_navigation_and_the_page_loads_itself_anew() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    for (path, _) in PAGES {
        let desk = ana.get(path).await;
        assert_eq!((desk.header("refresh"), desk.all("nav.crumbs").len(), desk.all("details.menu").len()), ("", 1, 1));
        assert_eq!(desk.all("button[data-pause]"), ["Pause"]);
        let wall = ana.get(&format!("{path}?wall=1")).await;
        assert_eq!(wall.header("refresh"), "30");
        for gone in ["details.menu", "nav.crumbs", "form[action='/logout']", "button[data-pause]"] {
            assert!(wall.all(gone).is_empty(), "{path}: {gone}");
        }
        assert!(wall.body.contains("<html lang=\"en\" data-wall>"), "{path}");
        assert!(wall.links().contains(&path.to_owned()), "the way back to the desk");
        assert_eq!(ana.get(&format!("{path}?refresh=120")).await.header("refresh"), "120");
        assert_eq!(ana.get(&format!("{path}?wall=1&refresh=600")).await.header("refresh"), "600");
        for wrong in ["9", "3601", "soon"] {
            assert_eq!(ana.get(&format!("{path}?refresh={wrong}")).await.status, 400, "{path} {wrong}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn the_title_says_how_many_things_need_a_person() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    for (path, _) in PAGES {
        assert!(!ana.get(path).await.one("title").contains('('), "{path}");
    }
    app.sim.fault(Fault::aadsts(7_000_222).grant_type("client_credentials"));
    app.advance(2 * 60 * 60);
    ana.sign_in(EMAIL, PASSWORD).await.location();
    ana.check_now(&path).await;
    assert_eq!(ana.get("/").await.one("title"), "(1) Overview – Postkey");
    assert_eq!(ana.get("/tokens").await.one("title"), "(1) Token health – Postkey");
    app.stop().await;
}

#[tokio::test]
async fn a_part_that_did_not_change_is_answered_304_with_the_time() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    for (path, part) in PAGES {
        let ask = async |tag: &str| ana.get_with(path, &[("x-postkey-fragment", part), ("if-none-match", tag)]).await;
        let first = ask("").await;
        assert_eq!(first.status, 200, "{path}");
        assert!(!first.body.contains("<html") && first.body.contains("data-title"), "{path}: {}", first.body);
        let tag = first.header("etag").to_owned();
        app.advance(600);
        let same = ask(&tag).await;
        assert_eq!((same.status, same.body.as_str()), (304, ""), "{path}: only the ages changed");
        assert!(same.header("x-postkey-as-of").starts_with("2026-11-23T13:"), "{}", same.header("x-postkey-as-of"));
    }
    let tag = ana.get_with("/", &[("x-postkey-fragment", "overview")]).await.header("etag").to_owned();
    ana.open_and_submit(&format!("{mailbox}/pause"), &format!("{mailbox}/pause"), &[]).await.location();
    let changed = ana.get_with("/", &[("x-postkey-fragment", "overview"), ("if-none-match", &tag)]).await;
    assert_eq!(changed.status, 200);
    app.stop().await;
}
