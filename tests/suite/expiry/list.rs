//! `GET /expiry` and `GET /expiry.csv`.

use postkey::users::Role;

use crate::applications::{add_as, add_mailbox, person};
use crate::sign_in::{OLGA, signed_in};
use crate::support::{Browser, Engine, Page, TestApp};

const DAY: i64 = 24 * 60 * 60;

/// An application with a secret that ends on `day`, or nobody knows when. Gives its path.
async fn ending(app: &TestApp, browser: &Browser, sample: &str, day: &str) -> String {
    let secret = app.sample(sample).secret().to_owned();
    let expires = if day.is_empty() { "unknown" } else { "on" };
    add_as(app, browser, sample, &[("secret", &secret), ("expires", expires), ("expires_on", day)]).await
}

/// The headlines and the rows below them.
fn rows(page: &Page) -> Vec<String> {
    page.all("tbody tr")
}

#[tokio::test]
async fn what_ends_stands_under_its_month_with_what_it_stops() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        assert!(ana.get("/expiry").await.one("main p.row").starts_with("Nothing that ends is stored yet."));
        let mail = ending(&app, &ana, "Contoso Mail", "2026-11-28").await;
        ending(&app, &ana, "Fabrikam Mail", "2027-01-14").await;
        ending(&app, &ana, "Contoso Archive", "").await;
        for address in ["support@contoso.example", "sales@contoso.example"] {
            add_mailbox(&ana, &mail, address).await;
        }
        let page = ana.get("/expiry").await;
        assert_eq!(page.all("th[scope=rowgroup]"), ["This month", "January 2027", "No date"]);
        let shown = rows(&page);
        assert!(shown[1].starts_with("Contoso Mail secret …"), "{}", shown[1]);
        assert!(shown[1].contains("Sat 28 Nov 2026") && shown[1].contains("Ends in 4 days"), "{}", shown[1]);
        assert!(shown[1].contains("2 mailboxes") && shown[3].contains("none"), "{shown:?}");
        assert!(shown[5].contains("Contoso Archive") && shown[5].contains("not known"), "{}", shown[5]);
        assert!(shown[5].contains("Enter the date"), "{}", shown[5]);
        assert!(page.text().contains("What has no date is missing there."));
        assert!(page.links().contains(&format!("{mail}/secrets/new")));
        assert!(page.links().iter().any(|link| link.ends_with("/end")), "{:?}", page.links());

        app.advance(5 * DAY);
        let ana = app.owner().await;
        let page = ana.get("/expiry").await;
        assert_eq!(page.all("th[scope=rowgroup]"), ["Overdue", "January 2027", "No date"]);
        assert_eq!(page.all("tbody .st.crit")[0], "Has ended");
        let page = ana.get("/expiry?days=30").await;
        assert_eq!(page.all("th[scope=rowgroup]"), ["Overdue", "No date"], "neither depends on how far one looks");
        assert!(page.text().contains("1 more ends later"));
        app.stop().await;
    }
}

#[tokio::test]
async fn what_another_takes_over_stops_nothing() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let mail = ending(&app, &ana, "Contoso Mail", "2026-11-28").await;
    add_mailbox(&ana, &mail, "support@contoso.example").await;
    let new = format!("{mail}/secrets/new");
    let secret = app.sample("Contoso Mail").secret().to_owned();
    ana.open_and_submit(&new, &new, &[("secret", &secret), ("expires", "12")]).await.location();
    let shown = rows(&ana.get("/expiry?days=all").await);
    assert!(shown[1].contains("Another takes over") && shown[1].contains("none"), "{}", shown[1]);
    assert!(shown[1].contains("Retire it"), "{}", shown[1]);
    assert!(shown[3].contains("1 mailbox") && shown[3].contains("Add the new secret"), "{}", shown[3]);
    app.stop().await;
}

#[tokio::test]
async fn a_sign_in_is_listed_once_nothing_has_used_it_for_a_week() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let mailbox = signed_in(&app, &ana, OLGA, OLGA).await;
        app.advance(7 * DAY - 2);
        let ana = app.owner().await;
        assert!(!ana.get("/expiry").await.text().contains(OLGA));
        app.advance(DAY);
        let ana = app.owner().await;
        let page = ana.get("/expiry").await;
        let row = rows(&page).into_iter().find(|row| row.starts_with(OLGA)).unwrap();
        assert!(row.contains("unused sign-in") && row.contains("Ends in 8") && row.contains("1 mailbox"), "{row}");
        assert!(page.links().contains(&format!("{mailbox}/sign-in")));
        assert!(page.text().contains("nothing has used for 90 days"));
        assert!(!ana.get("/expiry?days=30").await.text().contains(OLGA), "beyond the window");
        ana.check_now(&mailbox).await;
        assert!(!ana.get("/expiry").await.text().contains(OLGA), "the check has renewed it");
        app.advance(91 * DAY);
        let ana = app.owner().await;
        let page = ana.get("/expiry?days=30").await;
        let row = rows(&page).into_iter().find(|row| row.starts_with(OLGA)).unwrap();
        assert!(row.contains("Has probably ended"), "{row}");
        assert_eq!(page.all("th[scope=rowgroup]")[0], "Overdue");
        app.stop().await;
    }
}

#[tokio::test]
async fn who_may_only_look_is_offered_nothing_to_do() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    ending(&app, &ana, "Contoso Mail", "2026-11-28").await;
    let vera = person(&app, Role::Viewer).await;
    let page = vera.get("/expiry").await;
    assert!(page.text().contains("Contoso Mail") && page.text().contains("An application administrator can make one."));
    assert!(page.all("main .btn") == ["Export CSV"] && page.all("main form").is_empty());
    assert_eq!(page.all("nav a[aria-current=page]")[0], "Expiry");
    app.stop().await;
}

#[tokio::test]
async fn the_csv_holds_the_same_rows_without_formulas() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let secret = app.sample("Contoso Mail").secret().to_owned();
    let typed = [("name", "=1+1"), ("secret", secret.as_str()), ("expires", "on"), ("expires_on", "2026-12-01")];
    add_as(&app, &ana, "Contoso Mail", &typed).await;
    ending(&app, &ana, "Contoso Archive", "").await;
    ending(&app, &ana, "Fabrikam Mail", "2027-09-01").await;
    let page = ana.get("/expiry.csv").await;
    assert!(page.header("content-disposition").contains("expiry.csv"));
    let lines: Vec<&str> = page.body.lines().collect();
    assert_eq!(lines[0], "id,kind,name,part,ends_at,state,stops_mailboxes");
    assert!(lines[1].starts_with("cred_") && lines[1].contains(",secret,'=1+1,secret …"), "{}", lines[1]);
    assert!(lines[1].ends_with(",2026-11-30T23:00:00Z,expiring,0"), "midnight in Madrid: {}", lines[1]);
    assert!(lines[2].ends_with(",,end_unknown,0"), "{}", lines[2]);
    assert_eq!(lines.len(), 3);
    assert_eq!(ana.get("/expiry.csv?days=all").await.body.lines().count(), 4);
    assert!(!page.body.contains(&secret));
    for wrong in ["/expiry?days=91", "/expiry.csv?days=x"] {
        assert_eq!(ana.get(wrong).await.status, 400, "{wrong}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_key_of_a_mail_worker_is_listed_until_another_takes_its_place_or_it_is_revoked() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let (old, _) = crate::keys::make(&ana, &[("name", "worker-eu-1"), ("days", "30")]).await;
    // The first row names the month.
    let listed = rows(&ana.get("/expiry?days=all").await);
    assert!(listed.len() == 2 && listed[1].starts_with("worker-eu-1 API key"), "{listed:?}");
    assert!(listed[1].contains("its workers") && listed[1].contains("Replace it"), "{listed:?}");
    let made = ana.open_and_submit(&old, &format!("{old}/rotate"), &[("hours", "168")]).await;
    let new = made.location().split('?').next().unwrap().to_owned();
    let page = ana.get("/expiry?days=all").await;
    assert!(rows(&page).len() == 2 && page.links().contains(&new), "{:?}", rows(&page));
    let csv = ana.get("/expiry.csv").await.body;
    assert!(csv.contains("api_key"), "{csv}");
    ana.open_and_submit(&format!("{new}/revoke"), &format!("{new}/revoke"), &[]).await.location();
    let page = ana.get("/expiry?days=all").await;
    assert!(page.links().contains(&old), "the one before is left");
    app.stop().await;
}
