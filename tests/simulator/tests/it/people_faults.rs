//! Faults of signing in and of people's tokens.

use postkey_simulator::{Bend, Code, Failure, Fault, Kind, Page, Place};
use serde_json::Value;

use crate::{
    people::{Browser, JAN, OLGA, SCOPES, authorize, code, fields, redeem, refresh, text, tokens},
    support::{Stage, payload},
};

const SIGN_IN: &str = "Contoso Sign-in";

fn at(place: Place, number: u32) -> Fault {
    Fault::new(place, Failure::Aadsts(number))
}

#[tokio::test]
async fn a_fault_at_authorize_ends_on_a_page_or_at_the_application() {
    let stage = Stage::start().await;
    let address = authorize(&stage, SIGN_IN, &[]);
    for (number, error) in [
        (65_004, "access_denied"),
        (65_001, "consent_required"),
        (50_076, "interaction_required"),
        (90_033, "temporarily_unavailable"),
        (50_000, "server_error"),
    ] {
        stage.simulator.fault(at(Place::Authorize, number).times(1));
        let sent = fields(&stage.simulator.approve(&address, OLGA).await.unwrap());
        assert_eq!((sent["error"].as_str(), sent["state"].as_str()), (error, "a-state"), "{number}");
    }
    for number in [90_094, 53_003, 50_105, 50_011, 700_016] {
        stage.simulator.fault(at(Place::Authorize, number).times(1));
        let kept = stage.simulator.approve(&address, OLGA).await.unwrap_err();
        assert!(format!("{kept:#}").contains(&format!("AADSTS{number}")), "{kept:#}");
    }
    stage.simulator.fault(Fault::status(Place::Authorize, 503, Page::Html).times(1));
    assert!(format!("{:#}", stage.simulator.approve(&address, OLGA).await.unwrap_err()).contains("503"));
    assert!(stage.simulator.approve(&address, OLGA).await.is_ok());
    let codes: Vec<_> = stage.simulator.requests().into_iter().filter(|it| it.kind == Kind::Authorize).collect();
    assert_eq!(codes[0].code, Some(Code::Aadsts(65_004)));
}

#[tokio::test]
async fn a_tampered_state_comes_back_at_the_end_of_the_flow() {
    let stage = Stage::start().await;
    stage.simulator.fault(Fault::new(Place::Authorize, Failure::StateTampered).times(1));
    let address = authorize(&stage, SIGN_IN, &[]);
    let sent = fields(&stage.simulator.approve(&address, OLGA).await.unwrap());
    assert!(sent.contains_key("code") && sent["state"] != "a-state");
    assert_eq!(fields(&stage.simulator.approve(&address, OLGA).await.unwrap())["state"], "a-state");
}

#[tokio::test]
async fn a_fault_for_a_person_waits_until_it_is_that_person() {
    let stage = Stage::start().await;
    let address = authorize(&stage, SIGN_IN, &[]);
    stage.simulator.fault(at(Place::Authorize, 53_003).person(OLGA).times(1));
    assert!(stage.simulator.approve(&address, JAN).await.is_ok());
    let mut browser = Browser::open(&stage, &address).await;
    browser.sign_in(OLGA).await;
    assert_eq!(browser.heading(), "You cannot access this right now");
    assert!(stage.simulator.approve(&address, OLGA).await.is_ok(), "it was for one time");
}

#[tokio::test]
async fn a_fault_for_a_grant_type_or_a_persons_token_leaves_the_others() {
    let stage = Stage::start().await;
    let application = stage.application(SIGN_IN);
    let olga = tokens(&stage, SIGN_IN, OLGA, SCOPES).await;
    let jan = tokens(&stage, SIGN_IN, JAN, SCOPES).await;
    let used = async |body: &Value| refresh(&stage, &application, text(body, "refresh_token"), &[]).await;

    stage.simulator.fault(Fault::aadsts(90_033).grant_type("refresh_token"));
    assert_eq!(used(&olga).await.status, 503);
    let again = code(&stage, SIGN_IN, OLGA, &[]).await;
    assert_eq!(redeem(&stage, &application, &again, &[]).await.status, 200);
    assert_eq!(stage.ask("Contoso Mail").await.status, 200);
    stage.simulator.clear_faults();

    stage.simulator.fault(Fault::aadsts(70_043).person("Olga@contoso.example"));
    assert_eq!(used(&olga).await.number(), 70_043);
    assert_eq!(used(&jan).await.status, 200);
    let code = code(&stage, SIGN_IN, OLGA, &[]).await;
    assert_eq!(redeem(&stage, &application, &code, &[]).await.number(), 70_043);
    stage.simulator.clear_faults();

    stage.simulator.fault(Fault::status(Place::Graph, 503, Page::Json).person(OLGA));
    assert_eq!(stage.get(text(&olga, "access_token"), "/me").await.status, 503);
    assert_eq!(stage.get(text(&jan, "access_token"), "/me").await.status, 200);
}

async fn bent(stage: &Stage, bend: Bend) -> Value {
    let code = code(stage, SIGN_IN, OLGA, &[]).await;
    stage.simulator.fault(Fault::new(Place::Token, Failure::Bent(bend)).times(1));
    let answer = redeem(stage, &stage.application(SIGN_IN), &code, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn id_tokens_are_forged_in_every_way() {
    let stage = Stage::start().await;
    let good = payload(text(&tokens(&stage, SIGN_IN, OLGA, SCOPES).await, "id_token"));
    for (bend, claim) in [
        (Bend::IdTokenIssuer, "iss"),
        (Bend::IdTokenAudience, "aud"),
        (Bend::IdTokenTenant, "tid"),
        (Bend::IdTokenObject, "oid"),
        (Bend::IdTokenNonce, "nonce"),
        (Bend::IdTokenExpired, "exp"),
    ] {
        let body = bent(&stage, bend).await;
        let claims = payload(text(&body, "id_token"));
        let differing: Vec<&str> =
            ["iss", "aud", "tid", "oid", "nonce", "exp"].into_iter().filter(|it| claims[it] != good[it]).collect();
        assert_eq!(differing, [claim]);
        assert_eq!(stage.get(text(&body, "access_token"), "/me").await.status, 200);
    }
    let unsigned = bent(&stage, Bend::IdTokenUnsigned).await;
    let token = text(&unsigned, "id_token");
    assert!(token.ends_with('.') && payload(token)["aud"] == good["aud"]);
    let broken = bent(&stage, Bend::IdTokenSignature).await;
    assert_eq!(payload(text(&broken, "id_token"))["iss"], good["iss"]);
    assert!(bent(&stage, Bend::IdTokenMissing).await.get("id_token").is_none());
}

#[tokio::test]
async fn refresh_tokens_and_scopes_are_bent_too() {
    let stage = Stage::start().await;
    assert!(bent(&stage, Bend::RefreshTokenMissing).await.get("refresh_token").is_none());
    assert_eq!(bent(&stage, Bend::RefreshTokenEmpty).await["refresh_token"], "");
    let long = bent(&stage, Bend::RefreshTokenLong).await;
    let token = text(&long, "refresh_token");
    assert_eq!(token.len(), 20_000);
    assert_eq!(refresh(&stage, &stage.application(SIGN_IN), token, &[]).await.status, 200);

    let fewer = bent(&stage, Bend::ScopeFewer).await;
    let claims = payload(text(&fewer, "access_token"));
    assert!(!text(&fewer, "scope").contains("Mail.Send") && !text(&claims, "scp").contains("Mail.Send"));
    let url = stage.graph_url("/me/mailFolders/inbox");
    assert_eq!(stage.send(stage.client.get(url).bearer_auth(text(&fewer, "access_token"))).await.status, 200);
    let more = bent(&stage, Bend::ScopeMore).await;
    assert!(text(&more, "scope").ends_with("Files.Read.All"));
    assert!(bent(&stage, Bend::ScopeMissing).await.get("scope").is_none());
}

#[tokio::test]
async fn a_rolled_key_makes_id_tokens_of_before_unverifiable() {
    let stage = Stage::start().await;
    let body = tokens(&stage, SIGN_IN, OLGA, SCOPES).await;
    stage.simulator.roll_signing_key(true).unwrap();
    assert_eq!(stage.get(text(&body, "access_token"), "/me").await.status, 401);
    let again = tokens(&stage, SIGN_IN, OLGA, SCOPES).await;
    assert_eq!(stage.get(text(&again, "access_token"), "/me").await.status, 200);
}
