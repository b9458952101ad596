//! `/tokens` and `/tokens/{token}`.

use postkey_simulator::{Fault, Kind};

use crate::mailboxes::add;
use crate::sign_in::{JAN, signed_in};
use crate::support::TestApp;
use crate::support::app::{EMAIL, PASSWORD};

#[tokio::test]
async fn renew_now_asks_microsoft_once_for_either_kind_and_says_what_came_of_it() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let application = ana.get(&mailbox).await.href("/applications/app_");
    let of_application = ana.get(&application).await.href("/tokens/");
    let jan = signed_in(&app, &ana, JAN, JAN).await;
    let of_jan = ana.get(&format!("{jan}/sign-in")).await.href("/tokens/");
    app.advance(60);
    for token in [of_application, of_jan] {
        app.sim.clear_requests();
        let renew = format!("{token}/renew");
        ana.open_and_submit(&token, &renew, &[]).await.expect_redirect(&format!("{token}?done=renewed"));
        assert_eq!(app.sim.count(Kind::Token), 1);
        let page = ana.get(&token).await;
        assert!(page.text().contains("Fresh") && page.text().contains("Generation2"), "{}", page.text());
        assert!(!page.body.contains("eyJ"), "no token is shown");
        app.sim.fault(Fault::aadsts(7_000_222));
        ana.open_and_submit(&token, &renew, &[]).await.expect_redirect(&format!("{token}?done=not-renewed"));
        let page = ana.get(&token).await;
        assert!(
            page.text().contains("Cannot be renewed") && page.text().contains("Mail goes on until"),
            "{}",
            page.text()
        );
        app.sim.clear_faults();
    }
    let csv = ana.get("/tokens.csv").await;
    assert_eq!(csv.body.lines().count(), 3, "{}", csv.body);
    assert!(csv.body.contains("secret_expired") && csv.body.contains(JAN) && !csv.body.contains("eyJ"));
    app.stop().await;
}

#[tokio::test]
async fn the_page_counts_every_token_once_and_names_each_cause_with_who_can_mend_it() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let support = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let jan = signed_in(&app, &ana, JAN, JAN).await;
    app.sim.fault(Fault::aadsts(50_173).grant_type("refresh_token"));
    app.advance(2 * 60 * 60);
    ana.sign_in(EMAIL, PASSWORD).await.location();
    let page = ana.get("/tokens").await;
    assert!(page.text().contains("nobody renewed them"), "no keeper runs here: {}", page.text());
    ana.check_now(&support).await;
    ana.check_now(&jan).await;
    let page = ana.get("/tokens").await;
    assert_eq!(page.all(".card .stat"), ["1", "1"], "one fresh, one ended: {}", page.text());
    let row = page.one("#causes tbody tr");
    for words in ["Needs sign-in", "Contoso Sign-in", "1, ended", "the person whose sign-in is used"] {
        assert!(row.contains(words), "{words}: {row}");
    }
    app.stop().await;
}
