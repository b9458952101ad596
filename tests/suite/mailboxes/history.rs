//! What a mailbox' page tells of the time before: bars, their table, the file, and what happened.

use postkey::mailboxes::past;
use postkey::tokens::renewals;
use postkey_simulator::Fault;

use super::{add, statuses};
use crate::support::TestApp;
use crate::support::app::{EMAIL, PASSWORD};

const HOUR: i64 = 60 * 60;

#[tokio::test]
async fn hours_are_drawn_as_they_were_and_never_good_where_nobody_looked() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    app.advance(5 * HOUR);
    app.sim.fault(Fault::aadsts(7_000_222).grant_type("client_credentials"));
    ana.sign_in(EMAIL, PASSWORD).await.location();
    ana.check_now(&path).await;
    let page = ana.get(&path).await;
    assert_eq!(statuses(&page).0, "Secret expired");
    let drawn = page.one("svg[role=img]");
    assert!(drawn.is_empty() || drawn.contains("13:00"), "the picture holds titles only: {drawn}");
    let rows = page.all("#history-table tbody tr");
    assert_eq!(rows.len(), 24);
    assert!(rows[0].contains("failed") && rows[0].contains("Secret expired"), "{}", rows[0]);
    assert!(rows[1].contains("not checked"), "{}", rows[1]);
    assert!(rows[5].contains("passed") && rows[5].contains("Connected"), "{}", rows[5]);
    let text = page.text();
    assert!(text.contains("1 passed") && text.contains("1 failed") && text.contains("22 not checked"), "{text}");
    let csv = ana.get(&format!("{path}/history.csv")).await;
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!((lines.len(), lines[0]), (25, "from,to,result,status"));
    assert_eq!(lines[24], "2026-11-23T17:00:00Z,2026-11-23T18:00:00Z,failed,secret_expired");
    assert_eq!(lines[23], "2026-11-23T16:00:00Z,2026-11-23T17:00:00Z,unknown,unknown");
    assert_eq!(lines[19], "2026-11-23T12:00:00Z,2026-11-23T13:00:00Z,passed,connected");
    app.stop().await;
}

#[tokio::test]
async fn every_window_is_a_page_and_a_file_and_another_word_is_refused() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    for (window, rows) in [("24h", 24), ("7d", 56), ("30d", 30), ("90d", 90)] {
        let page = ana.get(&format!("{path}?window={window}")).await;
        assert_eq!(page.all("#history-table tbody tr").len(), rows, "{window}");
        assert!(page.all("svg[role=img] rect").len() == rows, "{window}");
        let csv = ana.get(&format!("{path}/history.csv?window={window}")).await;
        assert_eq!(csv.body.lines().count(), rows + 1, "{window}");
    }
    for address in [format!("{path}?window=1y"), format!("{path}/history.csv?window=x"), "/tokens?window=x".to_owned()]
    {
        assert_eq!(ana.get(&address).await.status, 400, "{address}");
    }
    app.stop().await;
}

#[tokio::test]
async fn what_happened_holds_states_and_what_people_did() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    app.advance(600);
    ana.check_now(&path).await;
    app.advance(600);
    ana.check_now(&path).await;
    app.advance(60);
    ana.open_and_submit(&format!("{path}/pause"), &format!("{path}/pause"), &[]).await.location();
    let told = ana.get(&path).await.all(".timeline li");
    assert!(told[0].contains("Ana Ruiz paused the mailbox"), "{told:?}");
    assert!(told[1].contains("Ana Ruiz asked for a check") && told[1].contains("2 times"), "{told:?}");
    assert!(told.iter().any(|line| line.contains("Connected") && line.contains("3 checks")), "{told:?}");
    assert!(told.last().unwrap().contains("Ana Ruiz added the application"), "{told:?}");
    app.stop().await;
}

#[tokio::test]
async fn after_ninety_days_only_the_last_check_is_left_and_its_page_still_shows_it() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    app.advance(2 * HOUR);
    ana.sign_in(EMAIL, PASSWORD).await.location();
    ana.check_now(&path).await;
    app.advance(91 * 24 * HOUR);
    past::sweep(app.inside()).await.unwrap();
    renewals::sweep(app.inside()).await.unwrap();
    ana.sign_in(EMAIL, PASSWORD).await.location();
    let page = ana.get(&format!("{path}?window=90d")).await;
    assert!(page.text().contains("90 not checked"), "{}", page.text());
    assert_eq!(page.all(".ladder li").len(), 7, "what the last check said stays");
    assert_eq!(ana.get(&format!("{path}/checks")).await.all(".ladder").len(), 1);
    assert!(ana.get("/tokens?window=90d").await.text().contains("0 renewed, 0 tries failed"));
    app.stop().await;
}
