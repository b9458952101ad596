//! How the simulated servers behave when nothing is wrong.

use serde::{Deserialize, Serialize};

/// How long an access token lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Lifetime {
    /// 60 to 90 minutes at random, as Entra does without a lifetime policy.
    #[default]
    Random,
    /// Always this many seconds.
    Fixed {
        /// Seconds.
        seconds: u32,
    },
}

/// What becomes of a refresh token once it was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// A new one is given out and the old one stays valid, which is Entra's way.
    #[default]
    Lenient,
    /// Only the newest one is valid; an older one kills its whole family.
    Strict,
}

/// How the simulated servers behave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How long access tokens live.
    pub lifetime: Lifetime,
    /// Milliseconds that every answer of Entra and Graph takes longer.
    pub latency_ms: u64,
    /// Seconds by which the servers' clock is ahead of the simulator's (negative: behind). Shows in `Date` and in
    /// the time window of assertions (AADSTS700024).
    pub skew_seconds: i64,
    /// What becomes of used refresh tokens.
    pub rotation: Rotation,
    /// `refresh_in` of delegated answers; none: the member is missing, as usual.
    pub refresh_in: Option<u32>,
}
