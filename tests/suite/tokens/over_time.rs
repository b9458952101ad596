//! How renewals went over time, and what the times tell of one that fails.

use postkey_simulator::Fault;

use crate::mailboxes::{add, add_more};
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Engine, TestApp};

const HOUR: i64 = 60 * 60;

#[tokio::test]
async fn each_renewal_is_counted_with_its_outcome_and_drawn() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
        let none = ana.get("/tokens").await;
        assert!(none.text().contains("0 renewed, 0 tries failed"), "the first token is no renewal");
        app.advance(2 * HOUR);
        ana.sign_in(EMAIL, PASSWORD).await.location();
        ana.check_now(&path).await;
        app.sim.fault(Fault::aadsts(7_000_222).grant_type("client_credentials"));
        app.advance(2 * HOUR);
        ana.sign_in(EMAIL, PASSWORD).await.location();
        ana.check_now(&path).await;
        let health = ana.get("/tokens").await;
        assert!(health.text().contains("1 renewed, 1 try failed"), "{}", health.text());
        for page in [&health, &ana.get(&health.href("/tokens/tok_")).await] {
            let rows = page.all("#renewals-table tbody tr");
            assert_eq!(rows.len(), 24);
            assert!(rows[0].contains("Secret expired once"), "{}", rows[0]);
            assert!(rows[1].ends_with("00"), "nothing to renew: {}", rows[1]);
            assert!(rows[2].ends_with("10"), "one renewed: {}", rows[2]);
        }
        let csv = ana.get("/tokens/renewals.csv").await;
        assert_eq!(csv.body.lines().last(), Some("2026-11-23T16:00:00Z,2026-11-23T17:00:00Z,0,1,secret_expired=1"));
        let own = ana.get(&format!("{}/renewals.csv?window=30d", health.href("/tokens/tok_"))).await;
        assert_eq!(own.body.lines().last(), Some("2026-11-22T23:00:00Z,2026-11-23T23:00:00Z,1,1,secret_expired=1"));
        app.stop().await;
    }
}

#[tokio::test]
async fn the_page_says_what_the_times_tell_and_names_who_changed_something() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let first = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let second = add_more(&ana, "sales@contoso.example").await;
    app.advance(HOUR);
    ana.sign_in(EMAIL, PASSWORD).await.location();
    ana.check_now(&first).await;
    app.sim.fault(Fault::aadsts(7_000_215).grant_type("client_credentials"));
    app.advance(2 * HOUR);
    ana.sign_in(EMAIL, PASSWORD).await.location();
    ana.check_now(&first).await;
    let told = ana.get(&first).await.one("section.bar.crit");
    assert!(!told.contains("The other mailbox"), "nobody has looked at it since: {told}");
    for part in [
        "It worked for 60 min, last at 14:00, and failed first at 16:00.",
        "Nothing was changed in Postkey in between. A secret that was removed in Entra would do that.",
    ] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    ana.check_now(&second).await;
    let told = ana.get(&first).await.one("section.bar.crit");
    assert!(told.contains("The other mailbox of Contoso Mail failed within the same minute"), "{told}");
    let token = ana.get("/tokens").await.href("/tokens/tok_");
    let told = ana.get(&token).await.one("section.bar.crit");
    assert!(told.contains("failed first at 16:00. Nothing was changed in Postkey in between."), "{told}");
    app.stop().await;
}

#[tokio::test]
async fn what_never_worked_is_said_to_have_never_worked() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    let told = ana.get(&path).await.one("section.bar.crit");
    assert!(told.contains("It has not worked once since it was set up."), "{told}");
    assert!(!told.contains("It worked"), "{told}");
    app.stop().await;
}
