use postkey::microsoft::{Cloud, Message, Retry};
use postkey::words::Cause;
use postkey_simulator::{Call, Fault, Kind, Refusal};

use super::{World, token};

const SUPPORT: &str = "support@contoso.example";

#[tokio::test]
async fn a_healthy_application_reads_writes_and_sends() {
    let world = World::start().await;
    let token = world.token("Contoso Mail").await;
    for address in [SUPPORT, "help@contoso.example", "shared@contoso.example"] {
        world.microsoft.read_inbox(Cloud::Custom, &token, address).await.unwrap();
    }
    let inbox = world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT).await.unwrap();
    assert_eq!((inbox.total, inbox.unread), (128, 12));

    let before = world.sim.estate(|estate| estate.mailboxes.messages(SUPPORT).len());
    let draft = world.microsoft.write_draft(Cloud::Custom, &token, SUPPORT).await.unwrap();
    assert!(!draft.left_over);
    assert_eq!(world.sim.estate(|estate| estate.mailboxes.messages(SUPPORT).len()), before);
    assert_eq!(world.sim.count(Kind::Graph(Call::PermanentDelete)), 1);
    assert_eq!(world.sim.count(Kind::Graph(Call::DeleteMessage)), 0);

    let message = Message { mailbox: SUPPORT, to: "ana@contoso.example", subject: "Test – é", text: "Hello" };
    let accepted = world.microsoft.send_message(Cloud::Custom, &token, &message).await.unwrap();
    assert!(accepted.request_id.is_some());
    let sent = world.sim.estate(|estate| estate.outbox.iter().next_back().unwrap().clone());
    assert_eq!((sent.subject.as_str(), sent.recipients.len(), sent.save_to_sent_items), ("Test – é", 1, false));
}

#[tokio::test]
async fn each_limited_application_is_stopped_where_its_limit_is() {
    let world = World::start().await;
    for (name, mailbox, reads, sends) in [
        ("Contoso Reader", SUPPORT, Ok(()), Err(Cause::NoAccess)),
        ("Contoso Support Desk", SUPPORT, Ok(()), Ok(())),
        ("Contoso Support Desk", "sales@contoso.example", Err(Cause::NoAccess), Err(Cause::NoAccess)),
        ("Contoso Invoices", "billing@contoso.example", Ok(()), Ok(())),
        ("Contoso Invoices", SUPPORT, Err(Cause::NoAccess), Err(Cause::NoAccess)),
    ] {
        let token = world.token(name).await;
        let read = world.microsoft.read_inbox(Cloud::Custom, &token, mailbox).await;
        assert_eq!(read.map(drop).map_err(|failure| failure.cause), reads, "{name} reads {mailbox}");
        let message = Message { mailbox, to: mailbox, subject: "Test", text: "Test" };
        let sent = world.microsoft.send_message(Cloud::Custom, &token, &message).await;
        assert_eq!(sent.map(drop).map_err(|failure| failure.cause), sends, "{name} sends from {mailbox}");
    }
    let token = world.token("Contoso Intranet").await;
    let failure = world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT).await.unwrap_err();
    assert!(matches!(failure.cause, Cause::NoAccess | Cause::NeedsConsent), "{failure:?}");
}

#[tokio::test]
async fn what_is_no_usable_mailbox_is_said_to_be_none() {
    let world = World::start().await;
    let token = world.token("Contoso Mail").await;
    for name in ["fax", "onprem", "team", "everyone", "kiosk", "nobody", "../../x", "a/b", "a?b", "a%2Fb"] {
        let address = format!("{name}@contoso.example");
        let failure = world.microsoft.read_inbox(Cloud::Custom, &token, &address).await.unwrap_err();
        assert_eq!((failure.cause, failure.retry), (Cause::MailboxNotFound, Retry::No), "{address}: {failure:?}");
        assert!(failure.request_id.is_some());
        let request = world.sim.requests().pop().unwrap();
        assert_eq!(request.mailbox.as_deref(), Some(address.as_str()), "the address arrives as it was typed");
    }
}

#[tokio::test]
async fn each_refusal_of_graph_has_its_cause() {
    let world = World::start().await;
    let token = world.token("Contoso Mail").await;
    for (refusal, cause, retry) in [
        (Refusal::TokenExpired, Cause::SetupFault, Retry::OnceNow),
        (Refusal::TokenAudience, Cause::SetupFault, Retry::OnceNow),
        (Refusal::InsufficientClaims, Cause::Blocked, Retry::No),
        (Refusal::NoPermissions, Cause::NeedsConsent, Retry::No),
        (Refusal::AccessDenied, Cause::NoAccess, Retry::No),
        (Refusal::PolicyBlock, Cause::NoAccess, Retry::No),
        (Refusal::SendAsDenied, Cause::NoAccess, Retry::No),
        (Refusal::RequestDenied, Cause::NeedsConsent, Retry::No),
        (Refusal::InvalidUser, Cause::MailboxNotFound, Retry::No),
        (Refusal::MailboxNotEnabled, Cause::MailboxNotFound, Retry::No),
        (Refusal::ResourceNotFound, Cause::MailboxNotFound, Retry::No),
        (Refusal::ServiceUnavailable, Cause::ProviderDown, Retry::Backoff),
        (Refusal::InternalServerError, Cause::ProviderDown, Retry::Backoff),
    ] {
        world.sim.clear_faults();
        world.sim.fault(Fault::graph(refusal).mailbox(SUPPORT));
        let failure = world.microsoft.read_inbox(Cloud::Custom, &token, SUPPORT).await.unwrap_err();
        assert_eq!(failure.cause, cause, "{refusal:?}: {failure:?}");
        assert!(failure.retry == retry || matches!(failure.retry, Retry::After(_)), "{refusal:?}: {:?}", failure.retry);
        assert_eq!(failure.claims.is_some(), refusal == Refusal::InsufficientClaims);
    }
}

#[tokio::test]
async fn a_draft_that_cannot_be_removed_for_good_goes_to_the_bin_or_is_reported() {
    use postkey_simulator::{Failure, Page, Place, RetryAfter};
    let world = World::start().await;
    let token = world.token("Contoso Mail").await;
    let down = |call| {
        let failure = Failure::Status { status: 503, page: Page::Json, retry_after: RetryAfter::Absent };
        Fault::new(Place::Call(call), failure)
    };
    world.sim.fault(down(Call::PermanentDelete));
    assert!(!world.microsoft.write_draft(Cloud::Custom, &token, SUPPORT).await.unwrap().left_over);
    world.sim.fault(down(Call::DeleteMessage));
    assert!(world.microsoft.write_draft(Cloud::Custom, &token, SUPPORT).await.unwrap().left_over);
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_and_never_shown() {
    let world = World::start().await;
    let failure = world.microsoft.read_inbox(Cloud::Custom, &token("n0t-a-t0ken"), SUPPORT).await.unwrap_err();
    assert_eq!(failure.retry, Retry::OnceNow);
    assert!(!format!("{failure:?}").contains("n0t-a-t0ken"));
    let failure = world.microsoft.read_inbox(Cloud::Custom, &token("broken\r\ntoken"), SUPPORT).await.unwrap_err();
    assert_eq!(failure.cause, Cause::SecretUnreadable);
}
