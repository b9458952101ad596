use postkey::clock::UnixTime;
use postkey::microsoft::{ClientId, Cloud, GrantType, Guid, Retry, Roles, Tenant, paste};
use postkey::words::{Cause, Code, articles};
use postkey_simulator::{Bend, Failure, Fault, Kind, Place, codes};

use super::{World, address, nobody, secret, token};

#[tokio::test]
async fn a_tenant_is_found_by_its_id_and_by_its_domains() {
    let world = World::start().await;
    let contoso = world.sim.estate(|estate| estate.tenant("contoso.example").unwrap().id);
    for name in ["contoso.example", "CONTOSO.onmicrosoft.example", &contoso.to_string()] {
        let tenant = paste::tenant(name).unwrap();
        let found = world.microsoft.tenant(Cloud::Custom, &tenant).await.unwrap();
        assert_eq!(found.id, Guid::from(contoso), "{name}");
        assert!(found.skew_seconds.unwrap().abs() <= 2);
    }
    let requests = world.sim.requests();
    assert!(requests.iter().all(|request| request.kind == Kind::Discovery && request.client_id.is_none()));
}

#[tokio::test]
async fn an_unknown_tenant_is_said_to_be_unknown() {
    let world = World::start().await;
    for name in ["nowhere.example", "33333333-3333-4333-8333-333333333333"] {
        let tenant = Tenant::parse(name).unwrap();
        let failure = world.microsoft.tenant(Cloud::Custom, &tenant).await.unwrap_err();
        assert_eq!((failure.cause, failure.retry), (Cause::TenantNotFound, Retry::No), "{name}");
        assert_eq!(failure.code, Some(Code::Aadsts(90_002)));
    }
    let failure = world.microsoft.token(&nobody(), &secret("x"), &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!(failure.cause, Cause::TenantNotFound);
}

#[tokio::test]
async fn each_sample_application_gets_its_token_or_its_cause() {
    let world = World::start().await;
    for (name, expected) in [
        ("Contoso Mail", Ok(vec!["Mail.ReadWrite", "Mail.Send"])),
        ("Fabrikam Mail", Ok(vec!["Mail.ReadWrite", "Mail.Send"])),
        ("Contoso Reader", Ok(vec!["Mail.ReadWrite"])),
        ("Contoso Intranet", Ok(vec![])),
        ("Contoso Support Desk", Ok(vec![])),
        ("Contoso Invoices", Ok(vec!["Mail.ReadWrite", "Mail.Send"])),
        ("Contoso Archive", Err(Cause::SecretExpired)),
        ("Contoso Warehouse", Err(Cause::Blocked)),
        ("Contoso Retired", Err(Cause::AppNotFound)),
    ] {
        let application = world.application(name);
        let outcome = world
            .microsoft
            .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
            .await;
        match (outcome, expected) {
            (Ok(issued), Ok(roles)) => {
                assert_eq!(issued.roles.list(), roles, "{name}");
                assert_eq!(issued.roles.mail_any(), !roles.is_empty(), "{name}");
                let life = issued.expires_at.since(issued.issued_at);
                assert!((3600..=5400).contains(&life), "{name}: {life}");
            }
            (Err(failure), Err(cause)) => {
                assert_eq!((failure.cause, failure.retry), (cause, Retry::No), "{name}");
                assert!(failure.trace_id.is_some() && failure.host.is_some(), "{failure:?}");
            }
            (outcome, expected) => panic!("{name}: {outcome:?} instead of {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_a_secret_id_and_a_wrong_application_are_told_apart() {
    let world = World::start().await;
    let mail = world.application("Contoso Mail");
    let mut other = address(&mail);
    other.client_id = ClientId::parse("22222222-2222-4222-8222-222222222222").unwrap();
    let secret_id = mail.secret_id().unwrap().to_string();
    for (application, value, cause) in [
        (address(&mail), "not the secret", Cause::SecretRefused),
        (address(&mail), secret_id.as_str(), Cause::SecretRefused),
        (other, mail.secret(), Cause::AppNotFound),
    ] {
        let failure =
            world.microsoft.token(&application, &secret(value), &GrantType::ClientCredentials).await.unwrap_err();
        assert_eq!(failure.cause, cause);
        assert!(!format!("{failure:?}").contains(value), "the secret came back in {failure:?}");
        assert!(!serde_json::to_string(&failure).unwrap().contains(value));
    }
}

#[tokio::test]
async fn a_failure_names_the_request_as_microsoft_knows_it() {
    let world = World::start().await;
    let application = world.application("Contoso Warehouse");
    let outcome = world
        .microsoft
        .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
        .await;
    let failure = outcome.unwrap_err();
    assert_eq!(failure.code, Some(Code::Aadsts(53_003)));
    let request = world.sim.requests().pop().unwrap();
    assert_eq!(failure.correlation_id, request.client_request_id);
    assert!(failure.message.starts_with("AADSTS53003: ") && !failure.message.contains("Trace ID"));
    assert_eq!(failure.article().key, "AADSTS53003");
}

#[tokio::test]
async fn every_number_that_entra_may_answer_has_a_cause_and_never_a_wrong_article() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    for known in codes::all() {
        world.sim.clear_faults();
        world.sim.fault(Fault::aadsts(known.number));
        let outcome = world
            .microsoft
            .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
            .await;
        let failure = outcome.unwrap_err();
        assert_eq!(failure.oauth_error.as_deref(), Some(known.error), "{known:?}");
        assert_eq!(failure.article().cause, failure.cause, "{known:?}");
        let code = Code::Aadsts(known.number);
        assert!(articles::usual_cause(&code).is_some(), "{code} has no article");
        assert_eq!(failure.cause.is_transient(), failure.retry != Retry::No && failure.retry != Retry::OnceNow);
        assert_ne!(failure.cause, Cause::NeedsSignIn, "nobody signs in for an application: {known:?}");
    }
}

#[tokio::test]
async fn what_entra_bends_is_tolerated_or_refused() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    for (bend, is_good) in [
        (Bend::ExpiresInString, true),
        (Bend::TokenOpaque, true),
        (Bend::ExpiresInNegative, false),
        (Bend::ExpiresInHuge, false),
        (Bend::ExpiresInMissing, false),
        (Bend::TokenTypeOther, false),
        (Bend::TokenMissing, false),
        (Bend::TokenLong, false),
    ] {
        world.sim.clear_faults();
        world.sim.fault(Fault::new(Place::Token, Failure::Bent(bend)));
        let outcome = world
            .microsoft
            .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
            .await;
        match outcome {
            Ok(issued) => {
                assert!(is_good, "{bend:?}");
                assert_eq!(issued.roles == Roles::Unreadable, bend == Bend::TokenOpaque);
            }
            Err(failure) => assert!(!is_good && failure.cause == Cause::ProviderDown, "{bend:?}: {failure:?}"),
        }
    }
}

#[tokio::test]
async fn a_clock_that_differs_is_measured() {
    let world = World::start().await;
    world.sim.estate(|estate| estate.settings.skew_seconds = 300);
    let tenant = Tenant::parse("contoso.example").unwrap();
    let skew = world.microsoft.tenant(Cloud::Custom, &tenant).await.unwrap().skew_seconds.unwrap();
    assert!((298..=302).contains(&skew), "{skew}");
}

#[tokio::test]
async fn a_cloud_that_is_not_configured_is_not_asked() {
    let clouds = postkey::microsoft::Clouds::new(None).unwrap();
    let clock = postkey::clock::Clock::standing_at(UnixTime::from_seconds(1));
    let microsoft = postkey::microsoft::Microsoft::new(clouds, super::limits(), clock, None).unwrap();
    let failure = microsoft.token(&nobody(), &secret("x"), &GrantType::ClientCredentials).await.unwrap_err();
    assert_eq!(failure.cause, Cause::SetupFault);
    let failure = microsoft.read_inbox(Cloud::Custom, &token("t"), "a@b.example").await.unwrap_err();
    assert_eq!((failure.cause, failure.at), (Cause::SetupFault, UnixTime::from_seconds(1)));
}

#[tokio::test]
async fn background_jobs_ask_side_by_side() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    let jobs = (0..20).map(|_| {
        let (microsoft, application) = (world.microsoft.clone(), application.clone());
        tokio::spawn(async move {
            let tenant = Tenant::parse("contoso.example").unwrap();
            microsoft.tenant(Cloud::Custom, &tenant).await.unwrap();
            let secret = secret(application.secret());
            let issued = microsoft.token(&address(&application), &secret, &GrantType::ClientCredentials).await.unwrap();
            microsoft.read_inbox(Cloud::Custom, &issued.token, "support@contoso.example").await.unwrap()
        })
    });
    for job in jobs.collect::<Vec<_>>() {
        assert_eq!(job.await.unwrap().total, 128);
    }
    assert_eq!(world.sim.count(Kind::Token), 20);
}

#[tokio::test]
async fn no_log_line_holds_a_secret_or_a_token_even_at_trace() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let log = log.with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(log);
    let issued = world
        .microsoft
        .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
        .await
        .unwrap();
    let support = "support@contoso.example";
    world.microsoft.read_inbox(Cloud::Custom, &issued.token, support).await.unwrap();
    world.microsoft.write_draft(Cloud::Custom, &issued.token, support).await.unwrap();
    drop(guard);
    let log = String::from_utf8_lossy(&lines.0.lock().unwrap()).into_owned();
    assert!(log.len() > 1000, "something was logged at all");
    assert!(!log.contains(application.secret()) && !log.contains(issued.token.reveal()));
}

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
