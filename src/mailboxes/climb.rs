//! The steps of a check: tenant, application and credential, token, permission, mailbox, and a message if one is asked for.
//! Asks Microsoft and writes nothing but what belongs to the application: its tenant's GUID and its token.

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::error::Result;
use crate::microsoft::{ApplicationRef, Cloud, Failure, Message, Retry, Roles, scopes};
use crate::tokens::{NoToken, Obtained, Want, obtain, refresh};
use crate::words::{Cause, Code};

use super::Mailbox;
use super::check::Reason;
use super::ladder::{Ladder, Rung};

/// A token older than this, in seconds, may lack what was granted since.
const TOKEN_MAY_BE_STALE: i64 = 60;

/// What Postkey calls Graph's several answers about a mailbox that its person cannot see.
const NOT_SHARED: &str = "NotShared";
/// And its own word for a mailbox that waits for its first sign-in.
const NOT_SIGNED_IN: &str = "NotSignedIn";

/// What is checked, and why.
pub(super) struct Climb<'a> {
    pub(super) app: &'a App,
    pub(super) mailbox: &'a Mailbox,
    pub(super) application: &'a Application,
    pub(super) reason: &'a Reason,
}

/// What was seen in the mailbox: how many messages, and whether it could be written to.
struct Opened {
    messages: u64,
    took_ms: u64,
    /// Nothing if it was not tried.
    writing: Option<Result<(), Box<Failure>>>,
}

impl Climb<'_> {
    /// Climbs as far as Microsoft lets it. The outer error is ours; what Microsoft says is on the ladder.
    pub(super) async fn run(&self) -> Result<Ladder> {
        let mut ladder = Ladder::new();
        let Some(known) = self.tenant(&mut ladder).await? else { return Ok(ladder) };
        let Some(obtained) = self.token(&known, &mut ladder).await? else { return Ok(ladder) };
        let (obtained, opened) = self.open_with_newer_token(&known, obtained).await?;
        self.note(&known, &obtained, opened, &mut ladder).await;
        Ok(ladder)
    }

    /// Climbs from a token that a sign-in has just brought: everything below it is proven by that.
    pub(super) async fn after_sign_in(&self, known: &ApplicationRef, obtained: &Obtained) -> Ladder {
        let mut ladder = Ladder::new();
        ladder.ok(Rung::Tenant, "Microsoft knows it");
        ladder.ok(Rung::Application, format!("{} is in this tenant", self.application.name));
        ladder.ok(Rung::Credential, "Microsoft accepts it");
        let who = self.mailbox.signs_in().unwrap_or_default();
        ladder.ok(Rung::Token, format!("{who} signed in, good for {} min", self.minutes(obtained)));
        let opened = self.open(known.cloud, obtained).await;
        self.note(known, obtained, opened, &mut ladder).await;
        ladder
    }

    async fn note(
        &self,
        known: &ApplicationRef,
        obtained: &Obtained,
        opened: Result<Opened, Box<Failure>>,
        ladder: &mut Ladder,
    ) {
        self.permission(&obtained.roles, ladder);
        if self.mailbox(opened, &obtained.roles, ladder) {
            self.send(known.cloud, obtained, ladder).await;
        }
    }

    fn minutes(&self, obtained: &Obtained) -> i64 {
        (obtained.expires_at.since(self.app.clock.now()) / 60).max(0)
    }

    /// The two permissions that the mailbox needs of whoever opens it.
    fn needed(&self) -> (&'static str, &'static str) {
        scopes::of_mailbox(self.mailbox.is_shared())
    }

    async fn obtain(&self, known: &ApplicationRef, want: Want) -> Result<Result<Obtained, NoToken>> {
        if self.mailbox.is_delegated() {
            refresh::delegated_token(self.app, &self.mailbox.id, self.application, known, want).await
        } else {
            obtain::application_token(self.app, self.application, known, want).await
        }
    }

    /// Asks Microsoft who the tenant is; needs no credential, so none is sent to a tenant that does not exist.
    async fn tenant(&self, ladder: &mut Ladder) -> Result<Option<ApplicationRef>> {
        let application = self.application;
        if let (Reason::Round, Some(known)) = (self.reason, application.known_to_microsoft()) {
            ladder.ok(Rung::Tenant, "Known since an earlier check");
            return Ok(Some(known));
        }
        match self.app.microsoft.tenant(application.cloud, &application.tenant).await {
            Ok(found) => {
                if application.tenant_id != Some(found.id) {
                    let mut tx = self.app.db.begin().await?;
                    applications::set_tenant_id(&mut tx, &application.id, &application.tenant, found.id).await?;
                    tx.commit().await?;
                }
                ladder.ok(Rung::Tenant, "Microsoft knows it");
                Ok(Some(ApplicationRef {
                    cloud: application.cloud,
                    tenant: found.id,
                    client_id: application.client_id,
                }))
            }
            Err(failure) => {
                ladder.failed(Rung::Tenant, failure);
                Ok(None)
            }
        }
    }

    /// In a round nobody asks twice about what was refused before.
    fn want(&self) -> Want {
        if *self.reason == Reason::Round { Want::Quietly } else { Want::Good }
    }

    async fn token(&self, known: &ApplicationRef, ladder: &mut Ladder) -> Result<Option<Obtained>> {
        let name = &self.application.name;
        match self.obtain(known, self.want()).await? {
            Ok(obtained) => {
                ladder.ok(Rung::Application, format!("{name} is in this tenant"));
                ladder.ok(Rung::Credential, "Microsoft accepts it");
                let kind = if obtained.cached { "Stored one" } else { "Issued" };
                ladder.ok(Rung::Token, format!("{kind}, good for {} min", self.minutes(&obtained)));
                return Ok(Some(obtained));
            }
            Err(NoToken::NoCredential) => {
                ladder.ok(Rung::Application, format!("{name} is stored"));
                let text = "The application has no secret and no certificate. Add one.";
                ladder.failed(Rung::Credential, self.finding(Cause::SecretRefused, text));
            }
            Err(NoToken::NotSignedIn) => {
                ladder.ok(Rung::Application, format!("{name} is stored"));
                let code = Some(Code::Graph(NOT_SIGNED_IN.to_owned()));
                let nobody = Failure { code, ..*self.finding(Cause::NeedsSignIn, "") };
                ladder.failed(Rung::Token, Box::new(nobody));
            }
            Err(NoToken::Failed(failure)) => self.no_token(failure, ladder),
        }
        Ok(None)
    }

    /// The cause tells which step broke: Microsoft looks at application, credential and policy in this order.
    fn no_token(&self, failure: Box<Failure>, ladder: &mut Ladder) {
        let rung = match failure.cause {
            Cause::TenantNotFound | Cause::AppNotFound => Rung::Application,
            Cause::ClockSkew => Rung::Credential,
            cause if cause.is_of_credential() => Rung::Credential,
            _ => Rung::Token,
        };
        let told = !failure.is_transient();
        if rung > Rung::Application && told {
            ladder.ok(Rung::Application, format!("{} is in this tenant", self.application.name));
        }
        if rung > Rung::Credential && told {
            ladder.ok(Rung::Credential, "Microsoft did not object to it");
        }
        ladder.failed(rung, failure);
    }

    async fn open(&self, cloud: Cloud, obtained: &Obtained) -> Result<Opened, Box<Failure>> {
        let (microsoft, address) = (&self.app.microsoft, &self.mailbox.address);
        let inbox = microsoft.read_inbox(cloud, &obtained.token, address).await?;
        let writing = match self.reason {
            Reason::Round => None,
            _ => Some(microsoft.write_draft(cloud, &obtained.token, address).await.map(drop)),
        };
        Ok(Opened { messages: inbox.total, took_ms: inbox.took_ms, writing })
    }

    /// Opens the mailbox; if it is refused and a newer token may help, once more with a newer one.
    async fn open_with_newer_token(
        &self,
        known: &ApplicationRef,
        obtained: Obtained,
    ) -> Result<(Obtained, Result<Opened, Box<Failure>>)> {
        let opened = self.open(known.cloud, &obtained).await;
        let refused = match &opened {
            Ok(opened) => opened.writing.as_ref().and_then(|writing| writing.as_ref().err()),
            Err(failure) => Some(failure),
        };
        if !refused.is_some_and(|failure| self.a_newer_token_may_help(failure, &obtained)) {
            return Ok((obtained, opened));
        }
        let want = Want::NewerThan(obtained.issued_at);
        match self.obtain(known, want).await? {
            Ok(newer) => {
                let opened = self.open(known.cloud, &newer).await;
                Ok((newer, opened))
            }
            // Graph no longer takes the token, and there will be no other: that is what has to be mended.
            Err(NoToken::Failed(failure)) if failure.cause == Cause::NeedsSignIn => Ok((obtained, Err(failure))),
            Err(_) => Ok((obtained, opened)),
        }
    }

    /// Graph sometimes refuses a good token once; and permissions granted a moment ago are only in tokens
    /// issued since. A person's rights are looked up at each request, so there a new token changes nothing.
    fn a_newer_token_may_help(&self, failure: &Failure, obtained: &Obtained) -> bool {
        let old = *self.reason != Reason::Round
            && self.app.clock.now().since(obtained.issued_at) >= TOKEN_MAY_BE_STALE
            && !self.mailbox.is_delegated();
        failure.retry == Retry::OnceNow || (old && matches!(failure.cause, Cause::NoAccess | Cause::NeedsConsent))
    }

    /// Notes what came of opening the mailbox. `false` if it is not open.
    fn mailbox(&self, opened: Result<Opened, Box<Failure>>, roles: &Roles, ladder: &mut Ladder) -> bool {
        let failure = match opened {
            Ok(Opened { writing: Some(Err(failure)), .. }) if !failure.is_transient() => failure,
            Ok(Opened { messages, took_ms, writing }) => {
                let wrote = match writing {
                    Some(Ok(())) => "a draft was written and removed",
                    Some(Err(_)) => "writing was not tried to the end",
                    None => "writing is tried when somebody asks",
                };
                ladder.ok(Rung::Mailbox, format!("Opened in {took_ms} ms, {messages} messages; {wrote}"));
                return true;
            }
            Err(failure) => failure,
        };
        // Closed, and the token lists no permission to open it: then the missing consent is the cause to name.
        let lacking = matches!(roles, Roles::Listed(_)) && !roles.has(self.needed().0);
        let named = match failure.cause {
            Cause::NoAccess if lacking => self.as_missing_consent(&failure),
            Cause::NoAccess | Cause::MailboxNotFound if self.mailbox.is_shared() => as_not_shared(failure),
            _ => failure,
        };
        ladder.failed(Rung::Mailbox, named);
        false
    }

    fn as_missing_consent(&self, failure: &Failure) -> Box<Failure> {
        let said = self.finding(Cause::NeedsConsent, &failure.message);
        Box::new(Failure { request_id: failure.request_id.clone(), host: failure.host.clone(), ..*said })
    }

    async fn send(&self, cloud: Cloud, obtained: &Obtained, ladder: &mut Ladder) {
        match self.reason {
            Reason::TestMessage(to) => match self.send_message(cloud, obtained, to).await {
                Ok(()) => ladder.ok(Rung::Send, format!("Microsoft accepted a message to {to}")),
                Err(failure) => ladder.failed(Rung::Send, failure),
            },
            _ if ladder.may_send == Some(false) && self.mailbox.health.sent_at.is_none() => {
                let text = "The token does not carry Mail.Send, so nothing can be sent.";
                ladder.failed(Rung::Send, self.finding(Cause::NeedsConsent, text));
            }
            _ => ladder.skipped(Rung::Send, "A test message is sent only when you ask"),
        }
    }

    async fn send_message(&self, cloud: Cloud, obtained: &Obtained, to: &str) -> Result<(), Box<Failure>> {
        let address = &self.mailbox.address;
        let text = format!(
            "This is a test message from Postkey. It shows that {address} can send. Nobody needs to answer it."
        );
        let message = Message { mailbox: address, to, subject: "Postkey test message", text: &text };
        self.app.microsoft.send_message(cloud, &obtained.token, &message).await.map(|_| ())
    }

    fn permission(&self, roles: &Roles, ladder: &mut Ladder) {
        let (read_write, send) = self.needed();
        match roles {
            Roles::Unreadable => {
                ladder.skipped(Rung::Permission, "The token does not say. Opening the mailbox decides");
            }
            Roles::Listed(_) if !roles.mail_any() => {
                ladder.skipped(Rung::Permission, "The token lists none for mail. Exchange may grant them instead");
            }
            Roles::Listed(_) => {
                let (reads, sends) = (roles.has(read_write), roles.has(send));
                ladder.may_send = Some(sends);
                let detail = match (reads, sends) {
                    (true, true) => format!("{read_write} and {send}"),
                    (true, false) => format!("{read_write}, but not {send}"),
                    (false, true) => format!("{send}, but not {read_write}"),
                    (false, false) => format!("Neither {read_write} nor {send}"),
                };
                ladder.ok(Rung::Permission, detail);
            }
        }
    }

    /// Something that Postkey found out by itself.
    fn finding(&self, cause: Cause, text: &str) -> Box<Failure> {
        Failure::of(cause, text, self.app.clock.now())
    }
}

/// To a person who may not see a mailbox, Graph says the same as of one that does not exist.
fn as_not_shared(failure: Box<Failure>) -> Box<Failure> {
    let told = failure.code.as_ref().map_or_else(String::new, |code| format!("{code}: "));
    let message = format!("{told}{}", failure.message);
    let code = Some(Code::Graph(NOT_SHARED.to_owned()));
    Box::new(Failure { cause: Cause::NoAccess, code, message, ..*failure })
}
