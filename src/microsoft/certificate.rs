//! Certificates as a credential: making one, and the proof that its private key signs.
//!
//! Source: learn.microsoft.com/entra/identity-platform/certificate-credentials

use std::fmt;

use anyhow::Context;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ClientId;
use crate::clock::UnixTime;

/// How long a proof is good, in seconds: as MSAL's.
const PROOF_LIFE: i64 = 600;

/// SHA-256 over a certificate in DER form, by which Entra finds it.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The thumbprint of a certificate in DER form.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a SHA-256 thumbprint"))
    }
}

/// A certificate that was made here, with the private key that never leaves Postkey.
#[derive(Debug)]
pub struct SelfSigned {
    /// The private key, PKCS#8 PEM; to be sealed at once.
    pub private_key_pem: SecretString,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// The certificate, PEM: the file to upload to Entra.
    pub pem: String,
    /// SHA-1 over the certificate, 40 upper-case digits: what Entra shows as its thumbprint.
    pub thumbprint_sha1: String,
    /// SHA-256 over the certificate: what proofs carry.
    pub thumbprint: Thumbprint,
    /// First moment at which it is good.
    pub not_before: UnixTime,
    /// Last moment at which it is good.
    pub not_after: UnixTime,
}

/// Makes an RSA key pair of 2048 bits and a certificate of its own for it, good from `now` for `days` days.
///
/// Slow (up to a second of one core): call it in `tokio::task::spawn_blocking`. Fails if the name or the dates cannot
/// stand in a certificate.
pub fn make(common_name: &str, now: UnixTime, days: u32) -> anyhow::Result<SelfSigned> {
    let not_after = now.plus(i64::from(days) * 24 * 3600);
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).context("cannot make a key pair")?;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = moment(now)?;
    params.not_after = moment(not_after)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(&key).context("cannot sign the certificate")?;
    let der = certificate.der().to_vec();
    Ok(SelfSigned {
        private_key_pem: SecretString::from(Zeroizing::new(key.serialize_pem()).as_str()),
        pem: certificate.pem(),
        thumbprint_sha1: hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref()),
        thumbprint: Thumbprint::of(&der),
        der,
        not_before: now,
        not_after,
    })
}

/// What a proof says about who makes it, for whom, and how long it is good.
#[derive(Serialize)]
pub(super) struct Claims {
    aud: String,
    iss: String,
    sub: String,
    jti: Uuid,
    nbf: i64,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// The claims for one request to this token endpoint.
    pub(super) fn new(client_id: ClientId, endpoint: &str, now: UnixTime, jti: Uuid) -> Self {
        Self {
            aud: endpoint.to_owned(),
            iss: client_id.to_string(),
            sub: client_id.to_string(),
            jti,
            nbf: now.seconds(),
            iat: now.seconds(),
            exp: now.plus(PROOF_LIFE).seconds(),
        }
    }
}

/// Signs the claims (PS256). Fails if the key is not an RSA key in PKCS#8 PEM.
pub(super) fn sign(claims: &Claims, key_pem: &SecretString, thumbprint: Thumbprint) -> anyhow::Result<SecretString> {
    let key = EncodingKey::from_rsa_pem(key_pem.expose_secret().as_bytes())?;
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(thumbprint.0));
    Ok(SecretString::from(jsonwebtoken::encode(&header, claims, &key)?))
}

fn moment(time: UnixTime) -> anyhow::Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.seconds()).context("the date cannot stand in a certificate")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    #[test]
    fn a_certificate_proves_its_application_with_ps256() {
        let made = make("Postkey: Contoso Mail", NOW, 365).unwrap();
        assert_eq!(made.not_after.since(NOW), 365 * 24 * 3600);
        assert_eq!(made.thumbprint_sha1.len(), 40);
        assert_eq!(made.thumbprint, Thumbprint::of(&made.der));
        assert!(made.pem.starts_with("-----BEGIN CERTIFICATE-----") && !made.pem.contains("PRIVATE"));
        assert!(!format!("{made:?}").contains("PRIVATE KEY"));

        let client_id = ClientId::parse("9e1c0f6a-1111-4222-8333-444455556666").unwrap();
        let claims = Claims::new(client_id, "https://login.example/t/oauth2/v2.0/token", NOW, Uuid::from_u128(7));
        let proof = sign(&claims, &made.private_key_pem, made.thumbprint).unwrap();
        let (message, signature) = proof.expose_secret().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let pem = made.private_key_pem.expose_secret().replace("\n", "");
        let der = pem.split("-----").nth(2).unwrap();
        let der = base64::engine::general_purpose::STANDARD.decode(der.replace('\r', "")).unwrap();
        let public = RsaKeyPair::from_pkcs8(&der).unwrap().public_key().as_der().unwrap();
        let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public.as_ref().to_vec());
        public.verify(message.as_bytes(), &signature).unwrap();

        let part = |at| {
            let bytes = URL_SAFE_NO_PAD.decode(message.split('.').nth(at).unwrap()).unwrap();
            serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
        };
        assert_eq!((&part(0)["alg"], &part(0)["typ"]), (&"PS256".into(), &"JWT".into()));
        assert_eq!(part(0)["x5t#S256"], URL_SAFE_NO_PAD.encode(made.thumbprint.0));
        assert_eq!(part(1)["exp"], NOW.plus(600).seconds());
        assert_eq!(part(1)["iss"], part(1)["sub"]);
    }

    #[test]
    fn a_key_that_is_none_is_an_error_and_not_shown() {
        let client_id = ClientId::parse("9e1c0f6a-1111-4222-8333-444455556666").unwrap();
        let claims = Claims::new(client_id, "https://login.example", NOW, Uuid::nil());
        let error = sign(&claims, &SecretString::from("n0tAk3y"), Thumbprint::of(b"")).unwrap_err();
        assert!(!format!("{error:?}").contains("n0tAk3y"));
    }

    #[test]
    fn a_thumbprint_reads_back() {
        let thumbprint = Thumbprint::of(b"certificate");
        assert_eq!(Thumbprint::parse(&thumbprint.to_string()), Some(thumbprint));
        assert_eq!(Thumbprint::parse(&thumbprint.to_string().to_lowercase()), Some(thumbprint));
        for odd in ["", "é", &"zz".repeat(32), &"aa".repeat(31), &"é".repeat(32)] {
            assert_eq!(Thumbprint::parse(odd), None);
        }
    }
}
