//! Public certificates registered on an application.

use anyhow::{Context, bail};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD_PAD_INDIFFERENT};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use x509_parser::prelude::{FromDer, X509Certificate};

/// A public certificate whose key may sign client assertions.
#[derive(Clone, Debug, Serialize)]
pub struct Certificate {
    #[serde(skip)]
    der: Vec<u8>,
    #[serde(skip)]
    public_key: Vec<u8>,
    /// The subject, as text.
    pub subject: String,
    /// SHA-1 over the DER; what `x5t` carries and what the portal shows as "Thumbprint".
    #[serde(serialize_with = "as_hex")]
    pub sha1: Vec<u8>,
    /// SHA-256 over the DER; what `x5t#S256` carries.
    #[serde(serialize_with = "as_hex")]
    pub sha256: Vec<u8>,
    /// Not valid before.
    pub start: Timestamp,
    /// Not valid after.
    pub end: Timestamp,
}

impl Certificate {
    /// Reads a `.cer`, `.crt` or `.pem` file: DER, PEM, or bare base64. A private key beside it is ignored.
    pub fn parse(file: &[u8]) -> anyhow::Result<Self> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        let text = String::from_utf8_lossy(file);
        let armoured = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(body, _)| body);
        match armoured {
            Some(body) => Self::from_der(&unfold(body)?),
            None if file.first() == Some(&0x30) => Self::from_der(file),
            None => Self::from_der(&unfold(&text)?),
        }
    }

    /// Reads a certificate in DER.
    pub fn from_der(der: &[u8]) -> anyhow::Result<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).context("this is not an X.509 certificate")?;
        if !rest.is_empty() {
            bail!("there is something after the certificate");
        }
        let validity = certificate.validity();
        Ok(Self {
            der: der.to_vec(),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            subject: certificate.subject().to_string(),
            sha1: digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec(),
            sha256: digest::digest(&digest::SHA256, der).as_ref().to_vec(),
            start: Timestamp::from_second(validity.not_before.timestamp()).unwrap_or(Timestamp::MIN),
            end: Timestamp::from_second(validity.not_after.timestamp()).unwrap_or(Timestamp::MAX),
        })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The public key as an `RSAPublicKey` (RFC 8017 appendix A.1.1).
    pub(crate) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The SHA-1 thumbprint in capital hexadecimal, as the portal shows it.
    pub fn thumbprint(&self) -> String {
        hex(&self.sha1)
    }
}

/// Base64 with line breaks and with or without padding.
pub(crate) fn unfold(text: &str) -> anyhow::Result<Vec<u8>> {
    let dense: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    STANDARD_PAD_INDIFFERENT.decode(dense).context("this is not base64")
}

/// Capital hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn as_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex(bytes))
}
