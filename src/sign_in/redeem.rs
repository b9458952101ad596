//! From Microsoft's answer to what it means: the code is redeemed, the account compared, the scopes compared, the mailbox
//! opened once, and only then is anything stored, all of it in one transaction.

use secrecy::ExposeSecret;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::audit;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::mailboxes::ladder::Ladder;
use crate::mailboxes::{Mailbox, signed_in, store as mailboxes};
use crate::microsoft::{
    ApplicationRef, AuthorizationResponse, ClientId, ExpectedToken, Failure, GrantType, Guid, Identity, Issued,
    Refusal, Roles, Said, scopes,
};
use crate::tokens::delegated_store::{self as grants, DelegatedGrant};
use crate::tokens::keep::{self, SignedIn};
use crate::tokens::{NoToken, Obtained, prove};
use crate::words::{Cause, SignInResult, Status};

use super::attempt::{Attempt, is_expected, nonce_of};
use super::ending::End;
use super::{link_store, store};

/// A sign-in that has everything to be stored.
struct Good {
    identity: Identity,
    issued: Issued,
    scopes: Vec<String>,
}

/// The parts of a sign-in that is being ended.
struct Story<'a> {
    app: &'a App,
    attempt: &'a Attempt,
    mailbox: Mailbox,
    application: Application,
    known: ApplicationRef,
}

/// Ends an attempt by Microsoft's answer, and writes down how.
///
/// # Errors
/// If the database cannot answer. The attempt is gone all the same.
pub(super) async fn end(app: &App, attempt: &Attempt, answer: AuthorizationResponse) -> Result<()> {
    match Story::begin(app, attempt).await? {
        None => End::plain(SignInResult::Changed).write(app, attempt).await,
        Some(story) => story.end(answer).await,
    }
}

/// Ends an attempt that must not go on, and writes down how.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn end_as(app: &App, attempt: &Attempt, outcome: SignInResult) -> Result<()> {
    End::plain(outcome).write(app, attempt).await
}

impl<'a> Story<'a> {
    /// Nothing if the mailbox or its application is not what it was any more: an answer for the old one must not be used
    /// for the new one.
    async fn begin(app: &'a App, attempt: &'a Attempt) -> Result<Option<Self>> {
        let Some(mailbox) = mailboxes::find(&app.db, &attempt.mailbox_id).await? else { return Ok(None) };
        let application = applications::get(&app.db, &mailbox.application_id).await?;
        let sent_to = &attempt.sent_to;
        let (tenant, client_id) = (Guid::parse(&sent_to.tenant_id), ClientId::parse(&sent_to.client_id));
        let (Some(tenant), Some(client_id)) = (tenant, client_id) else { return Ok(None) };
        let authority = app.microsoft.clouds().authority(application.cloud).map(ToString::to_string);
        let same = attempt.is_about(&mailbox)
            && authority.as_deref() == Some(sent_to.authority.as_str())
            && application.tenant_id == Some(tenant)
            && application.client_id == client_id;
        let known = ApplicationRef { cloud: application.cloud, tenant, client_id };
        Ok(same.then_some(Self { app, attempt, mailbox, application, known }))
    }

    async fn end(self, answer: AuthorizationResponse) -> Result<()> {
        if !self.attempt.sent_to.is_sender(answer.issuer.as_deref()) {
            return self.write(self.failed("The answer came from another server.")).await;
        }
        let started_at = self.app.clock.now();
        match answer.said {
            Said::Refused(refused) => {
                let end = match self.app.microsoft.sign_in_refusal(self.known.cloud, &refused) {
                    Refusal::Declined(failure) => End::because(SignInResult::Declined, failure),
                    Refusal::Failed(failure) => End::refused(failure),
                };
                self.write(end).await
            }
            Said::Consented => self.write(self.failed("This answers another question.")).await,
            Said::Code(code) => match self.redeem(code).await? {
                Err(end) => self.write(end).await,
                Ok(good) => self.store(good, started_at).await,
            },
        }
    }

    /// Redeems the code once. Whatever does not fit ends it, and what came is dropped.
    async fn redeem(&self, code: secrecy::SecretString) -> Result<Result<Good, End>> {
        let app = self.app;
        let place = Attempt::place(&self.attempt.id);
        let verifier = match app.keyring.open_or_reload(&app.db, place, &self.attempt.verifier).await? {
            Ok(verifier) => verifier,
            Err(cause) => {
                tracing::error!(sign_in = %self.attempt.id, %cause, "the verifier of a sign-in does not open");
                return Ok(Err(End::plain(SignInResult::Failed)));
            }
        };
        let nonce = nonce_of(verifier.expose_secret());
        let grant = GrantType::AuthorizationCode { code, verifier, redirect_uri: app.config.redirect_uri() };
        let all = applications::credentials(&app.db, &self.application.id).await?;
        let issued = match prove::ask(app, &self.application, &self.known, all, &grant).await? {
            Ok((issued, _)) => issued,
            Err(NoToken::Failed(failure)) => return Ok(Err(End::refused(failure))),
            Err(NoToken::NoCredential | NoToken::NotSignedIn) => {
                let text = "The application has no secret and no certificate. Add one.";
                let failure = Failure::of(Cause::SecretRefused, text, app.clock.now());
                return Ok(Err(End::because(SignInResult::Failed, failure)));
            }
        };
        Ok(match self.who(&issued, &nonce).await? {
            Err(end) => Err(end),
            Ok(identity) => self.enough(identity, issued),
        })
    }

    /// Who signed in, proven and compared before anything is stored.
    async fn who(&self, issued: &Issued, nonce: &str) -> Result<Result<Identity, End>> {
        let microsoft = &self.app.microsoft;
        let Some(id_token) = &issued.id_token else {
            return Ok(Err(self.failed("Microsoft did not say who signed in.")));
        };
        let expected = ExpectedToken { application: &self.known, issuer: &self.attempt.sent_to.issuer, nonce };
        let identity = match microsoft.identity(&expected, id_token).await {
            Ok(identity) => identity,
            Err(failure) => return Ok(Err(End::because(SignInResult::Failed, failure))),
        };
        let profile = match microsoft.profile(self.known.cloud, &issued.token).await {
            Ok(profile) => profile,
            Err(failure) => return Ok(Err(End::because(SignInResult::Failed, failure))),
        };
        let before = grants::find(&self.app.db, &self.mailbox.id).await?;
        let pinned = before.as_ref().map(|grant| (grant.tenant_id.as_str(), grant.object_id.as_str()));
        if is_expected(self.attempt.expected(), pinned, &identity, &profile) {
            return Ok(Ok(Identity { username: profile.user_principal_name, ..identity }));
        }
        let failure = identity.is_guest.then(|| self.finding("The account is a guest here and has no mailbox."));
        let account = profile.user_principal_name;
        Ok(Err(End { outcome: SignInResult::WrongAccount, account, failure }))
    }

    /// Whether everything that is needed was granted.
    fn enough(&self, identity: Identity, issued: Issued) -> Result<Good, End> {
        let shared = self.mailbox.is_shared();
        let asked = || scopes::asked(shared).into_iter().map(str::to_owned).collect();
        let granted: Vec<String> = issued.scopes.clone().unwrap_or_else(asked);
        let mut missing = scopes::missing(shared, &granted);
        if issued.refresh_token.is_none() {
            missing.push("offline_access");
        }
        if missing.is_empty() {
            return Ok(Good { identity, issued, scopes: granted });
        }
        let text = format!("Not granted: {}.", missing.join(", "));
        let failure = Failure::of(Cause::NeedsConsent, text, self.app.clock.now());
        Err(End { outcome: SignInResult::MissingPermission, account: identity.username, failure: Some(failure) })
    }

    /// Opens the mailbox once, then keeps everything together or nothing.
    async fn store(&self, good: Good, started_at: UnixTime) -> Result<()> {
        let Good { identity, issued, scopes } = good;
        let obtained = Obtained {
            token: issued.token.clone(),
            roles: Roles::Listed(scopes.iter().map(|scope| scopes::bare(scope).to_owned()).collect()),
            issued_at: issued.issued_at,
            expires_at: issued.expires_at,
            cached: false,
        };
        let ladder = signed_in::look(self.app, &self.mailbox, &self.application, &self.known, &obtained).await;
        // No renewal of the old grant may come between reading it and replacing it.
        let _flight = self.app.single.flight(&format!("grant {}", self.mailbox.id)).await;
        let before = grants::find(&self.app.db, &self.mailbox.id).await?;
        let who = SignedIn {
            mailbox: &self.mailbox.id,
            application: &self.application.id,
            identity: &identity,
            scopes: &scopes,
        };
        let grant = keep::signed_in(self.app, &who, &issued, before.as_ref()).await?;
        let mut tx = self.app.db.begin().await?;
        match self.keep(&mut tx, &grant, &ladder, started_at).await? {
            true => tx.commit().await,
            false => {
                drop(tx);
                self.write(End::plain(SignInResult::Changed)).await
            }
        }
    }

    async fn keep(&self, tx: &mut Tx, grant: &DelegatedGrant, ladder: &Ladder, started_at: UnixTime) -> Result<bool> {
        let (app, mailbox) = (self.app, &self.mailbox);
        if !grants::save_signed_in(tx, grant).await? {
            return Ok(false);
        }
        let by = &self.attempt.started_by;
        let Some(verdict) = signed_in::record(tx, app, mailbox, by, (ladder, started_at)).await? else {
            return Ok(false);
        };
        let connected = verdict.incoming == Status::Connected;
        if connected {
            link_store::use_up(tx, &mailbox.id, &grant.username, app.clock.now()).await?;
        }
        let granted: Vec<String> = grant.scopes.split(' ').map(str::to_owned).collect();
        let wider = scopes::wider(mailbox.is_shared(), &granted);
        let detail = match wider.is_empty() {
            true => grant.username.clone(),
            false => format!("{}, with more than was asked for: {}", grant.username, wider.join(" ")),
        };
        let entry = audit::Entry { actor: by, action: "grant.signed_in", object: mailbox.id.as_str(), detail: &detail };
        audit::record(tx, app, entry).await?;
        let end = End {
            outcome: if connected { SignInResult::Connected } else { SignInResult::Closed },
            account: grant.username.clone(),
            failure: ladder.failure().map(|(_, failure)| Box::new(failure.clone())),
        };
        store::record(tx, &end.of(app, self.attempt)).await?;
        Ok(true)
    }

    async fn write(&self, end: End) -> Result<()> {
        end.write(self.app, self.attempt).await
    }

    /// Something that Postkey found out by itself and cannot go on with.
    fn failed(&self, text: &str) -> End {
        End::because(SignInResult::Failed, self.finding(text))
    }

    fn finding(&self, text: &str) -> Box<Failure> {
        Failure::of(Cause::Other, text, self.app.clock.now())
    }
}
