//! Faults: where they hit, and every AADSTS number.

use postkey_simulator::{Call, Failure, Fault, Page, Place, Refusal, RetryAfter, codes};

use crate::support::Stage;

const SUPPORT: &str = "support@contoso.example";

#[tokio::test]
async fn every_aadsts_number_has_its_error_status_and_text() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    let mut seen = std::collections::BTreeSet::new();
    for code in codes::all() {
        assert!(seen.insert(code.number), "{} is listed twice", code.number);
        stage.simulator.fault(Fault::aadsts(code.number).times(1));
        let answer = stage.ask("Contoso Mail").await;
        assert_eq!(answer.status, code.status, "{}", code.number);
        let body = answer.json();
        assert_eq!(body["error"], code.error, "{}", code.number);
        assert_eq!(answer.number(), u64::from(code.number));
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{}: ", code.number)), "{description}");
        assert!(!description.contains('{'), "{description}");
        assert_eq!(body.get("suberror").and_then(|it| it.as_str()), code.suberror);
        assert_eq!(body.get("claims").is_some(), code.claims);
        if code.text.contains("{client}") {
            assert!(description.contains(&application.client_id.to_string()), "{description}");
        }
    }
    assert_eq!(stage.ask("Contoso Mail").await.status, 200, "each fault hit one request");
}

#[test]
fn the_list_has_every_number_of_the_reference() {
    let reference = [
        7000215, 7000222, 7000218, 70002, 700025, 700027, 700024, 700030, 50012, 50048, 70021, 700213, 700016, 700011,
        70001, 7000112, 7000229, 90002, 900023, 90038, 900382, 900432, 9001023, 50194, 50059, 50128, 90019, 50011,
        500113, 900971, 700054, 70005, 70007, 90014, 900144, 9002313, 90023, 90004, 900561, 90056, 901002, 100007,
        70011, 1002012, 28002, 28003, 700022, 700023, 50001, 500011, 650052, 650054, 650056, 65005, 650057, 65001,
        65004, 90094, 90095, 90008, 50105, 70000, 70008, 700082, 700084, 70043, 50173, 50132, 50133, 50089, 54005,
        501481, 50147, 501491, 700005, 50034, 50020, 16000, 90072, 50126, 50053, 50055, 50144, 50057, 50076, 50079,
        50072, 50074, 50078, 50158, 53000, 53001, 53002, 53003, 530032, 530034, 530035, 50131, 500021, 500022, 500212,
        500213, 50058, 50196, 90033, 90006, 90012, 90024, 90090, 50033, 50087, 80005, 90091, 90055, 50000, 90036,
        90092, 70012, 70003,
    ];
    for number in reference {
        assert!(codes::find(number).is_some(), "{number}");
    }
}

#[tokio::test]
async fn a_number_nobody_listed_is_still_answered() {
    let stage = Stage::start().await;
    stage.simulator.fault(Fault::aadsts(123_456));
    let answer = stage.ask("Contoso Mail").await;
    assert_eq!((answer.status.as_u16(), answer.number()), (400, 123_456));
}

#[tokio::test]
async fn every_refusal_of_graph_can_be_asked_for() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    for refusal in Refusal::ALL {
        stage.simulator.fault(Fault::graph(refusal).times(1));
        let answer = stage.inbox(&token, SUPPORT).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (refusal.status(), refusal.code()));
    }
    stage.simulator.fault(Fault::graph(Refusal::InsufficientClaims));
    let challenge = stage.inbox(&token, SUPPORT).await.headers["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains(r#"error="insufficient_claims", claims="ey"#), "{challenge}");
}

#[tokio::test]
async fn a_fault_hits_only_its_tenant_application_mailbox_and_place() {
    let stage = Stage::start().await;
    let (contoso, reader, fabrikam) =
        (stage.application("Contoso Mail"), stage.application("Contoso Reader"), stage.application("Fabrikam Mail"));
    let statuses = async || {
        let mut all = Vec::new();
        for name in [&contoso.name, &reader.name, &fabrikam.name] {
            all.push(stage.ask(name).await.status.as_u16());
        }
        all
    };
    stage.simulator.fault(Fault::aadsts(53_003).tenant(contoso.tenant_id));
    assert_eq!(statuses().await, [400, 400, 200]);
    stage.simulator.clear_faults();
    stage.simulator.fault(Fault::aadsts(53_003).application(reader.client_id));
    assert_eq!(statuses().await, [200, 400, 200]);
    stage.simulator.clear_faults();

    let token = stage.token("Contoso Mail").await;
    stage.simulator.fault(Fault::graph(Refusal::PolicyBlock).mailbox("Support@contoso.example"));
    assert_eq!(stage.inbox(&token, SUPPORT).await.status, 403);
    assert_eq!(stage.inbox(&token, "sales@contoso.example").await.status, 200);
    stage.simulator.clear_faults();

    let messages = Fault::new(Place::Call(Call::Messages), Failure::Graph(Refusal::AccessDenied));
    let id = stage.simulator.fault(messages.application(contoso.client_id));
    assert_eq!(stage.inbox(&token, SUPPORT).await.status, 200);
    assert_eq!(stage.get(&token, &format!("/users/{SUPPORT}/messages")).await.status, 403);
    assert!(stage.simulator.estate(|estate| estate.faults.remove(id)));
    assert_eq!(stage.get(&token, &format!("/users/{SUPPORT}/messages")).await.status, 200);
}

#[tokio::test]
async fn a_counted_fault_hits_that_many_requests_and_then_the_next_one_comes() {
    let stage = Stage::start().await;
    stage.simulator.fault(Fault::aadsts(90_033).times(2));
    stage.simulator.fault(Fault::aadsts(7_000_215).times(1));
    let mut numbers = Vec::new();
    for _ in 0..3 {
        numbers.push(stage.ask("Contoso Mail").await.number());
    }
    assert_eq!(numbers, [90_033, 90_033, 7_000_215]);
    assert_eq!(stage.ask("Contoso Mail").await.status, 200);
    assert_eq!(stage.simulator.estate(|estate| estate.faults.iter().count()), 0);
}

#[tokio::test]
async fn throttling_is_plain_text_from_entra_and_json_from_graph() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    for (retry_after, header) in [
        (RetryAfter::Seconds(60), Some("60")),
        (RetryAfter::Date(90), Some("Wed, 06 May 2026 06:04:30 GMT")),
        (RetryAfter::Garbage, Some("soon; or later")),
        (RetryAfter::Absent, None),
    ] {
        stage.simulator.fault(Fault::new(Place::Anywhere, Failure::Throttle(retry_after)).times(2));
        let entra = stage.ask("Contoso Mail").await;
        assert_eq!((entra.status.as_u16(), entra.text.as_str()), (429, "Too Many Requests"));
        assert!(entra.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
        let graph = stage.inbox(&token, SUPPORT).await;
        assert_eq!((graph.status.as_u16(), graph.code().as_str()), (429, "ApplicationThrottled"));
        for answer in [entra, graph] {
            assert_eq!(answer.headers.get("retry-after").map(|it| it.to_str().unwrap()), header);
        }
    }
}

#[tokio::test]
async fn server_errors_come_as_json_html_or_nothing() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    for status in [500, 502, 503, 504] {
        for page in [Page::Json, Page::Html, Page::Empty] {
            stage.simulator.fault(Fault::status(Place::Anywhere, status, page).times(2));
            for answer in [stage.ask("Contoso Mail").await, stage.inbox(&token, SUPPORT).await] {
                assert_eq!(answer.status, status);
                match page {
                    Page::Json => {
                        assert!(answer.json()["error"].is_string() || answer.json()["error"]["code"].is_string())
                    }
                    Page::Html => assert!(answer.text.contains("This is a simulator. It is not Microsoft.")),
                    Page::Empty => assert_eq!(answer.text, ""),
                }
            }
        }
    }
}
