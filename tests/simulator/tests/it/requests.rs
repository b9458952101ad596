//! The log.

use std::time::Duration;

use postkey_simulator::{Call, Code, Failure, Fault, Kind, Place};
use tokio::time::timeout;

use crate::support::Stage;

#[tokio::test]
async fn a_request_is_remembered_with_who_what_and_how_it_ended_but_no_secret() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    let token = stage.token("Contoso Mail").await;
    stage.ask_with(&application, "wrong-secret-value").await;
    stage.inbox(&token, "nobody%40contoso.example").await;

    let all = stage.simulator.requests();
    let summary: Vec<_> = all.iter().map(|it| (it.seq, it.kind, it.status, it.code.clone())).collect();
    assert_eq!(
        summary,
        [
            (1, Kind::Token, Some(200), None),
            (2, Kind::Token, Some(401), Some(Code::Aadsts(7_000_215))),
            (3, Kind::Graph(Call::Inbox), Some(404), Some(Code::Graph("ErrorInvalidUser".to_owned()))),
        ]
    );
    let client_id = application.client_id.to_string();
    let tenant_id = application.tenant_id.to_string();
    for recorded in &all {
        assert_eq!(recorded.client_id.as_deref(), Some(client_id.as_str()));
        assert_eq!(recorded.tenant.as_deref(), Some(tenant_id.as_str()));
        assert_eq!(recorded.at, Stage::today());
    }
    assert_eq!(all[2].mailbox.as_deref(), Some("nobody@contoso.example"));
    let printed = format!("{all:?}{}", serde_json::to_string(&all).unwrap());
    for hidden in [application.secret(), "wrong-secret-value", &token] {
        assert!(!printed.contains(hidden));
    }
}

#[tokio::test]
async fn counts_are_exact_and_start_again_when_cleared() {
    let stage = Stage::start().await;
    for _ in 0..3 {
        stage.ask("Contoso Archive").await;
    }
    assert_eq!(stage.simulator.count(Kind::Token), 3);
    assert_eq!(stage.simulator.count(Kind::Discovery), 0);
    stage.simulator.clear_requests();
    assert_eq!(stage.simulator.count(Kind::Token), 0);
    assert!(stage.simulator.requests().is_empty());
    stage.ask("Contoso Archive").await;
    assert_eq!(stage.simulator.requests()[0].seq, 4);
}

#[tokio::test]
async fn one_may_wait_for_an_arrival_and_for_an_answer() {
    let stage = Stage::start().await;
    stage.simulator.fault(Fault::new(Place::Token, Failure::Delay { ms: 400 }));
    let limit = Duration::from_secs(10);
    let asking = stage.ask("Contoso Archive");
    let watching = async {
        timeout(limit, stage.simulator.wait_for_arrival(Kind::Token, 1)).await.unwrap();
        assert_eq!(stage.simulator.requests()[0].status, None);
        timeout(limit, stage.simulator.wait_for(Kind::Token, 1)).await.unwrap();
        assert_eq!(stage.simulator.requests()[0].status, Some(401));
    };
    tokio::join!(asking, watching);
    assert!(timeout(Duration::from_millis(50), stage.simulator.wait_for(Kind::Token, 2)).await.is_err());
}

#[tokio::test]
async fn an_answer_to_a_forgotten_request_does_not_count() {
    let stage = Stage::start().await;
    stage.simulator.fault(Fault::new(Place::Token, Failure::Delay { ms: 200 }));
    let forgetting = async {
        stage.simulator.wait_for_arrival(Kind::Token, 1).await;
        stage.simulator.clear_requests();
    };
    tokio::join!(stage.ask("Contoso Archive"), forgetting);
    assert!(timeout(Duration::from_millis(50), stage.simulator.wait_for(Kind::Token, 1)).await.is_err());
    assert!(stage.simulator.requests().is_empty());
}
