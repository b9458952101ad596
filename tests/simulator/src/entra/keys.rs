//! The keys that sign access tokens, made when first needed.

use std::sync::{Arc, Mutex};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use x509_parser::{der_parser::asn1_rs::FromDer, public_key::RSAPublicKey};

use super::jwt::{Jwt, to_base64};
use crate::{chance::lock, estate::Certificate};

/// All published keys, the signing one last.
#[derive(Default)]
pub(crate) struct Keys(Mutex<Vec<Arc<SigningKey>>>);

/// Why a token is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadToken {
    Malformed,
    Signature,
}

/// A member of a JWK set, as Entra writes it.
#[derive(Serialize)]
pub(crate) struct Jwk {
    kty: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x5t: String,
    n: String,
    e: String,
    x5c: [String; 1],
    issuer: String,
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
    x5t: &'a str,
}

#[derive(Deserialize)]
struct KeyId {
    kid: String,
}

struct SigningKey {
    pair: RsaKeyPair,
    /// The certificate's SHA-1 thumbprint, as Entra names its keys.
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    certificate: Certificate,
}

impl SigningKey {
    fn generate() -> anyhow::Result<Self> {
        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)?;
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "Simulated access control");
        let certificate = Certificate::from_der(params.self_signed(&pair)?.der())?;
        let (_, public) = RSAPublicKey::from_der(certificate.public_key())?;
        Ok(Self {
            pair: RsaKeyPair::from_pkcs8(&pair.serialize_der())?,
            kid: to_base64(&certificate.sha1),
            modulus: without_leading_zero(public.modulus).to_vec(),
            exponent: without_leading_zero(public.exponent).to_vec(),
            certificate,
        })
    }

    fn jwk(&self, issuer: &str) -> Jwk {
        Jwk {
            kty: "RSA",
            usage: "sig",
            kid: self.kid.clone(),
            x5t: self.kid.clone(),
            n: to_base64(&self.modulus),
            e: to_base64(&self.exponent),
            x5c: [STANDARD.encode(self.certificate.der())],
            issuer: issuer.to_owned(),
        }
    }
}

impl Keys {
    /// Signs with a new key from now on. The old ones stay published unless they are to be forgotten, which makes every
    /// token they signed worthless.
    pub(crate) fn roll(&self, forget_old: bool) -> anyhow::Result<()> {
        let key = Arc::new(SigningKey::generate()?);
        let mut keys = lock(&self.0);
        if forget_old {
            keys.clear();
        }
        keys.push(key);
        Ok(())
    }

    pub(crate) fn published(&self, issuer: &str) -> anyhow::Result<Vec<Jwk>> {
        self.current()?;
        Ok(lock(&self.0).iter().map(|key| key.jwk(issuer)).collect())
    }

    /// A signed token (RS256) with this payload.
    pub(crate) fn sign(&self, payload: &impl Serialize) -> anyhow::Result<String> {
        let key = self.current()?;
        let header = Header { typ: "JWT", alg: "RS256", kid: &key.kid, x5t: &key.kid };
        let header = to_base64(serde_json::to_vec(&header)?);
        let signed = format!("{header}.{}", to_base64(serde_json::to_vec(payload)?));
        let mut signature = vec![0; key.pair.public_modulus_len()];
        key.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)?;
        Ok(format!("{signed}.{}", to_base64(signature)))
    }

    /// The payload of a token that a published key signed.
    pub(crate) fn verify<T: DeserializeOwned>(&self, token: &str) -> Result<T, BadToken> {
        let jwt = Jwt::split(token).ok_or(BadToken::Malformed)?;
        let KeyId { kid } = jwt.header().map_err(|_| BadToken::Malformed)?;
        let signature = jwt.signature().map_err(|_| BadToken::Malformed)?;
        let key = lock(&self.0).iter().find(|key| key.kid == kid).cloned().ok_or(BadToken::Signature)?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.certificate.public_key())
            .verify(jwt.signed.as_bytes(), &signature)
            .map_err(|_| BadToken::Signature)?;
        jwt.payload().map_err(|_| BadToken::Malformed)
    }

    fn current(&self) -> anyhow::Result<Arc<SigningKey>> {
        let mut keys = lock(&self.0);
        if let Some(key) = keys.last() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(SigningKey::generate()?);
        keys.push(Arc::clone(&key));
        Ok(key)
    }
}

/// DER puts a zero before a number whose first bit is set; a JWK has none.
fn without_leading_zero(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}
