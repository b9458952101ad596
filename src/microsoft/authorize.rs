//! The addresses at Microsoft to which a browser is sent: to sign in, and to consent for an organisation.
//!
//! Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and /v2-admin-consent

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::failure::Outcome;
use super::http::below;
use super::{ApplicationRef, Microsoft};

/// How Microsoft chooses the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prompt {
    /// Credentials are asked for anew, with the expected name filled in, whoever is signed in already.
    Login,
    /// The accounts to choose from are shown. Microsoft takes no hint beside it.
    SelectAccount,
}

/// A sign-in that is about to begin.
#[derive(Debug)]
pub struct SignInRequest<'a> {
    /// The application that asks.
    pub application: &'a ApplicationRef,
    /// Where the person comes back to; registered in Entra character by character.
    pub redirect_uri: &'a Url,
    /// What is asked for.
    pub scopes: &'a [&'static str],
    /// Finds the attempt again (RFC 6749 section 10.12).
    pub state: &'a SecretString,
    /// Ties the ID token to the attempt (OpenID Connect Core section 3.1.2.1).
    pub nonce: &'a str,
    /// Ties the code to the attempt (RFC 7636); only its SHA-256 is in the address.
    pub verifier: &'a SecretString,
    /// How the account is chosen.
    pub prompt: Prompt,
    /// The name of the person who is expected.
    pub login_hint: &'a str,
    /// What Entra asked to be told at the next sign-in, as the JSON text it sent.
    pub claims: Option<&'a str>,
}

impl Microsoft {
    /// Where a browser is sent so that a person signs in (authorization code with PKCE S256).
    pub fn sign_in_address(&self, request: &SignInRequest<'_>) -> Outcome<Url> {
        let application = request.application;
        let endpoint = below(
            self.authority(application.cloud)?,
            &[&application.tenant.to_string(), "oauth2", "v2.0", "authorize"],
        );
        let client = BasicClient::new(oauth2::ClientId::new(application.client_id.to_string()))
            .set_auth_uri(AuthUrl::from_url(endpoint))
            .set_redirect_uri(RedirectUrl::from_url(request.redirect_uri.clone()));
        let verifier = PkceCodeVerifier::new(request.verifier.expose_secret().to_owned());
        let state = request.state.expose_secret().to_owned();
        let mut address = client
            .authorize_url(|| CsrfToken::new(state))
            .add_scopes(request.scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("response_mode", "query")
            .add_extra_param("nonce", request.nonce);
        address = match request.prompt {
            Prompt::Login => {
                address.add_extra_param("prompt", "login").add_extra_param("login_hint", request.login_hint)
            }
            Prompt::SelectAccount => address.add_extra_param("prompt", "select_account"),
        };
        if let Some(claims) = request.claims {
            address = address.add_extra_param("claims", claims);
        }
        Ok(address.url().0)
    }

    /// Where a browser is sent so that an administrator consents for the organisation to everything that the application's
    /// registration lists.
    pub fn admin_consent_address(
        &self,
        application: &ApplicationRef,
        redirect_uri: &Url,
        state: &SecretString,
    ) -> Outcome<Url> {
        let mut address =
            below(self.authority(application.cloud)?, &[&application.tenant.to_string(), "v2.0", "adminconsent"]);
        address
            .query_pairs_mut()
            .append_pair("client_id", &application.client_id.to_string())
            .append_pair("scope", &self.default_scope(application.cloud)?)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("state", state.expose_secret());
        Ok(address)
    }
}
