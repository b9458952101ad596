//! Postkey's side of the conversation with Microsoft: against the simulator for what Microsoft says, and against bare
//! sockets for what no server should say.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod certificates;
mod entra;
mod faults;
mod graph;
mod sign_in;
mod sockets;
mod trust;

use std::time::Duration;

use postkey::clock::Clock;
use postkey::microsoft::{
    AccessToken, ApplicationRef, ClientId, Cloud, Clouds, Credential, CustomCloud, GrantType, Guid, Limits, Microsoft,
    Outcome,
};
use postkey::words::{Cause, Code, Transport};
use postkey_simulator::{Application, Options, Simulator};
use secrecy::SecretString;
use url::Url;

/// Short enough for a test, long enough for a busy machine.
pub(crate) fn limits() -> Limits {
    Limits { connect: Duration::from_secs(2), total: Duration::from_secs(2), ..Limits::default() }
}

/// Postkey's Microsoft, pointed at these addresses.
pub(crate) fn microsoft_at(authority: &str, graph: &str, extra_ca: Option<&[u8]>) -> Microsoft {
    let custom = CustomCloud {
        name: "Test".into(),
        authority: Url::parse(authority).unwrap(),
        graph: Url::parse(graph).unwrap(),
    };
    let clouds = Clouds::new(Some(custom)).unwrap();
    Microsoft::new(clouds, limits(), Clock::System, extra_ca).unwrap()
}

/// The simulator and Postkey's view of it.
pub(crate) struct World {
    pub(crate) sim: Simulator,
    pub(crate) microsoft: Microsoft,
}

impl World {
    pub(crate) async fn start() -> Self {
        let sim = Simulator::start(Options::default()).await.unwrap();
        let microsoft = microsoft_at(&sim.authority(), &sim.graph(), None);
        Self { sim, microsoft }
    }

    /// The sample application of this name.
    pub(crate) fn application(&self, name: &str) -> Application {
        self.sim.estate(|estate| estate.application(name).unwrap().clone())
    }

    /// A token for the sample application of this name, which must be given one.
    pub(crate) async fn token(&self, name: &str) -> AccessToken {
        let application = self.application(name);
        let issued = self
            .microsoft
            .token(&address(&application), &secret(application.secret()), &GrantType::ClientCredentials)
            .await;
        issued.unwrap().token
    }
}

/// How Postkey addresses an application of the simulator.
pub(crate) fn address(application: &Application) -> ApplicationRef {
    ApplicationRef {
        cloud: Cloud::Custom,
        tenant: Guid::from(application.tenant_id),
        client_id: ClientId::from(Guid::from(application.client_id)),
    }
}

/// An application that exists nowhere.
pub(crate) fn nobody() -> ApplicationRef {
    ApplicationRef {
        cloud: Cloud::Custom,
        tenant: Guid::parse("11111111-1111-4111-8111-111111111111").unwrap(),
        client_id: ClientId::parse("22222222-2222-4222-8222-222222222222").unwrap(),
    }
}

pub(crate) fn secret(value: &str) -> Credential {
    Credential::Secret(SecretString::from(value))
}

pub(crate) fn token(value: &str) -> AccessToken {
    AccessToken::new(SecretString::from(value))
}

/// The way in which an outcome failed on the wire; panics if it did not.
pub(crate) fn broken<T: std::fmt::Debug>(outcome: Outcome<T>) -> Transport {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.cause, Cause::ProviderDown, "{failure:?}");
    match failure.code {
        Some(Code::Transport(kind)) => kind,
        code => panic!("not a failure of the wire: {code:?}"),
    }
}
