//! Microsoft Entra: does the tenant exist, and where is it asked.

use serde::Deserialize;
use url::Url;

use super::classify::{self, Flow};
use super::failure::{Failure, Outcome};
use super::http::{Answer, below};
use super::token_answer::EntraError;
use super::{Cloud, Guid, Microsoft, Tenant};
use crate::words::{Cause, Transport};

/// A tenant that exists.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TenantFound {
    /// Its Directory (tenant) ID.
    pub id: Guid,
    /// Who signs its ID tokens, to be compared character by character.
    pub issuer: String,
    /// Whether it names itself in each answer to a sign-in (RFC 9207 section 3).
    pub names_issuer: bool,
    /// Microsoft's clock minus Postkey's, in seconds.
    pub skew_seconds: Option<i64>,
}

impl Microsoft {
    /// Asks whether a tenant exists, and for its ID. Sends no credential.
    pub async fn tenant(&self, cloud: Cloud, tenant: &Tenant) -> Outcome<TenantFound> {
        let authority = self.authority(cloud)?;
        let address = below(authority, &[&tenant.to_string(), "v2.0", ".well-known", "openid-configuration"]);
        let request = reqwest::Request::new(reqwest::Method::GET, address);
        let answer = self.exchange(request, Vec::new()).await?;
        if !answer.status.is_success() {
            return Err(refusal(&answer, Flow::default()));
        }
        let found: Discovery = serde_json::from_slice(&answer.body)
            .map_err(|error| classify::transport(answer.unreadable(Some(&error)), &answer.seen))?;
        let id = found.tenant(authority);
        // An issuer elsewhere, or another tenant than the one asked for, is no answer to the question.
        id.filter(|id| tenant.guid().is_none_or(|asked| asked == *id))
            .map(|id| TenantFound {
                id,
                issuer: found.issuer,
                names_issuer: found.authorization_response_iss_parameter_supported,
                skew_seconds: answer.seen.skew_seconds,
            })
            .ok_or_else(|| classify::transport(Transport::BadAnswer, &answer.seen))
    }

    /// Root of the cloud's sign-in service.
    pub(super) fn authority(&self, cloud: Cloud) -> Outcome<&Url> {
        self.clouds.authority(cloud).ok_or_else(|| self.no_cloud())
    }

    /// The failure of asking a custom cloud that the configuration no longer names.
    pub(super) fn no_cloud(&self) -> Box<Failure> {
        Failure::of(Cause::SetupFault, "The custom cloud is no longer in Postkey's configuration.", self.clock.now())
    }
}

/// The failure behind an answer that is not a success.
pub(super) fn refusal(answer: &Answer, flow: Flow) -> Box<Failure> {
    let status = answer.status.as_u16();
    match serde_json::from_slice::<EntraError>(&answer.body) {
        Ok(error) => classify::entra(status, &error, flow, &answer.seen),
        Err(_) if answer.is_busy() => classify::busy(status, &answer.seen),
        Err(error) => classify::transport(answer.unreadable(Some(&error)), &answer.seen),
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Discovery {
    /// The tenant in `{authority}/{tenant}/v2.0`; none if the issuer is anybody else.
    fn tenant(&self, authority: &Url) -> Option<Guid> {
        let rest = self.issuer.strip_prefix(authority.as_str().trim_end_matches('/'))?;
        Guid::parse(rest.strip_prefix('/')?.strip_suffix("/v2.0")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenant_is_read_from_an_issuer_of_the_same_authority_only() {
        let id = "9e1c0f6a-1111-4222-8333-444455556666";
        let authority = Url::parse("https://login.microsoftonline.com").unwrap();
        let tenant = |issuer: String| {
            Discovery { issuer, authorization_response_iss_parameter_supported: false }.tenant(&authority)
        };
        assert_eq!(tenant(format!("https://login.microsoftonline.com/{id}/v2.0")), Guid::parse(id));
        for other in [
            format!("https://login.microsoftonline.com.evil.example/{id}/v2.0"),
            format!("https://login.microsoftonline.com@evil.example/{id}/v2.0"),
            format!("http://login.microsoftonline.com/{id}/v2.0"),
            format!("https://login.microsoftonline.com/{id}/"),
            "https://login.microsoftonline.com/{tenantid}/v2.0".into(),
            "https://login.microsoftonline.com/../v2.0".into(),
            String::new(),
        ] {
            assert_eq!(tenant(other.clone()), None, "{other}");
        }
    }
}
