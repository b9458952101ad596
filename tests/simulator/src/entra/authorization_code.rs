//! The authorization code grant: what a person's sign-in is redeemed for.

use aws_lc_rs::digest;
use jiff::SignedDuration;

use super::{
    Refused, TokenForm,
    client::{client, credential, own_tenant, required},
    delegated::{self, Issue},
    jwt::to_base64,
    refresh_token::{ask_of_person, narrowed},
    token::Unsigned,
};
use crate::{
    asked::Asked,
    estate::{Application, AuthorizationCode, Estate, Method, Tenant},
    world::World,
};

/// How long a code may be redeemed.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Everything Entra looks at: client, credential, code, redirect URI, verifier, person.
pub(super) fn grant(world: &World, asked: &Asked, form: &TokenForm) -> Result<Unsigned, Refused> {
    let mut estate = world.estate();
    let tenant = own_tenant(&estate, asked.tenant.as_deref().unwrap_or_default())?.clone();
    let application = client(&estate, &tenant, required(form, "client_id")?)?.clone();
    let code = required(form, "code")?;
    let redirect_uri = required(form, "redirect_uri")?;
    let origins = [asked.origin.as_str(), &world.origin];
    let proof = credential(&application, &tenant, form, asked, origins)?;
    let issued = issued_to(&estate, &tenant, &application, code)?;
    if asked.now.duration_since(issued.issued) >= LIFETIME {
        return Err(Refused::new(70_008));
    }
    if issued.redirect_uri != redirect_uri {
        return Err(other_redirect(redirect_uri, &issued.redirect_uri));
    }
    proven(&issued, form.get("code_verifier"))?;
    let person = ask_of_person(&estate, issued.person, issued.signed_in, asked)?;
    let scopes = narrowed(form.get("scope"), &issued.scopes, origins)?;
    let place = estate.grants.redeem(code, asked.now).ok_or_else(|| Refused::new(70_000))?;
    let issue = Issue {
        application: &application,
        tenant: &tenant,
        person: &person,
        proof,
        scopes,
        nonce: issued.nonce,
        client_info: form.get("client_info") == Some("1"),
    };
    Ok(delegated::answer(world, asked, &mut estate, place, issue))
}

fn issued_to(
    estate: &Estate,
    tenant: &Tenant,
    application: &Application,
    code: &str,
) -> Result<AuthorizationCode, Refused> {
    let issued = estate.grants.code(code).ok_or_else(|| Refused::new(70_000))?;
    if issued.tenant_id != tenant.id {
        return Err(Refused::new(700_005));
    }
    if issued.client_id != application.client_id {
        return Err(Refused::saying(70_000, "The provided authorization code was issued to another client."));
    }
    if issued.redeemed {
        return Err(Refused::new(54_005));
    }
    Ok(issued.clone())
}

fn other_redirect(said: &str, issued: &str) -> Refused {
    let text = format!(
        "The reply address '{said}' does not match the reply address '{issued}' provided when requesting Authorization \
         code."
    );
    Refused::saying(500_112, text).with_error("invalid_grant")
}

/// Passes the verifier whose challenge came with the authorize request.
fn proven(issued: &AuthorizationCode, verifier: Option<&str>) -> Result<(), Refused> {
    match (&issued.challenge, verifier) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Refused::new(501_481)),
        (Some((challenge, method)), Some(verifier)) => {
            let made = match method {
                Method::Plain => verifier.to_owned(),
                Method::S256 => to_base64(digest::digest(&digest::SHA256, verifier.as_bytes())),
            };
            if made == *challenge { Ok(()) } else { Err(Refused::new(501_481)) }
        }
    }
}
