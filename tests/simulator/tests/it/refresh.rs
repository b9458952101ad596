//! Refresh tokens: what they give and what ends them.

use std::time::Duration;

use postkey_simulator::{Family, Rotation, Why};
use serde_json::Value;

use crate::{
    people::{JAN, OLGA, SCOPES, refresh, text, tokens},
    support::{Answer, Stage, payload},
};

const DAY: u64 = 24 * 3_600;

/// A refresh token of olga's and its use.
struct Grant<'a> {
    stage: &'a Stage,
    token: String,
}

impl<'a> Grant<'a> {
    async fn of(stage: &'a Stage, person: &str) -> Self {
        let body = tokens(stage, "Contoso Sign-in", person, SCOPES).await;
        Self { stage, token: text(&body, "refresh_token").to_owned() }
    }

    async fn using(&self, changes: &[(&str, &str)]) -> Answer {
        refresh(self.stage, &self.stage.application("Contoso Sign-in"), &self.token, changes).await
    }

    async fn fails(&self, number: u64, suberror: Option<&str>) -> Value {
        let alive = self.stage.simulator.is_alive(&self.token);
        let answer = self.using(&[]).await;
        assert_eq!((answer.status.as_u16(), answer.number()), (400, number), "{}", answer.text);
        let body = answer.json();
        assert_eq!((body["error"].as_str(), body["suberror"].as_str()), (Some("invalid_grant"), suberror));
        assert!(!alive, "AADSTS{number}");
        body
    }
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_the_old_one_stays_valid() {
    let stage = Stage::start().await;
    let grant = Grant::of(&stage, OLGA).await;
    let first = grant.using(&[]).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let body = first.json();
    let next = text(&body, "refresh_token");
    assert_ne!(next, grant.token);
    assert!(payload(text(&body, "id_token")).get("nonce").is_none());
    assert_eq!(stage.get(text(&body, "access_token"), "/me").await.status, 200);
    assert_eq!(grant.using(&[]).await.status, 200, "Entra does not revoke the old one");
    let families: Vec<Family> = stage.simulator.estate(|estate| estate.grants.families().to_vec());
    assert_eq!((families.len(), families[0].generation, families[0].address.as_str()), (1, 3, OLGA));
    assert_eq!(stage.simulator.count_grants("refresh_token"), 2);
    assert!(!format!("{:?}", stage.simulator.requests()).contains(next));
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_never_for_more() {
    let stage = Stage::start().await;
    let grant = Grant::of(&stage, OLGA).await;
    let less = grant.using(&[("scope", "https://graph.microsoft.com/Mail.Send")]).await.json();
    assert_eq!(text(&less, "scope"), "openid profile email https://graph.microsoft.com/Mail.Send");
    let all = grant.using(&[]).await.json();
    assert!(text(&all, "scope").contains("User.Read"), "the family keeps what was granted");
    assert_eq!(grant.using(&[("scope", "Mail.Send.Shared")]).await.number(), 65_001);
    assert_eq!(grant.using(&[("scope", "Mail.Sendd")]).await.number(), 70_011);
    assert_eq!(grant.using(&[("refresh_token", "")]).await.number(), 900_144);
    let garbled = grant.using(&[("refresh_token", "1.Garbage")]).await.json();
    assert_eq!((&garbled["error"], &garbled["suberror"]), (&"invalid_grant".into(), &"bad_token".into()));
    let other = refresh(&stage, &stage.application("Contoso Mail"), &grant.token, &[]).await;
    assert_eq!(other.number(), 70_000);
}

#[tokio::test]
async fn strict_rotation_takes_a_used_token_for_stolen() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| estate.settings.rotation = Rotation::Strict);
    let grant = Grant::of(&stage, OLGA).await;
    let next = text(&grant.using(&[]).await.json(), "refresh_token").to_owned();
    assert!(stage.simulator.is_alive(&next));
    grant.fails(70_000, None).await;
    let newest = Grant { stage: &stage, token: next };
    newest.fails(70_000, None).await;
    let revoked = stage.simulator.estate(|estate| estate.grants.families()[0].revoked.unwrap());
    assert_eq!(revoked.why, Why::Reused);
}

#[tokio::test]
async fn ninety_idle_days_end_it_and_each_use_begins_them_anew() {
    let stage = Stage::start().await;
    let grant = Grant::of(&stage, OLGA).await;
    stage.simulator.clock().advance(Duration::from_secs(89 * DAY));
    let next = text(&grant.using(&[]).await.json(), "refresh_token").to_owned();
    stage.simulator.clock().advance(Duration::from_secs(DAY));
    let body = grant.fails(700_082, Some("bad_token")).await;
    assert!(text(&body, "error_description").contains("issued on 2026-05-06T06:03:00"));
    stage.simulator.clock().advance(Duration::from_secs(50 * DAY));
    assert!(stage.simulator.is_alive(&next));
}

#[tokio::test]
async fn revoked_sessions_and_a_reset_password_end_it_but_not_access_tokens() {
    let stage = Stage::start().await;
    let now = Stage::today();
    let body = tokens(&stage, "Contoso Sign-in", OLGA, SCOPES).await;
    let grant = Grant { stage: &stage, token: text(&body, "refresh_token").to_owned() };
    let others = Grant::of(&stage, JAN).await;
    stage.simulator.estate(|estate| estate.revoke_sessions(OLGA, now));
    grant.fails(50_173, None).await;
    assert_eq!(stage.get(text(&body, "access_token"), "/me").await.status, 200);
    let again = Grant::of(&stage, OLGA).await;
    assert_eq!(again.using(&[]).await.status, 200);
    stage.simulator.estate(|estate| estate.reset_password(OLGA, "a-new-one", now));
    again.fails(50_173, None).await;
    assert_eq!(others.using(&[]).await.status, 200);

    stage.simulator.estate(|estate| estate.application_mut("Contoso Sign-in").unwrap().enabled = false);
    assert_eq!(stage.get(text(&body, "access_token"), "/me").await.status, 401);
    assert_eq!(others.using(&[]).await.number(), 7_000_112);
}

#[tokio::test]
async fn what_befalls_the_person_ends_it() {
    let stage = Stage::start().await;
    let grant = Grant::of(&stage, OLGA).await;
    let olga = |change: fn(&mut postkey_simulator::Person)| {
        stage.simulator.estate(|estate| change(estate.people.get_mut(OLGA).unwrap()));
    };
    olga(|person| person.disabled = true);
    grant.fails(50_057, None).await;
    olga(|person| (person.disabled, person.mfa) = (false, true));
    grant.fails(50_076, Some("basic_action")).await;
    olga(|person| (person.mfa, person.blocked) = (false, true));
    let blocked = grant.fails(53_003, None).await;
    assert!(text(&blocked, "claims").contains("capolids"));
    olga(|person| (person.blocked, person.sign_in_frequency_hours) = (false, Some(24)));
    assert_eq!(grant.using(&[]).await.status, 200);
    stage.simulator.clock().advance(Duration::from_secs(DAY));
    grant.fails(70_043, None).await;
    olga(|person| person.sign_in_frequency_hours = None);
    assert_eq!(grant.using(&[]).await.status, 200);
    let id = stage.simulator.estate(|estate| estate.people.get(OLGA).unwrap().object_id);
    stage.simulator.estate(|estate| estate.sign_in_mut("Contoso Sign-in").unwrap().consents.remove(&id));
    grant.fails(65_001, Some("consent_required")).await;
}

#[tokio::test]
async fn a_code_given_before_a_revocation_is_worth_nothing() {
    let stage = Stage::start().await;
    let code = crate::people::code(&stage, "Contoso Sign-in", OLGA, &[]).await;
    stage.simulator.estate(|estate| estate.revoke_sessions(OLGA, Stage::today()));
    let answer = crate::people::redeem(&stage, &stage.application("Contoso Sign-in"), &code, &[]).await;
    assert_eq!(answer.number(), 50_173);
}

#[tokio::test]
async fn a_test_may_ask_which_one_a_token_is_and_let_it_be_forgotten() {
    let stage = Stage::start().await;
    let grant = Grant::of(&stage, OLGA).await;
    let next = text(&grant.using(&[]).await.json(), "refresh_token").to_owned();
    let generation = |token: &str| stage.simulator.estate(|estate| estate.grants.generation_of(token));
    assert_eq!((generation(&grant.token), generation(&next), generation("nonsense")), (Some(1), Some(2), None));
    assert!(stage.simulator.estate(|estate| estate.grants.forget(&next) && !estate.grants.forget(&next)));
    assert!(!stage.simulator.is_alive(&next) && stage.simulator.is_alive(&grant.token));
    let answer = refresh(&stage, &stage.application("Contoso Sign-in"), &next, &[]).await;
    assert_eq!((answer.number(), answer.json()["error"].as_str()), (9_002_313, Some("invalid_grant")));
    assert_eq!(grant.using(&[]).await.status, 200);
}
