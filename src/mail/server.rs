//! The mail server as the host names it, checked at the start.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use lettre::Address;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::{Host, Url};

use crate::config::Config;

/// Ports where the address names none.
const SUBMISSIONS: u16 = 465;
const SUBMISSION: u16 = 587;
const RELAY: u16 = 25;

/// Longest password that is read, in bytes; a longer file is another one.
const LONGEST: usize = 1_024;

/// Where mail goes, and as whom.
pub(super) struct Server {
    /// Name or IP address.
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// User name and password.
    pub login: Option<(String, SecretString)>,
    /// The address that mail comes from.
    pub from: Address,
}

/// How the connection is encrypted.
pub(super) enum Encryption {
    /// From the first byte.
    Implicit(TlsParameters),
    /// Asked for before anything is said (STARTTLS); without it nothing is sent.
    Upgraded(TlsParameters),
    /// Not at all, on a loopback address only.
    None,
}

impl Server {
    /// Reads the settings. `None` if no server is named.
    pub(super) fn new(config: &Config, extra_ca: Option<&[u8]>) -> anyhow::Result<Option<Self>> {
        let Some(url) = &config.smtp_url else {
            let lonely = config.smtp_from.is_some() || config.smtp_password_file.is_some();
            ensure!(!lonely, "POSTKEY_SMTP_URL is missing: the other settings of mail need a mail server");
            return Ok(None);
        };
        let from = config.smtp_from.as_deref().context(
            "POSTKEY_SMTP_FROM is missing: with a mail server, Postkey must know the address that its mail comes from",
        )?;
        let from = from.parse().with_context(|| {
            format!(
                "POSTKEY_SMTP_FROM: {from} is not right; it must be an e-mail address, for example postkey@example.com"
            )
        })?;
        let host = host_of(url)?;
        let (encryption, usual_port) = encryption(url, &host, extra_ca)?;
        let login = login(url, config.smtp_password_file.as_deref())?;
        Ok(Some(Self { port: url.port().unwrap_or(usual_port), host, encryption, login, from }))
    }

    /// Host and port, for people.
    pub(super) fn name(&self) -> String {
        let bare = !self.host.contains(':');
        if bare { format!("{}:{}", self.host, self.port) } else { format!("[{}]:{}", self.host, self.port) }
    }
}

/// The address itself is never said again: it may hold a password, even where none belongs.
fn host_of(url: &Url) -> anyhow::Result<String> {
    let host = match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => name.to_lowercase(),
        Some(Host::Ipv4(ip)) => ip.to_string(),
        Some(Host::Ipv6(ip)) => ip.to_string(),
        _ => bail!("POSTKEY_SMTP_URL names no host; it must look like smtps://user@mail.example.com"),
    };
    ensure!(
        matches!(url.path(), "" | "/") && url.fragment().is_none(),
        "POSTKEY_SMTP_URL must end with the host or the port, or with ?tls=required"
    );
    Ok(host)
}

fn encryption(url: &Url, host: &str, extra_ca: Option<&[u8]>) -> anyhow::Result<(Encryption, u16)> {
    let trust = || -> anyhow::Result<TlsParameters> {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(pem) = extra_ca {
            let roots = Certificate::from_pem(pem).ok().context("POSTKEY_CA_FILE holds no certificate")?;
            builder = builder.add_root_certificate(roots);
        }
        builder.build().context("POSTKEY_SMTP_URL: encrypted connections to the mail server cannot be prepared")
    };
    match (url.scheme(), url.query()) {
        ("smtps", None) => Ok((Encryption::Implicit(trust()?), SUBMISSIONS)),
        ("smtp", Some("tls=required")) => Ok((Encryption::Upgraded(trust()?), SUBMISSION)),
        ("smtp", None) if is_loopback(host) => Ok((Encryption::None, RELAY)),
        ("smtp", None) => bail!(
            "POSTKEY_SMTP_URL: mail to {host} would be readable on its way; write smtps://, or add ?tls=required (without either only on a loopback address)"
        ),
        _ => bail!("POSTKEY_SMTP_URL must begin with smtps:// or smtp:// and may say ?tls=required after smtp:// only"),
    }
}

fn login(url: &Url, password_file: Option<&Path>) -> anyhow::Result<Option<(String, SecretString)>> {
    ensure!(
        url.password().is_none(),
        "POSTKEY_SMTP_URL holds a password; write it into a file and name that with POSTKEY_SMTP_PASSWORD_FILE"
    );
    let path = match (url.username(), password_file) {
        ("", None) => return Ok(None),
        ("", Some(_)) => bail!("POSTKEY_SMTP_URL names no user for the password in POSTKEY_SMTP_PASSWORD_FILE"),
        (_, None) => bail!("POSTKEY_SMTP_PASSWORD_FILE is missing: POSTKEY_SMTP_URL names a user"),
        (_, Some(path)) => path,
    };
    let user = percent_decode_str(url.username()).decode_utf8().context("the user in POSTKEY_SMTP_URL is not UTF-8")?;
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("POSTKEY_SMTP_PASSWORD_FILE: {} cannot be read", path.display()))?;
    let password = text.trim_end_matches(['\r', '\n']);
    ensure!(
        !password.is_empty() && password.len() <= LONGEST && !password.contains(char::is_control),
        "POSTKEY_SMTP_PASSWORD_FILE: {} must hold one line, the password",
        path.display()
    );
    Ok(Some((user.into_owned(), password.into())))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
