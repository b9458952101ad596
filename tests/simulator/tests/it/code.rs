//! From the authorize endpoint to a person's tokens.

use std::time::Duration;

use postkey_simulator::Kind;

use crate::{
    people::{CALLBACK, JAN, OLGA, SCOPES, authorize, code, fields, redeem, text, tokens},
    support::{Stage, payload},
};

#[tokio::test]
async fn a_person_signs_in_and_the_code_is_worth_tokens() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Sign-in");
    let address = authorize(&stage, "Contoso Sign-in", &[]);
    let location = stage.simulator.approve(&address, OLGA).await.unwrap();
    assert!(location.starts_with(&format!("{CALLBACK}?")), "{location}");
    let sent = fields(&location);
    assert_eq!(sent["state"], "a-state");
    assert!(sent.contains_key("session_state") && sent.contains_key("client_info"));
    assert!(sent["code"].starts_with("1.A") && sent["code"].len() == 600);

    let answer = redeem(&stage, &application, &sent["code"], &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    assert_eq!(
        body["scope"],
        "openid profile email https://graph.microsoft.com/Mail.ReadWrite https://graph.microsoft.com/Mail.Send \
         https://graph.microsoft.com/User.Read"
    );
    let refresh_token = text(&body, "refresh_token");
    assert!(refresh_token.starts_with("1.A") && refresh_token.len() > 1_000);
    assert!(stage.simulator.is_alive(refresh_token));
    assert!(stage.simulator.estate(|estate| estate.grants.is_alive(refresh_token)));
    let me = stage.get(text(&body, "access_token"), "/me?$select=id,displayName,userPrincipalName,mail").await;
    assert_eq!((me.status.as_u16(), &me.json()["mail"]), (200, &OLGA.into()), "{}", me.text);

    let log = format!("{:?}", stage.simulator.requests());
    assert!(!log.contains(refresh_token) && !log.contains(&sent["code"]));
    assert_eq!(stage.simulator.count(Kind::Authorize), 1);
    let first = &stage.simulator.requests()[0];
    assert_eq!((first.code_challenge_method.as_deref(), first.scope.as_deref()), (Some("S256"), Some(SCOPES)));
    let last = stage.simulator.requests().into_iter().find(|it| it.kind == Kind::Token).unwrap();
    assert_eq!((last.grant_type.as_deref(), last.person.as_deref()), (Some("authorization_code"), Some(OLGA)));
    assert_eq!(stage.simulator.count_grants("authorization_code"), 1);
}

#[tokio::test]
async fn an_id_token_says_who_it_is_and_an_access_token_what_may_be_done() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Sign-in");
    let body = tokens(&stage, "Contoso Sign-in", OLGA, SCOPES).await;
    let id = payload(text(&body, "id_token"));
    let oid = stage.simulator.estate(|estate| estate.mailboxes.object_id(OLGA).unwrap().to_string());
    let (authority, tenant) = (stage.simulator.authority(), application.tenant_id);
    assert_eq!(id["iss"], format!("{authority}/{tenant}/v2.0"));
    assert_eq!(id["aud"], application.client_id.to_string());
    assert_eq!((&id["tid"], &id["oid"]), (&tenant.to_string().into(), &oid.clone().into()));
    assert_eq!((&id["preferred_username"], &id["name"]), (&OLGA.into(), &"Olga Petrova".into()));
    assert_eq!((&id["nonce"], &id["email"]), (&"a-nonce".into(), &OLGA.into()));
    assert!(id.get("idp").is_none());

    let access = payload(text(&body, "access_token"));
    assert_eq!(access["scp"], "Mail.ReadWrite Mail.Send User.Read openid profile email");
    assert_eq!((&access["idtyp"], &access["upn"]), (&"user".into(), &OLGA.into()));
    assert_eq!((&access["oid"], &access["appidacr"]), (&oid.into(), &"1".into()));
    assert!(access.get("roles").is_none());
    assert_ne!(access["sub"], id["sub"]);

    let guest = tokens(&stage, "Contoso Sign-in", "gita@partner.example", SCOPES).await;
    let id = payload(text(&guest, "id_token"));
    assert_eq!(id["preferred_username"], "gita@partner.example");
    assert!(id["idp"].is_string() && id["idp"] != id["iss"]);
    let me = stage.get(text(&guest, "access_token"), "/me").await.json();
    assert_eq!(me["userPrincipalName"], "gita_partner.example#EXT#@contoso.onmicrosoft.example");
}

#[tokio::test]
async fn only_what_was_asked_for_is_answered() {
    let stage = Stage::start().await;
    let bare = tokens(&stage, "Contoso Sign-in", OLGA, "User.Read").await;
    assert!(bare.get("refresh_token").is_none() && bare.get("id_token").is_none());
    let everything = tokens(&stage, "Contoso Sign-in", OLGA, "openid https://graph.microsoft.com/.default").await;
    assert!(text(&everything, "scope").contains("Mail.Send.Shared"));
    let graph = format!("{}/Mail.Send", stage.simulator.graph());
    let own = tokens(&stage, "Contoso Sign-in", OLGA, &graph).await;
    assert_eq!(text(&own, "scope"), graph);
    let narrow = code(&stage, "Contoso Sign-in", OLGA, &[]).await;
    let application = stage.application("Contoso Sign-in");
    let answer = redeem(&stage, &application, &narrow, &[("scope", "User.Read"), ("client_info", "")]).await.json();
    assert!(!text(&answer, "scope").contains("Mail") && answer.get("client_info").is_none());
    stage.simulator.estate(|estate| estate.settings.refresh_in = Some(1_800));
    let told = tokens(&stage, "Contoso Sign-in", OLGA, SCOPES).await;
    assert_eq!(told["refresh_in"], 1_800);
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Sign-in");
    let code = code(&stage, "Contoso Sign-in", OLGA, &[]).await;
    assert_eq!(redeem(&stage, &application, &code, &[("client_secret", "wrong")]).await.number(), 7_000_215);
    assert_eq!(redeem(&stage, &application, &code, &[]).await.status, 200);
    let replay = redeem(&stage, &application, &code, &[]).await;
    assert_eq!((replay.status.as_u16(), replay.number()), (400, 54_005));
    assert_eq!(replay.json()["error"], "invalid_grant");
    assert_eq!(redeem(&stage, &application, "1.Anything", &[]).await.number(), 70_000);
}

#[tokio::test]
async fn of_two_redemptions_at_one_time_only_one_succeeds() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Sign-in");
    let code = code(&stage, "Contoso Sign-in", OLGA, &[]).await;
    let (one, other) = tokio::join!(redeem(&stage, &application, &code, &[]), redeem(&stage, &application, &code, &[]));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(stage.simulator.estate(|estate| estate.grants.families().len()), 1);
}

#[tokio::test]
async fn a_code_belongs_to_its_client_tenant_redirect_uri_and_verifier_and_gets_old() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Sign-in");
    let code = code(&stage, "Contoso Sign-in", JAN, &[]).await;
    assert_eq!(redeem(&stage, &stage.application("Contoso Mail"), &code, &[]).await.number(), 70_000);
    assert_eq!(redeem(&stage, &stage.application("Fabrikam Sign-in"), &code, &[]).await.number(), 700_005);
    for (field, value, number) in [
        ("code_verifier", "another-verifier-that-is-long-enough-to-be-one", 501_481),
        ("code_verifier", "", 501_481),
        ("redirect_uri", "http://localhost:7778/callback", 500_112),
        ("redirect_uri", "", 900_144),
        ("scope", "Mail.Send.Shared", 65_001),
        ("scope", "Nonsense", 70_011),
    ] {
        let answer = redeem(&stage, &application, &code, &[(field, value)]).await;
        assert_eq!(answer.number(), number, "{field}={value}: {}", answer.text);
    }
    stage.simulator.clock().advance(Duration::from_secs(599));
    let late = stage.simulator.estate(|estate| estate.settings.skew_seconds);
    assert_eq!(late, 0);
    stage.simulator.clock().advance(Duration::from_secs(1));
    assert_eq!(redeem(&stage, &application, &code, &[]).await.number(), 70_008);
}

#[tokio::test]
async fn a_plain_challenge_is_its_own_verifier_and_none_needs_none() {
    let stage = Stage::start().await;
    let application = stage.application("Contoso Sign-in");
    let plain = code(&stage, "Contoso Sign-in", OLGA, &[("code_challenge_method", "plain")]).await;
    assert_eq!(redeem(&stage, &application, &plain, &[]).await.number(), 501_481);
    let challenge = crate::people::CHALLENGE;
    assert_eq!(redeem(&stage, &application, &plain, &[("code_verifier", challenge)]).await.status, 200);
    let none = code(&stage, "Contoso Sign-in", OLGA, &[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(redeem(&stage, &application, &none, &[("code_verifier", "")]).await.status, 200);
}
