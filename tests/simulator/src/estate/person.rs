//! People: who may sign in, and what happens when they do.

use std::collections::HashMap;

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::SignedIn;

/// A person as one tenant knows them.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The sign-in name, in small letters; for members also the UPN and the mailbox's address.
    pub address: String,
    /// The display name.
    pub name: String,
    /// The password, which is no secret here.
    pub password: String,
    /// The `oid` of tokens and Graph's `id`; that of the mailbox with the same address, where there is one.
    pub object_id: Uuid,
    /// The tenant that knows the person.
    pub tenant_id: Uuid,
    /// Where a guest comes from; none for members.
    pub home: Option<Home>,
    /// May consent for the organisation (Privileged Role Administrator).
    pub administrator: bool,
    /// The account is switched off: AADSTS50057.
    pub disabled: bool,
    /// Conditional Access keeps the person out: AADSTS53003.
    pub blocked: bool,
    /// Must give a code after the password: AADSTS50076 for sessions without one.
    pub mfa: bool,
    /// Conditional Access ends every session after so many hours: AADSTS70043.
    pub sign_in_frequency_hours: Option<u32>,
    /// How often every session was revoked; a session holds only as long as the number stays.
    pub revocations: u32,
}

/// The directory a guest comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Home {
    /// Directory (tenant) ID there.
    pub tenant_id: Uuid,
    /// Object ID there.
    pub object_id: Uuid,
}

impl Person {
    /// A member of `tenant` whose password is [`password_of`](Self::password_of) the address.
    pub fn new(tenant_id: Uuid, address: &str, name: &str) -> Self {
        let address = address.to_lowercase();
        Self {
            name: name.to_owned(),
            password: Self::password_of(&address),
            object_id: made_up("person", &address),
            tenant_id,
            home: None,
            administrator: false,
            disabled: false,
            blocked: false,
            mfa: false,
            sign_in_frequency_hours: None,
            revocations: 0,
            address,
        }
    }

    /// As a guest whose own directory is none of the simulated ones.
    pub fn as_guest(mut self) -> Self {
        let tenant_id = made_up("home tenant", &self.address);
        self.home = Some(Home { tenant_id, object_id: made_up("home", &self.address) });
        self
    }

    /// The password people have unless another was set: `correct-horse-` and the part before the `@`.
    pub fn password_of(address: &str) -> String {
        format!("correct-horse-{}", address.split('@').next().unwrap_or_default())
    }

    /// The user principal name in the tenant, which for guests is made of their own address.
    pub fn principal_name(&self, tenant_domain: &str) -> String {
        match self.home {
            Some(_) => format!("{}#EXT#@{tenant_domain}", self.address.replace('@', "_")),
            None => self.address.clone(),
        }
    }

    /// Whether Conditional Access wants a new sign-in by `now`.
    pub(crate) fn is_stale(&self, signed_in: SignedIn, now: Timestamp) -> bool {
        let hours = now.duration_since(signed_in.at).as_hours();
        self.sign_in_frequency_hours.is_some_and(|most| hours >= i64::from(most))
    }
}

/// An ID that is the same in every estate: no chance is drawn for it.
fn made_up(what: &str, address: &str) -> Uuid {
    let digest = digest::digest(&digest::SHA256, format!("{what} {address}").as_bytes());
    let mut sixteen = [0; 16];
    sixteen.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_random_bytes(sixteen).into_uuid()
}

/// Everybody, found by address or object ID.
#[derive(Default)]
pub struct People {
    all: Vec<Person>,
    by_address: HashMap<String, usize>,
    by_id: HashMap<Uuid, usize>,
}

impl People {
    /// Adds a person, or replaces the one with the same address.
    pub fn put(&mut self, person: Person) {
        let place = match self.by_address.get(&person.address) {
            Some(&place) => place,
            None => self.all.len(),
        };
        self.by_address.insert(person.address.clone(), place);
        self.by_id.insert(person.object_id, place);
        match self.all.get_mut(place) {
            Some(old) => *old = person,
            None => self.all.push(person),
        }
    }

    /// The person with this sign-in name, in any case, or object ID.
    pub fn get(&self, address: &str) -> Option<&Person> {
        self.place(address).map(|place| &self.all[place])
    }

    /// As [`get`](Self::get), to change it. Address and object ID are to stay.
    pub fn get_mut(&mut self, address: &str) -> Option<&mut Person> {
        self.place(address).map(|place| &mut self.all[place])
    }

    /// The person with this object ID.
    pub fn with_id(&self, object_id: Uuid) -> Option<&Person> {
        self.by_id.get(&object_id).map(|&place| &self.all[place])
    }

    /// All of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.all.iter()
    }

    fn place(&self, address: &str) -> Option<usize> {
        let by_id = || self.by_id.get(&Uuid::try_parse(address).ok()?);
        self.by_address.get(&address.to_lowercase()).or_else(by_id).copied()
    }
}
