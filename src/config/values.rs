//! The kinds of values that settings have.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where the data lives.
#[derive(Clone, Debug)]
pub enum Database {
    /// One file in the data folder.
    Sqlite,
    /// A PostgreSQL server. The address may hold a password, so it cannot print itself.
    Postgres(SecretString),
}

/// An authority and a Graph root that are not Microsoft's.
#[derive(Clone, Debug)]
pub struct CustomCloud {
    /// How the picker names it.
    pub name: String,
    /// Takes the place of `https://login.microsoftonline.com`.
    pub authority: Url,
    /// Takes the place of `https://graph.microsoft.com`.
    pub graph: Url,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Cost of argon2id (RFC 9106): memory in KiB, passes, lanes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PasswordCost {
    /// The second recommendation of RFC 9106 section 4.
    pub const RECOMMENDED: Self = Self { memory: 65_536, passes: 3, lanes: 4 };
    /// The least that OWASP and ASVS 5.0 appendix C accept; only for tests.
    pub const FLOOR: Self = Self { memory: 19_456, passes: 2, lanes: 1 };
}

/// How long the server waits for the other end of a connection. Shorter ones are for tests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadlines {
    /// For all headers of a request, and for the next request of a connection that is kept alive.
    pub header: Duration,
    /// For a whole form.
    pub form: Duration,
    /// For the reader of an answer to take the next piece of it.
    pub reader: Duration,
    /// For a mail server to take a message.
    pub mail: Duration,
}

impl Deadlines {
    /// What a slow line needs and no more (S-80).
    pub const USUAL: Self = Self {
        header: Duration::from_secs(10),
        form: Duration::from_secs(30),
        reader: Duration::from_secs(30),
        mail: Duration::from_secs(20),
    };
}

/// How many connections are served at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Places {
    /// In all.
    pub all: usize,
    /// From one network address that is neither this host nor a trusted proxy.
    pub each: usize,
    /// Requests of mail workers that are answered at once, and as many more that wait for something to change.
    pub api: usize,
}

impl Places {
    /// Enough for a company, too few to exhaust the host's file handles (S-80).
    pub const USUAL: Self = Self { all: 1_024, each: 64, api: 256 };
}

impl Database {
    /// The address of the PostgreSQL server, if that is what was configured.
    pub fn postgres_url(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(url) => Some(url.expose_secret()),
        }
    }
}
