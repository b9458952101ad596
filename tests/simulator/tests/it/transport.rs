//! Faults of the answer itself: its shape, its size, its pace.

use std::time::{Duration, Instant};

use postkey_simulator::{Bend, Failure, Fault, Kind, Place};
use serde_json::json;

use crate::support::Stage;

fn token_fault(failure: Failure) -> Fault {
    Fault::new(Place::Token, failure).times(1)
}

#[tokio::test]
async fn a_page_of_html_and_a_redirect_and_half_a_document_are_sent_as_asked() {
    let stage = Stage::start().await;
    stage.simulator.fault(token_fault(Failure::HtmlWith200));
    let html = stage.ask("Contoso Mail").await;
    assert_eq!(html.status, 200);
    assert!(html.text.starts_with("<html>") && html.text.contains("This is a simulator."));

    stage.simulator.fault(token_fault(Failure::Redirect { to: "https://elsewhere.example/x".to_owned() }));
    let redirect = stage.ask("Contoso Mail").await;
    assert_eq!(
        (redirect.status.as_u16(), &redirect.headers["location"]),
        (302, &"https://elsewhere.example/x".parse().unwrap())
    );

    stage.simulator.fault(token_fault(Failure::TruncatedJson));
    let half = stage.ask("Contoso Mail").await;
    assert_eq!(half.status, 200);
    assert!(half.text.starts_with('{') && serde_json::from_str::<serde_json::Value>(&half.text).is_err());
}

#[tokio::test]
async fn huge_and_deep_documents_are_complete() {
    let stage = Stage::start().await;
    stage.simulator.fault(token_fault(Failure::HugeBody { megabytes: 50 }));
    let huge = stage.ask("Contoso Mail").await;
    assert!(huge.text.len() > 50 << 20 && huge.text.ends_with("\"}"));
    stage.simulator.fault(token_fault(Failure::DeepJson { levels: 100_000 }));
    let deep = stage.ask("Contoso Mail").await;
    assert_eq!(deep.text.matches('[').count(), 100_000);
}

#[tokio::test]
async fn a_good_answer_is_bent_in_each_way() {
    let stage = Stage::start().await;
    let bent = async |bend| {
        stage.simulator.fault(token_fault(Failure::Bent(bend)));
        stage.ask("Contoso Mail").await.json()
    };
    assert!(bent(Bend::ExpiresInString).await["expires_in"].is_string());
    assert_eq!(bent(Bend::ExpiresInNegative).await["expires_in"], -1);
    assert_eq!(bent(Bend::ExpiresInHuge).await["expires_in"], json!(i64::MAX));
    assert!(bent(Bend::ExpiresInMissing).await.get("expires_in").is_none());
    assert_eq!(bent(Bend::TokenTypeOther).await["token_type"], "pop");
    assert!(bent(Bend::TokenMissing).await.get("access_token").is_none());
    assert!(!bent(Bend::TokenOpaque).await["access_token"].as_str().unwrap().contains('.'));
    let long = bent(Bend::TokenLong).await["access_token"].as_str().unwrap().to_owned();
    assert!((19_000..21_000).contains(&long.len()), "{}", long.len());
    assert_eq!(stage.inbox(&long, "support@contoso.example").await.status, 200);
}

#[tokio::test]
async fn delays_add_up_with_latency_and_other_faults() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| estate.settings.latency_ms = 100);
    stage.simulator.fault(token_fault(Failure::Delay { ms: 200 }));
    stage.simulator.fault(Fault::aadsts(53_003).times(1));
    let began = Instant::now();
    assert_eq!(stage.ask("Contoso Mail").await.number(), 53_003);
    assert!(began.elapsed() >= Duration::from_millis(300));
    let began = Instant::now();
    assert_eq!(stage.ask("Contoso Mail").await.status, 200);
    assert!(began.elapsed() >= Duration::from_millis(100));
}

async fn raw(stage: &Stage) -> reqwest::Response {
    let application = stage.application("Contoso Mail");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &application.client_id.to_string()),
        ("client_secret", application.secret()),
        ("scope", crate::support::DEFAULT_SCOPE),
    ];
    stage.client.post(stage.token_url("contoso.example")).form(&form).send().await.unwrap()
}

#[tokio::test]
async fn a_body_may_drip_hang_or_break() {
    let stage = Stage::start().await;
    stage.simulator.fault(token_fault(Failure::SlowBody));
    let mut slow = raw(&stage).await;
    let began = Instant::now();
    assert_eq!(slow.chunk().await.unwrap().unwrap(), "{");
    assert_eq!(slow.chunk().await.unwrap().unwrap(), "\"");
    assert!(began.elapsed() >= Duration::from_millis(900));

    stage.simulator.fault(token_fault(Failure::HangAfterHeaders));
    let mut hanging = raw(&stage).await;
    assert_eq!(hanging.status(), 200);
    assert!(tokio::time::timeout(Duration::from_millis(300), hanging.chunk()).await.is_err());

    stage.simulator.fault(token_fault(Failure::CloseMidBody));
    let broken = raw(&stage).await;
    assert_eq!(broken.status(), 200);
    assert!(broken.bytes().await.is_err());

    let began = Instant::now();
    stage.simulator.stop().await;
    assert!(began.elapsed() < Duration::from_secs(3), "stopping does not wait for the hanging answer");
}

#[tokio::test]
async fn control_is_not_disturbed() {
    let stage = Stage::start().await;
    stage.simulator.fault(Fault::new(Place::Anywhere, Failure::HtmlWith200));
    stage.simulator.estate(|estate| estate.settings.latency_ms = 60_000);
    let counts = stage.send(stage.client.get(format!("{}/api/counts", stage.simulator.control()))).await;
    assert_eq!(counts.json(), json!({ "control": 1 }));
    assert_eq!(stage.simulator.count(Kind::Token), 0);
}
