//! What all answers share.

use std::sync::{Mutex, MutexGuard};

use crate::{
    chance::{Chance, lock},
    clock::SimClock,
    entra::{Browsers, Keys},
    estate::Estate,
    requests::RequestLog,
};

pub(crate) struct World {
    estate: Mutex<Estate>,
    pub(crate) keys: Keys,
    pub(crate) browsers: Browsers,
    pub(crate) clock: SimClock,
    pub(crate) chance: Chance,
    pub(crate) requests: RequestLog,
    /// Scheme, host and port under which the simulator introduces itself; no slash at the end.
    pub(crate) origin: String,
}

impl World {
    pub(crate) fn new(estate: Estate, clock: SimClock, chance: Chance, origin: String) -> Self {
        let (keys, browsers, requests) = (Keys::default(), Browsers::default(), RequestLog::new());
        Self { estate: Mutex::new(estate), keys, browsers, clock, chance, requests, origin }
    }

    /// The estate. Never held while something is awaited or signed.
    pub(crate) fn estate(&self) -> MutexGuard<'_, Estate> {
        lock(&self.estate)
    }
}
