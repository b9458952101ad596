use postkey::clock::{Clock, UnixTime};
use postkey::microsoft::{Credential, GrantType, Retry, SelfSigned, certificate};
use postkey::words::Cause;
use postkey_simulator::Certificate;

use super::{World, address};

async fn made() -> SelfSigned {
    let now = Clock::System.now();
    tokio::task::spawn_blocking(move || certificate::make("Postkey: Contoso Vault", now, 365)).await.unwrap().unwrap()
}

fn credential(made: &SelfSigned) -> Credential {
    Credential::Certificate { private_key_pem: made.private_key_pem.clone(), thumbprint: made.thumbprint }
}

#[tokio::test]
async fn an_uploaded_certificate_opens_the_application_and_another_does_not() {
    let world = World::start().await;
    let application = address(&world.application("Contoso Vault"));
    let (right, wrong) = (made().await, made().await);

    let failure =
        world.microsoft.token(&application, &credential(&right), &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!((failure.cause, failure.retry), (Cause::CertificateRefused, Retry::No), "not uploaded yet");

    let uploaded = Certificate::parse(right.pem.as_bytes()).unwrap();
    assert_eq!(uploaded.thumbprint().replace(':', "").to_uppercase(), right.thumbprint_sha1);
    world.sim.estate(|estate| estate.application_mut("Contoso Vault").unwrap().certificates.push(uploaded));
    let issued = world.microsoft.token(&application, &credential(&right), &GrantType::ClientCredentials).await.unwrap();
    assert!(issued.roles.has("Mail.ReadWrite"));

    let failure =
        world.microsoft.token(&application, &credential(&wrong), &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!(failure.cause, Cause::CertificateRefused);
    let mixed = Credential::Certificate { private_key_pem: wrong.private_key_pem, thumbprint: right.thumbprint };
    let failure = world.microsoft.token(&application, &mixed, &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!(failure.cause, Cause::CertificateRefused, "the wrong key under the right name");
}

#[tokio::test]
async fn a_proof_signed_by_a_wrong_clock_is_told_as_such_and_tried_once_more() {
    let world = World::start().await;
    let made = made().await;
    let uploaded = Certificate::parse(&made.der).unwrap();
    world.sim.estate(|estate| estate.application_mut("Contoso Vault").unwrap().certificates.push(uploaded));
    world.sim.estate(|estate| estate.settings.skew_seconds = 3600);
    let application = address(&world.application("Contoso Vault"));
    let failure =
        world.microsoft.token(&application, &credential(&made), &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!((failure.cause, failure.retry), (Cause::ClockSkew, Retry::OnceNow));
    assert!(failure.skew_seconds.unwrap() > 3500);
}

#[test]
fn a_date_that_no_certificate_can_carry_is_an_error() {
    assert!(certificate::make("x", UnixTime::from_seconds(i64::MAX), 1).is_err());
}
