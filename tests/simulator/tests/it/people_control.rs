//! The control page and its API, as far as they concern people.

use reqwest::Method;
use serde_json::json;

use crate::{
    control::{api, page, submit},
    people::{CALLBACK, JAN, OLGA, SCOPES, authorize, fields, refresh, text, tokens},
    support::Stage,
};

const APPLICATION: &str = "/applications/Contoso%20Sign-in";

#[tokio::test]
async fn the_api_signs_in_without_a_browser() {
    let stage = Stage::start().await;
    let address = authorize(&stage, "Contoso Sign-in", &[]);
    let accept = json!({ "address": address, "person": OLGA });
    let answer = api(&stage, Method::POST, "/approve", Some(accept)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(fields(text(&answer.json(), "location")).contains_key("code"));
    let decline = json!({ "address": address, "person": JAN, "decline": true });
    let declined = api(&stage, Method::POST, "/approve", Some(decline)).await.json();
    assert_eq!(fields(text(&declined, "location"))["error"], "access_denied");
    let kept = json!({ "address": address, "person": "karl@contoso.example" });
    let kept = api(&stage, Method::POST, "/approve", Some(kept)).await;
    assert_eq!(kept.status, 422);
    assert!(text(&kept.json(), "error").contains("AADSTS53003"));
}

#[tokio::test]
async fn the_api_shows_people_and_changes_them() {
    let stage = Stage::start().await;
    let people = api(&stage, Method::GET, "/people", None).await.json();
    let olga = people.as_array().unwrap().iter().find(|person| person["address"] == OLGA).unwrap();
    assert_eq!((&olga["password"], &olga["disabled"]), (&json!("correct-horse-olga"), &json!(false)));
    let body = tokens(&stage, "Contoso Sign-in", OLGA, SCOPES).await;
    let grants = api(&stage, Method::GET, "/grants", None).await.json();
    assert_eq!((&grants[0]["address"], &grants[0]["generation"]), (&json!(OLGA), &json!(1)));
    assert!(!grants.to_string().contains(text(&body, "refresh_token")));

    let application = stage.application("Contoso Sign-in");
    let used = || refresh(&stage, &application, text(&body, "refresh_token"), &[]);
    let target = format!("/people/{OLGA}");
    for (changes, number) in [
        (json!({ "disabled": true }), 50_057),
        (json!({ "disabled": false, "mfa": true }), 50_076),
        (json!({ "mfa": false, "blocked": true }), 53_003),
        (json!({ "blocked": false, "revoke_sessions": true }), 50_173),
    ] {
        assert_eq!(api(&stage, Method::POST, &target, Some(changes.clone())).await.status, 204);
        assert_eq!(used().await.number(), number, "{changes}");
    }
    let reset = json!({ "reset_password": "other" });
    assert_eq!(api(&stage, Method::POST, &target, Some(reset)).await.status, 204);
    assert!(stage.simulator.approve(&authorize(&stage, "Contoso Sign-in", &[]), OLGA).await.is_ok());
    assert_eq!(api(&stage, Method::POST, "/people/nobody", Some(json!({}))).await.status, 422);
    let misspelt = json!({ "disable": true });
    assert_eq!(api(&stage, Method::POST, &target, Some(misspelt)).await.status, 422);
    let often = json!({ "sign_in_frequency_hours": 1 });
    assert_eq!(api(&stage, Method::POST, &target, Some(often)).await.status, 204);
    let hours = stage.simulator.estate(|estate| estate.people.get(OLGA).unwrap().sign_in_frequency_hours);
    assert_eq!(hours, Some(1));
}

#[tokio::test]
async fn the_api_changes_how_people_sign_in_to_an_application() {
    let stage = Stage::start().await;
    let elsewhere = "https://mail.contoso.example/back";
    let changes = json!({ "add_redirect_uri": elsewhere, "user_consent": false, "assignment_required": true,
                          "assigned": [JAN] });
    assert_eq!(api(&stage, Method::POST, APPLICATION, Some(changes)).await.status, 204);
    let estate = api(&stage, Method::GET, "/estate", None).await.json();
    let shown = estate["applications"].as_array().unwrap().iter().find(|it| it["name"] == "Contoso Sign-in").unwrap();
    assert_eq!(shown["redirect_uris"], json!(["http://localhost/callback", elsewhere]));
    assert_eq!((&shown["user_consent"], &shown["delegated"][0]), (&json!(false), &json!("Mail.ReadWrite")));

    let address = authorize(&stage, "Contoso Sign-in", &[("redirect_uri", elsewhere)]);
    let told = |kept: anyhow::Result<String>| format!("{:#}", kept.unwrap_err());
    assert!(told(stage.simulator.approve(&address, OLGA).await).contains("AADSTS50105"));
    assert!(told(stage.simulator.approve(&address, JAN).await).contains("AADSTS90094"));
    let consent =
        json!({ "tenant_consent": SCOPES.replace("https://graph.microsoft.com/", "").split(' ').collect::<Vec<_>>() });
    assert_eq!(api(&stage, Method::PATCH, APPLICATION, Some(consent)).await.status, 204);
    assert!(stage.simulator.approve(&address, JAN).await.unwrap().starts_with(elsewhere));
    let back = json!({ "revoke_consent": "*", "redirect_uris": [CALLBACK] });
    assert_eq!(api(&stage, Method::POST, APPLICATION, Some(back)).await.status, 204);
    assert!(told(stage.simulator.approve(&address, JAN).await).contains("AADSTS50011"));
    let nobody = json!({ "revoke_consent": "nobody@contoso.example" });
    assert_eq!(api(&stage, Method::POST, APPLICATION, Some(nobody)).await.status, 422);
}

#[tokio::test]
async fn the_api_shares_mailboxes_and_sets_rotation() {
    let stage = Stage::start().await;
    let mailbox = json!({ "address": "desk@contoso.example", "kind": "shared", "shared_with": [JAN] });
    assert_eq!(api(&stage, Method::POST, "/mailboxes", Some(mailbox)).await.status, 201);
    let found = api(&stage, Method::GET, "/mailboxes?search=desk", None).await.json();
    assert_eq!((&found[0]["full_access"], &found[0]["send_as"]), (&json!([JAN]), &json!([JAN])));
    let settings = json!({ "rotation": "strict", "refresh_in": 60 });
    assert_eq!(api(&stage, Method::PUT, "/settings", Some(settings)).await.status, 204);
    let body = tokens(&stage, "Contoso Sign-in", JAN, SCOPES).await;
    assert_eq!(body["refresh_in"], 60);
    let application = stage.application("Contoso Sign-in");
    assert_eq!(refresh(&stage, &application, text(&body, "refresh_token"), &[]).await.status, 200);
    assert_eq!(refresh(&stage, &application, text(&body, "refresh_token"), &[]).await.number(), 70_000);
}

#[tokio::test]
async fn the_page_shows_people_and_grants_and_its_buttons_change_them() {
    let stage = Stage::start().await;
    tokens(&stage, "Contoso Sign-in", OLGA, SCOPES).await;
    let html = page(&stage, "").await;
    for shown in ["correct-horse-olga", "Gita Rao", "guest", "http://localhost/callback", "offline_access", "Take back"]
    {
        assert!(html.contains(shown), "{shown}");
    }
    let person = |button| (format!("/people/{OLGA}"), [("switch", button)]);
    let of = |change: fn(&postkey_simulator::Person) -> bool| {
        stage.simulator.estate(|estate| change(estate.people.get(OLGA).unwrap()))
    };
    for button in ["disabled", "blocked", "mfa", "revoke_sessions", "reset_password"] {
        let (path, form) = person(button);
        assert_eq!(submit(&stage, &path, &form).await.status, 303);
    }
    assert!(of(|olga| olga.disabled && olga.blocked && olga.mfa && olga.revocations == 2));
    assert!(of(|olga| olga.password == "new-correct-horse-olga"));
    assert!(page(&stage, "").await.contains("SessionsRevoked"));

    let base = format!("/applications/{}", stage.application("Contoso Sign-in").client_id);
    let uri = [("uri", "https://mail.contoso.example/back")];
    assert_eq!(submit(&stage, &format!("{base}/redirect_uris"), &uri).await.status, 303);
    assert_eq!(submit(&stage, &format!("{base}/user_consent"), &[]).await.status, 303);
    assert_eq!(submit(&stage, &format!("{base}/consents/revoke"), &[("person", "*")]).await.status, 303);
    let sign_in = stage.simulator.estate(|estate| estate.sign_in("Contoso Sign-in").unwrap().clone());
    assert!(sign_in.redirects_to(uri[0].1) && !sign_in.user_consent && sign_in.consents.is_empty());
    let settings = [("lifetime", ""), ("latency_ms", "0"), ("skew_seconds", "0"), ("rotation", "strict")];
    assert_eq!(submit(&stage, "/settings", &settings).await.status, 303);
    assert!(page(&stage, "").await.contains(r#"value="strict" selected"#));
}

#[tokio::test]
async fn a_fault_for_a_person_is_put_in_by_form() {
    let stage = Stage::start().await;
    let form = [
        ("failure", ""),
        ("aadsts", "50173"),
        ("place", ""),
        ("tenant", ""),
        ("application", ""),
        ("mailbox", ""),
        ("person", OLGA),
        ("grant_type", "refresh_token"),
        ("times", ""),
    ];
    assert_eq!(submit(&stage, "/faults", &form).await.status, 303);
    assert!(page(&stage, "").await.contains("Entra: token, olga@contoso.example, refresh_token"));
    let body = tokens(&stage, "Contoso Sign-in", OLGA, SCOPES).await;
    let application = stage.application("Contoso Sign-in");
    assert_eq!(refresh(&stage, &application, text(&body, "refresh_token"), &[]).await.number(), 50_173);
}
