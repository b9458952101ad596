//! A sign-in under way, and whether what comes of it may be used. No I/O.

use crate::chance::hash_of;
use crate::clock::UnixTime;
use crate::ids::{ApplicationId, LinkId, MailboxId, SignInId};
use crate::mailboxes::Mailbox;
use crate::microsoft::{Guid, Identity, Profile};
use crate::secrets::{Place, Sealed};

/// A sign-in that was begun and has not ended. Who holds one has taken it: there is no second.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Ours; the same as of the result.
    pub id: SignInId,
    /// The mailbox.
    pub mailbox_id: MailboxId,
    /// How it was begun.
    pub origin: Origin,
    /// The name of whoever began it, for the audit.
    pub started_by: String,
    /// The mailbox as it was then.
    pub about: About,
    /// Where the person was sent, as it was then.
    pub sent_to: SentTo,
    /// Hash of the cookie that the browser was given.
    pub flow_hash: String,
    /// The PKCE verifier, sealed for [`Attempt::place`].
    pub verifier: Sealed,
    /// When it began.
    pub started_at: UnixTime,
    /// When it is too late.
    pub expires_at: UnixTime,
}

/// What somebody is asked to sign in for, as it is when they are asked: a sign-in for the old must not be used for the new.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// The application that asks.
    pub application_id: ApplicationId,
    /// The address of the mailbox.
    pub address: String,
    /// The person who signs in, if another than the mailbox; else empty.
    pub signs_in_as: String,
}

impl About {
    /// The mailbox as it is now.
    pub fn of(mailbox: &Mailbox) -> Self {
        Self {
            application_id: mailbox.application_id.clone(),
            address: mailbox.address.clone(),
            signs_in_as: mailbox.access.person().to_owned(),
        }
    }

    /// Whether `mailbox` still is that.
    pub fn is(&self, mailbox: &Mailbox) -> bool {
        mailbox.deleted.is_none() && mailbox.is_delegated() && *self == Self::of(mailbox)
    }
}

/// The authorization server and the client of an attempt (RFC 9700 section 4.4: an answer belongs to the one it was asked of).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SentTo {
    /// Root of the sign-in service.
    pub authority: String,
    /// The tenant that was asked.
    pub tenant_id: String,
    /// The client ID that asked.
    pub client_id: String,
    /// Who must have signed the ID token.
    pub issuer: String,
    /// Whether that server names itself in each answer (RFC 9207).
    pub names_issuer: bool,
}

/// How an attempt was begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// By somebody with an account here; the hash of their session.
    Session(String),
    /// By a link.
    Link(LinkId),
}

impl SentTo {
    /// Whether an answer that calls its sender `issuer` comes from there, as far as it says so (RFC 9207).
    pub fn is_sender(&self, issuer: Option<&str>) -> bool {
        match issuer {
            Some(issuer) => issuer == self.issuer,
            None => !self.names_issuer,
        }
    }
}

impl Attempt {
    /// Where its verifier is stored.
    pub fn place(id: &SignInId) -> Place<'_> {
        Place { table: "sign_in_attempts", column: "verifier", row: id.as_str() }
    }

    /// Who is expected to sign in.
    pub fn expected(&self) -> &str {
        let About { address, signs_in_as, .. } = &self.about;
        if signs_in_as.is_empty() { address } else { signs_in_as }
    }
}

/// The nonce of an attempt: bound to its verifier, so that there is only one secret to keep.
pub fn nonce_of(verifier: &str) -> String {
    hash_of(&format!("postkey nonce|{verifier}"))
}

/// Whether the account that signed in is the one expected: the very account that signed in before if there is one, else the
/// one that the directory knows by the expected address. Never by what the token calls itself (S-56).
pub fn is_expected(expected: &str, pinned: Option<(&str, &str)>, identity: &Identity, profile: &Profile) -> bool {
    if identity.is_guest || identity.object_id != profile.object_id {
        return false;
    }
    match pinned {
        Some((tenant, object)) => {
            Guid::parse(tenant) == Some(identity.tenant) && Guid::parse(object) == Some(identity.object_id)
        }
        None => {
            let is_same = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(expected);
            is_same(&profile.user_principal_name) || profile.mail.as_deref().is_some_and(is_same)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "11111111-1111-4111-8111-111111111111";
    const OLGA: &str = "22222222-2222-4222-8222-222222222222";

    fn signed_in(object: &str, is_guest: bool) -> Identity {
        let guid = |text| Guid::parse(text).unwrap();
        Identity {
            tenant: guid(TENANT),
            object_id: guid(object),
            username: "support@contoso.example".to_owned(),
            is_guest,
        }
    }

    fn profile(object: &str, upn: &str, mail: Option<&str>) -> Profile {
        Profile {
            object_id: Guid::parse(object).unwrap(),
            user_principal_name: upn.to_owned(),
            mail: mail.map(str::to_owned),
            display_name: None,
        }
    }

    #[test]
    fn the_account_is_compared_with_the_directory_and_never_with_its_own_word() {
        let expected =
            |identity: &Identity, profile: &Profile| is_expected("Olga@contoso.example", None, identity, profile);
        let olga = signed_in(OLGA, false);
        assert!(expected(&olga, &profile(OLGA, "olga@Contoso.example", None)));
        assert!(expected(&olga, &profile(OLGA, "o.ivanova@contoso.example", Some("olga@contoso.example"))));
        let jan = profile(OLGA, "jan@contoso.example", Some("jan@contoso.example"));
        let calls_itself_olga = Identity { username: "olga@contoso.example".to_owned(), ..olga.clone() };
        assert!(!expected(&calls_itself_olga, &jan));
        assert!(!expected(&olga, &profile(OLGA, "olga@contoso.example.evil.example", None)));
        assert!(!expected(&olga, &profile(OLGA, "оlga@contoso.example", None)), "a lookalike of other letters");
        let kelvin = profile(OLGA, "\u{212A}arl@contoso.example", None);
        assert!(
            !is_expected("karl@contoso.example", None, &olga, &kelvin),
            "a letter that becomes another in lower case"
        );
        assert!(!expected(&olga, &profile(TENANT, "olga@contoso.example", None)), "the token is of another account");
        assert!(!expected(&signed_in(OLGA, true), &profile(OLGA, "olga@contoso.example", None)), "a guest");
        assert!(!is_expected("", None, &olga, &profile(OLGA, "", Some(""))));
    }

    #[test]
    fn an_account_that_signed_in_before_is_the_same_by_its_id_alone() {
        let olga = signed_in(OLGA, false);
        let renamed = profile(OLGA, "olga.married@contoso.example", None);
        assert!(is_expected("olga@contoso.example", Some((TENANT, OLGA)), &olga, &renamed));
        let same_name = profile(OLGA, "olga@contoso.example", None);
        assert!(!is_expected("olga@contoso.example", Some((TENANT, TENANT)), &olga, &same_name));
        assert!(!is_expected("olga@contoso.example", Some((OLGA, OLGA)), &olga, &same_name));
        assert!(!is_expected("olga@contoso.example", Some(("", "")), &olga, &same_name));
    }

    #[test]
    fn an_answer_of_another_server_is_refused() {
        let sent_to = |names_issuer| SentTo {
            authority: String::new(),
            tenant_id: String::new(),
            client_id: String::new(),
            issuer: "https://login.example/t/v2.0".to_owned(),
            names_issuer,
        };
        let from = |issuer, names_issuer| sent_to(names_issuer).is_sender(issuer);
        let own = Some("https://login.example/t/v2.0");
        assert!(from(None, false) && !from(None, true));
        assert!(from(own, true) && from(own, false));
        assert!(!from(Some("https://login.example/t/v2.0/"), true) && !from(Some("https://evil.example"), false));
    }
}
