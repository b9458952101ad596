//! One process for one SQLite folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};

/// Proof that this process, and no other, serves the data folder. Ends with the process, however it ends.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the folder's lock.
    ///
    /// # Errors
    /// If another process has it.
    pub fn take(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("postkey.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("{} could not be opened", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                bail!(
                    "another Postkey (process {}) already serves {}. Stop it first, or give this one its own folder \
                     with POSTKEY_DATA_DIR; several processes at once need PostgreSQL",
                    holder.trim(),
                    folder.display()
                );
            }
            Err(TryLockError::Error(cause)) => {
                return Err(cause).with_context(|| format!("{} could not be locked", path.display()));
            }
        }
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}
