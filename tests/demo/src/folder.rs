//! Where the data lives: a folder that was named, or a temporary one that is gone at the end.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// File that says what the folder was prepared with; written last, so that half a preparation is noticed.
const MARK: &str = "demo.json";

/// What a folder was prepared with. The simulated Microsoft forgets at the end, so the same must be asked for again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Mark {
    /// `--seed`
    pub(crate) seed: u64,
    /// `--mailboxes`
    pub(crate) mailboxes: usize,
}

/// A folder for the data folder and, beside it, the master key.
pub(crate) struct Folder {
    path: PathBuf,
    /// Removes the folder when it is dropped.
    temporary: Option<TempDir>,
}

impl Folder {
    /// The named folder, made if it is not there, or a temporary one. Nobody else can look into either.
    pub(crate) fn open(named: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = named else {
            let temporary = tempfile::Builder::new()
                .prefix("postkey-demo.")
                .tempdir()
                .context("no temporary folder could be made")?;
            return Ok(Self { path: temporary.path().to_owned(), temporary: Some(temporary) });
        };
        let failed = || format!("--data: {} cannot be used", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(failed)?;
        Ok(Self { path: path.canonicalize().with_context(failed)?, temporary: None })
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is gone at the end.
    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// Postkey's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// The master key, which must not lie in the data folder.
    pub(crate) fn master_key(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// Whether the folder was prepared before. Refuses one that was prepared otherwise.
    pub(crate) fn prepared(&self, wanted: Mark) -> anyhow::Result<bool> {
        let path = self.path.join(MARK);
        let Ok(text) = fs::read_to_string(&path) else { return Ok(false) };
        let found: Mark = serde_json::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))?;
        if found != wanted {
            bail!(
                "--data: {} was prepared with --seed {} --mailboxes {}. Give the same again, or another folder",
                self.path.display(),
                found.seed,
                found.mailboxes
            );
        }
        Ok(true)
    }

    /// Notes that the folder is prepared.
    pub(crate) fn mark(&self, mark: Mark) -> anyhow::Result<()> {
        fs::write(self.path.join(MARK), serde_json::to_string(&mark)?)
            .with_context(|| format!("{} cannot be written to", self.path.display()))
    }

    /// Removes a temporary folder; a named one stays.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        self.temporary
            .map_or(Ok(()), |temporary| temporary.close().context("the temporary folder could not be removed"))
    }
}
