//! Consent: people's own, declined, and administrators' for everybody.

use postkey_simulator::Scope;
use url::Url;

use crate::{
    people::{Browser, CALLBACK, JAN, OLGA, SCOPES, TOM, authorize, fields, tokens},
    support::{DEFAULT_SCOPE, Stage, payload},
};

/// The address of an admin consent endpoint.
fn admin(stage: &Stage, name: &str, path: &str, more: &[(&str, &str)]) -> String {
    let application = stage.application(name);
    let client_id = application.client_id.to_string();
    let base = format!("{}/{}/{path}", stage.simulator.authority(), application.tenant_id);
    let mut url = Url::parse_with_params(&base, [("client_id", client_id.as_str())]).unwrap();
    url.query_pairs_mut().extend_pairs(more);
    url.into()
}

const BACK: [(&str, &str); 2] = [("redirect_uri", CALLBACK), ("state", "a-state")];

#[tokio::test]
async fn declining_is_told_with_a_subcode() {
    let stage = Stage::start().await;
    let address = authorize(&stage, "Contoso Sign-in", &[]);
    let sent = fields(&stage.simulator.decline(&address, OLGA).await.unwrap());
    assert_eq!((sent["error"].as_str(), sent["error_subcode"].as_str()), ("access_denied", "cancel"));
    assert!(sent["error_description"].starts_with("AADSTS65004: "));
    assert_eq!(sent["state"], "a-state");
    stage.simulator.approve(&address, OLGA).await.unwrap();
    assert!(stage.simulator.decline(&address, OLGA).await.is_err(), "there is nothing to decline any more");
}

#[tokio::test]
async fn who_may_not_consent_needs_an_administrator() {
    let stage = Stage::start().await;
    let address = authorize(&stage, "Contoso Approval", &[]);
    let mut browser = Browser::open(&stage, &address).await;
    browser.sign_in(JAN).await;
    assert_eq!(browser.heading(), "Need admin approval");
    browser.press("back", &[]).await;
    let sent = browser.location();
    assert_eq!((sent["error"].as_str(), sent["error_subcode"].as_str()), ("access_denied", "cancel"));
    assert!(!sent.contains_key("error_description") && sent["state"] == "a-state");
    assert_eq!(fields(&stage.simulator.decline(&address, JAN).await.unwrap()), sent);
    let too_much = authorize(&stage, "Contoso Sign-in", &[("scope", "openid User.Read.All")]);
    assert!(stage.simulator.approve(&too_much, JAN).await.is_err(), "some permissions always need one");

    let consent = admin(&stage, "Contoso Approval", "v2.0/adminconsent", &[("scope", SCOPES), BACK[0], BACK[1]]);
    stage.simulator.approve(&consent, TOM).await.unwrap();
    assert!(fields(&stage.simulator.approve(&address, JAN).await.unwrap()).contains_key("code"));
    let again = authorize(&stage, "Contoso Approval", &[("prompt", "consent")]);
    assert!(stage.simulator.approve(&again, JAN).await.is_err(), "to ask for consent is to need one who may");
}

#[tokio::test]
async fn an_administrator_may_tick_the_box_for_everybody() {
    let stage = Stage::start().await;
    let address = authorize(&stage, "Contoso Approval", &[]);
    let mut browser = Browser::open(&stage, &address).await;
    browser.sign_in(TOM).await;
    assert!(browser.page.text.contains("on behalf of your organisation"));
    browser.press("accept", &[]).await;
    assert!(browser.location().contains_key("code"));
    assert!(stage.simulator.approve(&address, JAN).await.is_err(), "it was for tom alone");
    browser.go(&authorize(&stage, "Contoso Approval", &[("prompt", "consent")])).await;
    browser.press("accept", &[("everybody", "yes")]).await;
    assert!(stage.simulator.approve(&address, JAN).await.is_ok());
}

#[tokio::test]
async fn admin_consent_to_everything_configured_makes_an_application_work() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| {
        let intranet = estate.sign_in_mut("Contoso Intranet").unwrap();
        intranet.redirect_uris.insert("http://localhost/callback".to_owned());
        intranet.delegated.insert(Scope::UserRead);
    });
    let graph = format!("{}/.default", stage.simulator.graph());
    for scope in [DEFAULT_SCOPE, &graph] {
        let address = admin(&stage, "Contoso Intranet", "v2.0/adminconsent", &[("scope", scope), BACK[0], BACK[1]]);
        let location = stage.simulator.approve(&address, TOM).await.unwrap();
        let sent = fields(&location);
        assert_eq!((sent["admin_consent"].as_str(), sent["state"].as_str()), ("True", "a-state"));
        assert_eq!(sent["tenant"], stage.application("Contoso Intranet").tenant_id.to_string());
        let resource = scope.trim_end_matches("/.default");
        assert_eq!(
            sent["scope"],
            ["Mail.ReadWrite", "Mail.Send", "User.Read"].map(|it| format!("{resource}/{it}")).join(" ")
        );
    }
    let claims = payload(&stage.token("Contoso Intranet").await);
    assert_eq!(claims["roles"], serde_json::json!(["Mail.ReadWrite", "Mail.Send"]));
    let consented = stage.simulator.estate(|estate| estate.sign_in("Contoso Intranet").unwrap().tenant_consent.clone());
    assert_eq!(consented, Scope::list("User.Read"));
}

#[tokio::test]
async fn the_older_endpoint_answers_without_a_scope() {
    let stage = Stage::start().await;
    let address = admin(&stage, "Contoso Sign-in", "adminconsent", &BACK);
    let sent = fields(&stage.simulator.approve(&address, TOM).await.unwrap());
    let mut names: Vec<&str> = sent.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["admin_consent", "state", "tenant"]);
    let declined = fields(&stage.simulator.decline(&address, TOM).await.unwrap());
    assert_eq!(declined["error"], "permission_denied");
    assert_eq!(declined["error_description"], "The admin canceled the request");
    assert_eq!(declined.len(), 2);
    tokens(&stage, "Contoso Sign-in", JAN, SCOPES).await;
}

#[tokio::test]
async fn a_declined_admin_consent_says_true_all_the_same() {
    let stage = Stage::start().await;
    let all = [("scope", DEFAULT_SCOPE), BACK[0], BACK[1]];
    let address = admin(&stage, "Contoso Sign-in", "v2.0/adminconsent", &all);
    let sent = fields(&stage.simulator.decline(&address, TOM).await.unwrap());
    assert_eq!((sent["admin_consent"].as_str(), sent["error"].as_str()), ("True", "consent_required"));
    assert!(sent["error_description"].starts_with("AADSTS65004: ") && sent["state"] == "a-state");
    let kept = stage.simulator.approve(&address, JAN).await.unwrap_err();
    assert!(format!("{kept:#}").contains("administrator"), "{kept:#}");
}

#[tokio::test]
async fn admin_consent_wants_a_scope_and_a_redirect_uri_it_knows() {
    let stage = Stage::start().await;
    let no_scope = Browser::open(&stage, &admin(&stage, "Contoso Sign-in", "v2.0/adminconsent", &BACK)).await;
    assert_eq!(
        (no_scope.location()["error"].as_str(), no_scope.location()["admin_consent"].as_str()),
        ("invalid_request", "True")
    );
    let foreign = [("redirect_uri", "https://elsewhere.example/")];
    let page = Browser::open(&stage, &admin(&stage, "Contoso Sign-in", "adminconsent", &foreign)).await;
    assert!(page.page.text.contains("AADSTS50011"));

    stage.simulator.estate(|estate| estate.sign_in_mut("Contoso Intranet").unwrap().redirect_uris.clear());
    let bare = admin(&stage, "Contoso Intranet", "adminconsent", &[]);
    let end = stage.simulator.approve(&bare, TOM).await.unwrap_err();
    assert!(format!("{end:#}").contains("AADSTS500113"), "{end:#}");
    let roles = stage.application("Contoso Intranet").roles;
    assert_eq!(roles.len(), 2, "the consent was stored before the error");
}
