//! Microsoft Entra ID: discovery, signing keys, the token endpoint, and the pages on which people sign in and consent.

mod assertion;
mod authorization_code;
mod client;
mod client_credentials;
pub mod codes;
mod delegated;
pub(crate) mod discovery;
mod form;
mod jwt;
mod keys;
mod refresh_token;
mod refusal;
mod scope;
mod secret;
pub(crate) mod sign_in;
pub(crate) mod token;

pub(crate) use form::TokenForm;
pub(crate) use jwt::{to_base64, unverified};
pub(crate) use keys::{BadToken, Keys};
pub(crate) use refresh_token::is_alive;
pub(crate) use refusal::Refused;
pub(crate) use scope::{GRAPH_ID, is_graph};
pub(crate) use sign_in::Browsers;

use uuid::Uuid;

use crate::estate::{Estate, Tenant};

/// The tenant of personal accounts, which no directory can have.
pub(crate) const CONSUMERS: Uuid = Uuid::from_u128(0x9188040d_6c67_4c5b_b112_36a304b66dad);

/// The tenant with this GUID or domain.
pub(crate) fn tenant<'a>(estate: &'a Estate, name: &str) -> Result<&'a Tenant, Refused> {
    estate.tenant(name).ok_or_else(|| {
        let like_a_domain = name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
        let known_form = like_a_domain || Uuid::try_parse(name).is_ok();
        Refused::new(if known_form { 90_002 } else { 900_023 })
    })
}
