//! The ID token: who signed in, proven by a signature of the tenant's own keys (OpenID Connect Core section 3.1.3.7).
//!
//! Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::classify::{self, Flow};
use super::entra::refusal;
use super::failure::{Failure, Outcome};
use super::http::{Answer, below};
use super::{ApplicationRef, Guid, Microsoft};
use crate::clock::UnixTime;
use crate::words::Cause;

/// How far the clocks of Microsoft and of Postkey may differ, in seconds.
const SKEW: i64 = 5 * 60;
/// Longest name that is kept, in bytes.
const LONGEST_NAME: usize = 254;

/// Who signed in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The tenant of the account.
    pub tenant: Guid,
    /// The account in that tenant. Both together never change and are the only things to compare.
    pub object_id: Guid,
    /// What the account is called when signing in; for people to read, as it may change.
    pub username: String,
    /// Whether the account's home is another organisation, so that it has no mailbox here.
    pub is_guest: bool,
}

/// What the ID token must say.
#[derive(Debug)]
pub struct ExpectedToken<'a> {
    /// The application that it is for, in the tenant that it is from.
    pub application: &'a ApplicationRef,
    /// Who signed it.
    pub issuer: &'a str,
    /// What was sent along when the sign-in began.
    pub nonce: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    iat: i64,
    tid: String,
    oid: String,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    idp: Option<String>,
}

impl Microsoft {
    /// Proves an ID token: signature, issuer, audience, tenant, nonce and times. What does not fit is refused, never
    /// guessed at (S-55).
    pub async fn identity(&self, expected: &ExpectedToken<'_>, token: &SecretString) -> Outcome<Identity> {
        let application = expected.application;
        let authority = self.authority(application.cloud)?;
        let address = below(authority, &[&application.tenant.to_string(), "discovery", "v2.0", "keys"]);
        let answer = self.exchange(Request::new(Method::GET, address), vec![token.clone()]).await?;
        if !answer.status.is_success() {
            return Err(refusal(&answer, Flow::default()));
        }
        let keys: JwkSet = serde_json::from_slice(&answer.body)
            .map_err(|error| classify::transport(answer.unreadable(Some(&error)), &answer.seen))?;
        let claims = verified(expected, &keys, token.expose_secret());
        claims.and_then(|claims| believed(expected, claims, self.clock.now(), &answer)).map_err(|why| {
            let text = format!("Microsoft's answer does not prove who signed in: {why}. Nothing of it was kept.");
            Failure::of(Cause::Other, text, self.clock.now())
        })
    }
}

/// The claims, once signature, issuer and audience hold.
fn verified(expected: &ExpectedToken<'_>, keys: &JwkSet, token: &str) -> Result<Claims, &'static str> {
    use jsonwebtoken::errors::ErrorKind;
    let header = jsonwebtoken::decode_header(token).map_err(|_| "it is no signed token")?;
    let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or("its signing key is not the tenant's")?;
    let key = DecodingKey::from_jwk(key).map_err(|_| "its signing key cannot be used")?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.application.client_id.to_string()]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    // By Postkey's own clock, below.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation);
    decoded.map(|decoded| decoded.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidIssuer => "its issuer is another one",
        ErrorKind::InvalidAudience => "it is for another application",
        ErrorKind::InvalidAlgorithm => "it is not signed as it should be",
        _ => "it cannot be read",
    })
}

fn believed(
    expected: &ExpectedToken<'_>,
    claims: Claims,
    now: UnixTime,
    answer: &Answer,
) -> Result<Identity, &'static str> {
    let now = now.seconds();
    if claims.exp.saturating_add(SKEW) <= now {
        return Err("it has expired");
    }
    if claims.iat.max(claims.nbf.unwrap_or(claims.iat)) > now.saturating_add(SKEW) {
        return Err("it is from the future");
    }
    let nonce = claims.nonce.unwrap_or_default();
    if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
        return Err("it belongs to another sign-in");
    }
    let tenant = Guid::parse(&claims.tid).filter(|tenant| *tenant == expected.application.tenant);
    let tenant = tenant.ok_or("it is from another tenant")?;
    let object_id = Guid::parse(&claims.oid).ok_or("it names no account")?;
    let username = answer.seen.harmless(&claims.preferred_username.unwrap_or_default(), LONGEST_NAME);
    Ok(Identity {
        tenant,
        object_id,
        username,
        is_guest: claims.idp.is_some_and(|idp| !is_own(&idp, expected.issuer, tenant)),
    })
}

/// Whether `idp` names the tenant itself, by either of the two names that Entra has for one.
fn is_own(idp: &str, issuer: &str, tenant: Guid) -> bool {
    idp == issuer || idp == format!("https://sts.windows.net/{tenant}/")
}
