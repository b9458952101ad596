//! What can go wrong.

use serde::{Deserialize, Serialize};

use crate::graph::Refusal;

/// What `Retry-After` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Nothing: the header is missing.
    Absent,
    /// Whole seconds, as Entra and Graph send.
    Seconds(u32),
    /// An HTTP date this many seconds ahead (RFC 9110 section 10.2.3 allows it).
    Date(u32),
    /// Something that is neither.
    Garbage,
}

/// What the body of a server error looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// The error JSON of the surface that is asked.
    Json,
    /// A gateway's HTML page.
    Html,
    /// Nothing.
    Empty,
}

/// How an otherwise good answer is bent. What has no such member stays as it is, unless the member is a plain value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bend {
    /// `expires_in` as a string, as v1 endpoints send it.
    ExpiresInString,
    /// `expires_in` is -1.
    ExpiresInNegative,
    /// `expires_in` is 2^63-1.
    ExpiresInHuge,
    /// `expires_in` is missing.
    ExpiresInMissing,
    /// `token_type` is `pop`.
    TokenTypeOther,
    /// `access_token` is missing.
    TokenMissing,
    /// `access_token` is not a JWT.
    TokenOpaque,
    /// `access_token` is about 20,000 characters long (and good).
    TokenLong,
    /// `id_token` comes from another issuer.
    IdTokenIssuer,
    /// `id_token` is for another application.
    IdTokenAudience,
    /// `id_token` names another tenant.
    IdTokenTenant,
    /// `id_token` names another person.
    IdTokenObject,
    /// `id_token` has another nonce than the request.
    IdTokenNonce,
    /// `id_token` expired an hour ago.
    IdTokenExpired,
    /// `id_token` is not signed (`alg` is `none`).
    IdTokenUnsigned,
    /// `id_token` has a signature that is not its own.
    IdTokenSignature,
    /// `id_token` is missing.
    IdTokenMissing,
    /// `refresh_token` is missing.
    RefreshTokenMissing,
    /// `refresh_token` is empty.
    RefreshTokenEmpty,
    /// `refresh_token` is 20,000 characters long (and good).
    RefreshTokenLong,
    /// `scope` and token lack `Mail.Send`.
    ScopeFewer,
    /// `scope` and token have `Files.Read.All`, which nobody asked for.
    ScopeMore,
    /// `scope` is missing.
    ScopeMissing,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Entra refuses with this AADSTS number; its `error`, status and text come from the list in [`crate::codes`].
    Aadsts(u32),
    /// Graph refuses.
    Graph(Refusal),
    /// 429: plain text from the token endpoint, `ApplicationThrottled` from Graph.
    Throttle(RetryAfter),
    /// A status of 500 or above with this kind of body.
    Status {
        /// HTTP status.
        status: u16,
        /// The body.
        page: Page,
        /// What `Retry-After` says.
        retry_after: RetryAfter,
    },
    /// 200 with a page of HTML, as a captive portal sends it.
    HtmlWith200,
    /// The right answer, cut in the middle; the response itself is complete.
    TruncatedJson,
    /// 200 with this many megabytes of JSON.
    HugeBody {
        /// Megabytes.
        megabytes: u32,
    },
    /// 200 with arrays nested this deep.
    DeepJson {
        /// Levels.
        levels: u32,
    },
    /// The right answer, bent.
    Bent(Bend),
    /// The right answer, this much later. Adds to other faults.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The right answer, its body one byte a second.
    SlowBody,
    /// The right status and headers, and then nothing.
    HangAfterHeaders,
    /// The connection is closed in the middle of the right body.
    CloseMidBody,
    /// Whatever a sign-in or an admin consent ends with, it brings back another `state` than was sent.
    StateTampered,
    /// 302 to another address.
    Redirect {
        /// Where to.
        to: String,
    },
}
