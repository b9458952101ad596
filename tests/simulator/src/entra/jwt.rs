//! JSON Web Tokens in compact form (RFC 7519), apart from their signatures.

use anyhow::{Context, ensure};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use serde::de::DeserializeOwned;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A token taken apart.
pub(crate) struct Jwt<'a> {
    /// Header and payload as they were signed.
    pub(crate) signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jwt<'a> {
    pub(crate) fn split(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some(Self { signed, header, payload, signature })
    }

    pub(crate) fn header<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        part(self.header)
    }

    pub(crate) fn payload<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        part(self.payload)
    }

    pub(crate) fn signature(&self) -> anyhow::Result<Vec<u8>> {
        from_base64(self.signature)
    }
}

/// The payload of a token whose signature nobody looked at.
pub(crate) fn unverified<T: DeserializeOwned>(token: &str) -> anyhow::Result<T> {
    Jwt::split(token).context("this is not a JWT")?.payload()
}

/// Base64 in either alphabet, padded or not: libraries differ in how they write thumbprints.
pub(crate) fn from_base64(text: &str) -> anyhow::Result<Vec<u8>> {
    let url_safe = text.replace('+', "-").replace('/', "_");
    LENIENT.decode(url_safe).context("this is not base64")
}

/// Base64url without padding.
pub(crate) fn to_base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn part<T: DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    let json = from_base64(text)?;
    ensure!(json.first() == Some(&b'{'), "a JWT's parts are JSON objects");
    Ok(serde_json::from_slice(&json)?)
}
