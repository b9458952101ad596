//! What every handler and job may use: one cheap clone instead of a list of parts.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use secrecy::SecretString;
use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::beat::Beat;
use crate::chance::{Chance, hex};
use crate::clock::{Clock, UnixTime};
use crate::config::{Config, CustomCloud};
use crate::db::{self, Db};
use crate::hook::Hook;
use crate::ids::{ApplicationId, MailboxId};
use crate::mail::Mail;
use crate::microsoft::{self, Clouds, Gate, Limits, Microsoft};
use crate::secrets::{Keyring, MasterKey, MasterKeyError};
use crate::single::Single;
use crate::tally::Tally;

/// The running product. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// What the host decided.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// Seals and opens secrets.
    pub keyring: Keyring,
    /// The way to Microsoft.
    pub microsoft: Microsoft,
    /// The way to people outside of the console, if the host names a mail server.
    pub mail: Option<Mail>,
    /// The way to other people's programs.
    pub hook: Hook,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
    /// Work that outlives its request; a stop waits for it.
    pub tasks: TaskTracker,
    /// Cancelled when Postkey stops.
    pub stopping: CancellationToken,
    /// At most two password hashes at once, so that logins cannot starve the rest (S-10).
    pub hashing: Arc<Semaphore>,
    /// Tells whoever listens that an application works again, so that its mailboxes are looked at.
    pub mended: broadcast::Sender<ApplicationId>,
    /// What stands between Postkey and the token endpoint, for each application.
    pub gate: Gate,
    /// Tells whoever listens that a token could not be renewed, so that what depends on it is looked at when it ends.
    pub unrenewed: broadcast::Sender<Unrenewed>,
    /// Makes the token keeper look at once instead of at its next turn.
    pub wake: Arc<Notify>,
    /// Makes the rounds of checks look at once instead of at their next turn.
    pub checks: Arc<Notify>,
    /// Makes whoever looks for problems, and for what ends, look at once.
    pub watch: Arc<Notify>,
    /// Makes whatever waits in the outbox of alerts be sent at once.
    pub alerts: Arc<Notify>,
    /// That the token keeper lives: counts its rounds, and says when the last one began that went well.
    pub beat: Arc<watch::Sender<Beat>>,
    /// The same of the rounds of checks.
    pub checks_beat: Arc<watch::Sender<Beat>>,
    /// The same of the watch for problems.
    pub watch_beat: Arc<watch::Sender<Beat>>,
    /// What this process has done, for `/metrics`.
    pub tally: Tally,
    /// What whoever reads `/metrics` must bring; nothing if nobody may.
    pub metrics_token: Option<SecretString>,
    /// The name of this process among those that share a database; another one after each start.
    pub instance: Arc<str>,
    /// One lock for each piece of work that must not be done twice at once in this process.
    pub single: Single,
}

/// A token that could not be renewed in time so far.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unrenewed {
    /// The application that it was got with.
    pub application: ApplicationId,
    /// Whose it is, if it is a person's and not what all mailboxes of the application share.
    pub mailbox: Option<MailboxId>,
    /// When it is of no use any more.
    pub ends_at: UnixTime,
}

/// File beside the database that names the master key, so that a wrong one is refused before anything is opened.
const KEY_NAME: &str = "master-key.id";
/// Letters of the token for `/metrics`: fewer could be guessed.
const SHORTEST_TOKEN: usize = 16;

impl App {
    /// Opens everything the product needs. Says whether a master key was made.
    ///
    /// # Errors
    /// If the key does not fit the data (then nothing was touched), or something cannot be opened.
    pub async fn open(config: Config, clock: Clock, chance: Chance) -> anyhow::Result<(Self, bool)> {
        let (master, made) = master_key(&config, &chance).await?;
        make_private_folder(&config.data_dir)?;
        let db = match config.database.postgres_url() {
            Some(url) => Db::open_postgres(url).await?,
            None => Db::open_sqlite(&config.data_dir).await?,
        };
        let key_name = master.id().to_owned();
        let keyring = Keyring::load(&db, master, clock.now(), &chance).await?;
        // Only now is it certain that this is the key of the data.
        if config.database.postgres_url().is_none() {
            write_private(&config.data_dir.join(KEY_NAME), &key_name)?;
        }
        let extra_ca = extra_ca(&config)?;
        let microsoft = way_to_microsoft(&config, &clock, extra_ca.as_deref())?;
        let metrics_token = metrics_token(&config)?;
        let mail = Mail::new(&config, extra_ca.as_deref(), clock.clone(), chance.clone())?;
        let hook = Hook::new(extra_ca.as_deref())?;
        let instance = hex(&chance.bytes::<8>()).into();
        let app = Self {
            config: Arc::new(config),
            db,
            keyring,
            microsoft,
            mail,
            hook,
            clock,
            chance,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            hashing: Arc::new(Semaphore::new(2)),
            mended: broadcast::channel(256).0,
            unrenewed: broadcast::channel(1024).0,
            gate: Gate::default(),
            wake: Arc::default(),
            checks: Arc::default(),
            watch: Arc::default(),
            alerts: Arc::default(),
            beat: Arc::default(),
            checks_beat: Arc::default(),
            watch_beat: Arc::default(),
            tally: Tally::default(),
            metrics_token,
            instance,
            single: Single::default(),
        };
        Ok((app, made))
    }
}

/// The master key, compared with what the data asks for. Reads only; a key is made only where there is no data.
async fn master_key(config: &Config, chance: &Chance) -> Result<(MasterKey, bool), anyhow::Error> {
    let inside = config.data_dir.canonicalize().unwrap_or_else(|_| config.data_dir.clone());
    // The first folder above it that is there; what is missing below would be made.
    let above = config.master_key_file.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
    if above.is_some_and(|folder| folder.starts_with(&inside)) {
        return Err(MasterKeyError::InsideData(config.master_key_file.clone()).into());
    }
    let (data, expected) = match config.database.postgres_url() {
        Some(url) => {
            let expected = db::master_key_of(url).await?;
            (expected.as_ref().map(|_| "the PostgreSQL database".to_owned()), expected)
        }
        None => {
            let there = ["postkey.db", KEY_NAME].iter().any(|name| config.data_dir.join(name).exists());
            let named = std::fs::read_to_string(config.data_dir.join(KEY_NAME)).ok();
            (there.then(|| config.data_dir.display().to_string()), named.map(|name| name.trim().to_owned()))
        }
    };
    let (master, made) = MasterKey::read_or_make(&config.master_key_file, data.as_deref(), chance)?;
    match expected {
        Some(expected) if expected != master.id() => {
            Err(MasterKeyError::Wrong { expected, given: master.id().to_owned() }.into())
        }
        _ => Ok((master, made)),
    }
}

fn extra_ca(config: &Config) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(path) = &config.ca_file else { return Ok(None) };
    let pem = std::fs::read(path).with_context(|| format!("POSTKEY_CA_FILE: {} cannot be read", path.display()))?;
    Ok(Some(pem))
}

/// Read once, so that a wrong file is told at the start and not at the first scrape.
fn metrics_token(config: &Config) -> anyhow::Result<Option<SecretString>> {
    let Some(path) = &config.metrics_token_file else {
        ensure!(!config.metrics_per_mailbox, "POSTKEY_METRICS_TOKEN_FILE is missing: without it nobody gets metrics");
        return Ok(None);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("POSTKEY_METRICS_TOKEN_FILE: {} cannot be read", path.display()))?;
    let token = text.trim_end_matches(['\r', '\n']);
    ensure!(
        token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic()),
        "POSTKEY_METRICS_TOKEN_FILE: {} must hold one line, a token of at least {SHORTEST_TOKEN} letters and digits",
        path.display()
    );
    Ok(Some(token.into()))
}

fn way_to_microsoft(config: &Config, clock: &Clock, extra_ca: Option<&[u8]>) -> anyhow::Result<Microsoft> {
    let custom = config.custom_cloud.clone().map(|CustomCloud { name, authority, graph }| microsoft::CustomCloud {
        name,
        authority,
        graph,
    });
    Microsoft::new(Clouds::new(custom)?, Limits::default(), clock.clone(), extra_ca)
}

/// The folder and the database file for nobody but the owner (S-08); SQLite gives its other files the same mode.
fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let failed = || format!("the data folder {} cannot be made", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(failed)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).with_context(failed)?;
    let file = folder.join("postkey.db");
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(file).with_context(failed)?;
    // One that was copied here may be readable by others.
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).with_context(failed)
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    if std::fs::read_to_string(path).is_ok_and(|there| there.trim() == text) {
        return Ok(());
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")?;
    Ok(file.sync_all()?)
}
