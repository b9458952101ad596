//! The pages on which people sign in.

use postkey_simulator::{Code, Kind};

use crate::{
    people::{Browser, JAN, OLGA, authorize},
    support::Stage,
};

const SIGN_IN: &str = "Contoso Sign-in";

/// What happens to a request with these changes before anybody is asked: the page's heading, or the error it leaves with.
async fn at_once(stage: &Stage, name: &str, changes: &[(&str, &str)]) -> String {
    let browser = Browser::open(stage, &authorize(stage, name, changes)).await;
    if browser.page.status == 302 {
        let sent = browser.location();
        assert_eq!(sent["state"], "a-state");
        assert!(sent["error_description"].starts_with("AADSTS") && sent["error_description"].contains("Trace ID: "));
        return sent["error"].clone();
    }
    browser.heading();
    let text = browser.page.text.split(r#"class="bad">"#).nth(1).unwrap_or("no error");
    text.split(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_cannot_be_told_to_the_application_stays_on_a_page() {
    let stage = Stage::start().await;
    let tenant = stage.application(SIGN_IN).tenant_id.to_string();
    for (name, field, value, expected) in [
        (SIGN_IN, "redirect_uri", "http://localhost:7777/Callback", "AADSTS50011"),
        (SIGN_IN, "redirect_uri", "https://localhost/callback", "AADSTS50011"),
        (SIGN_IN, "redirect_uri", "http://127.0.0.1:7777/callback", "AADSTS50011"),
        (SIGN_IN, "client_id", "6f1c1b1e-0000-4000-8000-000000000000", "AADSTS700016"),
        (SIGN_IN, "client_id", "", "AADSTS900144"),
        ("Contoso Retired", "state", "x", "AADSTS7000112"),
        ("Contoso Mail", "state", "x", "AADSTS500113"),
    ] {
        assert_eq!(at_once(&stage, name, &[(field, value)]).await, expected, "{name} {field}={value}");
    }
    let good = authorize(&stage, SIGN_IN, &[]);
    for (other, expected) in [("nowhere.example", "AADSTS90002"), ("common", "AADSTS50194"), ("a b", "AADSTS900023")] {
        let browser = Browser::open(&stage, &good.replace(&tenant, other)).await;
        assert!(browser.page.text.contains(expected), "{other}: {}", browser.page.text);
    }
    assert!(stage.simulator.requests().iter().all(|it| matches!(it.code, Some(Code::Aadsts(_)))));
}

#[tokio::test]
async fn what_is_wrong_with_the_rest_is_told_to_the_application() {
    let stage = Stage::start().await;
    for (field, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_mode", "form_post", "unsupported_response_type"),
        ("scope", "", "invalid_request"),
        ("scope", "openid Nonsense", "invalid_scope"),
        ("scope", "User.Read https://graph.microsoft.com/.default", "invalid_scope"),
        ("scope", "https://outlook.office.com/Mail.Send", "invalid_resource"),
        ("scope", "https://graph.microsoft.us/Mail.Send", "invalid_resource"),
        ("code_challenge", "too-short", "invalid_request"),
        ("code_challenge_method", "S512", "invalid_request"),
        ("prompt", "nonsense", "invalid_request"),
        ("claims", "{nonsense", "invalid_request"),
        ("prompt", "none", "login_required"),
    ] {
        assert_eq!(at_once(&stage, SIGN_IN, &[(field, value)]).await, error, "{field}={value}");
    }
    assert_eq!(at_once(&stage, SIGN_IN, &[("claims", r#"{"access_token":{}}"#)]).await, "no error");
}

#[tokio::test]
async fn a_redirect_uri_on_this_machine_may_have_any_port_if_it_is_registered_so() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| {
        let uris = &mut estate.sign_in_mut(SIGN_IN).unwrap().redirect_uris;
        for uri in ["http://127.0.0.1/any", "http://127.0.0.1:8080/exact", "https://mail.contoso.example/back?x=1"] {
            uris.insert(uri.to_owned());
        }
    });
    for (uri, good) in [
        ("http://127.0.0.1:50123/any", true),
        ("http://127.0.0.1:8080/exact", true),
        ("http://127.0.0.1:8081/exact", false),
        ("https://mail.contoso.example/back?x=1", true),
        ("https://mail.contoso.example/back", false),
        ("http://localhost/callback", true),
        ("http://localhost:1/callback?more=1", false),
    ] {
        let address = authorize(&stage, SIGN_IN, &[("redirect_uri", uri)]);
        let location = stage.simulator.approve(&address, OLGA).await;
        assert_eq!(location.is_ok(), good, "{uri}: {location:?}");
        assert!(location.is_ok_and(|location| location.starts_with(uri) && location.contains("code=")) == good);
    }
}

#[tokio::test]
async fn a_person_gives_name_and_password_and_consents() {
    let stage = Stage::start().await;
    let mut browser =
        Browser::open(&stage, &authorize(&stage, SIGN_IN, &[("login_hint", "Olga@contoso.example")])).await;
    assert_eq!(browser.heading(), "Sign in");
    assert!(browser.page.text.contains(r#"value="olga@contoso.example""#));
    browser.press("sign_in", &[("username", OLGA), ("password", "wrong")]).await;
    assert!(browser.page.text.contains("AADSTS50126"));
    browser.press("sign_in", &[("username", "nobody@contoso.example"), ("password", "wrong")]).await;
    assert!(browser.page.text.contains("AADSTS50034"));
    browser.sign_in(OLGA).await;
    assert_eq!(browser.heading(), "Permissions requested");
    for words in ["Contoso Sign-in", "Send mail as you", "Mail.ReadWrite", "offline_access", OLGA] {
        assert!(browser.page.text.contains(words), "{words}");
    }
    browser.press("accept", &[]).await;
    assert!(browser.location().contains_key("code"));
    assert_eq!(stage.simulator.count(Kind::SignInPages), 4);
}

#[tokio::test]
async fn who_is_remembered_alone_is_signed_in_without_a_page() {
    let stage = Stage::start().await;
    let plain = authorize(&stage, SIGN_IN, &[]);
    let mut browser = Browser::open(&stage, &plain).await;
    browser.sign_in(JAN).await;
    browser.press("accept", &[]).await;
    let first = browser.location();
    browser.go(&plain).await;
    assert_eq!(browser.location()["client_info"], first["client_info"], "the wrong account, without asking");
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "none")])).await;
    assert!(browser.location().contains_key("code"));
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "none"), ("scope", "Mail.Send.Shared")])).await;
    assert_eq!(browser.location()["error"], "consent_required");
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "login"), ("login_hint", OLGA)])).await;
    assert_eq!(browser.heading(), "Sign in");
    assert!(browser.page.text.contains(OLGA));
    browser.sign_in(JAN).await;
    assert_eq!(browser.location()["client_info"], first["client_info"], "whoever gives a password is who it is");
    browser.go(&authorize(&stage, SIGN_IN, &[("login_hint", OLGA)])).await;
    assert_eq!(browser.heading(), "Sign in");
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "consent")])).await;
    assert_eq!(browser.heading(), "Permissions requested");
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "select_account")])).await;
    assert_eq!(browser.heading(), "Pick an account");
    browser.press("pick", &[("person", &id(&stage, JAN))]).await;
    assert!(browser.location().contains_key("code"));
}

fn id(stage: &Stage, person: &str) -> String {
    stage.simulator.estate(|estate| estate.people.get(person).unwrap().object_id.to_string())
}

#[tokio::test]
async fn several_remembered_people_are_picked_from_and_the_hinted_one_is_first() {
    let stage = Stage::start().await;
    let mut browser = Browser::open(&stage, &authorize(&stage, SIGN_IN, &[])).await;
    browser.sign_in(JAN).await;
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "select_account")])).await;
    browser.press("another", &[]).await;
    browser.sign_in(OLGA).await;
    browser.press("accept", &[]).await;
    browser.go(&authorize(&stage, SIGN_IN, &[])).await;
    assert_eq!(browser.heading(), "Pick an account");
    assert!(browser.page.text.find(JAN) < browser.page.text.find(OLGA));
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "none")])).await;
    assert_eq!(browser.location()["error"], "interaction_required");
    browser.go(&authorize(&stage, SIGN_IN, &[("prompt", "select_account"), ("login_hint", OLGA)])).await;
    assert!(browser.page.text.find(OLGA) < browser.page.text.find(JAN));
    browser.go(&authorize(&stage, SIGN_IN, &[("login_hint", OLGA)])).await;
    assert!(browser.location().contains_key("code"));

    browser.go(&format!("{}/common/oauth2/v2.0/logout", stage.simulator.authority())).await;
    assert_eq!(browser.heading(), "You signed out");
    browser.go(&authorize(&stage, SIGN_IN, &[])).await;
    assert!(browser.page.text.contains("signed out"));
    browser.press("pick", &[("person", &id(&stage, OLGA))]).await;
    assert_eq!(browser.heading(), "Sign in");
}

#[tokio::test]
async fn a_revocation_ends_the_browsers_session_too() {
    let stage = Stage::start().await;
    let plain = authorize(&stage, SIGN_IN, &[]);
    let mut browser = Browser::open(&stage, &plain).await;
    browser.sign_in(OLGA).await;
    browser.press("accept", &[]).await;
    stage.simulator.estate(|estate| estate.revoke_sessions(OLGA, Stage::today()));
    browser.go(&plain).await;
    assert_eq!(browser.heading(), "Sign in");
}

#[tokio::test]
async fn a_second_factor_is_six_digits() {
    let stage = Stage::start().await;
    let mut browser = Browser::open(&stage, &authorize(&stage, SIGN_IN, &[])).await;
    browser.sign_in("mila@contoso.example").await;
    assert_eq!(browser.heading(), "Enter the code");
    browser.press("code", &[("code", "12345x")]).await;
    assert!(browser.page.text.contains("not a code of six digits"));
    browser.press("code", &[("code", "000000")]).await;
    assert_eq!(browser.heading(), "Permissions requested");
    let body = crate::people::tokens(&stage, SIGN_IN, "mila@contoso.example", "offline_access User.Read").await;
    let claims = crate::support::payload(crate::people::text(&body, "access_token"));
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "mfa"]));
}

#[tokio::test]
async fn people_who_may_not_in_are_kept_on_a_page_that_says_why() {
    let stage = Stage::start().await;
    for (name, person, number) in [
        (SIGN_IN, "dora@contoso.example", "AADSTS50057"),
        (SIGN_IN, "karl@contoso.example", "AADSTS53003"),
        (SIGN_IN, "eva@fabrikam.example", "AADSTS50020"),
        (SIGN_IN, "shared@contoso.example", "AADSTS50057"),
        ("Contoso Assigned", JAN, "AADSTS50105"),
        ("Contoso Approval", JAN, "AADSTS90094"),
    ] {
        let kept = stage.simulator.approve(&authorize(&stage, name, &[]), person).await.unwrap_err();
        assert!(format!("{kept:#}").contains(number), "{person}: {kept:#}");
    }
    assert!(stage.simulator.approve(&authorize(&stage, SIGN_IN, &[]), "nobody@contoso.example").await.is_err());
    for (name, person) in [
        ("Contoso Assigned", OLGA),
        (SIGN_IN, "support@contoso.example"),
        (SIGN_IN, "help@contoso.example"),
        ("Fabrikam Sign-in", "eva@fabrikam.example"),
    ] {
        let location = stage.simulator.approve(&authorize(&stage, name, &[]), person).await.unwrap();
        assert!(location.contains("code="), "{location}");
    }
    let mut browser = Browser::open(&stage, &authorize(&stage, SIGN_IN, &[])).await;
    browser.sign_in("karl@contoso.example").await;
    assert_eq!(browser.heading(), "You cannot access this right now");
    browser.press("another", &[]).await;
    browser.sign_in(OLGA).await;
    assert_eq!(browser.heading(), "Permissions requested");
}

#[tokio::test]
async fn a_flow_belongs_to_its_browser_and_ends_once() {
    let stage = Stage::start().await;
    let mut one = Browser::open(&stage, &authorize(&stage, SIGN_IN, &[])).await;
    let other = Browser::open(&stage, &authorize(&stage, SIGN_IN, &[])).await;
    one.page.text = other.page.text;
    one.sign_in(OLGA).await;
    assert_eq!(one.heading(), "Nothing to go on with");
}
