use std::time::{Duration, Instant};

use postkey::microsoft::{Cloud, GrantType, Retry, Tenant};
use postkey::words::{Cause, Code, Transport};
use postkey_simulator::{Failure, Fault, Page, Place, RetryAfter};

use super::{World, address, broken, secret};

const SUPPORT: &str = "support@contoso.example";

#[tokio::test]
async fn a_pause_is_read_from_every_form_of_retry_after() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    let token = world.token("Contoso Mail").await;
    for (retry_after, expected) in [
        (RetryAfter::Seconds(7), 7..=7),
        (RetryAfter::Seconds(0), 1..=1),
        (RetryAfter::Seconds(u32::MAX), 3600..=3600),
        (RetryAfter::Date(120), 117..=121),
        (RetryAfter::Garbage, 60..=60),
        (RetryAfter::Absent, 60..=60),
    ] {
        world.sim.clear_faults();
        world.sim.fault(Fault::new(Place::Anywhere, Failure::Throttle(retry_after)));
        let at_entra = world
            .microsoft
            .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
            .await;
        let at_graph = world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT).await;
        for failure in [at_entra.unwrap_err(), at_graph.unwrap_err()] {
            assert_eq!(failure.cause, Cause::Throttled, "{retry_after:?}");
            let Retry::After(pause) = failure.retry else { panic!("{:?}", failure.retry) };
            assert!(expected.contains(&pause), "{retry_after:?}: {pause}");
        }
    }
}

#[tokio::test]
async fn a_server_error_passes_whatever_its_body_is() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    let token = world.token("Contoso Mail").await;
    let tenant = Tenant::parse("contoso.example").unwrap();
    for status in [500, 502, 503, 504] {
        for page in [Page::Json, Page::Html, Page::Empty] {
            world.sim.clear_faults();
            world.sim.fault(Fault::status(Place::Anywhere, status, page));
            let found = world.microsoft.tenant(Cloud::Custom, &tenant).await;
            let issued = world
                .microsoft
                .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
                .await;
            let inbox = world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT).await;
            for failure in [found.unwrap_err(), issued.unwrap_err(), inbox.unwrap_err()] {
                assert_eq!((failure.cause, failure.retry), (Cause::ProviderDown, Retry::Backoff), "{status} {page:?}");
                assert!(failure.code.is_some());
            }
        }
    }
    world.sim.clear_faults();
    let failure = Failure::Status { status: 503, page: Page::Html, retry_after: RetryAfter::Seconds(9) };
    world.sim.fault(Fault::new(Place::Graph, failure));
    let failure = world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT).await.unwrap_err();
    assert_eq!((failure.retry, failure.code), (Retry::After(9), Some(Code::Http(503))));
}

#[tokio::test]
async fn no_broken_answer_is_believed_and_none_takes_long() {
    let world = World::start().await;
    let application = world.application("Contoso Mail");
    let token = world.token("Contoso Mail").await;
    let tenant = Tenant::parse("contoso.example").unwrap();
    for (failure, expected) in [
        (Failure::HtmlWith200, vec![Transport::Html]),
        (Failure::TruncatedJson, vec![Transport::Truncated]),
        (Failure::CloseMidBody, vec![Transport::Truncated, Transport::Reset]),
        (Failure::HugeBody { megabytes: 50 }, vec![Transport::TooBig]),
        (Failure::DeepJson { levels: 100_000 }, vec![Transport::BadAnswer]),
        (Failure::SlowBody, vec![Transport::Timeout]),
        (Failure::HangAfterHeaders, vec![Transport::Timeout]),
        (Failure::Delay { ms: 60_000 }, vec![Transport::Timeout]),
    ] {
        world.sim.clear_faults();
        world.sim.fault(Fault::new(Place::Anywhere, failure.clone()));
        let started = Instant::now();
        let (found, issued, inbox) = tokio::join!(
            world.microsoft.tenant(Cloud::Custom, &tenant),
            async {
                world
                    .microsoft
                    .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
                    .await
            },
            world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT),
        );
        for kind in [broken(found), broken(issued), broken(inbox)] {
            assert!(expected.contains(&kind), "{failure:?}: {kind:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{failure:?} took {:?}", started.elapsed());
    }
}
