//! Tokens: for an application by itself, for a person who has just signed in, and by a saved sign-in. Asked for with the
//! `oauth2` crate.

use std::borrow::Cow;

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthType, AuthorizationCode, Client, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, StandardRevocableToken, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::classify::{self, Flow};
use super::failure::{Failure, Outcome};
use super::http::{Answer, below, fresh_guid};
use super::oauth_http::OAuthHttp;
use super::token_answer::{EntraError, TokenAnswer};
use super::{ClientId, Cloud, Guid, Issued, Microsoft, Thumbprint, certificate};
use crate::words::{Cause, Transport};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An app registration, addressed in one tenant of one cloud.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ApplicationRef {
    /// The cloud it is registered in.
    pub cloud: Cloud,
    /// The tenant that is asked.
    pub tenant: Guid,
    /// The Application (client) ID.
    pub client_id: ClientId,
}

/// What an application proves itself with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// The Value of a client secret.
    Secret(SecretString),
    /// A certificate that was uploaded to the application.
    Certificate {
        /// Its private key, PKCS#8 PEM.
        private_key_pem: SecretString,
        /// SHA-256 over the certificate.
        thumbprint: Thumbprint,
    },
}

/// On what ground a token is asked for (RFC 6749 section 1.3).
#[derive(Clone, Debug)]
pub enum GrantType {
    /// The application alone: client credentials.
    ClientCredentials,
    /// A person has just signed in.
    AuthorizationCode {
        /// What Microsoft sent along with the person.
        code: SecretString,
        /// What only the one who sent the person there knows (RFC 7636).
        verifier: SecretString,
        /// Where the person came back to, exactly as it was asked for.
        redirect_uri: Url,
    },
    /// A person has signed in earlier. The scopes stay those of the sign-in.
    RefreshToken(SecretString),
}

impl GrantType {
    const fn is_by_person(&self) -> bool {
        !matches!(self, Self::ClientCredentials)
    }

    /// What is sent along and must not come back in a text.
    fn secrets(&self) -> Vec<SecretString> {
        match self {
            Self::ClientCredentials => Vec::new(),
            Self::AuthorizationCode { code, verifier, .. } => vec![code.clone(), verifier.clone()],
            Self::RefreshToken(token) => vec![token.clone()],
        }
    }
}

/// The form of a credential that travels: the secret itself, or a fresh assertion that the private key has signed.
struct Proof {
    is_assertion: bool,
    text: SecretString,
}

type TokenClient = Client<
    EntraError,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Microsoft {
    /// Gets a token for Microsoft Graph. The application proves itself by `credential` whatever the grant is.
    pub async fn token(
        &self,
        application: &ApplicationRef,
        credential: &Credential,
        grant: &GrantType,
    ) -> Outcome<Issued> {
        let (started, issued_at) = (Instant::now(), self.clock.now());
        let endpoint =
            below(self.authority(application.cloud)?, &[&application.tenant.to_string(), "oauth2", "v2.0", "token"]);
        let proof = self.proof(application.client_id, credential, &endpoint)?;
        let flow = Flow { by_person: grant.is_by_person(), by_certificate: proof.is_assertion };
        let mut keep_out = grant.secrets();
        keep_out.push(proof.text.clone());
        let http = OAuthHttp::new(self, flow, keep_out);
        let scope = Scope::new(self.default_scope(application.cloud)?);
        let answered = ask(&token_client(application.client_id, endpoint, &proof), &proof, scope, grant, &http).await;
        let answer = http.answer();
        let (token, answer) = match (answered, answer) {
            (Ok(token), Some(answer)) => (token, answer),
            (Err(error), answer) => {
                return Err(self.token_refusal(error, flow, answer.as_ref()));
            }
            (Ok(_), None) => return Err(self.unformed()),
        };
        let issued = Issued::believe(&token, issued_at, self.limits.token_bytes)
            .ok_or_else(|| classify::transport(Transport::BadAnswer, &answer.seen))?;
        let took_ms = started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        Ok(Issued { skew_seconds: answer.seen.skew_seconds, took_ms, ..issued })
    }

    /// Everything that is consented to; the only scope that client credentials may ask for.
    pub(super) fn default_scope(&self, cloud: Cloud) -> Outcome<String> {
        let graph = self.clouds.graph(cloud).ok_or_else(|| self.no_cloud())?;
        Ok(format!("{}/.default", graph.as_str().trim_end_matches('/')))
    }

    fn proof(&self, client_id: ClientId, credential: &Credential, endpoint: &Url) -> Outcome<Proof> {
        let now = self.clock.now();
        match credential {
            Credential::Secret(secret) => Ok(Proof { is_assertion: false, text: secret.clone() }),
            Credential::Certificate { private_key_pem, thumbprint } => {
                let claims = certificate::Claims::new(client_id, endpoint.as_str(), now, fresh_guid());
                certificate::sign(&claims, private_key_pem, *thumbprint)
                    .map(|text| Proof { is_assertion: true, text })
                    .map_err(|_| Failure::of(Cause::SecretUnreadable, "The private key cannot be used.", now))
            }
        }
    }

    fn token_refusal(
        &self,
        error: RequestTokenError<Box<Failure>, EntraError>,
        flow: Flow,
        answer: Option<&Answer>,
    ) -> Box<Failure> {
        // The crate's own error texts quote the body, so only their kind is used.
        match (error, answer) {
            (RequestTokenError::Request(failure), _) => failure,
            (_, None) => self.unformed(),
            (RequestTokenError::ServerResponse(error), Some(answer)) => {
                classify::entra(answer.status.as_u16(), &error, flow, &answer.seen)
            }
            (RequestTokenError::Parse(error, _), Some(answer)) => {
                classify::transport(answer.unreadable(Some(error.inner())), &answer.seen)
            }
            (RequestTokenError::Other(_), Some(answer)) => classify::transport(answer.unreadable(None), &answer.seen),
        }
    }

    pub(super) fn unformed(&self) -> Box<Failure> {
        Failure::of(Cause::Other, "Postkey could not form the request.", self.clock.now())
    }
}

/// Adds what the grant and the credential need, and sends. An assertion stands in the body; a secret was given to the
/// client, which puts it there.
async fn ask(
    client: &TokenClient,
    proof: &Proof,
    scope: Scope,
    grant: &GrantType,
    http: &OAuthHttp<'_>,
) -> Result<TokenAnswer, RequestTokenError<Box<Failure>, EntraError>> {
    macro_rules! proven {
        ($request:expr) => {{
            let request = $request;
            if proof.is_assertion {
                request
                    .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                    .add_extra_param("client_assertion", proof.text.expose_secret())
            } else {
                request
            }
        }};
    }
    match grant {
        GrantType::ClientCredentials => {
            proven!(client.exchange_client_credentials().add_scope(scope)).request_async(http).await
        }
        GrantType::AuthorizationCode { code, verifier, redirect_uri } => {
            let request = client
                .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
                .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
                .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())));
            proven!(request).request_async(http).await
        }
        GrantType::RefreshToken(token) => {
            let token = RefreshToken::new(token.expose_secret().to_owned());
            proven!(client.exchange_refresh_token(&token)).request_async(http).await
        }
    }
}

fn token_client(client_id: ClientId, endpoint: Url, proof: &Proof) -> TokenClient {
    let client = Client::new(oauth2::ClientId::new(client_id.to_string()))
        .set_token_uri(TokenUrl::from_url(endpoint))
        .set_auth_type(AuthType::RequestBody);
    if proof.is_assertion {
        client
    } else {
        client.set_client_secret(ClientSecret::new(proof.text.expose_secret().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_never_shown() {
        let secret = || SecretString::from("s3cr3t");
        let certificate = Credential::Certificate { private_key_pem: secret(), thumbprint: Thumbprint::of(b"x") };
        for credential in [Credential::Secret(secret()), certificate] {
            assert!(!format!("{credential:?}").contains("s3cr3t"));
        }
        let redirect_uri = Url::parse("https://postkey.example/oauth/callback").unwrap();
        for grant in [
            GrantType::RefreshToken(secret()),
            GrantType::AuthorizationCode { code: secret(), verifier: secret(), redirect_uri },
        ] {
            assert!(!format!("{grant:?}").contains("s3cr3t"));
        }
    }
}
