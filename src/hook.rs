//! Messages to other people's programs: one signed POST, one outcome. Knows no feature.
//!
//! Signed as the Standard Webhooks specification says (standardwebhooks.com): `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`, an HMAC-SHA256 over the three parts `id.timestamp.body`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::chance::Chance;
use crate::clock::UnixTime;

/// How every signing key begins.
const KEY_PREFIX: &str = "whsec_";
/// Bytes of a signing key; the specification asks for 24 to 64.
const KEY_BYTES: usize = 32;
const CONNECT: Duration = Duration::from_secs(5);
const TOTAL: Duration = Duration::from_secs(15);
/// Names at which a cloud answers with the machine's own credentials.
const METADATA_NAMES: [&str; 2] = ["metadata.google.internal", "metadata"];
const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
const NO_KEY: &str = "The stored signing key is damaged, so nothing was sent. Delete this webhook and add it again.";
/// Letters from which a part of an address may be a secret.
const SHORTEST_SECRET: usize = 4;
/// Most letters of an answer that are kept.
const MOST_SAID: usize = 200;
/// Most bytes of an answer that are read.
const MOST_READ: usize = 4 * 1024;

/// The way out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Through the host's proxy, if it has one.
    far: reqwest::Client,
    /// To one's own network, never through a proxy.
    near: reqwest::Client,
}

/// A message to one webhook.
#[derive(Debug)]
pub struct Post {
    /// Where it goes. The address may be a secret.
    pub address: SecretString,
    /// The key that signs it.
    pub key: SecretString,
    /// Its name, the same at each try, so that a receiver can tell a second delivery from a second message.
    pub id: String,
    /// When it is sent.
    pub at: UnixTime,
    /// JSON.
    pub body: String,
}

/// Why a message was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The receiver answered with this status, and said so.
    Answered(u16, String),
    /// No answer came.
    NoAnswer(&'static str),
}

impl Refusal {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Answered(status, said) if said.is_empty() => format!("The receiver answered {status}."),
            Self::Answered(status, said) => format!("The receiver answered {status}: {said}"),
            Self::NoAnswer(why) => (*why).to_owned(),
        }
    }

    /// Whether trying again many times is of no use.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Answered(status, _) if (400..500).contains(status) && !matches!(status, 408 | 425 | 429))
    }
}

impl Hook {
    /// Prepares to send. `extra_ca` is a root certificate to trust besides the usual ones. Makes no connection.
    ///
    /// # Errors
    /// If the certificate cannot be read.
    pub fn new(extra_ca: Option<&[u8]>) -> anyhow::Result<Self> {
        // Fails only if some other part of the process chose a provider first, which then serves as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = |is_near: bool| {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("Postkey/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT)
                .timeout(TOTAL)
                .dns_resolver(Careful)
                .tls_version_min(reqwest::tls::Version::TLS_1_2);
            if is_near {
                builder = builder.no_proxy();
            }
            if let Some(pem) = extra_ca {
                builder = builder.tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem)?);
            }
            builder.build().context("cannot prepare connections to webhooks")
        };
        Ok(Self { far: client(false)?, near: client(true)? })
    }

    /// Sends one message, once, and says what came of it.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, post: &Post) -> Result<u16, Refusal> {
        let address = address(post.address.expose_secret()).map_err(Refusal::NoAnswer)?;
        let signature = sign(&post.key, &post.id, post.at, &post.body).ok_or(Refusal::NoAnswer(NO_KEY))?;
        let is_near = address.host().is_some_and(|host| matches!(near(&host), Near::Own));
        let request = if is_near { &self.near } else { &self.far }
            .post(address)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &post.id)
            .header("webhook-timestamp", post.at.seconds().to_string())
            .header("webhook-signature", signature)
            .body(post.body.clone());
        let response = request.send().await.map_err(|error| Refusal::NoAnswer(why(&error)))?;
        let status = response.status();
        if status.is_success() {
            return Ok(status.as_u16());
        }
        let said = said(response, &[&post.address, &post.key]).await;
        Err(Refusal::Answered(status.as_u16(), said))
    }
}

/// A new key to sign with.
pub fn new_key(chance: &Chance) -> SecretString {
    format!("{KEY_PREFIX}{}", STANDARD.encode(chance.bytes::<KEY_BYTES>())).into()
}

/// Nothing if the key is not one.
fn sign(key: &SecretString, id: &str, at: UnixTime, body: &str) -> Option<String> {
    let text = key.expose_secret();
    let bytes = STANDARD.decode(text.strip_prefix(KEY_PREFIX).unwrap_or(text)).ok()?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let signed = hmac::sign(&key, format!("{id}.{}.{body}", at.seconds()).as_bytes());
    Some(format!("v1,{}", STANDARD.encode(signed.as_ref())))
}

/// Finds no address that must not be asked, whatever a name leads to.
struct Careful;

impl Resolve for Careful {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|it| !is_forbidden(it.ip())).collect();
            if allowed.is_empty() {
                return Err("no address that may be asked".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Link-local addresses, and the one at which a cloud answers with the machine's own credentials.
fn is_forbidden(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_forbidden(IpAddr::V4(ip)),
            None => ip.is_unicast_link_local() || ip.is_unspecified() || ip == AWS_METADATA,
        },
    }
}

/// The address of a webhook: https, or http within one's own network.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str) -> Result<Url, &'static str> {
    let address =
        Url::parse(text.trim()).map_err(|_| "Enter a whole address, for example https://hooks.example.com/postkey.")?;
    let Some(host) = address.host() else {
        return Err("Enter an address with a host, for example https://hooks.example.com/postkey.");
    };
    if !address.username().is_empty() || address.password().is_some() {
        return Err("Leave the user and the password out of the address.");
    }
    match (address.scheme(), near(&host)) {
        (_, Near::Forbidden) => {
            Err("This address belongs to the machine's own cloud, which must not be asked. Enter another one.")
        }
        ("https", _) | ("http", Near::Own) => Ok(address),
        ("http", Near::Far) => Err("Enter an https address: http is only allowed within your own network."),
        _ => Err("Enter an https address."),
    }
}

enum Near {
    /// This machine or a private network.
    Own,
    /// Link-local, where clouds answer with the machine's own credentials.
    Forbidden,
    Far,
}

fn near(host: &Host<&str>) -> Near {
    let ip = match host {
        Host::Domain(name) if METADATA_NAMES.contains(name) => return Near::Forbidden,
        Host::Domain(name) => {
            let own = !name.contains('.')
                || [".local", ".internal", ".lan", ".localhost"].iter().any(|end| name.ends_with(end));
            return if own { Near::Own } else { Near::Far };
        }
        Host::Ipv4(ip) => IpAddr::V4(*ip),
        Host::Ipv6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(*ip), IpAddr::V4),
    };
    match ip {
        ip if is_forbidden(ip) => Near::Forbidden,
        IpAddr::V4(ip) if ip.is_loopback() || ip.is_private() => Near::Own,
        IpAddr::V6(ip) if ip.is_loopback() || ip.is_unique_local() => Near::Own,
        _ => Near::Far,
    }
}

fn why(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "The receiver did not answer in time."
    } else if error.is_connect() {
        "The receiver cannot be reached: no connection, or its certificate is not trusted."
    } else {
        "The connection to the receiver broke off."
    }
}

/// The beginning of an answer, without what it must not repeat.
async fn said(mut response: reqwest::Response, keep_out: &[&SecretString]) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MOST_READ {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    if text.trim_start().starts_with('<') || keep_out.iter().any(|secret| repeats(&text, secret.expose_secret())) {
        return String::new();
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(MOST_SAID).collect()
}

/// Whether the text holds the secret or, of an address, a part of its path or query, however it is written.
fn repeats(text: &str, secret: &str) -> bool {
    let bare = |text: &str| -> String {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        decoded.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let seen = bare(text);
    let after_host =
        secret.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(secret, |(_, rest)| rest);
    let parts = after_host.split(['/', '?', '&', '=']).map(bare).filter(|part| part.len() >= SHORTEST_SECRET);
    parts.into_iter().any(|part| seen.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification.
        let key = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = UnixTime::from_seconds(1_614_265_330);
        let signed = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        assert_eq!(sign(&"whsec_***".into(), "msg", at, "{}"), None, "never with an empty key");
        assert!(new_key(&Chance::seeded(1)).expose_secret().starts_with("whsec_"));
    }

    #[test]
    fn http_stays_within_ones_own_network_and_nothing_goes_to_the_clouds_own_address() {
        for right in [
            "https://hooks.example.com/x?y",
            "http://127.0.0.1:9000/",
            "http://[::1]/",
            "http://n8n:5678/hook",
            "http://10.1.2.3/",
            "http://alerts.internal/x",
            " https://hooks.example.com ",
        ] {
            assert!(address(right).is_ok(), "{right}");
        }
        for wrong in [
            "hooks.example.com",
            "http://hooks.example.com/",
            "http://8.8.8.8/",
            "ftp://hooks.example.com/",
            "https://169.254.169.254/latest",
            "http://[::ffff:169.254.169.254]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://metadata.google.internal/",
            "http://2852039166/",
            "https://user:password@hooks.example.com/",
            "javascript:alert(1)",
            "",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_nowhere_allowed_is_not_asked() {
        let of = |name: &str| Careful.resolve(name.parse().unwrap());
        assert!(of("localhost").await.unwrap().count() > 0);
        assert!(of("0.0.0.0").await.is_err() && of("169.254.169.254").await.is_err());
    }

    #[test]
    fn an_answer_that_repeats_the_secret_part_of_the_address_is_left_out() {
        let address = "https://hooks.example.com/services/T0000/B0000/aB3dEfGh1JkL";
        assert!(repeats("no_team for aB3dEfGh1JkL", address));
        assert!(!repeats("invalid_payload", address));
        for (address, text) in [
            ("https://hooks.example.com/p?sig=A%2BbC%2FdSECRETq", "no /p?sig=A+bC/dSECRETq"),
            ("https://hooks.example.com/w/s3cr3t7", "unknown s3cr3t7"),
            ("https://hooks.example.com/x/eyJ0.eyJz.SECRETsig", "bad token eyJ0.eyJz.SECRETsig"),
        ] {
            assert!(repeats(text, address), "{text}");
        }
    }

    #[test]
    fn a_receiver_that_does_not_want_it_is_not_asked_for_long() {
        assert!(Refusal::Answered(404, String::new()).is_final());
        assert!(!Refusal::Answered(429, String::new()).is_final());
        assert!(!Refusal::Answered(503, String::new()).is_final());
        assert!(!Refusal::NoAnswer("silent").is_final());
    }
}
