//! The AADSTS numbers a mail application may meet, with what the token endpoint answers for each.
//!
//! Numbers and meanings: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>. Where no capture of
//! the live text is known, the sentence is Microsoft's description of the number, or ours.

mod person;
mod registration;
mod scopes;
mod transient;

/// An AADSTS number and the answer that goes with it.
#[derive(Clone, Copy, Debug)]
pub struct Aadsts {
    /// The number after `AADSTS`.
    pub number: u32,
    /// `error` of RFC 6749 section 5.2, or one of Microsoft's own.
    pub error: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Microsoft's `suberror`.
    pub suberror: Option<&'static str>,
    /// Whether the answer carries `claims` for the next sign-in.
    pub claims: bool,
    /// A second number in `error_codes`.
    pub also: Option<u32>,
    /// The sentence after the number; `{client}`, `{tenant}` and `{scope}` stand for what the request says.
    pub text: &'static str,
}

impl Aadsts {
    const fn new(number: u32, error: &'static str, status: u16, text: &'static str) -> Self {
        Self { number, error, status, suberror: None, claims: false, also: None, text }
    }

    const fn suberror(mut self, suberror: &'static str) -> Self {
        self.suberror = Some(suberror);
        self
    }

    const fn with_claims(mut self) -> Self {
        self.claims = true;
        self
    }

    const fn also(mut self, number: u32) -> Self {
        self.also = Some(number);
        self
    }
}

const fn invalid_client(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "invalid_client", 401, text)
}

const fn unauthorized_client(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "unauthorized_client", 400, text)
}

const fn invalid_request(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "invalid_request", 400, text)
}

const fn invalid_grant(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "invalid_grant", 400, text)
}

const fn invalid_scope(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "invalid_scope", 400, text)
}

const fn invalid_resource(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "invalid_resource", 400, text)
}

/// Every number of the list.
pub fn all() -> impl Iterator<Item = &'static Aadsts> {
    [registration::CODES, scopes::CODES, person::CODES, transient::CODES].into_iter().flatten()
}

/// The answer for this number.
pub fn find(number: u32) -> Option<&'static Aadsts> {
    all().find(|code| code.number == number)
}

/// As [`find`], and for a number that is not in the list a plain `invalid_request`.
pub(crate) fn answer_for(number: u32) -> Aadsts {
    const UNLISTED: &str = "The simulator has no text for this number.";
    find(number).copied().unwrap_or(invalid_request(number, UNLISTED))
}
