//! What people let applications do: authorization codes, and the families of refresh tokens that come from them.

use std::collections::{BTreeSet, HashMap};

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{Estate, Scope};

/// Every refresh token that comes from one sign-in.
#[derive(Clone, Debug, Serialize)]
pub struct Family {
    /// Counts from 1.
    pub number: u64,
    /// The tenant the person signed in to.
    pub tenant_id: Uuid,
    /// The application.
    pub client_id: Uuid,
    /// The person's object ID.
    pub person: Uuid,
    /// The person's address.
    pub address: String,
    /// What the sign-in asked for and got.
    pub scopes: BTreeSet<Scope>,
    /// How often refresh tokens were given out, the first included; 0 without `offline_access`.
    pub generation: u32,
    /// When the code was redeemed.
    pub issued: Timestamp,
    /// When the last token was got.
    pub last_used: Timestamp,
    /// When the person gave the password, and whether a code besides.
    pub signed_in: SignedIn,
    /// Since when it is dead, and why.
    pub revoked: Option<Revoked>,
    /// The resource as the request named it.
    #[serde(skip)]
    pub(crate) audience: String,
}

/// How a person proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SignedIn {
    /// When.
    pub at: Timestamp,
    /// Whether with a second factor.
    pub mfa: bool,
    /// The person's [`revocations`](crate::Person::revocations) then.
    pub revocations: u32,
}

/// The end of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: Why,
}

/// Why a family is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The person's sessions were revoked.
    SessionsRevoked,
    /// An administrator reset the password.
    PasswordReset,
    /// With strict rotation: a refresh token was used that had been replaced.
    Reused,
}

/// A sign-in from before the simulator started.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The newest refresh token.
    pub refresh_token: String,
    /// The application.
    pub client_id: Uuid,
    /// The person's address.
    pub person: String,
    /// What was granted, as the token answer said it.
    pub scope: String,
    /// When the person signed in.
    pub signed_in: Timestamp,
    /// When the refresh token was issued.
    pub issued: Timestamp,
}

impl Estate {
    /// Takes a sign-in for one of its own, with the person's consent. Nothing happens if application or person are not
    /// there.
    pub fn remember(&mut self, earlier: &Earlier) {
        let Some(person) = self.person_mut(&earlier.person).cloned() else { return };
        let id = earlier.client_id.to_string();
        let Some(tenant_id) = self.application(&id).map(|application| application.tenant_id) else { return };
        let parts = || earlier.scope.split_whitespace().map(|part| part.rsplit_once('/').unwrap_or(("", part)));
        let scopes: BTreeSet<Scope> = parts().filter_map(|(_, name)| Scope::named(name)).collect();
        let audience = parts().map(|(resource, _)| resource).find(|resource| !resource.is_empty());
        if let Some(sign_in) = self.sign_in_mut(&id) {
            sign_in.consents.entry(person.object_id).or_default().extend(&scopes);
        }
        let place = self.grants.begin(Family {
            number: 0,
            tenant_id,
            client_id: earlier.client_id,
            person: person.object_id,
            address: person.address,
            scopes,
            generation: 0,
            issued: earlier.signed_in,
            last_used: earlier.issued,
            signed_in: SignedIn { at: earlier.signed_in, mfa: person.mfa, revocations: person.revocations },
            revoked: None,
            audience: audience.unwrap_or_default().to_owned(),
        });
        self.grants.renew(place, Some(&earlier.refresh_token), earlier.issued);
    }
}

/// An authorization code that was given out.
#[derive(Clone)]
pub(crate) struct AuthorizationCode {
    pub(crate) tenant_id: Uuid,
    pub(crate) client_id: Uuid,
    pub(crate) person: Uuid,
    pub(crate) address: String,
    pub(crate) redirect_uri: String,
    /// `code_challenge` and how it is made of the verifier.
    pub(crate) challenge: Option<(String, Method)>,
    pub(crate) scopes: BTreeSet<Scope>,
    pub(crate) audience: String,
    pub(crate) nonce: Option<String>,
    pub(crate) issued: Timestamp,
    pub(crate) signed_in: SignedIn,
    pub(crate) redeemed: bool,
}

/// `code_challenge_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Plain,
    S256,
}

/// A refresh token that was given out.
#[derive(Clone, Copy)]
pub(crate) struct RefreshToken {
    /// Its family's place.
    pub(crate) family: usize,
    pub(crate) generation: u32,
    pub(crate) issued: Timestamp,
}

/// Every delegated grant there is.
#[derive(Default)]
pub struct Grants {
    families: Vec<Family>,
    tokens: HashMap<Key, RefreshToken>,
    codes: HashMap<Key, AuthorizationCode>,
}

/// What a code or a refresh token is kept as: a hundred thousand of them would take a hundred megabytes.
type Key = [u8; 16];

/// So many codes are remembered, to tell a replay from nonsense, before those that expired are forgotten.
const MOST_CODES: usize = 10_000;

fn key(text: &str) -> Key {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let mut key = Key::default();
    key.copy_from_slice(&digest.as_ref()[..16]);
    key
}

impl Grants {
    /// All families, oldest first.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The family a refresh token belongs to.
    pub fn family_of(&self, refresh_token: &str) -> Option<&Family> {
        self.tokens.get(&key(refresh_token)).map(|token| &self.families[token.family])
    }

    /// Which of its family a refresh token is; the one that came with the code is 1.
    pub fn generation_of(&self, refresh_token: &str) -> Option<u32> {
        self.tokens.get(&key(refresh_token)).map(|token| token.generation)
    }

    /// Forgets that this refresh token was ever given out; the others of its family stay. Answers whether it was known.
    pub fn forget(&mut self, refresh_token: &str) -> bool {
        self.tokens.remove(&key(refresh_token)).is_some()
    }

    /// Whether this refresh token was given out and its family was not revoked. What else can be wrong with it (time,
    /// the person, consent) is for [`Simulator::is_alive`](crate::Simulator::is_alive).
    pub fn is_alive(&self, refresh_token: &str) -> bool {
        self.family_of(refresh_token).is_some_and(|family| family.revoked.is_none())
    }

    /// Revokes every family of a person. Access tokens that were issued go on until they expire.
    pub fn revoke(&mut self, person: Uuid, at: Timestamp, why: Why) {
        for family in self.families.iter_mut().filter(|family| family.person == person) {
            family.revoked.get_or_insert(Revoked { at, why });
        }
    }

    pub(crate) fn token(&self, refresh_token: &str) -> Option<(RefreshToken, &Family)> {
        let token = self.tokens.get(&key(refresh_token))?;
        Some((*token, &self.families[token.family]))
    }

    pub(crate) fn code(&self, code: &str) -> Option<&AuthorizationCode> {
        self.codes.get(&key(code))
    }

    pub(crate) fn put_code(&mut self, code: &str, issued: AuthorizationCode) {
        if self.codes.len() == MOST_CODES {
            self.codes.retain(|_, old| issued.issued.duration_since(old.issued).as_hours() < 1);
        }
        self.codes.insert(key(code), issued);
    }

    /// Uses a code up and begins a family with what it stands for. Answers the family's place.
    pub(crate) fn redeem(&mut self, code: &str, now: Timestamp) -> Option<usize> {
        let code = self.codes.get_mut(&key(code))?;
        code.redeemed = true;
        let family = Family {
            number: 0,
            tenant_id: code.tenant_id,
            client_id: code.client_id,
            person: code.person,
            address: code.address.clone(),
            scopes: code.scopes.clone(),
            generation: 0,
            issued: now,
            last_used: now,
            signed_in: code.signed_in,
            revoked: None,
            audience: code.audience.clone(),
        };
        Some(self.begin(family))
    }

    /// Begins a family, and gives it its number. Answers its place.
    fn begin(&mut self, family: Family) -> usize {
        let place = self.families.len();
        self.families.push(Family { number: place as u64 + 1, ..family });
        place
    }

    /// Notes that a family was used, and keeps its next refresh token if there is one.
    pub(crate) fn renew(&mut self, place: usize, refresh_token: Option<&str>, now: Timestamp) {
        let family = &mut self.families[place];
        family.last_used = now;
        if let Some(text) = refresh_token {
            family.generation += 1;
            let token = RefreshToken { family: place, generation: family.generation, issued: now };
            self.tokens.insert(key(text), token);
        }
    }

    /// Lets `new` stand for the refresh token that was `old`.
    pub(crate) fn rename(&mut self, old: &str, new: &str) {
        if let Some(token) = self.tokens.remove(&key(old)) {
            self.tokens.insert(key(new), token);
        }
    }

    pub(crate) fn kill(&mut self, place: usize, at: Timestamp, why: Why) {
        self.families[place].revoked.get_or_insert(Revoked { at, why });
    }
}
