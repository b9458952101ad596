//! The identifiers that Microsoft uses, parsed once at the edge.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// A GUID in its one canonical form: lower case, with hyphens.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Guid(Uuid);

impl Guid {
    /// Reads 36 characters, in upper or lower case; nothing else. For what people paste see [`super::paste`].
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok())?.map(Self)
    }

    /// The same as a [`Uuid`].
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for Guid {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The Application (client) ID of an app registration.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(Guid);

impl ClientId {
    /// Reads the canonical text form, as [`Guid::parse`].
    pub fn parse(text: &str) -> Option<Self> {
        Guid::parse(text).map(Self)
    }

    /// The GUID itself.
    pub const fn guid(self) -> Guid {
        self.0
    }
}

impl From<Guid> for ClientId {
    fn from(guid: Guid) -> Self {
        Self(guid)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tenant as it was named: by its Directory (tenant) ID, or by one of its verified domains.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Tenant {
    /// By its ID.
    Id(Guid),
    /// By a domain, in lower case.
    Domain(Domain),
}

/// A domain name that is safe to put into a path: letters, digits, hyphens and at least one dot.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Domain(String);

impl Tenant {
    /// Reads an ID or a domain. `common`, `organizations` and `consumers` are no tenant, and have no dot.
    pub fn parse(text: &str) -> Option<Self> {
        Guid::parse(text).map(Self::Id).or_else(|| Domain::parse(text).map(Self::Domain))
    }

    /// The ID, if it was named by it.
    pub const fn guid(&self) -> Option<Guid> {
        match self {
            Self::Id(guid) => Some(*guid),
            Self::Domain(_) => None,
        }
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(guid) => guid.fmt(f),
            Self::Domain(domain) => f.write_str(&domain.0),
        }
    }
}

impl Domain {
    fn parse(text: &str) -> Option<Self> {
        let labels: Vec<_> = text.split('.').collect();
        let fits = |label: &&str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // An all-digit last label would make it an address in numbers, which is no domain.
        let named = labels.last().is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()));
        (labels.len() >= 2 && text.len() <= 253 && named && labels.iter().all(fits))
            .then(|| Self(text.to_ascii_lowercase()))
    }
}

macro_rules! serde_as_text {
    ($type:ty, $what:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Self::parse(&text).ok_or_else(|| de::Error::custom(concat!("not a ", $what)))
            }
        }
    };
}

serde_as_text!(Guid, "GUID");
serde_as_text!(ClientId, "client ID");
serde_as_text!(Tenant, "tenant");

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9E1C0F6A-1111-4222-8333-444455556666";

    #[test]
    fn a_guid_has_one_form() {
        let guid = Guid::parse(ID).unwrap();
        assert_eq!(guid.to_string(), ID.to_lowercase());
        assert_eq!(Guid::parse(&ID.to_lowercase()), Some(guid));
        for other in ["", "9e1c0f6a11114222833344445555666", &ID[1..], &format!("{{{ID}}}"), &ID.replace('-', "")] {
            assert_eq!(Guid::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_tenant_is_an_id_or_a_domain_and_nothing_that_moves_the_path() {
        assert_eq!(Tenant::parse(ID).unwrap().guid(), Guid::parse(ID));
        assert_eq!(Tenant::parse("Contoso.onMicrosoft.com").unwrap().to_string(), "contoso.onmicrosoft.com");
        assert!(Tenant::parse("xn--bcher-kva.example").is_some());
        for bad in [
            "",
            "common",
            "organizations",
            "consumers",
            "contoso",
            ".com",
            "contoso..com",
            "contoso.com.",
            "-a.com",
            "a-.com",
            "../../x.com",
            "%2e%2e.com",
            "contoso.com/x",
            "contoso.com#x",
            "contoso.com\\x",
            "contoso.com\r\nx",
            "user@contoso.com",
            "contoso.com:443",
            "169.254.169.254",
            "[::1]",
            "bücher.example",
            "a b.com",
        ] {
            assert_eq!(Tenant::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Tenant::parse(&format!("{}.com", "a".repeat(64))), None);
        assert_eq!(Tenant::parse(&format!("{}com", "a.".repeat(130))), None);
    }

    #[test]
    fn json_form_is_the_text() {
        let tenant: Tenant = serde_json::from_str("\"contoso.com\"").unwrap();
        assert_eq!(serde_json::to_string(&tenant).unwrap(), "\"contoso.com\"");
        assert!(serde_json::from_str::<ClientId>("\"contoso.com\"").is_err());
    }
}
