//! Mail of Postkey's own, over SMTP, if the host names a server. Plain text to one person, no picture, no tracking. Knows no
//! feature, and never goes through a mailbox that Postkey looks after: that one may be what is broken.

mod failure;
mod server;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout, timeout_at};

use self::failure::{Stage, said, trouble};
use self::server::{Encryption, Server};
use crate::chance::Chance;
use crate::clock::Clock;
use crate::config::Config;
use crate::words::MailTrouble;

pub use failure::MailFailure;

/// How long to wait for a server's good-bye, after which nothing depends on it.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// The way out. Cheap to clone.
#[derive(Clone)]
pub struct Mail(Arc<Inner>);

struct Inner {
    server: Server,
    hello: ClientId,
    deadline: Duration,
    clock: Clock,
    chance: Chance,
}

/// A message to one person.
#[derive(Clone, Debug)]
pub struct Message {
    /// The address it goes to.
    pub to: String,
    /// Name and address of whoever gets the answer, if anybody should.
    pub reply_to: Option<(String, String)>,
    /// One line.
    pub subject: String,
    /// Plain text, which holds the secret; so it cannot print itself.
    pub body: SecretString,
    /// The secret that the text holds, if it holds one, to be kept out of what is said of a failure.
    pub keep_out: Option<SecretString>,
    /// The conversation it belongs to, if it is one of several.
    pub thread: Option<Thread>,
}

/// A conversation, as mail programs show it together (RFC 5322 3.6.4).
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its name: letters, digits and underscores.
    pub name: String,
    /// Whether this is the message that begins it.
    pub begins: bool,
}

/// What came of a message.
pub type Outcome = Result<(), MailFailure>;

impl std::fmt::Debug for Mail {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Mail").field("server", &self.0.server.name()).finish_non_exhaustive()
    }
}

impl Mail {
    /// Prepares to send as the host says; `None` if it names no mail server. Makes no connection.
    ///
    /// # Errors
    /// For a wrong setting, naming it.
    pub fn new(config: &Config, extra_ca: Option<&[u8]>, clock: Clock, chance: Chance) -> anyhow::Result<Option<Self>> {
        let Some(server) = Server::new(config, extra_ca)? else { return Ok(None) };
        let hello = match config.public_url.host() {
            Some(url::Host::Domain(name)) => ClientId::Domain(name.to_owned()),
            Some(url::Host::Ipv4(ip)) => ClientId::Ipv4(ip),
            Some(url::Host::Ipv6(ip)) => ClientId::Ipv6(ip),
            None => ClientId::default(),
        };
        Ok(Some(Self(Arc::new(Inner { server, hello, deadline: config.deadlines.mail, clock, chance }))))
    }

    /// Sends one message, once, and says what came of it.
    ///
    /// # Errors
    /// Why it did not go out, or may not have.
    pub async fn send(&self, message: &Message) -> Outcome {
        let written = self.written(message).map_err(|cause| self.failed(MailTrouble::Address, cause.to_string()))?;
        let end = Instant::now() + self.0.deadline;
        let failed = |stage: Stage, error: Error| {
            let password = self.0.server.login.as_ref().map(|(_, password)| password);
            let keep_out: Vec<&SecretString> = password.into_iter().chain(&message.keep_out).collect();
            self.failed(trouble(stage, &error), said(&error, &keep_out))
        };
        let mut connection = match timeout_at(end, self.open()).await {
            Ok(opened) => opened.map_err(|(stage, error)| failed(stage, error))?,
            Err(_) => return Err(self.failed(MailTrouble::NoAnswer, String::new())),
        };
        let sent = timeout_at(end, connection.send(written.envelope(), &written.formatted())).await;
        match sent {
            Ok(taken) => drop(taken.map_err(|error| failed(Stage::Message, error))?),
            Err(_) => return Err(self.failed(MailTrouble::Unclear, String::new())),
        }
        let _ = timeout(GOOD_BYE, connection.quit()).await;
        Ok(())
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, (Stage, Error)> {
        let Inner { server, hello, deadline, .. } = &*self.0;
        let implicit = match &server.encryption {
            Encryption::Implicit(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let address = (server.host.as_str(), server.port);
        let on_the_way = |error| (Stage::Connect, error);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, Some(*deadline), hello, implicit, None)
            .await
            .map_err(on_the_way)?;
        if let Encryption::Upgraded(parameters) = &server.encryption {
            connection.starttls(parameters.clone(), hello).await.map_err(on_the_way)?;
        }
        if let Some((user, password)) = &server.login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| (Stage::Login, error))?;
        }
        Ok(connection)
    }

    fn written(&self, message: &Message) -> anyhow::Result<lettre::Message> {
        let Inner { server, clock, chance, .. } = &*self.0;
        let seconds = u64::try_from(clock.now().seconds()).unwrap_or_default();
        let named = |name: &str| format!("<{name}@{}>", server.from.domain());
        let mut builder =
            lettre::Message::builder().from(Mailbox::new(Some("Postkey".to_owned()), server.from.clone()));
        if let Some((name, address)) = &message.reply_to {
            let address = address.parse().context("the address of whoever asks")?;
            builder = builder.reply_to(Mailbox::new(Some(one_line(name)), address));
        }
        let own = match &message.thread {
            Some(thread) if thread.begins => named(&thread.name),
            _ => named(&chance.code()),
        };
        if let Some(thread) = message.thread.as_ref().filter(|thread| !thread.begins) {
            builder = builder.in_reply_to(named(&thread.name)).references(named(&thread.name));
        }
        builder
            .to(Mailbox::new(None, message.to.parse().context("the address")?))
            .subject(one_line(&message.subject))
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(own))
            .header(AutoSubmitted)
            .singlepart(SinglePart::plain(message.body.expose_secret().to_owned()))
            .context("the message")
    }

    fn failed(&self, trouble: MailTrouble, said: String) -> MailFailure {
        MailFailure { trouble, server: self.0.server.name(), said }
    }
}

/// The text as one line: headers end with theirs, and names come from people.
pub fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Tells programs that answer by themselves not to (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
