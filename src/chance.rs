//! The one source of chance. Identifiers, codes and nonces that others must not guess come from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Makes random bytes: the operating system's, or a repeatable row of them for tests.
#[derive(Clone, Debug)]
pub enum Chance {
    /// The generator of the crypto library, seeded by the operating system.
    System,
    /// The same bytes at each run, for snapshots. Never for real secrets.
    Seeded(Arc<AtomicU64>),
}

impl Chance {
    /// Chance that repeats itself from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed.wrapping_mul(1 << 32))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// If the operating system has no randomness to give; nothing safe can be done then.
    #[expect(clippy::expect_used, reason = "without randomness every secret would be guessable")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness"),
            Self::Seeded(next) => {
                for chunk in bytes.chunks_mut(32) {
                    let turn = next.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                    let hash = digest::digest(&digest::SHA256, &turn);
                    chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
                }
            }
        }
        bytes
    }

    /// A code of 256 bits in 43 characters that are safe in a URL.
    pub fn code(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}

/// SHA-256 in lower-case hexadecimal: what the database keeps of a code that only its holder may know.
pub fn hash_of(code: &str) -> String {
    hex(digest::digest(&digest::SHA256, code.as_bytes()).as_ref())
}

/// Lower-case hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
