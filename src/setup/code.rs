//! The one-time set-up code: in a file that only the owner of the process can read, and on the console. Never over HTTP.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::chance::hash_of;
use crate::error::{AppError, Result};
use crate::users::store;

/// Seconds for which a code is good.
const LIFE: i64 = 24 * 60 * 60;

/// Where the code is written.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("setup-code")
}

/// Makes a new code, unless the first account was already made. Earlier codes are no longer good.
///
/// # Errors
/// If it cannot be stored or written.
pub async fn renew(app: &App) -> Result<Option<String>> {
    if store::is_set_up(&app.db).await? {
        return Ok(None);
    }
    let code = app.chance.code();
    let mut tx = app.db.begin().await?;
    store::replace_code(&mut tx, &hash_of(&code), app.clock.now().plus(LIFE)).await?;
    tx.commit().await?;
    write(&file(&app.config.data_dir), &code).map_err(AppError::internal)?;
    Ok(Some(code))
}

/// Removes the file after the code was used.
pub fn forget(app: &App) {
    let path = file(&app.config.data_dir);
    if let Err(cause) = fs::remove_file(&path) {
        tracing::warn!(path = %path.display(), %cause, "the used set-up code could not be removed");
    }
}

fn write(path: &Path, code: &str) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{code}")?;
    file.sync_all()
}
