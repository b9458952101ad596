//! A person's tokens: the address to sign in at, the code, the ID token, the refresh token, by secret and by certificate.

use postkey::clock::Clock;
use postkey::microsoft::{
    Credential, ExpectedToken, GrantType, Identity, Issued, Prompt, SignInRequest, certificate, scopes,
};
use postkey::words::Cause;
use postkey_simulator::Certificate;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{World, address, secret};
use crate::sign_in::{OLGA, SIGN_IN, parameter};

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-in-all";
const NONCE: &str = "a-nonce";

fn redirect_uri() -> Url {
    Url::parse("http://localhost/callback").unwrap()
}

fn begin(world: &World, prompt: Prompt, claims: Option<&str>) -> String {
    let request = SignInRequest {
        application: &address(&world.application(SIGN_IN)),
        redirect_uri: &redirect_uri(),
        scopes: &scopes::asked(true),
        state: &SecretString::from("a-state"),
        nonce: NONCE,
        verifier: &SecretString::from(VERIFIER),
        prompt,
        login_hint: OLGA,
        claims,
    };
    world.microsoft.sign_in_address(&request).unwrap().to_string()
}

fn grant(code: &str, verifier: &str) -> GrantType {
    GrantType::AuthorizationCode {
        code: SecretString::from(code),
        verifier: SecretString::from(verifier),
        redirect_uri: redirect_uri(),
    }
}

async fn code(world: &World) -> String {
    let callback = world.sim.approve(&begin(world, Prompt::Login, None), OLGA).await.unwrap();
    parameter(&callback, "code")
}

async fn identity(world: &World, issued: &Issued, nonce: &str) -> Result<Identity, String> {
    let application = address(&world.application(SIGN_IN));
    let issuer = format!("{}/{}/v2.0", world.sim.authority(), application.tenant);
    let expected = ExpectedToken { application: &application, issuer: &issuer, nonce };
    let id_token = issued.id_token.clone().unwrap();
    world.microsoft.identity(&expected, &id_token).await.map_err(|failure| failure.message.clone())
}

#[tokio::test]
async fn the_address_asks_for_a_fresh_login_or_the_chooser_and_passes_claims_on() {
    let world = World::start().await;
    let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["1f"]}}}"#;
    let login = begin(&world, Prompt::Login, Some(claims));
    for (name, value) in [
        ("response_type", "code"),
        ("response_mode", "query"),
        ("state", "a-state"),
        ("nonce", NONCE),
        ("prompt", "login"),
        ("login_hint", OLGA),
        ("claims", claims),
    ] {
        assert_eq!(parameter(&login, name), value);
    }
    assert!(!login.contains(VERIFIER) && !login.contains("secret"));
    let chooser = begin(&world, Prompt::SelectAccount, None);
    assert_eq!(parameter(&chooser, "prompt"), "select_account");
    assert!(!chooser.contains("login_hint") && !chooser.contains("claims="));
}

#[tokio::test]
async fn a_code_and_a_refresh_token_are_worth_tokens_by_secret_and_by_certificate() {
    let world = World::start().await;
    let application = world.application(SIGN_IN);
    let now = Clock::System.now();
    let made = tokio::task::spawn_blocking(move || certificate::make("Postkey", now, 365)).await.unwrap().unwrap();
    let uploaded = Certificate::parse(&made.der).unwrap();
    world.sim.estate(|estate| estate.application_mut(SIGN_IN).unwrap().certificates.push(uploaded));
    let by_certificate = Credential::Certificate { private_key_pem: made.private_key_pem, thumbprint: made.thumbprint };
    for credential in [secret(application.secret()), by_certificate] {
        let code = code(&world).await;
        let issued = world.microsoft.token(&address(&application), &credential, &grant(&code, VERIFIER)).await.unwrap();
        let who = identity(&world, &issued, NONCE).await.unwrap();
        assert_eq!((who.username.as_str(), who.is_guest), (OLGA, false));
        let profile = world.microsoft.profile(postkey::microsoft::Cloud::Custom, &issued.token).await.unwrap();
        assert_eq!((profile.object_id, profile.user_principal_name.as_str()), (who.object_id, OLGA));
        assert!(scopes::missing(true, issued.scopes.as_ref().unwrap()).is_empty());
        let refresh = GrantType::RefreshToken(issued.refresh_token.clone().unwrap());
        let renewed = world.microsoft.token(&address(&application), &credential, &refresh).await.unwrap();
        let (old, new) = (issued.refresh_token.unwrap(), renewed.refresh_token.unwrap());
        assert_ne!(old.expose_secret(), new.expose_secret());
    }
}

#[tokio::test]
async fn a_code_is_worth_nothing_twice_or_with_another_verifier_and_no_text_repeats_it() {
    let world = World::start().await;
    let application = world.application(SIGN_IN);
    let (known, credential) = (address(&application), secret(application.secret()));
    let first = code(&world).await;
    let other = grant(&first, "another-verifier-of-at-least-forty-three-characters");
    let failure = world.microsoft.token(&known, &credential, &other).await.unwrap_err();
    assert_eq!(failure.cause, Cause::NeedsSignIn);
    let second = code(&world).await;
    world.microsoft.token(&known, &credential, &grant(&second, VERIFIER)).await.unwrap();
    let replay = world.microsoft.token(&known, &credential, &grant(&second, VERIFIER)).await.unwrap_err();
    assert_eq!(replay.code.as_ref().unwrap().to_string(), "AADSTS54005");
    for failure in [failure, replay] {
        let text = format!("{failure:?}");
        assert!(!text.contains(&first) && !text.contains(&second) && !text.contains(VERIFIER), "{text}");
    }
}

#[tokio::test]
async fn an_id_token_of_another_sign_in_proves_nothing() {
    let world = World::start().await;
    let application = world.application(SIGN_IN);
    let credential = secret(application.secret());
    let code = code(&world).await;
    let issued = world.microsoft.token(&address(&application), &credential, &grant(&code, VERIFIER)).await.unwrap();
    let said = identity(&world, &issued, "another-nonce").await.unwrap_err();
    assert!(said.contains("belongs to another sign-in"), "{said}");
    let forged = SecretString::from(issued.token.reveal());
    let issued = Issued { id_token: Some(forged), ..issued };
    assert!(identity(&world, &issued, NONCE).await.is_err(), "an access token is no ID token");
}
