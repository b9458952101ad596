//! Where the master key comes from. Refuses rather than guesses (S-04).

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::chance::{Chance, hex};

const HEADER: &str = "postkey-master-key-1";

/// The key that wraps all data keys. Wiped from memory when dropped; cannot print itself.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey {
    bytes: [u8; 32],
    #[zeroize(skip)]
    id: String,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why Postkey will not start with this key. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// There is data, but no key file.
    #[error(
        "there is data in {data}, but no master key at {path}. Put the key back; Postkey never makes a new one for old data"
    )]
    Missing {
        /// Where the key was looked for.
        path: PathBuf,
        /// The data that it should open.
        data: String,
    },
    /// Another key than the one the data was sealed with.
    #[error("this is not the master key of the data: the data needs key {expected}, the file holds key {given}")]
    Wrong {
        /// The key's ID that the data names.
        expected: String,
        /// The ID of the key that was given.
        given: String,
    },
    /// Not a key file, or a damaged one.
    #[error("{0} is not a Postkey master key: it must hold the line that Postkey wrote, with 32 bytes in base64")]
    Malformed(PathBuf),
    /// Others than the owner can read it.
    #[error("{path} can be read by others (mode {mode:03o}). Run: chmod 600 {path}")]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Backups of the folder would carry the key with the data.
    #[error(
        "the master key {0} lies inside the data folder, so every backup would carry it. Move it elsewhere and set POSTKEY_MASTER_KEY_FILE"
    )]
    InsideData(PathBuf),
    /// The file system refused.
    #[error("{path}: {cause}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
}

impl MasterKey {
    /// Reads the key at `path`; makes one there if there is none and `data` is `None`, which means that nothing was
    /// sealed yet. Says whether it was made.
    ///
    /// # Errors
    /// As [`MasterKeyError`] lists.
    pub fn read_or_make(path: &Path, data: Option<&str>, chance: &Chance) -> Result<(Self, bool), MasterKeyError> {
        match fs::metadata(path) {
            Ok(_) => Ok((Self::read(path)?, false)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => match data {
                Some(data) => Err(MasterKeyError::Missing { path: path.to_owned(), data: data.to_owned() }),
                None => Ok((Self::make(path, chance)?, true)),
            },
            Err(cause) => Err(MasterKeyError::Io { path: path.to_owned(), cause }),
        }
    }

    fn read(path: &Path) -> Result<Self, MasterKeyError> {
        let io = |cause| MasterKeyError::Io { path: path.to_owned(), cause };
        let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(MasterKeyError::Exposed { path: path.to_owned(), mode });
        }
        let malformed = || MasterKeyError::Malformed(path.to_owned());
        let bytes = Zeroizing::new(fs::read(path).map_err(io)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?;
        let encoded = text.trim().strip_prefix(HEADER).ok_or_else(malformed)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_| malformed())?);
        Ok(Self::from_bytes(bytes.as_slice().try_into().map_err(|_| malformed())?))
    }

    fn make(path: &Path, chance: &Chance) -> Result<Self, MasterKeyError> {
        let io = |cause| MasterKeyError::Io { path: path.to_owned(), cause };
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        }
        let key = Self::from_bytes(chance.bytes());
        let line = Zeroizing::new(format!("{HEADER} {}\n", STANDARD.encode(key.bytes)));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        Ok(key)
    }

    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut named = b"postkey master key id".to_vec();
        named.extend_from_slice(&bytes);
        let id = format!("mk{}", &hex(digest::digest(&digest::SHA256, &named).as_ref())[..10]);
        named.zeroize();
        Self { bytes, id }
    }

    /// A short name of the key that may be shown and tells nothing of the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}
