//! The token endpoint, by secret.

use std::time::Duration;

use postkey_simulator::{Lifetime, Permission, Secret};
use uuid::Uuid;

use crate::support::{Answer, DEFAULT_SCOPE, Stage, payload};

#[tokio::test]
async fn a_token_carries_exactly_the_claims_of_an_app_only_graph_token() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    let answer = stage.ask("Contoso Mail").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");

    let body = answer.json();
    let members: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["access_token", "expires_in", "ext_expires_in", "token_type"]);
    assert_eq!(body["token_type"], "Bearer");
    let lifetime = body["expires_in"].as_i64().unwrap();
    assert!((3_600..=5_400).contains(&lifetime), "{lifetime}");

    let claims = payload(body["access_token"].as_str().unwrap());
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    let expected = [
        "app_displayname",
        "appid",
        "appidacr",
        "aud",
        "exp",
        "iat",
        "idp",
        "idtyp",
        "iss",
        "nbf",
        "oid",
        "roles",
        "sub",
        "tid",
        "uti",
        "ver",
    ];
    assert_eq!(names, expected);
    let now = Stage::today().as_second();
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert_eq!(claims["iss"], format!("{}/{}/", stage.simulator.authority(), application.tenant_id));
    assert_eq!(claims["iat"], now);
    assert_eq!(claims["exp"], now + lifetime);
    assert_eq!(claims["appid"], application.client_id.to_string());
    assert_eq!(claims["appidacr"], "1");
    assert_eq!(claims["idtyp"], "app");
    assert_eq!(claims["oid"], application.object_id.to_string());
    assert_eq!(claims["sub"], claims["oid"]);
    assert_eq!(claims["roles"], serde_json::json!(["Mail.ReadWrite", "Mail.Send"]));
}

#[tokio::test]
async fn a_token_without_consent_has_no_roles() {
    let stage = Stage::start().await;
    let claims = payload(&stage.token("Contoso Intranet").await);
    assert!(claims.get("roles").is_none());
}

#[tokio::test]
async fn a_secret_in_http_basic_is_as_good_as_one_in_the_body() {
    let stage = Stage::start().await;
    let mut application = stage.application("Contoso Mail");
    let secret = "a+b&c%d=e f:g~h.i_j-k";
    application.secrets[0].value = secret.to_owned();
    stage.simulator.estate(|estate| *estate.application_mut("Contoso Mail").unwrap() = application.clone());
    let encoded = "a%2Bb%26c%25d%3De+f%3Ag%7Eh.i_j-k";
    let request = stage
        .client
        .post(stage.token_url(&application.tenant_id.to_string()))
        .basic_auth(application.client_id, Some(encoded))
        .form(&[("grant_type", "client_credentials"), ("scope", DEFAULT_SCOPE)]);
    assert_eq!(stage.send(request).await.status, 200);
    assert_eq!(stage.ask_with(&application, secret).await.status, 200);
}

#[tokio::test]
async fn a_wrong_secret_and_the_secret_id_are_refused_as_entra_refuses_them() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    for wrong in ["nonsense", &application.secret_id().unwrap().to_string()] {
        let answer = stage.ask_with(&application, wrong).await;
        assert_eq!(answer.status, 401);
        let body = answer.json();
        assert_eq!(body["error"], "invalid_client");
        assert_eq!(body["error_codes"], serde_json::json!([7_000_215]));
        assert_eq!(body["timestamp"], "2026-05-06 06:03:00Z");
        let (trace, correlation) = (body["trace_id"].as_str().unwrap(), body["correlation_id"].as_str().unwrap());
        let client_id = application.client_id;
        assert_eq!(
            body["error_description"],
            format!(
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client \
                 secret value, not the client secret ID, for a secret added to app '{client_id}'. Trace ID: {trace} \
                 Correlation ID: {correlation} Timestamp: 2026-05-06 06:03:00Z"
            )
        );
        assert_eq!(body["error_uri"], format!("{}/error?code=7000215", stage.simulator.authority()));
        assert_eq!(answer.headers["x-ms-request-id"], trace);
    }
}

#[tokio::test]
async fn the_correlation_id_echoes_the_clients_request_id() {
    let stage = Stage::start().await;
    let url = stage.token_url("nowhere.example");
    let ours = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    let answer = stage.send(stage.client.post(&url).header("client-request-id", ours)).await;
    assert_eq!(answer.json()["correlation_id"], ours);
    assert_eq!(answer.headers["client-request-id"], ours);
    let other = stage.send(stage.client.post(&url).header("client-request-id", "not a guid")).await;
    assert!(Uuid::try_parse(other.json()["correlation_id"].as_str().unwrap()).is_ok());
}

#[tokio::test]
async fn a_secret_expires_by_the_clock() {
    let stage = Stage::start().await;
    assert_eq!(stage.ask("Contoso Mail").await.status, 200);
    stage.simulator.clock().advance(Duration::from_secs(151 * 24 * 3600));
    let answer = stage.ask("Contoso Mail").await;
    assert_eq!((answer.status.as_u16(), answer.number()), (401, 7_000_222));
    assert_eq!(stage.ask_with(&stage.application("Contoso Mail"), "wrong").await.number(), 7_000_222);
}

#[tokio::test]
async fn two_secrets_are_good_side_by_side_and_one_may_expire() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Archive");
    let now = Stage::today();
    stage.simulator.estate(|estate| {
        estate.application_mut("Contoso Archive").unwrap().secrets.push(Secret {
            id: Uuid::nil(),
            name: "New".to_owned(),
            value: "brand-new".to_owned(),
            start: now,
            end: now + Duration::from_secs(3600),
        });
    });
    assert_eq!(stage.ask_with(&application, "brand-new").await.status, 200);
    assert_eq!(stage.ask_with(&application, application.secret()).await.number(), 7_000_222);
    assert_eq!(stage.ask_with(&application, "wrong").await.number(), 7_000_215);
}

#[tokio::test]
async fn entra_looks_at_the_tenant_before_anything_else() {
    let stage = Stage::start().await;
    for (tenant, number) in [
        ("https:login", 900_023),
        ("no such tenant", 900_023),
        ("nowhere.example", 90_002),
        ("6f1c1b1e-0000-4000-8000-000000000000", 90_002),
        ("common", 9_001_023),
        ("consumers", 9_001_023),
        ("organizations", 50_059),
    ] {
        let answer = ask_anything(&stage, tenant, ["nobody", "x", "wrong"]).await;
        assert_eq!(answer.number(), number, "{tenant}");
    }
}

#[tokio::test]
async fn then_entra_looks_at_client_scope_credential_and_policy() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Warehouse");
    let client: &str = &application.client_id.to_string();
    let secret = application.secret();
    let two_resources = "https://graph.microsoft.com/.default https://outlook.office365.com/.default";
    for (asked, number) in [
        (["nobody", "x", "wrong"], 700_016),
        (["6f1c1b1e-0000-4000-8000-000000000000", "x", "wrong"], 700_016),
        ([client, "https://graph.microsoft.com/Mail.Send", "wrong"], 1_002_012),
        ([client, "https%3A%2F%2Fgraph.microsoft.com%2F.default", "wrong"], 1_002_012),
        ([client, "openid https://graph.microsoft.com/.default", "wrong"], 70_011),
        ([client, "https://graph.microsoft.us/.default", "wrong"], 500_011),
        ([client, two_resources, "wrong"], 700_022),
        ([client, DEFAULT_SCOPE, "wrong"], 7_000_215),
        ([client, DEFAULT_SCOPE, ""], 7_000_218),
        ([client, DEFAULT_SCOPE, secret], 53_003),
    ] {
        let answer = ask_anything(&stage, "CONTOSO.example", asked).await;
        assert_eq!(answer.number(), number, "{asked:?}: {}", answer.text);
    }
}

/// Asks with this client ID, scope and secret.
async fn ask_anything(stage: &Stage, tenant: &str, [client_id, scope, secret]: [&str; 3]) -> Answer {
    let form =
        [("grant_type", "client_credentials"), ("client_id", client_id), ("scope", scope), ("client_secret", secret)];
    stage.post(tenant, &form).await
}

#[tokio::test]
async fn an_application_of_another_tenant_is_unknown_here() {
    let stage = Stage::start().await;
    let mut application = stage.application("Fabrikam Mail");
    application.tenant_id = stage.application("Contoso Mail").tenant_id;
    let answer = stage.ask_with(&application, application.secret()).await;
    assert_eq!((answer.status.as_u16(), answer.number()), (400, 700_016));
    assert_eq!(answer.json()["error"], "unauthorized_client");
}

#[tokio::test]
async fn a_request_without_a_field_or_with_another_grant_or_method_is_refused() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    let (tenant, client) = (application.tenant_id.to_string(), application.client_id.to_string());
    let grant = ("grant_type", "client_credentials");
    assert_eq!(stage.post(&tenant, &[]).await.number(), 900_144);
    assert_eq!(stage.post(&tenant, &[grant]).await.number(), 900_144);
    assert_eq!(stage.post(&tenant, &[grant, ("client_id", &client)]).await.number(), 900_144);
    for other in ["password", "device_code"] {
        let answer = stage.post(&tenant, &[("grant_type", other), ("client_id", &client)]).await;
        assert_eq!((answer.status.as_u16(), answer.number()), (400, 70_003));
        assert_eq!(answer.json()["error"], "unsupported_grant_type");
    }
    let get = stage.send(stage.client.get(stage.token_url(&tenant))).await;
    assert_eq!(get.number(), 900_561);
}

#[tokio::test]
async fn graph_may_be_named_in_each_of_its_ways_and_other_resources_have_their_own_audience() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    let client = application.client_id.to_string();
    let own = format!("{}/.default", stage.simulator.graph());
    let exchange = "https://outlook.office365.com/.default";
    let by_id = "00000003-0000-0000-c000-000000000000/.default";
    for (scope, status) in [(DEFAULT_SCOPE, 200), (&own, 200), (by_id, 200), (exchange, 401)] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client),
            ("client_secret", application.secret()),
            ("scope", scope),
            ("client_info", "1"),
        ];
        let answer = stage.post("contoso.example", &form).await;
        assert_eq!(answer.status, 200, "{scope}: {}", answer.text);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(stage.inbox(&token, "support@contoso.example").await.status, status, "{scope}");
    }
}

#[tokio::test]
async fn lifetimes_may_be_fixed_and_consent_shows_in_the_next_token() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| {
        estate.settings.lifetime = Lifetime::Fixed { seconds: 75 };
        estate.application_mut("Contoso Intranet").unwrap().roles.insert(Permission::MailRead);
    });
    let answer = stage.ask("Contoso Intranet").await;
    assert_eq!(answer.json()["expires_in"], 75);
    let claims = payload(answer.json()["access_token"].as_str().unwrap());
    assert_eq!(claims["roles"], serde_json::json!(["Mail.Read"]));
}
