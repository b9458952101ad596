//! `GET /expiry?view=month`.

use crate::applications::add_as;
use crate::support::TestApp;

#[tokio::test]
async fn every_entry_of_a_month_leads_to_its_place_in_the_list() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    for (sample, name, day) in [
        ("Contoso Mail", "Contoso Mail", "2027-01-14"),
        ("Contoso Reader", "Reader", "2027-01-14"),
        ("Fabrikam Mail", "Fabrikam Mail", "2027-01-31"),
    ] {
        let secret = app.sample(sample).secret().to_owned();
        add_as(&app, &ana, sample, &[("name", name), ("secret", &secret), ("expires", "on"), ("expires_on", day)])
            .await;
    }
    let page = ana.get("/expiry?view=month").await;
    assert_eq!((page.one("main h2").as_str(), page.all(".month a").len()), ("November 2026", 0));
    assert_eq!(page.all("td[aria-current=date]"), ["23"]);
    assert!(page.text().contains("Nothing ends in this month"));
    assert!(page.all("a[rel=prev]").is_empty());
    assert_eq!(page.all("a[rel=next]"), ["Next: December 2026 →"]);

    let page = ana.get("/expiry?view=month&month=2027-01").await;
    assert_eq!(page.all(".month th")[0], "Monday");
    assert_eq!(page.all(".month tbody tr").len(), 5);
    let entries = page.all(".month a");
    assert_eq!(entries.len(), 3);
    assert!(entries[0].starts_with("Contoso Mail, secret …"), "{}", entries[0]);
    assert!(entries[0].ends_with(", 14 January: Ends in 51 days, stops none"), "{}", entries[0]);
    assert!(page.all("td").iter().any(|cell| cell.starts_with("31") && cell.contains("Fabrikam Mail")));
    assert_eq!(page.all("main .pager a"), ["This month", "Previous: ← December 2026"]);

    let list = ana.get("/expiry?days=all").await;
    for link in page.links().into_iter().filter(|link| link.starts_with("/expiry?days=all#")) {
        let id = link.split_once('#').unwrap().1;
        assert_eq!(list.all(&format!("tr[id='{id}']")).len(), 1, "{link}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_day_with_many_names_three_and_leads_to_the_rest() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let known = app.sample("Contoso Mail");
    let (secret, new) = (known.secret().to_owned(), |here: &str| format!("{here}/secrets/new"));
    let end = [("expires", "on"), ("expires_on", "2026-11-30")];
    let here = add_as(&app, &ana, "Contoso Mail", &[&[("secret", secret.as_str())], &end[..]].concat()).await;
    for number in 0..4 {
        let value = format!("another-secret-that-is-not-known~{number}");
        let typed = [&[("secret", value.as_str())], &end[..]].concat();
        ana.open_and_submit(&new(&here), &new(&here), &typed).await.location();
    }
    let entries = ana.get("/expiry?view=month").await.all(".month a");
    assert_eq!((entries.len(), entries[3].as_str()), (4, "2 more"));
    app.stop().await;
}

#[tokio::test]
async fn what_is_no_month_is_said_and_far_months_are_only_empty() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    for wrong in ["2026-13", "2026-1", "-001-01", "x", "2026-01-01", "%00"] {
        assert_eq!(ana.get(&format!("/expiry?view=month&month={wrong}")).await.status, 400, "{wrong}");
    }
    for far in ["0000-01", "9999-12"] {
        let page = ana.get(&format!("/expiry?view=month&month={far}")).await;
        assert_eq!(page.status, 200, "{far}");
        assert!(page.all("main .pager a").contains(&"This month".to_owned()));
    }
    app.stop().await;
}
