//! How many connections each network address may have, so that one cannot take the places of all (S-80).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::config::Config;

/// How many connections each address has now.
#[derive(Clone, Debug)]
pub struct Crowd {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
    /// Behind a proxy of ours stands everybody.
    many: Arc<[IpAddr]>,
}

/// A connection that counts.
#[derive(Debug)]
pub struct Seat {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    /// Nobody yet.
    pub fn new(config: &Config) -> Self {
        Self { counts: Arc::default(), most: config.places.each, many: config.trusted_proxies.as_slice().into() }
    }

    /// One more from `address`, until the seat is dropped; nothing if it has as many as it may.
    pub fn enter(&self, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        let unlimited = address.is_loopback() || self.many.contains(&address);
        let mut counts = self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= self.most && !unlimited {
            return None;
        }
        *count += 1;
        Some(Seat { crowd: self.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_only_so_many_places_unless_a_crowd_stands_behind_it() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let crowd = Crowd { counts: Arc::default(), most: 2, many: [ip("10.0.0.1")].as_slice().into() };
        let stranger = ip("203.0.113.9");
        let seats = [crowd.enter(stranger), crowd.enter(ip("::ffff:203.0.113.9"))];
        assert!(seats.iter().all(Option::is_some) && crowd.enter(stranger).is_none());
        assert!(crowd.enter(ip("203.0.113.10")).is_some());
        for many in ["10.0.0.1", "127.0.0.1", "::1"] {
            let seats: Vec<_> = (0..9).map(|_| crowd.enter(ip(many))).collect();
            assert!(seats.iter().all(Option::is_some), "{many}");
        }
        drop(seats);
        assert!(crowd.enter(stranger).is_some() && crowd.counts.lock().unwrap().is_empty());
    }
}
