//! Scopes of delegated permissions: which are asked for, and whether they were granted.
//!
//! Source: learn.microsoft.com/entra/identity-platform/scopes-oidc. A name without a resource means Microsoft Graph.

/// To read and change mail.
pub const READ_WRITE: &str = "Mail.ReadWrite";
/// To send mail.
pub const SEND: &str = "Mail.Send";
const READ_WRITE_SHARED: &str = "Mail.ReadWrite.Shared";
const SEND_SHARED: &str = "Mail.Send.Shared";

/// To know who signed in, and to get a refresh token.
const PERSON: [&str; 4] = ["openid", "profile", "offline_access", "User.Read"];

/// What a sign-in asks for. `shared`: the mailbox is another than that of the person who signs in.
pub fn asked(shared: bool) -> Vec<&'static str> {
    let mut scopes = PERSON.to_vec();
    scopes.extend([READ_WRITE, SEND]);
    if shared {
        scopes.extend([READ_WRITE_SHARED, SEND_SHARED]);
    }
    scopes
}

/// The two scopes by which the mailbox itself is read and sent from.
pub const fn of_mailbox(shared: bool) -> (&'static str, &'static str) {
    if shared { (READ_WRITE_SHARED, SEND_SHARED) } else { (READ_WRITE, SEND) }
}

/// A scope without the resource that may stand before it.
pub fn bare(scope: &str) -> &str {
    scope.rsplit('/').next().unwrap_or(scope)
}

/// What was asked for and is not in `granted`. Whether `openid`, `profile` and `offline_access` were granted is told by
/// the tokens that came, as Microsoft does not always list them.
pub fn missing(shared: bool, granted: &[String]) -> Vec<&'static str> {
    let has = |scope: &str| granted.iter().any(|granted| bare(granted).eq_ignore_ascii_case(scope));
    asked(shared).into_iter().filter(|scope| scope.contains('.') && !has(scope)).collect()
}

/// What was granted beyond what was asked for.
pub fn wider(shared: bool, granted: &[String]) -> Vec<String> {
    let asked = asked(shared);
    // Microsoft adds this one by itself to whatever asks for a person.
    let known = |scope: &str| scope == "email" || asked.iter().any(|asked| asked.eq_ignore_ascii_case(scope));
    granted.iter().map(|scope| bare(scope)).filter(|scope| !known(scope)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_shared_mailbox_needs_two_more() {
        assert_eq!(asked(false), ["openid", "profile", "offline_access", "User.Read", "Mail.ReadWrite", "Mail.Send"]);
        assert!(asked(true).ends_with(&["Mail.ReadWrite.Shared", "Mail.Send.Shared"]));
        let own = granted("openid profile User.Read Mail.ReadWrite Mail.Send");
        assert!(missing(false, &own).is_empty());
        assert_eq!(missing(true, &own), ["Mail.ReadWrite.Shared", "Mail.Send.Shared"]);
    }

    #[test]
    fn scopes_are_compared_without_case_and_resource() {
        let urls = granted("https://graph.microsoft.com/mail.readwrite https://graph.microsoft.com/User.Read email");
        assert_eq!(missing(false, &urls), ["Mail.Send"]);
        assert!(wider(false, &urls).is_empty());
        assert_eq!(wider(false, &granted("Mail.Send https://graph.microsoft.com/Files.Read.All")), ["Files.Read.All"]);
    }
}
