//! The refresh token grant, and all that can end one.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use uuid::Uuid;

use super::{
    Refused, TokenForm,
    client::{client, credential, own_tenant, required},
    delegated::{self, Issue},
    scope,
    token::Unsigned,
};
use crate::{
    asked::Asked,
    estate::{Estate, Family, Person, RefreshToken, Rotation, Scope, SignedIn, Why},
    world::World,
};

/// How long a refresh token may lie unused.
const IDLE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Everything Entra looks at: client, credential, token, person, consent, scope.
pub(super) fn grant(world: &World, asked: &Asked, form: &TokenForm) -> Result<Unsigned, Refused> {
    let mut estate = world.estate();
    let tenant = own_tenant(&estate, asked.tenant.as_deref().unwrap_or_default())?.clone();
    let application = client(&estate, &tenant, required(form, "client_id")?)?.clone();
    let text = required(form, "refresh_token")?;
    let origins = [asked.origin.as_str(), &world.origin];
    let proof = credential(&application, &tenant, form, asked, origins)?;
    let (token, family) = estate.grants.token(text).ok_or_else(garbled)?;
    if (family.tenant_id, family.client_id) != (tenant.id, application.client_id) {
        return Err(Refused::saying(70_000, "The provided refresh token was issued to another client or tenant."));
    }
    let family = family.clone();
    let checked = alive(&estate, token, &family, asked);
    if checked.is_err() && is_reuse(&estate, token, &family) {
        estate.grants.kill(token.family, asked.now, Why::Reused);
    }
    let person = checked?;
    let scopes = narrowed(form.get("scope"), &family.scopes, origins)?;
    if !consented(&estate, &family, &scopes) {
        return Err(Refused::new(65_001));
    }
    let client_info = form.get("client_info") == Some("1");
    let (application, tenant, person) = (&application, &tenant, &person);
    let issue = Issue { application, tenant, person, proof, scopes, nonce: None, client_info };
    Ok(delegated::answer(world, asked, &mut estate, token.family, issue))
}

/// What Entra says of a refresh token it cannot read.
fn garbled() -> Refused {
    Refused::saying(9_002_313, "Invalid request. Request is malformed or invalid.").with_bad_token()
}

/// The person a refresh token speaks for, if neither time nor an event has ended it.
fn alive(estate: &Estate, token: RefreshToken, family: &Family, asked: &Asked) -> Result<Person, Refused> {
    if let Some(revoked) = family.revoked {
        return Err(match revoked.why {
            Why::SessionsRevoked | Why::PasswordReset => Refused::new(50_173),
            Why::Reused => Refused::new(70_000),
        });
    }
    if is_reuse(estate, token, family) {
        return Err(Refused::new(70_000));
    }
    if asked.now.duration_since(token.issued) >= IDLE {
        let issued = token.issued.strftime("%Y-%m-%dT%H:%M:%S.0000000Z");
        let text = format!(
            "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for \
             90.00:00:00."
        );
        return Err(Refused::saying(700_082, text));
    }
    ask_of_person(estate, family.person, family.signed_in, asked)
}

fn is_reuse(estate: &Estate, token: RefreshToken, family: &Family) -> bool {
    estate.settings.rotation == Rotation::Strict && token.generation < family.generation
}

/// The person, if nothing about them forbids a token without their being there.
pub(super) fn ask_of_person(
    estate: &Estate,
    person: Uuid,
    signed_in: SignedIn,
    asked: &Asked,
) -> Result<Person, Refused> {
    let person = estate.people.with_id(person).ok_or_else(|| Refused::new(50_034))?;
    if person.disabled {
        Err(Refused::new(50_057))
    } else if person.revocations != signed_in.revocations {
        Err(Refused::new(50_173))
    } else if person.is_stale(signed_in, asked.now) {
        Err(Refused::new(70_043))
    } else if person.mfa && !signed_in.mfa {
        Err(Refused::new(50_076))
    } else if person.blocked {
        Err(Refused::new(53_003))
    } else {
        Ok(person.clone())
    }
}

/// The part of what was granted that the request asks for; all of it when the request does not say.
pub(super) fn narrowed(
    asked_for: Option<&str>,
    granted: &BTreeSet<Scope>,
    origins: [&str; 2],
) -> Result<BTreeSet<Scope>, Refused> {
    let Some(text) = asked_for else { return Ok(granted.clone()) };
    let wanted = scope::delegated(text, origins)?;
    if wanted.everything {
        return Ok(granted.clone());
    }
    let (_, wanted): (BTreeSet<Scope>, BTreeSet<Scope>) = wanted.scopes.iter().partition(|scope| scope.is_openid());
    if !wanted.is_subset(granted) {
        return Err(Refused::new(65_001));
    }
    // Whoever asks for Graph's permissions only does not give up the refresh token.
    let kept = granted.iter().copied().filter(|scope| scope.is_openid());
    Ok(wanted.into_iter().chain(kept).collect())
}

/// Whether the token endpoint would take this refresh token.
pub(crate) fn is_alive(world: &World, refresh_token: &str) -> bool {
    let estate = world.estate();
    let asked = Asked::nothing(world.clock.now());
    let Some((token, family)) = estate.grants.token(refresh_token) else { return false };
    let enabled = estate.application_in(family.tenant_id, family.client_id).is_some_and(|it| it.enabled);
    enabled && alive(&estate, token, family, &asked).is_ok() && consented(&estate, family, &family.scopes)
}

fn consented(estate: &Estate, family: &Family, scopes: &BTreeSet<Scope>) -> bool {
    let sign_in = estate.sign_in_to(family.client_id);
    sign_in.is_some_and(|sign_in| scopes.is_subset(&sign_in.consented(family.person)))
}
