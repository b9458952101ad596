//! From Microsoft's answer to what it means: the code is redeemed, the account compared, the scopes compared. What is good then
//! is stored by `settle.rs`.

use secrecy::ExposeSecret;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::error::Result;
use crate::mailboxes::{Mailbox, store as mailboxes};
use crate::microsoft::{
    ApplicationRef, AuthorizationResponse, ClientId, ExpectedToken, Failure, GrantType, Guid, Identity, Issued,
    Refusal, Said, scopes,
};
use crate::tokens::{NoToken, delegated_store as grants, prove};
use crate::words::{Cause, SignInResult};

use super::attempt::{Attempt, is_expected, nonce_of};
use super::ending::End;

/// A sign-in that has everything to be stored.
pub(super) struct Good {
    pub(super) identity: Identity,
    pub(super) issued: Issued,
    pub(super) scopes: Vec<String>,
}

/// The parts of a sign-in that is being ended.
pub(super) struct Story<'a> {
    pub(super) app: &'a App,
    pub(super) attempt: &'a Attempt,
    pub(super) mailbox: Mailbox,
    pub(super) application: Application,
    pub(super) known: ApplicationRef,
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
        let same = attempt.about.is(&mailbox)
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

    pub(super) async fn write(&self, end: End) -> Result<()> {
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
