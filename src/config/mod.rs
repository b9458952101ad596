//! What the host decides: `postkey.toml` and `POSTKEY_…` variables, checked once at start.
//!
//! A variable wins over the file. An unknown key or variable is an error, so that a misspelt one is never silently
//! ignored; a wrong value is refused with its name, what it was and what would be right.

mod values;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use secrecy::SecretString;
use url::Url;

pub use values::{CustomCloud, Database, Deadlines, LogFormat, PasswordCost, Places};

/// Everything the host decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address people type. Everything that Postkey tells others of itself is built from it, never from `Host`.
    pub public_url: Url,
    /// Folder of the SQLite database, the lock and the set-up code.
    pub data_dir: PathBuf,
    /// Where the data lives.
    pub database: Database,
    /// File with the master key, outside the data folder.
    pub master_key_file: PathBuf,
    /// A cloud that is not Microsoft's, for the simulator and for tests. Only the host can set it, never a page.
    pub custom_cloud: Option<CustomCloud>,
    /// Addresses of reverse proxies whose `X-Forwarded-For` is believed. None unless the host names them.
    pub trusted_proxies: Vec<IpAddr>,
    /// PEM file with a root certificate to trust besides the usual ones, for a proxy that inspects TLS.
    pub ca_file: Option<PathBuf>,
    /// The mail server that Postkey's own mail goes through; `src/mail.rs` says what is right. None: nothing is mailed.
    pub smtp_url: Option<Url>,
    /// File with the password of the user in [`Config::smtp_url`].
    pub smtp_password_file: Option<PathBuf>,
    /// The address that Postkey's own mail comes from.
    pub smtp_from: Option<String>,
    /// Whether this process renews tokens ahead of need. Off for one of several that only serves pages.
    pub keeper: bool,
    /// File with the token that whoever reads `/metrics` must bring. None: there are no metrics.
    pub metrics_token_file: Option<PathBuf>,
    /// Whether the metrics name each mailbox.
    pub metrics_per_mailbox: bool,
    /// Whether a token is handed out only after that is written down; else it is within a second.
    pub strict_hand_out_log: bool,
    /// Name of the organisation, shown in the console.
    pub organisation: String,
    /// Time zone in which times are shown, as IANA names it.
    pub time_zone: jiff::tz::TimeZone,
    /// Filter for log lines, as `tracing` writes it, for example `info` or `postkey=debug`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How expensive a password hash is.
    pub password_cost: PasswordCost,
    /// How long the server waits for others.
    pub deadlines: Deadlines,
    /// How many may be served at once.
    pub places: Places,
}

/// Each setting: its key in `postkey.toml` (the variable is `POSTKEY_` and the key in capitals), and what is right.
pub const SETTINGS: [(&str, &str); 22] = [
    ("listen", "an address and port, for example 127.0.0.1:8080"),
    ("public_url", "the https address people type, for example https://postkey.example.com"),
    ("data_dir", "a folder"),
    ("database_url", "postgres://user:password@host/database, or nothing for the embedded SQLite"),
    ("master_key_file", "a file outside the data folder that only its owner can read"),
    ("cloud", "the word custom, to allow a cloud that is not Microsoft's"),
    ("cloud_name", "a name"),
    ("cloud_authority", "an https address, or http on a loopback address"),
    ("cloud_graph", "an https address, or http on a loopback address"),
    ("trusted_proxies", "addresses of your reverse proxies, separated by commas, for example 10.0.0.1"),
    ("ca_file", "a PEM file with a root certificate"),
    ("smtp_url", "smtps://user@host, or smtp://user@host?tls=required, both without a password, or smtp://127.0.0.1"),
    ("smtp_password_file", "a file with the password of the user in smtp_url"),
    ("smtp_from", "an e-mail address, for example postkey@example.com"),
    ("keeper", "on or off"),
    ("metrics_token_file", "a file with one line, the token that your Prometheus sends"),
    ("metrics_per_mailbox", "on or off"),
    ("strict_hand_out_log", "on or off"),
    ("organisation", "a name"),
    ("time_zone", "an IANA time zone, for example Europe/Madrid"),
    ("log", "a tracing filter, for example info or postkey=debug"),
    ("log_format", "text or json"),
];

/// The session layer warns of every cookie from before a restart as "possibly suspicious"; nobody can act on that.
const USUAL_LOG: &str = "info,tower_sessions=error,tower_sessions_core=error";

/// A variable that names the settings file instead of `postkey.toml` in the working folder.
const FILE_VARIABLE: &str = "POSTKEY_CONFIG";
/// A variable that the examples for mail workers read their key from; Postkey itself does not.
const WORKERS_VARIABLE: &str = "POSTKEY_KEY";

struct Given {
    values: BTreeMap<&'static str, (String, String)>,
}

impl Config {
    /// Reads the settings file, if there is one, and the environment.
    ///
    /// # Errors
    /// For an unknown or wrong setting, naming it.
    pub fn load(environment: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let environment: BTreeMap<String, String> = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with("POSTKEY_") || KNOWN_OUTSIDE.contains(&name.as_str()))
            .collect();
        let mut given = Given { values: BTreeMap::new() };
        given.read_file(&environment)?;
        given.read_environment(&environment)?;
        given.into_config(&environment)
    }

    /// The names of the place, which a password may not be made of.
    pub fn company(&self) -> [&str; 2] {
        [&self.organisation, self.public_url.host_str().unwrap_or_default()]
    }

    /// The address that people open for `path`, which begins with a slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// Where Microsoft sends people back to; must be registered in Entra exactly like this.
    pub fn redirect_uri(&self) -> Url {
        let mut address = self.public_url.clone();
        address.set_path("/oauth/callback");
        address
    }

    /// Whether people reach Postkey over TLS. If not, it is a first try on the loopback address.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

/// Variables of others that say where things belong.
const KNOWN_OUTSIDE: [&str; 5] =
    ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"];

impl Given {
    fn read_file(&mut self, environment: &BTreeMap<String, String>) -> anyhow::Result<()> {
        let named = environment.get(FILE_VARIABLE);
        let path = PathBuf::from(named.map_or("postkey.toml", String::as_str));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if named.is_none() && cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(cause).with_context(|| format!("{} could not be read", path.display())),
        };
        let table: toml::Table = text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
        for (key, value) in table {
            let Some((known, right)) = SETTINGS.iter().find(|(known, _)| *known == key) else {
                bail!("{}: there is no setting {key}. Known are: {}", path.display(), known_keys());
            };
            let toml::Value::String(text) = value else {
                bail!("{}: {key} must be text in quotes: {right}", path.display());
            };
            self.values.insert(known, (text, format!("{key} in {}", path.display())));
        }
        Ok(())
    }

    fn read_environment(&mut self, environment: &BTreeMap<String, String>) -> anyhow::Result<()> {
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix("POSTKEY_") else { continue };
            // The test suite's own switches share the prefix.
            // So does the key of a mail worker that somebody tries on the same host.
            if name == FILE_VARIABLE || name == WORKERS_VARIABLE || rest.starts_with("TEST_") {
                continue;
            }
            let Some((known, _)) = SETTINGS.iter().find(|(known, _)| known.to_uppercase() == rest) else {
                bail!("there is no setting {name}. Known are: {}", known_keys());
            };
            self.values.insert(known, (value.clone(), name.clone()));
        }
        Ok(())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|(value, _)| value.trim()).filter(|value| !value.is_empty())
    }

    fn parsed<T>(&self, key: &str, parse: impl FnOnce(&str) -> Option<T>) -> anyhow::Result<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let origin = self.values.get(key).map_or("", |(_, origin)| origin);
        let right = SETTINGS.iter().find(|(known, _)| *known == key).map_or("", |(_, right)| right);
        parse(value).map(Some).with_context(|| {
            // Both may hold a password, even where none belongs.
            let shown = if matches!(key, "database_url" | "smtp_url") { "the value" } else { value };
            format!("{origin}: {shown} is not right; it must be {right}")
        })
    }

    fn into_config(self, environment: &BTreeMap<String, String>) -> anyhow::Result<Config> {
        let listen = self
            .parsed("listen", |text| text.parse().ok())?
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let public_url = match self.parsed("public_url", |text| Url::parse(text).ok())? {
            Some(url) => url,
            None if listen.ip().is_loopback() => Url::parse(&format!("http://{listen}"))?,
            None => bail!(
                "POSTKEY_PUBLIC_URL is missing: when others than this host can connect, Postkey must know the https address they type"
            ),
        };
        check_public_url(&public_url)?;
        let data_dir =
            self.parsed("data_dir", |text| Some(PathBuf::from(text)))?.or_else(|| default_data_dir(environment));
        let data_dir = data_dir.context("POSTKEY_DATA_DIR is missing, and there is no HOME to choose a folder in")?;
        let master_key_file = self
            .parsed("master_key_file", |text| Some(PathBuf::from(text)))?
            .or_else(|| default_master_key(environment))
            .context("POSTKEY_MASTER_KEY_FILE is missing, and there is no HOME to choose a place in")?;
        let postgres = |text: &str| {
            let known = text.starts_with("postgres://") || text.starts_with("postgresql://");
            known.then(|| Database::Postgres(SecretString::from(text.to_owned())))
        };
        Ok(Config {
            listen,
            public_url,
            data_dir,
            database: self.parsed("database_url", postgres)?.unwrap_or(Database::Sqlite),
            master_key_file,
            custom_cloud: self.custom_cloud()?,
            trusted_proxies: self.parsed("trusted_proxies", proxies)?.unwrap_or_default(),
            ca_file: self.parsed("ca_file", |text| Some(PathBuf::from(text)))?,
            smtp_url: self.parsed("smtp_url", |text| Url::parse(text).ok())?,
            smtp_password_file: self.parsed("smtp_password_file", |text| Some(PathBuf::from(text)))?,
            smtp_from: self.get("smtp_from").map(str::to_owned),
            keeper: self.parsed("keeper", on_or_off)?.unwrap_or(true),
            metrics_token_file: self.parsed("metrics_token_file", |text| Some(PathBuf::from(text)))?,
            metrics_per_mailbox: self.parsed("metrics_per_mailbox", on_or_off)?.unwrap_or(false),
            strict_hand_out_log: self.parsed("strict_hand_out_log", on_or_off)?.unwrap_or(false),
            organisation: self.get("organisation").unwrap_or_default().to_owned(),
            time_zone: self
                .parsed("time_zone", |text| jiff::tz::TimeZone::get(text).ok())?
                .unwrap_or_else(jiff::tz::TimeZone::system),
            log: self.get("log").unwrap_or(USUAL_LOG).to_owned(),
            log_format: self.parsed("log_format", log_format)?.unwrap_or(LogFormat::Text),
            password_cost: PasswordCost::RECOMMENDED,
            deadlines: Deadlines::USUAL,
            places: Places::USUAL,
        })
    }

    fn custom_cloud(&self) -> anyhow::Result<Option<CustomCloud>> {
        let allowed = self.parsed("cloud", |text| (text == "custom").then_some(()))?.is_some();
        let authority = self.parsed("cloud_authority", |text| Url::parse(text).ok())?;
        let graph = self.parsed("cloud_graph", |text| Url::parse(text).ok())?;
        match (allowed, authority, graph) {
            (false, None, None) => Ok(None),
            (true, Some(authority), Some(graph)) => {
                Ok(Some(CustomCloud { name: self.get("cloud_name").unwrap_or("Custom").to_owned(), authority, graph }))
            }
            (false, ..) => {
                bail!("a cloud that is not Microsoft's was given; allow it in words with POSTKEY_CLOUD=custom")
            }
            (true, ..) => bail!("POSTKEY_CLOUD=custom needs both POSTKEY_CLOUD_AUTHORITY and POSTKEY_CLOUD_GRAPH"),
        }
    }
}

fn known_keys() -> String {
    SETTINGS.map(|(key, _)| format!("POSTKEY_{}", key.to_uppercase())).join(", ")
}

fn proxies(text: &str) -> Option<Vec<IpAddr>> {
    let named: Option<Vec<IpAddr>> = text.split(',').map(|address| address.trim().parse().ok()).collect();
    // 0.0.0.0 stands for everybody in other products; trusting everybody's header is what this setting prevents (S-112).
    named.filter(|addresses| addresses.iter().all(|address| !address.is_unspecified()))
}

fn on_or_off(text: &str) -> Option<bool> {
    matches!(text, "on" | "off").then_some(text == "on")
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

fn check_public_url(url: &Url) -> anyhow::Result<()> {
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        bail!(
            "POSTKEY_PUBLIC_URL: {url} is not safe; secrets pass through it, so it must be https (http only on a loopback address)"
        );
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        bail!("POSTKEY_PUBLIC_URL: {url} must be a bare address without path, query or user");
    }
    Ok(())
}

fn default_data_dir(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    if let Some(folder) = environment.get("STATE_DIRECTORY") {
        return Some(PathBuf::from(folder));
    }
    under(environment, "XDG_DATA_HOME", ".local/share")
}

fn default_master_key(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    if let Some(folder) = environment.get("CREDENTIALS_DIRECTORY") {
        return Some(Path::new(folder).join("postkey-master-key"));
    }
    Some(under(environment, "XDG_CONFIG_HOME", ".config")?.join("master.key"))
}

fn under(environment: &BTreeMap<String, String>, variable: &str, otherwise: &str) -> Option<PathBuf> {
    let folder = match environment.get(variable) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(environment.get("HOME")?).join(otherwise),
    };
    Some(folder.join("postkey"))
}
