//! The control page and its API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Stage};

pub(crate) async fn api(stage: &Stage, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = stage.client.request(method, format!("{}/api{path}", stage.simulator.control()));
    stage
        .send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
}

pub(crate) async fn page(stage: &Stage, query: &str) -> String {
    let answer = stage.send(stage.client.get(format!("{}{query}", stage.simulator.control()))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

pub(crate) async fn submit(stage: &Stage, path: &str, form: &[(&str, &str)]) -> Answer {
    stage.send(stage.client.post(format!("{}{path}", stage.simulator.control())).form(form)).await
}

#[tokio::test]
async fn the_page_says_what_it_is_and_shows_what_there_is() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Mail");
    stage.ask("Contoso Archive").await;
    let page = page(&stage, "").await;
    assert!(page.contains("This is a simulator. It is not Microsoft."));
    for shown in [
        application.secret(),
        &application.client_id.to_string(),
        &application.tenant_id.to_string(),
        "Fabrikam",
        "expired_secret",
        "RBAC Mail.Send on shared@contoso.example, support@contoso.example",
        "ceo@contoso.example",
        "AADSTS7000222",
        &stage.simulator.authority(),
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn mailboxes_are_searched_and_at_most_fifty_are_shown() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| estate.add_mailboxes("contoso.example", 500, |number| format!("box{number:03}")));
    let found = page(&stage, "?q=box49").await;
    assert!(found.contains("box499@contoso.example") && !found.contains("box001@"));
    assert_eq!(page(&stage, "?q=box").await.matches("<code>box").count(), 50);
    let answer = api(&stage, Method::GET, "/mailboxes?search=BOX49&limit=3", None).await.json();
    assert_eq!(answer.as_array().unwrap().len(), 3);
    assert_eq!(answer[0]["address"], "box490@contoso.example");
}

#[tokio::test]
async fn every_fault_the_page_offers_can_be_put_in_and_taken_out() {
    let stage = Stage::start().await;
    let html = page(&stage, "").await;
    let select = html.split(r#"<select name="failure">"#).nth(1).unwrap().split("</select>").next().unwrap();
    let values: Vec<String> =
        select.split(r#"<option value=""#).skip(1).map(|it| unescaped(it.split('"').next().unwrap())).collect();
    assert!(values.len() > 60, "{}", values.len());
    for value in &values {
        let form = [
            ("failure", value.as_str()),
            ("aadsts", ""),
            ("place", ""),
            ("tenant", ""),
            ("application", ""),
            ("mailbox", ""),
            ("times", ""),
        ];
        let answer = submit(&stage, "/faults", &form).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.headers["location"]),
            (303, &"/_control#faults".parse().unwrap()),
            "{value}"
        );
    }
    assert_eq!(stage.simulator.estate(|estate| estate.faults.iter().count()), values.len());
    assert_eq!(submit(&stage, "/faults/1/remove", &[]).await.status, 303);
    assert_eq!(stage.simulator.estate(|estate| estate.faults.iter().count()), values.len() - 1);
    assert_eq!(submit(&stage, "/faults/clear", &[]).await.status, 303);

    let client_id = stage.application("Contoso Mail").client_id.to_string();
    let form = [
        ("failure", ""),
        ("aadsts", "AADSTS50196"),
        ("place", ""),
        ("tenant", ""),
        ("application", &client_id),
        ("mailbox", ""),
        ("times", "1"),
    ];
    submit(&stage, "/faults", &form).await;
    assert!(page(&stage, "").await.contains("Entra: token, Contoso Mail, next 1 requests"));
    assert_eq!(stage.ask("Contoso Mail").await.number(), 50_196);
    let wrong = [
        ("failure", ""),
        ("aadsts", "x"),
        ("place", ""),
        ("tenant", ""),
        ("application", ""),
        ("mailbox", ""),
        ("times", ""),
    ];
    let refused = submit(&stage, "/faults", &wrong).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("This is a simulator. It is not Microsoft."));
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&quot;", "\"").replace("&amp;", "&")
}

#[tokio::test]
async fn forms_change_settings_and_keys() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let settings = [("lifetime", "90"), ("latency_ms", "0"), ("skew_seconds", "0")];
    assert_eq!(submit(&stage, "/settings", &settings).await.status, 303);
    assert_eq!(stage.ask("Contoso Mail").await.json()["expires_in"], 90);
    assert_eq!(submit(&stage, "/keys", &[]).await.status, 303);
    let refused = stage.inbox(&token, "support@contoso.example").await;
    assert_eq!(refused.status, 401);
    assert_eq!(submit(&stage, "/requests/clear", &[]).await.status, 303);
    assert!(stage.simulator.requests().len() < 2, "only the form's own request may be left");
}

#[tokio::test]
async fn forms_change_applications_and_the_clock() {
    let stage = Stage::start().await;
    let base = format!("/applications/{}", stage.application("Contoso Mail").client_id);
    let switches = format!("{base}/switches");
    for (switch, number) in [("enabled", 7_000_112), ("blocked", 53_003)] {
        assert_eq!(submit(&stage, &switches, &[("switch", switch)]).await.status, 303);
        assert_eq!(stage.ask("Contoso Mail").await.number(), number);
        submit(&stage, &switches, &[("switch", switch)]).await;
    }
    let secret = submit(&stage, &format!("{base}/secrets"), &[("days", "10")]).await;
    assert_eq!(secret.status, 303);
    assert_eq!(stage.application("Contoso Mail").secrets.len(), 2);
    assert_eq!(stage.ask("Contoso Mail").await.status, 200);
    assert_eq!(submit(&stage, "/clock", &[("hours", "264")]).await.status, 303);
    assert_eq!(stage.ask("Contoso Mail").await.number(), 7_000_222);
}

#[tokio::test]
async fn a_form_adds_mailboxes_in_known_domains() {
    let stage = Stage::start().await;
    let mailbox = [("address", "New@contoso.example"), ("kind", "shared"), ("name", "New one")];
    assert_eq!(submit(&stage, "/mailboxes", &mailbox).await.status, 303);
    assert!(page(&stage, "?q=new@").await.contains("New one"));
    let foreign = [("address", "a@elsewhere.example"), ("kind", "user"), ("name", "")];
    assert_eq!(submit(&stage, "/mailboxes", &foreign).await.status, 422);
}

#[tokio::test]
async fn a_certificate_is_uploaded_by_form_and_by_api() {
    let stage = Stage::start().await;
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let der = certificate.der().to_vec();
    let control = stage.simulator.control();
    let client_id = stage.application("Contoso Vault").client_id;

    let head = "--frontier\r\nContent-Disposition: form-data; name=\"certificate\"; filename=\"a.cer\"\r\n\
                Content-Type: application/pkix-cert\r\n\r\n";
    let body = [head.as_bytes(), &der, b"\r\n--frontier--\r\n"].concat();
    let request = stage.client.post(format!("{control}/applications/{client_id}/certificates"));
    let answer = stage.send(request.header("content-type", "multipart/form-data; boundary=frontier").body(body)).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let thumbprint = stage.application("Contoso Vault").certificates[0].thumbprint();
    assert!(page(&stage, "").await.contains(&thumbprint));

    let url = format!("{control}/api/applications/Contoso%20Vault/certificates");
    let again = stage.send(stage.client.post(&url).body(certificate.pem())).await;
    assert_eq!((again.status.as_u16(), &again.json()["sha1"]), (201, &json!(thumbprint)));
    assert_eq!(stage.application("Contoso Vault").certificates.len(), 1, "the same one is kept once");
    let garbage = stage.send(stage.client.post(&url).body("garbage")).await;
    assert_eq!(garbage.status, 422);
    assert!(garbage.json()["error"].is_string());
}

#[tokio::test]
async fn the_api_shows_the_estate() {
    let stage = Stage::start().await;
    let estate = api(&stage, Method::GET, "/estate", None).await.json();
    assert_eq!(estate["graph"], stage.simulator.graph());
    assert_eq!(estate["tenants"][1]["domains"][0], "fabrikam.example");
    let first = &estate["applications"][0];
    assert_eq!(first["state"], "healthy");
    assert_eq!(first["secrets"][0]["value"], stage.application("Contoso Mail").secret());
    assert_eq!(api(&stage, Method::GET, "/outbox", None).await.json(), json!([]));
    assert_eq!(api(&stage, Method::DELETE, "/outbox", None).await.status, 204);
}

#[tokio::test]
async fn the_api_puts_faults_in_and_takes_them_out() {
    let stage = Stage::start().await;
    let fault = json!({ "place": "token", "failure": { "aadsts": 50_196 }, "times": 1 });
    let put = api(&stage, Method::POST, "/faults", Some(fault)).await;
    assert_eq!((put.status.as_u16(), put.json()), (201, json!({ "number": 1 })));
    let faults = api(&stage, Method::GET, "/faults", None).await.json();
    assert_eq!(faults[0]["fault"]["failure"]["aadsts"], 50_196);
    assert_eq!(stage.ask("Contoso Mail").await.number(), 50_196);

    let failure = json!({ "status": { "status": 503, "page": "html", "retry_after": { "seconds": 5 } } });
    let one_call = json!({ "place": { "call": "inbox" }, "failure": failure });
    let put = api(&stage, Method::POST, "/faults", Some(one_call)).await;
    let number = put.json()["number"].clone();
    let target = format!("/faults/{number}");
    assert_eq!(api(&stage, Method::DELETE, &target, None).await.status, 204);
    assert_eq!(api(&stage, Method::DELETE, &target, None).await.status, 404);
    assert_eq!(api(&stage, Method::DELETE, "/faults", None).await.status, 204);
}

#[tokio::test]
async fn the_api_changes_applications_and_mailboxes() {
    let stage = Stage::start().await;
    let mail = "/applications/Contoso%20Mail";
    let roles = json!({ "roles": ["Mail.Read"] });
    assert_eq!(api(&stage, Method::PATCH, mail, Some(roles)).await.status, 204);
    assert_eq!(stage.application("Contoso Mail").state(Stage::today()).as_str(), "read_only");
    let nobody = api(&stage, Method::PATCH, "/applications/Nobody", Some(json!({}))).await;
    assert_eq!((nobody.status.as_u16(), nobody.json()), (422, json!({ "error": "there is no application 'Nobody'" })));

    let old = json!({ "days": -2, "value": "old" });
    let secret = api(&stage, Method::POST, &format!("{mail}/secrets"), Some(old)).await;
    assert_eq!((secret.status.as_u16(), &secret.json()["value"]), (201, &json!("old")));
    let refused = stage.ask_with(&stage.application("Contoso Mail"), "old").await;
    assert_eq!(refused.number(), 7_000_222);

    let mailbox = json!({ "address": "x@contoso.example" });
    assert_eq!(api(&stage, Method::POST, "/mailboxes", Some(mailbox)).await.status, 201);
    assert!(stage.simulator.estate(|estate| estate.mailboxes.get("x@contoso.example").is_some()));
}

#[tokio::test]
async fn an_application_is_limited_to_mailboxes_and_the_limit_is_lifted_by_form_and_by_api() {
    let stage = Stage::start().await;
    let form = format!("/applications/{}/limit", stage.application("Contoso Mail").client_id);
    let mail = "/applications/Contoso%20Mail";
    let opens = async |token: &str| {
        let support = stage.inbox(token, "support@contoso.example").await;
        [support.status.as_u16(), stage.inbox(token, "ceo@contoso.example").await.status.as_u16()]
    };
    let before = stage.token("Contoso Mail").await;
    assert_eq!(
        submit(&stage, &form, &[("addresses", "Support@contoso.example, sales@contoso.example")]).await.status,
        303
    );
    assert_eq!(opens(&before).await, [200, 200], "a token that was issued before carries the consent");
    assert_eq!(opens(&stage.token("Contoso Mail").await).await, [200, 403]);
    assert!(page(&stage, "").await.contains("RBAC Mail.Send on sales@contoso.example, support@contoso.example"));
    assert_eq!(submit(&stage, &form, &[]).await.status, 303);
    assert_eq!(opens(&stage.token("Contoso Mail").await).await, [200, 200]);
    assert_eq!(stage.application("Contoso Mail").state(Stage::today()).as_str(), "healthy");

    let narrow = json!({ "limit_to": ["ceo@contoso.example"] });
    assert_eq!(api(&stage, Method::PATCH, mail, Some(narrow)).await.status, 204);
    assert_eq!(opens(&stage.token("Contoso Mail").await).await, [403, 200]);
    assert_eq!(api(&stage, Method::PATCH, mail, Some(json!({ "lift_limit": true }))).await.status, 204);
    assert_eq!(opens(&stage.token("Contoso Mail").await).await, [200, 200]);
}

#[tokio::test]
async fn the_api_changes_settings_and_clock_and_counts_requests() {
    let stage = Stage::start().await;
    let settings = json!({ "lifetime": { "kind": "fixed", "seconds": 61 } });
    assert_eq!(api(&stage, Method::PUT, "/settings", Some(settings)).await.status, 204);
    assert_eq!(stage.ask("Contoso Mail").await.json()["expires_in"], 61);
    let roll = json!({ "forget_old": false });
    assert_eq!(api(&stage, Method::POST, "/keys/roll", Some(roll)).await.status, 204);
    let minute = json!({ "seconds": 60 });
    let moved = api(&stage, Method::POST, "/clock/advance", Some(minute)).await.json();
    assert_eq!(moved["now"], "2026-05-06T06:04:00Z");

    stage.ask("Contoso Archive").await;
    let newest = api(&stage, Method::GET, "/requests?limit=1", None).await.json();
    assert_eq!((&newest[0]["kind"], &newest[0]["code"]), (&json!("token"), &json!(7_000_222)));
    assert_eq!(api(&stage, Method::GET, "/counts", None).await.json()["token"], 2);
    assert_eq!(api(&stage, Method::DELETE, "/requests", None).await.status, 204);
    assert_eq!(api(&stage, Method::GET, "/requests", None).await.json(), json!([]));
}

#[tokio::test]
async fn error_uris_lead_to_a_page_about_the_code() {
    let stage = Stage::start().await;
    let uri = stage.ask("Contoso Archive").await.json()["error_uri"].as_str().unwrap().to_owned();
    let answer = stage.send(stage.client.get(uri)).await;
    assert!(answer.text.contains("AADSTS7000222") && answer.text.contains("This is a simulator. It is not Microsoft."));
}
