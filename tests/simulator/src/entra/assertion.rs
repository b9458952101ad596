//! Checks a client assertion signed with a registered certificate (RFC 7523).
//!
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Refused,
    jwt::{Jwt, from_base64},
};
use crate::{
    asked::Asked,
    estate::{Application, Certificate, hex, unfold},
};

/// The only value of `client_assertion_type`.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far the two clocks may be apart.
const TOLERANCE_SECONDS: f64 = 300.0;

#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    /// SHA-1 thumbprint.
    x5t: Option<String>,
    /// SHA-256 thumbprint.
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
    x5c: Option<Chain>,
}

#[derive(Deserialize)]
enum Algorithm {
    RS256,
    PS256,
}

/// MSAL for Python sends one certificate as a string; RFC 7515 has a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Chain {
    One(String),
    Many(Vec<String>),
}

/// Times are numbers that may have a fraction (RFC 7519 section 2).
#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    nbf: Option<f64>,
    exp: f64,
}

/// Passes an assertion that one of the application's certificates signed for this token endpoint.
pub(super) fn check(
    application: &Application,
    assertion: &str,
    asked: &Asked,
    endpoints: &[String],
) -> Result<(), Refused> {
    let malformed = |_| Refused::new(50_027);
    let jwt = Jwt::split(assertion).ok_or_else(|| Refused::new(50_027))?;
    let header: Header = jwt.header().map_err(malformed)?;
    let claims: Claims = jwt.payload().map_err(malformed)?;
    let signature = jwt.signature().map_err(malformed)?;

    let client_id = application.client_id.to_string();
    if !claims.iss.eq_ignore_ascii_case(&client_id) {
        return Err(Refused::new(700_021));
    }
    if claims.sub != claims.iss {
        return Err(Refused::new(50_048));
    }
    let certificate = named_certificate(application, &header)?;
    let refused = |reason| key_refused(reason, &client_id, &certificate.sha1);
    UnparsedPublicKey::new(header.alg.verification(), certificate.public_key())
        .verify(jwt.signed.as_bytes(), &signature)
        .map_err(|_| refused("The key used is not valid for the signature."))?;
    if asked.now < certificate.start || certificate.end <= asked.now {
        return Err(refused("The key used is expired."));
    }
    for_us(&claims, endpoints)?;
    in_time(&claims, asked.now)
}

impl Algorithm {
    fn verification(&self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::PS256 => &RSA_PSS_2048_8192_SHA256,
        }
    }
}

fn for_us(claims: &Claims, endpoints: &[String]) -> Result<(), Refused> {
    let audience = claims.aud.trim_end_matches('/');
    if endpoints.iter().any(|endpoint| endpoint.eq_ignore_ascii_case(audience)) {
        return Ok(());
    }
    let text = format!("Client assertion audience '{audience}' does not match the token endpoint.");
    Err(Refused::saying(50_012, text))
}

fn named_certificate<'a>(application: &'a Application, header: &Header) -> Result<&'a Certificate, Refused> {
    let malformed = |_| Refused::new(50_027);
    let decoded = |text: &Option<String>| text.as_deref().map(from_base64).transpose().map_err(malformed);
    let (sha1, sha256) = (decoded(&header.x5t)?, decoded(&header.x5t_s256)?);
    let chained = match &header.x5c {
        None => None,
        Some(Chain::One(first)) => Some(unfold(first).map_err(malformed)?),
        Some(Chain::Many(chain)) => chain.first().map(|first| unfold(first)).transpose().map_err(malformed)?,
    };
    let named = application.certificates.iter().find(|certificate| match (&sha256, &sha1) {
        (Some(sha256), _) => *sha256 == certificate.sha256,
        (None, Some(sha1)) => *sha1 == certificate.sha1,
        (None, None) => false,
    });
    named.filter(|certificate| chained.is_none_or(|der| der == certificate.der())).ok_or_else(|| {
        let thumbprint = sha256.or(sha1).unwrap_or_default();
        key_refused("The key was not found.", &application.client_id.to_string(), &thumbprint)
    })
}

fn key_refused(reason: &str, client_id: &str, thumbprint: &[u8]) -> Refused {
    let thumbprint = hex(thumbprint);
    Refused::saying(
        700_027,
        format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - {reason}, Thumbprint of key used by client: '{thumbprint}', Please visit the Azure Portal, Graph \
             Explorer or directly use MS Graph to see configured keys for app Id '{client_id}'.]"
        ),
    )
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), Refused> {
    let seconds = now.as_duration().as_secs_f64();
    let begins = claims.nbf.unwrap_or(0.0);
    if begins - TOLERANCE_SECONDS <= seconds && seconds <= claims.exp + TOLERANCE_SECONDS {
        return Ok(());
    }
    Err(Refused::saying(
        700_024,
        format!(
            "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time \
             of assertion {}. Review the documentation at \
             https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
            written(seconds),
            written(begins),
            written(claims.exp),
        ),
    ))
}

fn written(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number out of range is the caller's mistake, shown as it is"
    )]
    let time = Timestamp::from_second(seconds as i64);
    time.map_or_else(|_| seconds.to_string(), |time| time.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string())
}
