//! The kinds of problems that a worker may meet. Their names never change.

use axum::http::StatusCode;

/// What kind of problem it is. The names are part of the API and never change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Code {
    /// The request itself is wrong.
    BadRequest,
    /// No key, or none that works.
    Unauthorized,
    /// The key may not do this.
    Forbidden,
    /// There is no such mailbox for this key.
    NotFound,
    /// Somebody paused the mailbox.
    Paused,
    /// A person has to sign in with Microsoft.
    NeedsSignIn,
    /// The application's secret, certificate or registration is at fault.
    ApplicationBroken,
    /// Microsoft gives no token for this mailbox.
    NotConnected,
    /// The body is too large.
    TooLarge,
    /// Too many wrong keys from this network address.
    TooMany,
    /// It passes by itself.
    TryLater,
    /// A fault of Postkey's.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 12] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Paused,
        Self::NeedsSignIn,
        Self::ApplicationBroken,
        Self::NotConnected,
        Self::TooLarge,
        Self::TooMany,
        Self::TryLater,
        Self::Internal,
    ];

    /// Its name in the API.
    pub const fn value(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Paused => "paused",
            Self::NeedsSignIn => "needs_sign_in",
            Self::ApplicationBroken => "application_broken",
            Self::NotConnected => "not_connected",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many_requests",
            Self::TryLater => "try_later",
            Self::Internal => "internal",
        }
    }

    /// Its HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Paused | Self::NeedsSignIn | Self::ApplicationBroken | Self::NotConnected => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TryLater => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What it means, in one sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "The request is wrong",
            Self::Unauthorized => "No key that works",
            Self::Forbidden => "This key may not do that",
            Self::NotFound => "No such mailbox for this key",
            Self::Paused => "The mailbox is paused",
            Self::NeedsSignIn => "A person has to sign in with Microsoft",
            Self::ApplicationBroken => "The application is broken",
            Self::NotConnected => "Microsoft gives no token for this mailbox",
            Self::TooLarge => "The body is too large",
            Self::TooMany => "Too many wrong keys",
            Self::TryLater => "It passes by itself",
            Self::Internal => "A fault in Postkey",
        }
    }

    /// What a worker does about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::BadRequest => "Correct the request. The detail names what is wrong.",
            Self::Unauthorized => {
                "Send the key in the header Authorization, as Bearer pk_…. If it has ended, get a new one."
            }
            Self::Forbidden => "Use a key that may get tokens.",
            Self::NotFound => "Check the address. Perhaps the mailbox was deleted, or the key is not for it.",
            Self::Paused => "Leave the mailbox alone. Ask again now and then, or wait for the token with wait.",
            Self::NeedsSignIn => "Leave the mailbox alone. Postkey shows its people who has to sign in.",
            Self::ApplicationBroken => "Leave its mailboxes alone. Postkey shows its people what to mend.",
            Self::NotConnected => "Leave the mailbox alone. The cause says why; Postkey shows its people what to do.",
            Self::TooLarge => "Send less. A body may hold 16 kB.",
            Self::TooMany => "Stop, and look which key this worker sends. Go on after Retry-After.",
            Self::TryLater => "Ask again after Retry-After.",
            Self::Internal => "Ask again later. Tell whoever runs Postkey the request ID.",
        }
    }

    /// Whether asking again after a while helps.
    pub(super) const fn passes(self) -> bool {
        matches!(self, Self::TooMany | Self::TryLater)
    }
}
