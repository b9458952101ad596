//! One run of the ladder for one mailbox: asks Microsoft step by step, then writes down what came of it.

use std::time::Duration;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::{CheckId, MailboxId};
use crate::microsoft::{AccessToken, ApplicationRef, Cloud, Failure, Message, Roles};
use crate::tokens::obtain::{self, NoToken, Obtained, Want};
use crate::words::{Cause, Code};

use super::history::{self, Check};
use super::ladder::{Ladder, Rung};
use super::{Mailbox, store};

/// How long a person waits for the outcome before the page says that Microsoft is still being asked.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// A token older than this, in seconds, may lack what was granted since.
const TOKEN_MAY_BE_STALE: i64 = 60;

const READ_WRITE: &str = "Mail.ReadWrite";
const SEND: &str = "Mail.Send";

/// Why a check runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// The mailbox was saved.
    Saved,
    /// Someone asked.
    Asked,
    /// Someone asked for a test message to this address.
    TestMessage(String),
}

impl Reason {
    /// Its name in the database.
    pub fn value(&self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Asked => "asked",
            Self::TestMessage(_) => "test_message",
        }
    }
}

/// What a person who waited gets to see.
#[derive(Clone, Debug)]
pub enum Progress {
    /// The check has ended.
    Done(Box<Ladder>),
    /// Microsoft is still being asked.
    Asking,
}

/// Starts a check and waits a little for its end. The check goes on if the person leaves.
///
/// # Errors
/// If the check could not be begun or written down.
pub async fn start(app: &App, id: &MailboxId, by: &str, reason: Reason) -> Result<Progress> {
    let request = crate::telemetry::request_id();
    let work = run(app.clone(), id.clone(), by.to_owned(), reason);
    let task = app.tasks.spawn(async move { crate::telemetry::with_request_id(request, work).await });
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(ended)) => Ok(ended?.map_or(Progress::Asking, |ladder| Progress::Done(Box::new(ladder)))),
        Ok(Err(cause)) => Err(AppError::internal(cause)),
        Err(_) => Ok(Progress::Asking),
    }
}

/// Runs a check to its end. `None` if one was already running or the mailbox is gone.
async fn run(app: App, id: MailboxId, by: String, reason: Reason) -> Result<Option<Ladder>> {
    let started_at = app.clock.now();
    let mut tx = app.db.begin().await?;
    let begun = store::begin_check(&mut tx, &id, started_at).await?;
    tx.commit().await?;
    if !begun {
        return Ok(None);
    }
    let Some(mailbox) = store::find(&app.db, &id).await? else { return Ok(None) };
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    let ladder = climb(&app, &mailbox, &application, &reason).await?;
    finish(&app, &mailbox, &by, &reason, started_at, &ladder).await?;
    Ok(Some(ladder))
}

async fn finish(
    app: &App,
    mailbox: &Mailbox,
    by: &str,
    reason: &Reason,
    started_at: crate::clock::UnixTime,
    ladder: &Ladder,
) -> Result<()> {
    let now = app.clock.now();
    let sent = matches!(reason, Reason::TestMessage(_)) && ladder.failure().is_none();
    let verdict = ladder.verdict(sent || mailbox.health.sent_at.is_some());
    let check = Check {
        id: CheckId::new(now, &app.chance),
        mailbox_id: mailbox.id.clone(),
        asked_by: by.to_owned(),
        reason: reason.value().to_owned(),
        incoming: verdict.incoming,
        outgoing: verdict.outgoing,
        started_at,
        finished_at: now,
        ladder: ladder.clone(),
    };
    let mut tx = app.db.begin().await?;
    history::insert(&mut tx, &check).await?;
    store::finish_check(&mut tx, &check, sent).await?;
    if sent {
        let entry = audit::Entry { actor: by, action: "mailbox.test_message_sent", object: mailbox.id.as_str(), detail: &mailbox.address };
        audit::record(&mut tx, app, entry).await?;
    }
    tx.commit().await
}

/// After a start no check runs, whatever the database says.
///
/// # Errors
/// If the database cannot answer.
pub async fn forget_interrupted(app: &App) -> Result<()> {
    let mut tx = app.db.begin().await?;
    store::forget_interrupted_checks(&mut tx, app.clock.now()).await?;
    tx.commit().await
}

async fn climb(app: &App, mailbox: &Mailbox, application: &Application, reason: &Reason) -> Result<Ladder> {
    let mut ladder = Ladder::new();
    let Some(known) = tenant(app, application, &mut ladder).await? else { return Ok(ladder) };
    let Some(obtained) = token(app, application, &known, &mut ladder).await? else { return Ok(ladder) };
    let (obtained, opened) = open_with_newer_token(app, application, &known, mailbox, obtained).await?;
    permission(&obtained.roles, &mut ladder);
    if !note_mailbox(opened, &obtained.roles, app, &mut ladder) {
        return Ok(ladder);
    }
    send(app, known.cloud, &obtained, mailbox, reason, &mut ladder).await;
    Ok(ladder)
}

/// Asks Microsoft for the tenant's GUID until it has told it once.
async fn tenant(app: &App, application: &Application, ladder: &mut Ladder) -> Result<Option<ApplicationRef>> {
    match app.microsoft.tenant(application.cloud, &application.tenant).await {
        Ok(found) => {
            if application.tenant_id != Some(found.id) {
                let mut tx = app.db.begin().await?;
                applications::set_tenant_id(&mut tx, &application.id, &application.tenant, found.id).await?;
                tx.commit().await?;
            }
            ladder.ok(Rung::Tenant, "Microsoft knows it");
            Ok(Some(ApplicationRef { cloud: application.cloud, tenant: found.id, client_id: application.client_id }))
        }
        Err(failure) => {
            ladder.failed(Rung::Tenant, failure);
            Ok(None)
        }
    }
}

async fn token(app: &App, application: &Application, known: &ApplicationRef, ladder: &mut Ladder) -> Result<Option<Obtained>> {
    match obtain::application_token(app, application, known, Want::Good).await? {
        Ok(obtained) => {
            ladder.ok(Rung::Application, format!("{} is in this tenant", application.name));
            ladder.ok(Rung::Credential, "Microsoft accepts it");
            let minutes = (obtained.expires_at.since(app.clock.now()) / 60).max(0);
            let kind = if obtained.cached { "Stored one" } else { "Issued" };
            ladder.ok(Rung::Token, format!("{kind}, good for {minutes} min"));
            Ok(Some(obtained))
        }
        Err(NoToken::NoCredential) => {
            ladder.ok(Rung::Application, format!("{} is stored", application.name));
            let text = "The application has no secret and no certificate. Add one.";
            ladder.failed(Rung::Credential, Failure::of(Cause::SecretRefused, text, app.clock.now()));
            Ok(None)
        }
        Err(NoToken::Failed(failure)) => {
            note_no_token(failure, application, ladder);
            Ok(None)
        }
    }
}

/// The cause tells which step broke: Microsoft looks at application, credential and policy in this order.
fn note_no_token(failure: Box<Failure>, application: &Application, ladder: &mut Ladder) {
    let rung = match failure.cause {
        Cause::TenantNotFound | Cause::AppNotFound => Rung::Application,
        Cause::SecretExpired | Cause::SecretRefused | Cause::CertificateRefused | Cause::SecretUnreadable | Cause::ClockSkew => Rung::Credential,
        _ => Rung::Token,
    };
    let told = !failure.is_transient();
    if rung > Rung::Application && told {
        ladder.ok(Rung::Application, format!("{} is in this tenant", application.name));
    }
    if rung > Rung::Credential && told {
        ladder.ok(Rung::Credential, "Microsoft did not object to it");
    }
    ladder.failed(rung, failure);
}

fn permission(roles: &Roles, ladder: &mut Ladder) {
    match roles {
        Roles::Unreadable => ladder.skipped(Rung::Permission, "The token does not say. Opening the mailbox decides"),
        Roles::Listed(_) if !roles.mail_any() => {
            ladder.skipped(Rung::Permission, "The token lists none for mail. Exchange may grant them instead");
        }
        Roles::Listed(_) => {
            let (reads, sends) = (roles.has(READ_WRITE), roles.has(SEND));
            ladder.may_send = Some(sends);
            let detail = match (reads, sends) {
                (true, true) => "Mail.ReadWrite and Mail.Send",
                (true, false) => "Mail.ReadWrite, but not Mail.Send",
                (false, true) => "Mail.Send, but not Mail.ReadWrite",
                (false, false) => "Neither Mail.ReadWrite nor Mail.Send",
            };
            ladder.ok(Rung::Permission, detail);
        }
    }
}

/// What was seen in the mailbox: how many messages, and whether it could be written to.
struct Opened {
    messages: u64,
    took_ms: u64,
    writing: Result<(), Box<Failure>>,
}

async fn open(app: &App, cloud: Cloud, obtained: &Obtained, address: &str) -> Result<Opened, Box<Failure>> {
    let inbox = app.microsoft.read_inbox(cloud, &obtained.token, address).await?;
    let writing = app.microsoft.write_draft(cloud, &obtained.token, address).await.map(|_| ());
    Ok(Opened { messages: inbox.total, took_ms: inbox.took_ms, writing })
}

/// Opens the mailbox; if it is refused and the token is not fresh, once more with a fresh one.
async fn open_with_newer_token(
    app: &App,
    application: &Application,
    known: &ApplicationRef,
    mailbox: &Mailbox,
    obtained: Obtained,
) -> Result<(Obtained, Result<Opened, Box<Failure>>)> {
    let opened = open(app, known.cloud, &obtained, &mailbox.address).await;
    let refused = match &opened {
        Ok(opened) => opened.writing.as_ref().err(),
        Err(failure) => Some(failure),
    };
    if !refused.is_some_and(|failure| worth_a_new_token(app, failure, &obtained)) {
        return Ok((obtained, opened));
    }
    let want = Want::NewerThan(obtained.issued_at);
    match obtain::application_token(app, application, known, want).await? {
        Ok(newer) => {
            let opened = open(app, known.cloud, &newer, &mailbox.address).await;
            Ok((newer, opened))
        }
        Err(_) => Ok((obtained, opened)),
    }
}

/// Permissions granted a moment ago are only in tokens issued since.
fn worth_a_new_token(app: &App, failure: &Failure, obtained: &Obtained) -> bool {
    let refused = matches!(failure.code, Some(Code::Graph(_))) && !failure.is_transient();
    let about_access = matches!(failure.cause, Cause::NoAccess | Cause::NeedsConsent | Cause::NeedsSignIn | Cause::SetupFault);
    refused && about_access && app.clock.now().since(obtained.issued_at) >= TOKEN_MAY_BE_STALE
}

fn note_mailbox(opened: Result<Opened, Box<Failure>>, roles: &Roles, app: &App, ladder: &mut Ladder) -> bool {
    let failure = match opened {
        Ok(opened) => match opened.writing {
            Ok(()) => {
                ladder.ok(Rung::Mailbox, format!("Opened in {} ms, {} messages; a draft was written and removed", opened.took_ms, opened.messages));
                return true;
            }
            Err(failure) if failure.is_transient() => {
                ladder.ok(Rung::Mailbox, format!("Opened in {} ms, {} messages; writing was not tried to the end", opened.took_ms, opened.messages));
                return true;
            }
            Err(failure) => failure,
        },
        Err(failure) => failure,
    };
    ladder.failed(Rung::Mailbox, if failure.cause == Cause::NoAccess { without_permission(failure, roles, app) } else { failure });
    false
}

/// Closed, and the token lists no permission to open it: then the missing consent is the cause to name.
fn without_permission(failure: Box<Failure>, roles: &Roles, app: &App) -> Box<Failure> {
    let lacking = matches!(roles, Roles::Listed(_)) && !roles.has(READ_WRITE);
    // "[RAOP]" and its like are said in so many words by Graph; then the policy is the cause, whatever the roles.
    if !lacking || failure.message.contains("AccessPolicy") || failure.message.contains("OData is disabled") {
        return failure;
    }
    let said = Failure::of(Cause::NeedsConsent, failure.message.clone(), app.clock.now());
    Box::new(Failure { request_id: failure.request_id.clone(), host: failure.host.clone(), ..*said })
}

async fn send(app: &App, cloud: Cloud, obtained: &Obtained, mailbox: &Mailbox, reason: &Reason, ladder: &mut Ladder) {
    match reason {
        Reason::TestMessage(to) => match send_message(app, cloud, &obtained.token, mailbox, to).await {
            Ok(()) => ladder.ok(Rung::Send, format!("Microsoft accepted a message to {to}")),
            Err(failure) => ladder.failed(Rung::Send, failure),
        },
        _ if ladder.may_send == Some(false) && mailbox.health.sent_at.is_none() => {
            let text = "The token does not carry Mail.Send, so nothing can be sent.";
            ladder.failed(Rung::Send, Failure::of(Cause::NeedsConsent, text, app.clock.now()));
        }
        _ => ladder.skipped(Rung::Send, "A test message is sent only when you ask"),
    }
}

async fn send_message(app: &App, cloud: Cloud, token: &AccessToken, mailbox: &Mailbox, to: &str) -> Result<(), Box<Failure>> {
    let text = format!(
        "This is a test message from Postkey. It shows that {} can send. Nobody needs to answer it.",
        mailbox.address
    );
    let message = Message { mailbox: &mailbox.address, to, subject: "Postkey test message", text: &text };
    app.microsoft.send_message(cloud, token, &message).await.map(|_| ())
}
