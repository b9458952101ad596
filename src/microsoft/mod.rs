//! The only code that knows Microsoft's addresses and wire formats. Everything it learns leaves as Postkey's own
//! types: a token, a person, the size of an inbox, or a [`Failure`] with a cause.
//!
//! ```text
//! GET  {authority}/{tenant}/v2.0/.well-known/openid-configuration   entra.rs      does the tenant exist
//! GET  {authority}/{tenant}/oauth2/v2.0/authorize                   authorize.rs  where a person's browser is sent to sign in
//! GET  {authority}/{tenant}/v2.0/adminconsent                       authorize.rs  and an administrator's to consent
//! POST {authority}/{tenant}/oauth2/v2.0/token                       token.rs      a token, with or without a user
//! GET  {authority}/{tenant}/discovery/v2.0/keys                     id_token.rs   who signed in, proven
//! GET  {graph}/v1.0/me                                              people.rs     who that is in the directory
//! GET  {graph}/v1.0/users/{mailbox}/mailFolders/inbox               graph.rs      can it be read
//! POST {graph}/v1.0/users/{mailbox}/messages                        graph.rs      can it be changed
//! POST {graph}/v1.0/users/{mailbox}/sendMail                        graph.rs      can it be sent from
//! ```
//!
//! No redirect is followed, nothing is sent to a host that is not in [`Clouds`], and no answer is believed beyond
//! the sizes in [`Limits`].

mod authorization_response;
mod authorize;
pub mod certificate;
mod classify;
mod clouds;
mod entra;
mod failure;
mod gate;
mod graph;
mod http;
mod id_token;
mod ids;
mod issued;
mod oauth_http;
pub mod paste;
mod people;
mod refusal;
mod retry_after;
mod roles;
pub mod scopes;
mod token;
mod token_answer;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

pub use authorization_response::{AuthorizationResponse, Refused, Said};
pub use authorize::{Prompt, SignInRequest};
pub use certificate::{SelfSigned, Thumbprint};
pub use clouds::{Cloud, Clouds, CustomCloud};
pub use entra::TenantFound;
pub use failure::{Failure, Outcome, Retry};
pub use gate::Gate;
pub use graph::{Accepted, Draft, Inbox, Message};
pub use id_token::{ExpectedToken, Identity};
pub use ids::{ClientId, Domain, Guid, Tenant};
pub use issued::{AccessToken, Issued};
pub use paste::PasteError;
pub use people::Profile;
pub use refusal::Refusal;
pub use roles::Roles;
pub use token::{ApplicationRef, Credential, GrantType};

use crate::clock::Clock;

/// How long to wait for Microsoft, and how much of an answer to read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the connection, with encryption.
    pub connect: Duration,
    /// For one request from start to the last byte of its answer.
    pub total: Duration,
    /// Largest answer that is read, in bytes.
    pub body_bytes: usize,
    /// Largest access token that is accepted, in bytes.
    pub token_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
            body_bytes: 1 << 20,
            token_bytes: 16_000,
        }
    }
}

/// Microsoft as Postkey sees it. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Microsoft {
    client: reqwest::Client,
    clouds: Arc<Clouds>,
    limits: Limits,
    clock: Clock,
}

impl Microsoft {
    /// Prepares to speak to these clouds. `extra_ca` is a PEM file with further root certificates to trust, such as a
    /// company proxy's.
    ///
    /// Fails if the root certificates cannot be read. Makes no connection.
    pub fn new(clouds: Clouds, limits: Limits, clock: Clock, extra_ca: Option<&[u8]>) -> anyhow::Result<Self> {
        // Fails only if some other part of the process chose a provider first, which then serves as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Postkey/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .https_only(!clouds.speaks_plain_http())
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        if clouds.speaks_plain_http() {
            // A proxy for the way out would carry what plain http sends over loopback, in the clear.
            builder = builder.no_proxy();
        }
        if let Some(pem) = extra_ca {
            let roots = reqwest::Certificate::from_pem_bundle(pem).context("extra root certificates are not PEM")?;
            anyhow::ensure!(!roots.is_empty(), "the file of extra root certificates holds none");
            builder = builder.tls_certs_merge(roots);
        }
        let client = builder.build().context("cannot prepare encrypted connections to Microsoft")?;
        Ok(Self { client, clouds: Arc::new(clouds), limits, clock })
    }

    /// The clouds that may be chosen, and their addresses.
    pub fn clouds(&self) -> &Clouds {
        &self.clouds
    }
}
