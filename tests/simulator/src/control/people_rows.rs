//! What the control page shows of people and of what they let applications do.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::rows::minutes;
use crate::estate::{Application, Estate, Family, Person, Scope};

/// More than a page needs.
const MOST: usize = 200;

pub(super) struct Account {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) password: String,
    pub(super) about: String,
    pub(super) disabled: bool,
    pub(super) blocked: bool,
    pub(super) mfa: bool,
}

pub(super) struct Grant {
    pub(super) address: String,
    pub(super) application: String,
    pub(super) scopes: String,
    pub(super) generation: u32,
    pub(super) used: String,
    pub(super) state: String,
}

/// How people sign in to an application.
#[derive(Default)]
pub(super) struct SigningIn {
    pub(super) redirect_uris: Vec<String>,
    pub(super) delegated: String,
    pub(super) user_consent: bool,
    pub(super) tenant_consent: String,
    /// Addresses, and what each person consented to.
    pub(super) consents: Vec<(String, String)>,
}

impl SigningIn {
    pub(super) fn of(application: &Application, estate: &Estate) -> Self {
        let Some(sign_in) = estate.sign_in_to(application.client_id) else { return Self::default() };
        let address = |id: &Uuid| estate.people.with_id(*id).map(|person| person.address.clone()).unwrap_or_default();
        let consents = sign_in.consents.iter().take(MOST);
        Self {
            redirect_uris: sign_in.redirect_uris.iter().cloned().collect(),
            delegated: names(&sign_in.delegated),
            user_consent: sign_in.user_consent,
            tenant_consent: names(&sign_in.tenant_consent),
            consents: consents.map(|(person, scopes)| (address(person), names(scopes))).collect(),
        }
    }
}

pub(super) fn accounts(estate: &Estate) -> Vec<Account> {
    let account = |person: &Person| Account {
        address: person.address.clone(),
        name: person.name.clone(),
        password: person.password.clone(),
        about: about(person),
        disabled: person.disabled,
        blocked: person.blocked,
        mfa: person.mfa,
    };
    estate.people.iter().take(MOST).map(account).collect()
}

fn about(person: &Person) -> String {
    let marks = [
        (person.administrator, "administrator"),
        (person.home.is_some(), "guest"),
        (person.disabled, "disabled"),
        (person.blocked, "Conditional Access"),
        (person.mfa, "second factor"),
    ];
    marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

/// The newest families first.
pub(super) fn grants(estate: &Estate) -> Vec<Grant> {
    let grant = |family: &Family| Grant {
        address: family.address.clone(),
        application: estate
            .application(&family.client_id.to_string())
            .map_or_else(|| family.client_id.to_string(), |application| application.name.clone()),
        scopes: names(&family.scopes),
        generation: family.generation,
        used: minutes(family.last_used),
        state: family.revoked.map_or_else(|| "alive".to_owned(), |revoked| format!("{:?}", revoked.why)),
    };
    estate.grants.families().iter().rev().take(MOST).map(grant).collect()
}

fn names(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}
