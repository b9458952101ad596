//! The API's own description says what there is, all of it, and nothing else.

use std::collections::BTreeSet;

use postkey::api::{Code, document};

use crate::safety::table::{TABLE, Who};
use crate::source::{assert_none, files};
use crate::support::TestApp;

#[test]
fn every_address_of_the_api_is_in_the_document_with_its_methods_and_no_other() {
    let document = serde_json::to_value(document::document("https://postkey.example/")).unwrap();
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        described.extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let routes = TABLE.iter().filter(|(_, _, who)| *who == Who::Worker);
    let there: BTreeSet<String> =
        routes.flat_map(|(path, methods, _)| methods.iter().map(move |method| format!("{method} {path}"))).collect();
    assert_eq!(described, there);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    assert_eq!(document["servers"][0]["url"], "https://postkey.example");
    assert_eq!(document["components"]["securitySchemes"]["key"]["scheme"], "bearer");
}

#[test]
fn every_code_is_in_the_document_and_is_met_by_a_test() {
    let document = serde_json::to_value(document::document("https://postkey.example/")).unwrap();
    let codes = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let named: Vec<&str> = codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(named, Code::ALL.map(Code::value));
    let tests: String = files("tests/suite/api", &["rs"]).into_iter().map(|(_, text)| text).collect();
    let missing = Code::ALL.map(Code::value).into_iter().filter(|code| !tests.contains(&format!(", \"{code}\")")));
    assert_none("codes that no test meets", missing.map(str::to_owned));
    assert!(Code::ALL.iter().all(|code| postkey::tally::ANSWERS.contains(&code.value())), "they are counted");
}

#[tokio::test]
async fn the_reference_and_the_document_need_no_key_and_no_account() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let page = stranger.get("/api").await;
    assert_eq!(page.status, 200);
    for code in Code::ALL {
        assert_eq!(page.all(&format!("tr#{}", code.value())).len(), 1, "{code:?}");
    }
    assert!(page.text().contains("GET /api/v1/mailboxes/{id}/token"), "{}", page.text());
    let document = stranger.get("/api/v1/openapi.json").await;
    assert_eq!((document.status, document.header("content-type")), (200, "application/json"));
    assert!(super::json(&document)["servers"][0]["url"] == app.url.as_str());
    assert!(stranger.cookies().is_empty());
    app.stop().await;
}
