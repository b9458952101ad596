//! `/explain`: open to everybody, and silent about what is stored.

use crate::support::TestApp;

#[tokio::test]
async fn every_article_opens_without_an_account() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let all = postkey::words::articles::all();
    let index = stranger.get("/explain").await;
    assert_eq!(index.all("main li a").len(), all.len());
    for article in all {
        for name in article.codes.iter().chain([&article.key]) {
            let page = stranger.get(&format!("/explain/{name}")).await;
            assert_eq!(page.status, 200, "{name}");
            assert!(page.text().contains("What to do") && page.text().contains("Who can"), "{name}");
            assert!(!page.text().contains('{'), "{name}: {}", page.text());
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn a_code_is_found_however_it_is_written() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for code in ["AADSTS7000222", "aadsts7000222", "7000222"] {
        let page = stranger.get(&format!("/explain/{code}")).await;
        assert_eq!(page.one("h1"), "The secret of the application expired");
        assert!(page.body.contains("https://login.microsoftonline.com/error?code=7000222"));
    }
    stranger.get("/explain?q=7000222").await.expect_redirect("/explain/AADSTS7000222");
    let pasted = "/explain?q=invalid_client%3A+AADSTS7000222%3A+The+provided+client+secret+keys+are+expired.";
    stranger.get(pasted).await.expect_redirect("/explain/AADSTS7000222");
    let found = stranger.get("/explain?q=Secret+EXPIRED").await;
    assert!(found.all("main li a").iter().any(|title| title == "The secret of the application expired"));
    assert!(found.all("main li a").len() < postkey::words::articles::all().len());
    app.stop().await;
}

#[tokio::test]
async fn for_an_unknown_code_there_is_a_page_that_says_so() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let page = stranger.get("/explain/AADSTS99999999").await;
    assert_eq!(page.status, 404);
    assert_eq!(page.one("h1"), "Postkey has no article for AADSTS99999999");
    assert!(page.body.contains("error?code=99999999"));
    let odd = stranger.get("/explain/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert_eq!(odd.status, 404);
    assert!(!odd.body.contains("<script>alert"));
    let asked = stranger.get("/explain?q=AADSTS99999999").await;
    assert!(asked.text().contains("Postkey has no article for AADSTS99999999."));
    let nothing = stranger.get("/explain?q=zzzzzz").await;
    assert!(nothing.text().contains("Nothing fits."));
    app.stop().await;
}
