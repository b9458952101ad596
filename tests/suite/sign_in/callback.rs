//! `/oauth/callback`: one answer counts once, in the browser that began it, for the mailbox it was begun for (S-50 to S-58).

use std::collections::BTreeSet;

use postkey_simulator::{Bend, Failure, Fault, Page, Place};

use super::{JAN, OLGA, SIGN_IN, begin, come_back, land, parameter, results, rows, save, waiting};
use crate::safety::world::{column, dump, meddle};
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Browser, TestApp};

async fn world() -> (TestApp, Browser, String) {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let mailbox = waiting(&app, &browser, SIGN_IN).await;
    (app, browser, mailbox)
}

async fn refusals(app: &TestApp) -> Vec<String> {
    column(&app.inside().db, "SELECT detail FROM audit WHERE action = 'sign_in.refused' ORDER BY at, id").await
}

#[tokio::test]
async fn an_attempt_is_one_row_without_a_secret_in_it_and_is_gone_in_the_end() {
    let (app, browser, mailbox) = world().await;
    let at_microsoft = begin(&browser, &mailbox).await;
    assert_eq!(rows(&app, "sign_in_attempts").await, 1);
    let stored = dump(&app.inside().db, &[]).await;
    for name in ["state", "nonce", "code_challenge"] {
        let value = parameter(&at_microsoft, name);
        assert!(value.len() >= 43, "{name} is short");
        assert!(!stored.contains(&value), "{name} is stored");
    }
    let flow = browser.cookies().into_iter().find(|(name, _)| name.starts_with("postkey-flow-si_")).unwrap().1;
    assert!(!stored.contains(&flow));
    let left = "SELECT CAST(expires_at - started_at AS TEXT) FROM sign_in_attempts";
    assert_eq!(column(&app.inside().db, left).await, ["600"]);
    come_back(&app, &browser, &at_microsoft, OLGA).await;
    assert_eq!((rows(&app, "sign_in_attempts").await, rows(&app, "delegated_grants").await), (0, 1));
    app.stop().await;
}

#[tokio::test]
async fn every_attempt_has_its_own_state_nonce_and_pkce_challenge() {
    let (app, browser, mailbox) = world().await;
    let mut seen = BTreeSet::new();
    for _ in 0..60 {
        let at_microsoft = begin(&browser, &mailbox).await;
        assert_eq!(parameter(&at_microsoft, "code_challenge_method"), "S256");
        assert_eq!(
            parameter(&at_microsoft, "scope"),
            "openid profile offline_access User.Read Mail.ReadWrite Mail.Send"
        );
        assert_eq!(parameter(&at_microsoft, "redirect_uri"), format!("{}/oauth/callback", app.url));
        assert_eq!(
            (parameter(&at_microsoft, "prompt"), parameter(&at_microsoft, "login_hint")),
            ("login".into(), OLGA.into())
        );
        seen.extend(["state", "nonce", "code_challenge"].map(|name| parameter(&at_microsoft, name)));
    }
    assert_eq!(seen.len(), 3 * 60);
    app.stop().await;
}

#[tokio::test]
async fn twenty_replays_at_once_make_one_token_request() {
    let (app, browser, mailbox) = world().await;
    let at_microsoft = begin(&browser, &mailbox).await;
    let callback = app.sim.approve(&at_microsoft, OLGA).await.unwrap();
    let answers = futures_util::future::join_all((0..20).map(|_| browser.follow(&callback))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[303][..], &[400; 19]].concat());
    assert_eq!(browser.follow(&callback).await.status, 400);
    assert_eq!(app.sim.count_grants("authorization_code"), 1);
    assert_eq!(results(&app).await, ["connected"]);
    app.stop().await;
}

#[tokio::test]
async fn an_answer_is_used_up_even_if_what_follows_fails() {
    let (app, browser, mailbox) = world().await;
    let at_microsoft = begin(&browser, &mailbox).await;
    let callback = app.sim.approve(&at_microsoft, OLGA).await.unwrap();
    meddle(
        &app.inside().db,
        "CREATE TRIGGER cut BEFORE INSERT ON delegated_grants BEGIN SELECT RAISE(ABORT, 'cut'); END",
    )
    .await;
    assert_eq!(browser.follow(&callback).await.status, 500);
    meddle(&app.inside().db, "DROP TRIGGER cut").await;
    assert_eq!(browser.follow(&callback).await.status, 400);
    assert_eq!((app.sim.count_grants("authorization_code"), rows(&app, "delegated_grants").await), (1, 0));

    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    app.sim.fault(Fault::status(Place::Token, 503, Page::Html).times(1));
    land(&app, &browser, &callback).await;
    assert_eq!(browser.follow(&callback).await.status, 400);
    assert_eq!((results(&app).await, rows(&app, "delegated_grants").await), (vec!["failed".to_owned()], 0));
    app.stop().await;
}

#[tokio::test]
async fn another_browser_than_the_one_that_began_is_refused_and_redeems_nothing() {
    let (app, browser, mailbox) = world().await;
    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    let victim = app.stranger();
    let page = victim.follow(&callback).await;
    assert_eq!((page.status, page.one("h1").as_str()), (400, "This sign-in was begun in another browser"));
    assert!(!page.body.contains(OLGA), "it tells a stranger nothing");
    // Nor may the first browser use what another one brought.
    assert_eq!(browser.follow(&callback).await.status, 400);
    assert_eq!((app.sim.count_grants("authorization_code"), rows(&app, "delegated_grants").await), (0, 0));
    assert_eq!(refusals(&app).await, ["another browser came back than the one that began it"]);
    app.stop().await;
}

#[tokio::test]
async fn who_began_it_must_still_be_signed_in_and_allowed_when_it_ends() {
    let (app, browser, mailbox) = world().await;
    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    let page = browser.get("/").await;
    browser.submit(&page, "/logout", &[]).await.location();
    browser.sign_in(EMAIL, PASSWORD).await.expect_redirect("/");
    land(&app, &browser, &callback).await;
    assert_eq!(results(&app).await, ["changed"], "another session than the one that began");

    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    meddle(&app.inside().db, "UPDATE users SET role = 'operator'").await;
    land(&app, &browser, &callback).await;
    assert_eq!(results(&app).await, ["changed", "changed"], "a role that may no longer");
    assert_eq!(app.sim.count_grants("authorization_code"), 0);
    app.stop().await;
}

#[tokio::test]
async fn a_missing_empty_doubled_or_unknown_state_is_refused_and_uses_nothing_up() {
    let (app, browser, mailbox) = world().await;
    let at_microsoft = begin(&browser, &mailbox).await;
    let state = parameter(&at_microsoft, "state");
    for query in [
        String::new(),
        "code=x".to_owned(),
        "code=x&state=".to_owned(),
        "code=x&state=unknown".to_owned(),
        format!("code=x&state={state}&state={state}"),
        format!("code=x&state=a&state={state}"),
        format!("code=x&state[]={state}"),
        format!("code=x&code=y&state={state}"),
        format!("state={state}"),
    ] {
        let page = browser.get(&format!("/oauth/callback?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        assert!(!page.body.contains(&state), "{query} is repeated");
    }
    assert_eq!(app.sim.count_grants("authorization_code"), 0);
    come_back(&app, &browser, &at_microsoft, OLGA).await;
    assert_eq!(results(&app).await, ["connected"]);
    app.stop().await;
}

#[tokio::test]
async fn the_code_of_one_attempt_is_worth_nothing_to_another() {
    let (app, browser, mailbox) = world().await;
    save(&app, &browser, SIGN_IN, &[("address", JAN), ("how", "link")]).await.location();
    let other = super::path_of(&app, JAN).await;
    let (olgas, jans) = (begin(&browser, &mailbox).await, begin(&browser, &other).await);
    let code = parameter(&app.sim.approve(&olgas, OLGA).await.unwrap(), "code");
    let mixed = format!("/oauth/callback?code={code}&state={}", parameter(&jans, "state"));
    browser.get(&mixed).await.location();
    assert_eq!((results(&app).await, rows(&app, "delegated_grants").await), (vec!["failed".to_owned()], 0));
    app.stop().await;
}

#[tokio::test]
async fn two_tabs_at_once_both_end_well() {
    let (app, browser, mailbox) = world().await;
    let (first, second) = (begin(&browser, &mailbox).await, begin(&browser, &mailbox).await);
    come_back(&app, &browser, &second, OLGA).await;
    come_back(&app, &browser, &first, OLGA).await;
    assert_eq!(results(&app).await, ["connected", "connected"]);
    let generation = "SELECT CAST(generation AS TEXT) FROM delegated_grants";
    assert_eq!(column(&app.inside().db, generation).await, ["2"]);
    app.stop().await;
}

#[tokio::test]
async fn an_answer_that_names_another_server_is_refused_before_anything_is_sent_there() {
    let (app, browser, mailbox) = world().await;
    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    land(&app, &browser, &format!("{callback}&iss=https%3A%2F%2Fevil.example%2Fv2.0")).await;
    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    meddle(&app.inside().db, "UPDATE sign_in_attempts SET authority = 'https://login.microsoftonline.us/'").await;
    land(&app, &browser, &callback).await;
    assert_eq!(results(&app).await, ["failed", "changed"]);
    assert_eq!((app.sim.count_grants("authorization_code"), rows(&app, "delegated_grants").await), (0, 0));
    let good = format!("{}/{}/v2.0", app.sim.authority(), app.sample(SIGN_IN).tenant_id);
    let issuer: String = form_urlencoded::byte_serialize(good.as_bytes()).collect();
    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    land(&app, &browser, &format!("{callback}&iss={issuer}")).await;
    assert_eq!(results(&app).await.last().unwrap(), "connected");
    app.stop().await;
}

#[tokio::test]
async fn an_id_token_that_does_not_prove_who_signed_in_stores_nothing() {
    let (app, browser, mailbox) = world().await;
    let bends = [
        Bend::IdTokenIssuer,
        Bend::IdTokenAudience,
        Bend::IdTokenTenant,
        Bend::IdTokenNonce,
        Bend::IdTokenExpired,
        Bend::IdTokenUnsigned,
        Bend::IdTokenSignature,
        Bend::IdTokenMissing,
    ];
    for bend in bends {
        app.sim.fault(Fault::new(Place::Token, Failure::Bent(bend)).times(1));
        come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
        assert_eq!(
            (results(&app).await.pop().unwrap().as_str(), rows(&app, "delegated_grants").await),
            ("failed", 0),
            "{bend:?}"
        );
    }
    app.sim.fault(Fault::new(Place::Token, Failure::Bent(Bend::IdTokenObject)).times(1));
    come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
    assert_eq!(
        results(&app).await.pop().unwrap(),
        "wrong_account",
        "the token is of one account and speaks for another"
    );
    assert_eq!(rows(&app, "delegated_grants").await, 0);
    assert_eq!(refusals(&app).await.len(), bends.len() + 1);
    app.stop().await;
}

#[tokio::test]
async fn keys_that_the_tenant_changed_meanwhile_are_found() {
    let (app, browser, mailbox) = world().await;
    come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
    app.sim.roll_signing_key(true).unwrap();
    come_back(&app, &browser, &begin(&browser, &mailbox).await, OLGA).await;
    assert_eq!(results(&app).await, ["connected", "connected"]);
    app.stop().await;
}

#[tokio::test]
async fn the_browser_lands_on_an_address_without_code_or_state() {
    let (app, browser, mailbox) = world().await;
    let callback = app.sim.approve(&begin(&browser, &mailbox).await, OLGA).await.unwrap();
    let answer = browser.follow(&callback).await;
    assert!(answer.location().starts_with("/sign-in/si_") && !answer.location().contains('?'), "{}", answer.location());
    assert_eq!((answer.header("referrer-policy"), answer.header("cache-control")), ("no-referrer", "no-store"));
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.contains("SameSite=Lax") && cookie.contains("HttpOnly") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    let result = answer.location().to_owned();
    assert_eq!(app.stranger().get(&result).await.status, 404, "to another browser it does not exist");
    app.stop().await;
}

#[tokio::test]
async fn what_an_error_says_is_text_cut_short_and_not_repeated_before_its_state_is_known() {
    let (app, browser, mailbox) = world().await;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> javascript:alert(1)";
    let long = format!("{evil}{}", "x".repeat(5_000));
    let encoded: String = form_urlencoded::byte_serialize(long.as_bytes()).collect();
    let unknown = browser.get(&format!("/oauth/callback?error={encoded}&error_description={encoded}&state=none")).await;
    assert_eq!(unknown.status, 400);
    assert!(!unknown.body.contains("alert") && !unknown.body.contains("xxxx"));
    for error in ["server_error", &encoded, "%00%01", "AADSTS"] {
        let at_microsoft = begin(&browser, &mailbox).await;
        let state = parameter(&at_microsoft, "state");
        let query =
            format!("error={error}&error_description={encoded}&error_uri=https%3A%2F%2Fevil.example&state={state}");
        let answer = browser.get(&format!("/oauth/callback?{query}")).await;
        if error.contains("%00") {
            assert_eq!(answer.status, 400);
            continue;
        }
        let tried = browser.get(&answer.location().replace("/sign-in/", &format!("{mailbox}/sign-in/"))).await;
        assert_eq!(tried.status, 200, "{error}");
        assert!(!tried.body.contains("<script>alert") && !tried.body.contains("<img src=x"), "{}", tried.body);
        assert!(!tried.links().iter().any(|link| link.contains("evil") || link.contains("javascript")));
        assert!(!tried.body.contains(&"x".repeat(1_100)), "it is not cut");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_get_begins_nothing_and_another_site_cannot_begin_for_somebody() {
    let (app, browser, mailbox) = world().await;
    let path = format!("{mailbox}/sign-in");
    app.sim.clear_requests();
    for _ in 0..3 {
        assert_eq!(browser.get(&path).await.status, 200);
    }
    let form = browser.get(&path).await.form(&path, &[("how", "now")]);
    let cross = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(browser.post_with(&path, &form, &cross).await.status, 403);
    assert_eq!(rows(&app, "sign_in_attempts").await, 0);
    assert!(app.sim.requests().is_empty());
    app.stop().await;
}
