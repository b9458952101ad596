//! Starting, steering and stopping.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{
    chance::Chance,
    clock::SimClock,
    entra::{
        is_alive,
        sign_in::{Wish, drive},
    },
    estate::Estate,
    faults::{Fault, FaultId},
    kind::Kind,
    requests::Recorded,
    routes,
    server::{self, Stop},
    tls::{Identity, Tls},
    world::World,
};

/// How a simulator starts.
pub struct Options {
    /// Where to listen; port 0 for any that is free.
    pub listen: SocketAddr,
    /// What exists.
    pub estate: Estate,
    /// What time it is.
    pub clock: SimClock,
    /// Makes GUIDs, lifetimes and message IDs repeatable; none: chance.
    pub seed: Option<u64>,
    /// HTTPS instead of HTTP.
    pub tls: Option<Tls>,
}

impl Default for Options {
    /// The sample estate of seed 1 on any free port of 127.0.0.1, on the machine's clock.
    fn default() -> Self {
        let clock = SimClock::system();
        Self {
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
            estate: Estate::sample(1, clock.now()),
            clock,
            seed: None,
            tls: None,
        }
    }
}

/// A running simulator. Dropping it ends it at once; [`stop`](Self::stop) lets answers under way finish.
pub struct Simulator {
    world: Arc<World>,
    address: SocketAddr,
    authority_pem: Option<String>,
    stop: Stop,
}

impl Simulator {
    /// Starts listening.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let identity = options.tls.as_ref().map(Identity::load).transpose()?;
        let listen = options.listen;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let origin = origin(address, identity.is_some());
        let world = Arc::new(World::new(options.estate, options.clock, Chance::new(options.seed), origin));
        let stop = Stop::default();
        let config = identity.as_ref().map(|identity| Arc::clone(&identity.config));
        server::serve(listener, config, routes::all(&world), &stop);
        Ok(Self { world, address, authority_pem: identity.and_then(|identity| identity.authority_pem), stop })
    }

    /// Lets answers under way finish for half a second, then closes every connection. The port is free afterwards.
    pub async fn stop(self) {
        self.stop.stop().await;
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands for `https://login.microsoftonline.com`; no slash at the end.
    pub fn authority(&self) -> String {
        self.world.origin.clone()
    }

    /// What stands for `https://graph.microsoft.com`; no slash and no version at the end.
    pub fn graph(&self) -> String {
        format!("{}/graph", self.world.origin)
    }

    /// The control page.
    pub fn control(&self) -> String {
        format!("{}/_control", self.world.origin)
    }

    /// The certificate (PEM) of the authority made for [`Tls::TestAuthority`].
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority_pem.as_deref()
    }

    /// The clock.
    pub fn clock(&self) -> &SimClock {
        &self.world.clock
    }

    /// Reads or changes the estate; the next request sees the change. Do not call the simulator inside.
    pub fn estate<T>(&self, change: impl FnOnce(&mut Estate) -> T) -> T {
        change(&mut self.world.estate())
    }

    /// Puts a fault in.
    pub fn fault(&self, fault: Fault) -> FaultId {
        self.estate(|estate| estate.faults.put(fault))
    }

    /// Takes every fault out.
    pub fn clear_faults(&self) {
        self.estate(|estate| estate.faults.clear());
    }

    /// Signs tokens with a new key from now on. With `forget_old` the old keys are no longer published, and every token
    /// issued so far is refused.
    pub fn roll_signing_key(&self, forget_old: bool) -> anyhow::Result<()> {
        self.world.keys.roll(forget_old)
    }

    /// The requests so far, oldest first; the newest 100,000 are kept.
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.requests.all()
    }

    /// How many requests of this kind arrived.
    pub fn count(&self, kind: Kind) -> u64 {
        self.world.requests.count(kind)
    }

    /// Forgets the requests so far and counts from 0 again.
    pub fn clear_requests(&self) {
        self.world.requests.clear();
    }

    /// How many of the requests in [`requests`](Self::requests) are token requests with this `grant_type`.
    pub fn count_grants(&self, grant_type: &str) -> u64 {
        self.world.requests.count_grants(grant_type)
    }

    /// Whether the token endpoint would take this refresh token now: its family, its age, the person and the consent.
    pub fn is_alive(&self, refresh_token: &str) -> bool {
        is_alive(&self.world, refresh_token)
    }

    /// Opens this address of the authorize or an admin consent endpoint as `person` with a clean browser would, who
    /// signs in (with any code, if asked for one) and accepts everything; a box for the whole organisation stays empty.
    ///
    /// Answers the address the browser is sent to, which is the redirect URI with a code or an error. An error names the
    /// page on which Microsoft would keep the person.
    pub async fn approve(&self, address: &str, person: &str) -> anyhow::Result<String> {
        drive(&self.world, address, person, Wish::Accept).await
    }

    /// As [`approve`](Self::approve), but the person cancels when asked to consent, or goes back from "Need admin
    /// approval". A person who is not asked cannot decline, which is an error.
    pub async fn decline(&self, address: &str, person: &str) -> anyhow::Result<String> {
        drive(&self.world, address, person, Wish::Decline).await
    }

    /// Returns once `nth` requests of this kind were answered, counted since the start or the last
    /// [`clear_requests`](Self::clear_requests). Waits without end: put a time limit around it.
    pub async fn wait_for(&self, kind: Kind, nth: u64) {
        self.world.requests.wait_for_answer(kind, nth).await;
    }

    /// As [`wait_for`](Self::wait_for), but for requests that have arrived and may not have been answered yet.
    pub async fn wait_for_arrival(&self, kind: Kind, nth: u64) {
        self.world.requests.wait_for_arrival(kind, nth).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.abandon();
    }
}

fn origin(address: SocketAddr, tls: bool) -> String {
    let port = address.port();
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    match (tls, address.ip().is_loopback()) {
        (true, true) => format!("https://localhost:{port}"),
        (true, false) => format!("https://{host}:{port}"),
        (false, _) => format!("http://{host}:{port}"),
    }
}
