//! Reads identifiers the way people paste them: with spaces, quotes and invisible characters around them, in braces,
//! without hyphens, or as the address of the portal page they were on.

use secrecy::SecretString;

use super::{ClientId, Guid, Tenant};

/// Longest pasted text that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Why a pasted text was not understood.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PasteError {
    /// Nothing was pasted.
    Empty,
    /// Not a GUID in any form.
    NotAGuid,
    /// An address that holds no identifier of this kind.
    UrlWithoutId,
    /// `common`, `organizations` or `consumers`, which name no tenant.
    Common,
    /// Neither a GUID nor a domain.
    NotATenant,
    /// A GUID where the Value of a secret was expected: its Secret ID.
    LooksLikeSecretId,
    /// Far longer than anything sensible.
    TooLong,
}

/// Reads an Application (client) ID.
///
/// Fails with [`PasteError::UrlWithoutId`] for an address without one, else with [`PasteError::NotAGuid`].
pub fn client_id(pasted: &str) -> Result<ClientId, PasteError> {
    let text = cleaned(pasted)?;
    if is_address(&text) {
        return after(&text, "appid").or_else(|| after(&text, "client_id")).ok_or(PasteError::UrlWithoutId);
    }
    guid(&text).map(ClientId::from).ok_or(PasteError::NotAGuid)
}

/// Reads a Directory (tenant) ID or a verified domain.
///
/// Fails with [`PasteError::Common`] for the names that stand for every tenant.
pub fn tenant(pasted: &str) -> Result<Tenant, PasteError> {
    let text = cleaned(pasted)?;
    if is_address(&text) {
        return tenant_of_address(&text);
    }
    if is_common(&text) {
        return Err(PasteError::Common);
    }
    guid(&text).map(Tenant::Id).or_else(|| Tenant::parse(&text)).ok_or(PasteError::NotATenant)
}

/// Reads the Value of a client secret; removes only what surrounds it, since a secret may hold any character.
///
/// Fails with [`PasteError::LooksLikeSecretId`] for a GUID, which is never a Value.
pub fn secret(pasted: &str) -> Result<SecretString, PasteError> {
    let text = pasted.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
    match text {
        "" => Err(PasteError::Empty),
        _ if text.len() > LONGEST => Err(PasteError::TooLong),
        _ if looks_like_guid(text) => Err(PasteError::LooksLikeSecretId),
        _ => Ok(SecretString::from(text)),
    }
}

/// Whether the text is a GUID in any of the forms that people paste.
pub fn looks_like_guid(pasted: &str) -> bool {
    cleaned(pasted).is_ok_and(|text| guid(&text).is_some())
}

fn cleaned(pasted: &str) -> Result<String, PasteError> {
    if pasted.len() > LONGEST {
        return Err(PasteError::TooLong);
    }
    let text: String = pasted
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !is_invisible(*c) && !is_quote(*c))
        .collect();
    if text.is_empty() { Err(PasteError::Empty) } else { Ok(text) }
}

const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{00A0}' | '\u{00AD}')
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201F}' | '\u{00AB}' | '\u{00BB}')
}

fn guid(text: &str) -> Option<Guid> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    let hyphenated = match inner.len() {
        32 if inner.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let (a, b, c, d, e) = (&inner[..8], &inner[8..12], &inner[12..16], &inner[16..20], &inner[20..]);
            format!("{a}-{b}-{c}-{d}-{e}")
        }
        _ => inner.to_owned(),
    };
    Guid::parse(&hyphenated)
}

fn is_common(text: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|name| text.eq_ignore_ascii_case(name))
}

fn is_address(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("https://") || text.starts_with("http://")
}

/// The GUID that follows `name` as the next part of the address: `…/appId/GUID` or `…?client_id=GUID`.
fn after<T: From<Guid>>(address: &str, name: &str) -> Option<T> {
    let mut parts = address.split(['/', '?', '&', '#', '=']);
    parts.find(|part| part.eq_ignore_ascii_case(name))?;
    guid(&parts.next()?.replace("%7B", "").replace("%7D", "")).map(T::from)
}

/// Takes the tenant from `…/tenantId/GUID`, or from the first part of a path on one of Microsoft's sign-in hosts.
fn tenant_of_address(address: &str) -> Result<Tenant, PasteError> {
    if let Some(id) = after::<Guid>(address, "tenantid") {
        return Ok(Tenant::Id(id));
    }
    let mut parts = address.split(['/', '?', '#']).skip(2);
    let host = parts.next().unwrap_or_default().to_ascii_lowercase();
    let first = parts.next().unwrap_or_default();
    if !SIGN_IN_HOSTS.contains(&host.as_str()) || first.is_empty() {
        return Err(PasteError::UrlWithoutId);
    }
    if is_common(first) {
        return Err(PasteError::Common);
    }
    guid(first).map(Tenant::Id).or_else(|| Tenant::parse(first)).ok_or(PasteError::UrlWithoutId)
}

const SIGN_IN_HOSTS: [&str; 7] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
];

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const ID: &str = "9e1c0f6a-1111-4222-8333-444455556666";
    const BARE: &str = "9e1c0f6a111142228333444455556666";

    fn id() -> Guid {
        Guid::parse(ID).unwrap()
    }

    #[test]
    fn an_id_is_understood_whatever_surrounds_it() {
        let around = [
            "", " ", "\t", "\r\n", "\"", "'", "“", "”", "\u{200B}", "\u{200E}", "\u{200F}", "\u{2060}", "\u{FEFF}",
            "\u{A0}", "\0", "`",
        ];
        for form in [ID.to_owned(), ID.to_uppercase(), BARE.to_owned(), format!("{{{ID}}}"), format!("{{{BARE}}}")] {
            for before in around {
                for behind in around {
                    let pasted = format!("{before}{form}{behind}");
                    assert_eq!(client_id(&pasted), Ok(id().into()), "{pasted:?}");
                    assert_eq!(tenant(&pasted), Ok(Tenant::Id(id())), "{pasted:?}");
                    assert!(looks_like_guid(&pasted), "{pasted:?}");
                }
            }
            let broken: String = form.chars().flat_map(|c| [c, '\u{200B}']).collect();
            assert_eq!(client_id(&broken), Ok(id().into()));
        }
    }

    #[test]
    fn a_portal_address_gives_the_client_id() {
        let menu = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~";
        for address in [
            format!("{menu}/Overview/appId/{ID}"),
            format!("{menu}/Overview/appId/{ID}/isMSAApp~/false"),
            format!("{menu}/Credentials/appid/{}", ID.to_uppercase()),
            format!("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id={ID}&state=1"),
        ] {
            assert_eq!(client_id(&address), Ok(id().into()), "{address}");
        }
        assert_eq!(client_id(&format!("{menu}/Overview/objectId/{ID}")), Err(PasteError::UrlWithoutId));
        assert_eq!(client_id("https://entra.microsoft.com/"), Err(PasteError::UrlWithoutId));
    }

    #[test]
    fn an_address_gives_the_tenant() {
        let contoso = Tenant::parse("contoso.com").unwrap();
        let cases = [
            (format!("https://login.microsoftonline.com/{ID}/oauth2/v2.0/token"), Ok(Tenant::Id(id()))),
            (format!("HTTPS://LOGIN.microsoftonline.us/{ID}"), Ok(Tenant::Id(id()))),
            (format!("https://portal.azure.com/#view/x/tenantId/{ID}/y"), Ok(Tenant::Id(id()))),
            (format!("https://portal.azure.com/?tenantId={ID}"), Ok(Tenant::Id(id()))),
            ("https://login.microsoftonline.com/contoso.com/v2.0".into(), Ok(contoso.clone())),
            (" contoso.com\n".into(), Ok(contoso)),
            ("https://login.microsoftonline.com/common/v2.0".into(), Err(PasteError::Common)),
            ("https://login.microsoftonline.com/".into(), Err(PasteError::UrlWithoutId)),
            ("https://evil.example/contoso.com".into(), Err(PasteError::UrlWithoutId)),
            ("https://login.microsoftonline.com@evil.example/contoso.com".into(), Err(PasteError::UrlWithoutId)),
            ("https://login.microsoftonline.com.evil.example/contoso.com".into(), Err(PasteError::UrlWithoutId)),
            ("Common".into(), Err(PasteError::Common)),
            ("organizations".into(), Err(PasteError::Common)),
            ("consumers".into(), Err(PasteError::Common)),
            ("contoso".into(), Err(PasteError::NotATenant)),
            ("../../x.com".into(), Err(PasteError::NotATenant)),
        ];
        for (pasted, expected) in cases {
            assert_eq!(tenant(&pasted), expected, "{pasted}");
        }
    }

    #[test]
    fn what_is_no_id_says_why() {
        assert_eq!(client_id(" \u{FEFF}\r\n"), Err(PasteError::Empty));
        assert_eq!(client_id("contoso.com"), Err(PasteError::NotAGuid));
        assert_eq!(client_id(&ID[1..]), Err(PasteError::NotAGuid));
        assert_eq!(client_id(&format!("{ID}{ID}")), Err(PasteError::NotAGuid));
        assert_eq!(client_id(&"a".repeat(5000)), Err(PasteError::TooLong));
        assert_eq!(tenant(""), Err(PasteError::Empty));
        assert_eq!(client_id("ﬀ€𝟘".repeat(8).as_str()), Err(PasteError::NotAGuid));
    }

    #[test]
    fn a_secret_keeps_every_character_but_what_surrounds_it() {
        let value = "a8Q~ \"x'+&%=\u{200B}é.-_";
        let read = secret(&format!("\u{FEFF} {value}é\r\n\u{A0}")).unwrap();
        assert_eq!(read.expose_secret(), format!("{value}é"));
        assert_eq!(secret(&format!(" {ID}\n")).unwrap_err(), PasteError::LooksLikeSecretId);
        assert_eq!(secret(&format!("{{{BARE}}}")).unwrap_err(), PasteError::LooksLikeSecretId);
        assert_eq!(secret("\n").unwrap_err(), PasteError::Empty);
        assert_eq!(secret(&"x".repeat(5000)).unwrap_err(), PasteError::TooLong);
        assert!(!format!("{:?}", secret(value)).contains("a8Q"));
    }
}
