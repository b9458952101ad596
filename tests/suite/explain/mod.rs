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

/// Every code that the interface specification lists, as it is written there, with a word that its headline must hold.
const SPECIFIED: &[(&str, &str)] = &[
    ("AADSTS7000215", "secret"),
    ("AADSTS7000222", "expired"),
    ("AADSTS65001", "allowed"),
    ("90094", "administrator"),
    ("90095", "administrator"),
    ("65004", "chose not to"),
    ("AADSTS50173", "cancelled"),
    ("AADSTS700082", "without use"),
    ("70043", "sign in"),
    ("AADSTS90002", "tenant"),
    ("AADSTS700016", "not in"),
    ("AADSTS53003", "stopped"),
    ("AADSTS50076", "second factor"),
    ("50079", "second factor"),
    ("50074", "second factor"),
    ("50078", "second factor"),
    ("ErrorAccessDenied", "may not open"),
    ("MailboxNotEnabledForRESTAPI", "usable mailbox"),
    ("ErrorInvalidUser", "mailbox"),
    ("50011", "address"),
    ("50020", "belong"),
    ("50034", "belong"),
    ("51004", "belong"),
    ("50057", "disabled"),
    ("50105", "assigned"),
    ("53000", "device"),
    ("53001", "device"),
    ("50097", "device"),
    ("50055", "password"),
    ("50144", "password"),
    ("54005", "already used"),
    ("9001023", "tenant"),
    ("50194", "tenant"),
    ("7000218", "public"),
    ("70001", "disabled"),
    ("90055", "wait"),
    ("http_429", "wait"),
    ("90006", "problem"),
    ("90033", "problem"),
    ("50000", "problem"),
    ("http_503", "problem"),
    ("MailboxConcurrency", "four requests"),
];

#[tokio::test]
async fn every_code_that_is_specified_says_what_why_what_to_do_who_where_and_what_follows() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let mut wrong = Vec::new();
    for (code, word) in SPECIFIED {
        let page = stranger.get(&format!("/explain/{code}")).await;
        let (title, text) = (page.one("h1"), page.text());
        if page.status != 200 || !title.to_lowercase().contains(word) {
            wrong.push(format!("{code}: {} {title:?} says nothing of {word:?}", page.status));
        }
        for part in ["Why", "What to do", "Who can do it", "Afterwards"] {
            if !text.contains(part) {
                wrong.push(format!("{code}: no {part}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.stop().await;
}

#[tokio::test]
async fn an_invented_code_is_told_with_microsofts_own_text_for_whoever_runs_postkey() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    app.sim.fault(postkey_simulator::Fault::aadsts(99_999).grant_type("client_credentials"));
    let path = crate::mailboxes::add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let page = ana.get(&path).await;
    assert_eq!(crate::mailboxes::statuses(&page).0, "Refused, new reason");
    let technical = page.one("#technical");
    assert!(technical.contains("code: AADSTS99999") && technical.contains("message: AADSTS99999"), "{technical}");
    let text = app.stranger().get("/explain/AADSTS99999").await.text();
    for part in ["Why", "What to do", "Who can do it: whoever runs Postkey", "Afterwards"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    app.stop().await;
}
