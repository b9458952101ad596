//! The simulator's only source of chance.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::{digest, rand};
use uuid::Uuid;

use crate::entra::to_base64;

/// Random bytes, either the system's or a stream that a seed repeats.
pub(crate) enum Chance {
    System,
    Seeded { seed: u64, drawn: AtomicU64 },
}

impl Chance {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        seed.map_or(Self::System, Self::seeded)
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, drawn: AtomicU64::new(0) }
    }

    /// Thirty-two random bytes.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        match self {
            Self::System => rand::fill(&mut bytes).expect("the system has random bytes"),
            Self::Seeded { seed, drawn } => {
                let nth = drawn.fetch_add(1, Ordering::Relaxed);
                let block = [seed.to_be_bytes(), nth.to_be_bytes()].concat();
                bytes.copy_from_slice(digest::digest(&digest::SHA256, &block).as_ref());
            }
        }
        bytes
    }

    /// A random (version 4) GUID.
    pub(crate) fn guid(&self) -> Uuid {
        let bytes = self.bytes();
        let mut sixteen = [0; 16];
        sixteen.copy_from_slice(&bytes[..16]);
        uuid::Builder::from_random_bytes(sixteen).into_uuid()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&self, low: u32, high: u32) -> u32 {
        let bytes = self.bytes();
        let drawn = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        low + drawn % (high.saturating_sub(low) + 1)
    }

    /// A grant as Entra writes them: `1.A` and so many characters in all that nobody counts them.
    pub(crate) fn grant(&self, length: usize) -> String {
        let mut text = "1.A".to_owned();
        while text.len() < length {
            text.push_str(&to_base64(self.bytes()));
        }
        text.truncate(length);
        text
    }

    /// A client secret as Entra makes them: 40 characters, `8Q~` after the first three.
    pub(crate) fn secret(&self) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~";
        const LETTERS_AND_DIGITS: usize = 62;
        let bytes = [self.bytes(), self.bytes()].concat();
        let at = |place: usize, kinds: usize| char::from(ALPHABET[usize::from(bytes[place]) % kinds]);
        let head = (0..3).map(|place| at(place, LETTERS_AND_DIGITS));
        let tail = (6..40).map(|place| at(place, ALPHABET.len()));
        head.chain("8Q~".chars()).chain(tail).collect()
    }
}

/// A lock that a panic elsewhere does not poison: the simulator goes on answering.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
