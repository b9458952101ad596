//! `/mailboxes` and `/mailboxes.csv`.

use super::{add, add_more};
use crate::support::{Browser, Engine, TestApp};

/// Every address of the list, page after page by its own links.
async fn walk(browser: &Browser, start: &str, rel: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(start.to_owned()));
    while let Some(path) = next {
        let page = browser.get(&path).await;
        pages.push(page.all("tbody th a"));
        next = link(&page.body, rel);
        assert!(pages.len() < 50, "the list never ends");
    }
    pages
}

fn link(html: &str, rel: &str) -> Option<String> {
    let html = scraper::Html::parse_document(html);
    let found = html.select(&scraper::Selector::parse(&format!("a[rel={rel}]")).unwrap()).next()?;
    found.value().attr("href").map(str::to_owned)
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap_in_every_order() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let rest = ["sales", "billing", "ceo", "fax", "onprem", "shared"];
        for name in rest {
            add_more(&browser, &format!("{name}@contoso.example")).await;
        }
        let down = walk(&browser, "/mailboxes?sort=address&n=3", "next").await;
        assert_eq!(down.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
        let flat = down.concat();
        let mut sorted = flat.clone();
        sorted.sort();
        assert_eq!(flat, sorted);
        let up = walk(&browser, "/mailboxes?sort=-address&n=2", "next").await.concat();
        assert_eq!(up.into_iter().rev().collect::<Vec<_>>(), flat);
        let urgent = walk(&browser, "/mailboxes?n=2", "next").await.concat();
        assert_eq!(&urgent[..2], ["fax@contoso.example", "onprem@contoso.example"]);
        assert_eq!(urgent.len(), 7);
        let last = browser.get("/mailboxes?sort=address&n=3").await;
        let second = browser.get(&link(&last.body, "next").unwrap()).await;
        assert_eq!(browser.get(&link(&second.body, "prev").unwrap()).await.all("tbody th a"), down[0]);
        app.stop().await;
    }
}

#[tokio::test]
async fn filters_search_and_wildcards_mean_what_they_say() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        add(&app, &browser, "fax@fabrikam.example", "Fabrikam Mail").await;
        let found = async |query: &str| browser.get(&format!("/mailboxes?{query}")).await.all("tbody th a");
        assert_eq!(found("q=SUPPORT").await, ["support@contoso.example"]);
        assert_eq!(found("q=fabrikam+mail").await, ["fax@fabrikam.example"]);
        assert_eq!(found("status=mailbox_not_found").await, ["fax@fabrikam.example"]);
        assert_eq!(found("status=action").await, ["fax@fabrikam.example"]);
        assert_eq!(found("status=connected").await, ["support@contoso.example"]);
        for nothing in ["q=%25", "q=s_pport", "q=%27%3B--", "q=%5C"] {
            assert!(found(nothing).await.is_empty(), "{nothing}");
        }
        assert_eq!(found("sort=name%3B--&n=-1").await.len(), 2);
        assert_eq!(browser.get("/mailboxes?after=nonsense").await.status, 400);
        for meaningless in ["status=nonsense", "app=nonsense", "app=app_0000000000aaaaaaaaaaaaaa"] {
            assert!(found(meaningless).await.is_empty(), "{meaningless}");
        }
        let none = browser.get("/mailboxes?q=nobody").await;
        assert!(none.text().contains("No mailbox matches"));
        app.stop().await;
    }
}

#[tokio::test]
async fn the_csv_holds_the_same_rows_and_no_formula() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let path = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
    let edit = format!("{path}/edit");
    browser.open_and_submit(&edit, &edit, &[("display_name", "=HYPERLINK(\"http://evil.example\")")]).await;
    add_more(&browser, "fax@contoso.example").await;
    let csv = browser.get("/mailboxes.csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("id,address,name,account_type"));
    assert!(csv.body.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""), "{}", csv.body);
    assert!(csv.body.contains(",mailbox_not_found,mailbox_not_found,"));
    assert_eq!(browser.get("/mailboxes.csv?q=fax").await.body.lines().count(), 2);
    app.stop().await;
}
