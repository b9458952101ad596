//! A secret or a certificate of an application, its life, and which of several is used. No I/O.

use crate::clock::UnixTime;
use crate::ids::{ApplicationId, CredentialId};
use crate::secrets::Place;

/// Seconds before its end from which a credential counts as expiring.
pub const EXPIRING: i64 = 30 * 24 * 60 * 60;

/// What proves the application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A client secret that someone made in Entra and pasted here.
    Secret,
    /// A key pair that Postkey made; Entra has the certificate, the private key never leaves.
    Certificate,
}

/// What Microsoft last said of a credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It was not asked yet.
    Untested,
    /// It issued a token for it.
    Accepted,
    /// It refused it.
    Refused,
    /// A person ended it here; what was sealed is erased.
    Retired,
}

/// A secret or certificate, without what is secret about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// Ours.
    pub id: CredentialId,
    /// The application that it proves.
    pub application_id: ApplicationId,
    /// Secret or certificate.
    pub kind: Kind,
    /// Microsoft's last word.
    pub state: State,
    /// The last three characters of a secret, or the certificate's SHA-1 thumbprint as Entra shows it.
    pub hint: String,
    /// The certificate in PEM, to be uploaded to Entra; empty for a secret.
    pub certificate_pem: String,
    /// SHA-256 thumbprint of the certificate in hexadecimal; empty for a secret.
    pub thumbprint_sha256: String,
    /// When it ends, if anybody told Postkey.
    pub expires_at: Option<UnixTime>,
    /// Who stored it.
    pub created_by: String,
    /// When it was stored.
    pub created_at: UnixTime,
    /// When Microsoft last gave its word on it.
    pub answered_at: Option<UnixTime>,
    /// When it last got a token.
    pub last_used_at: Option<UnixTime>,
    /// When it was retired.
    pub retired_at: Option<UnixTime>,
}

impl Kind {
    /// Its name in the database and in forms.
    pub fn value(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Certificate => "certificate",
        }
    }

    /// The kind that `value` names.
    pub fn parse(value: &str) -> Option<Self> {
        [Self::Secret, Self::Certificate].into_iter().find(|kind| kind.value() == value)
    }
}

impl State {
    /// Its name in the database.
    pub fn value(self) -> &'static str {
        match self {
            Self::Untested => "untested",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Retired => "retired",
        }
    }

    /// The state that `value` names.
    pub fn parse(value: &str) -> Option<Self> {
        [Self::Untested, Self::Accepted, Self::Refused, Self::Retired].into_iter().find(|state| state.value() == value)
    }
}

impl Credential {
    /// Where its secret part is stored.
    pub fn place(id: &CredentialId) -> Place<'_> {
        Place { table: "credentials", column: "sealed", row: id.as_str() }
    }

    /// Whether its end is known and has passed at `now`.
    pub fn has_ended(&self, now: UnixTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// The order in which credentials are tried: the newest that Microsoft accepted first, so that a new one takes over only
/// once it was accepted; then what was not tested yet; a refused one last, since it may have been mended in Entra.
pub fn in_order_of_use(mut credentials: Vec<Credential>, now: UnixTime) -> Vec<Credential> {
    let rank = |credential: &Credential| match (credential.state, credential.has_ended(now)) {
        (State::Accepted, false) => 0,
        (State::Untested, false) => 1,
        (State::Accepted, true) => 2,
        (State::Refused | State::Untested, _) => 3,
        (State::Retired, _) => 4,
    };
    credentials.retain(|credential| credential.state != State::Retired);
    credentials.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.created_at.cmp(&a.created_at)).then(b.id.cmp(&a.id)));
    credentials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn credential(state: State, created: i64, ends: Option<i64>) -> Credential {
        let now = UnixTime::from_seconds(created);
        Credential {
            id: CredentialId::new(now, &Chance::seeded(1)),
            application_id: ApplicationId::new(now, &Chance::seeded(1)),
            kind: Kind::Secret,
            state,
            hint: String::new(),
            certificate_pem: String::new(),
            thumbprint_sha256: String::new(),
            expires_at: ends.map(UnixTime::from_seconds),
            created_by: String::new(),
            created_at: now,
            answered_at: None,
            last_used_at: None,
            retired_at: None,
        }
    }

    #[test]
    fn a_new_credential_takes_over_only_once_it_was_accepted() {
        let now = UnixTime::from_seconds(1_000);
        let old = credential(State::Accepted, 10, None);
        let new = credential(State::Untested, 20, None);
        let order = in_order_of_use(vec![new.clone(), old.clone()], now);
        assert_eq!(order, [old.clone(), new.clone()]);
        let accepted = Credential { state: State::Accepted, ..new };
        assert_eq!(in_order_of_use(vec![old.clone(), accepted.clone()], now), [accepted, old]);
    }

    #[test]
    fn an_ended_or_refused_credential_comes_last_and_a_retired_one_never() {
        let now = UnixTime::from_seconds(1_000);
        let ended = credential(State::Accepted, 30, Some(900));
        let refused = credential(State::Refused, 40, None);
        let untested = credential(State::Untested, 20, None);
        let retired = credential(State::Retired, 50, None);
        let order = in_order_of_use(vec![refused.clone(), retired, ended.clone(), untested.clone()], now);
        assert_eq!(order, [untested, ended, refused]);
    }
}
