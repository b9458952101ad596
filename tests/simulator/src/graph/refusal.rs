//! The ways in which Microsoft Graph refuses, and its error envelope.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{asked::Asked, entra::GRAPH_ID, requests::Code};

const TOKEN: &str = "InvalidAuthenticationToken";
const NO_PERMISSIONS: &str = "The token contains no permissions, or permissions can not be understood.";
const POLICY_BLOCK: &str =
    "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.";
const SEND_AS_DENIED: &str = "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account., Cannot submit message.";
const OBJECT_NOT_FOUND: &str =
    "Resource '{mailbox}' does not exist or one of its queried reference-property objects are not present.";

/// Why Graph does not do what it is asked.
///
/// <https://learn.microsoft.com/graph/errors>. As a response it is only a mark; the body is written once the request's
/// IDs are at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// 401: there is no bearer token.
    TokenEmpty,
    /// 401: the token is not a JWT.
    TokenMalformed,
    /// 401: no published key signed the token.
    TokenSignature,
    /// 401: the token has expired.
    TokenExpired,
    /// 401: the token is not valid yet.
    TokenNotYetValid,
    /// 401: the token is for another resource.
    TokenAudience,
    /// 401 with a challenge in `WWW-Authenticate`: continuous access evaluation wants a new token.
    InsufficientClaims,
    /// 401: the application no longer exists or is disabled.
    IdentityNotFound,
    /// 403: the token has no permissions.
    NoPermissions,
    /// 403: consent is missing, or the mailbox is outside the RBAC scope.
    AccessDenied,
    /// 403: an application access policy blocks the mailbox.
    PolicyBlock,
    /// 403: no Send As or Send on Behalf.
    SendAsDenied,
    /// 403: a directory permission is missing.
    RequestDenied,
    /// 400: `/me` with an application's token.
    MeNeedsPerson,
    /// 404: the address is unknown in the tenant, or is a distribution list.
    InvalidUser,
    /// 404: no licence, or the mailbox is on premises.
    MailboxNotEnabled,
    /// 404: something without an inbox, such as a group.
    InboxNotFound,
    /// 404: no such message.
    ItemNotFound,
    /// 404: a person without a mailbox.
    ResourceNotFound,
    /// 404: no such person in the directory.
    DirectoryObjectNotFound,
    /// 400: no recipient, or one that is not an address.
    InvalidRecipients,
    /// 400: the body is not the JSON that the call takes.
    UnreadableBody,
    /// 400: the path names nothing.
    UnknownSegment,
    /// 405: the path takes other methods.
    MethodNotAllowed,
    /// 411: the body's length was not sent.
    LengthRequired,
    /// 413: the body is too large.
    TooLarge,
    /// 429: too many requests for this mailbox.
    Throttled,
    /// 503.
    ServiceUnavailable,
    /// 504.
    GatewayTimeout,
    /// 500.
    InternalServerError,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 30] = [
        Self::TokenEmpty,
        Self::TokenMalformed,
        Self::TokenSignature,
        Self::TokenExpired,
        Self::TokenNotYetValid,
        Self::TokenAudience,
        Self::InsufficientClaims,
        Self::IdentityNotFound,
        Self::NoPermissions,
        Self::AccessDenied,
        Self::PolicyBlock,
        Self::SendAsDenied,
        Self::RequestDenied,
        Self::MeNeedsPerson,
        Self::InvalidUser,
        Self::MailboxNotEnabled,
        Self::InboxNotFound,
        Self::ItemNotFound,
        Self::ResourceNotFound,
        Self::DirectoryObjectNotFound,
        Self::InvalidRecipients,
        Self::UnreadableBody,
        Self::UnknownSegment,
        Self::MethodNotAllowed,
        Self::LengthRequired,
        Self::TooLarge,
        Self::Throttled,
        Self::ServiceUnavailable,
        Self::GatewayTimeout,
        Self::InternalServerError,
    ];

    /// The HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::MeNeedsPerson | Self::InvalidRecipients | Self::UnreadableBody | Self::UnknownSegment => 400,
            Self::TokenEmpty | Self::TokenMalformed | Self::TokenSignature | Self::TokenExpired => 401,
            Self::TokenNotYetValid | Self::TokenAudience | Self::InsufficientClaims | Self::IdentityNotFound => 401,
            Self::NoPermissions | Self::AccessDenied | Self::PolicyBlock => 403,
            Self::SendAsDenied | Self::RequestDenied => 403,
            Self::InvalidUser | Self::MailboxNotEnabled | Self::InboxNotFound | Self::ItemNotFound => 404,
            Self::ResourceNotFound | Self::DirectoryObjectNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::LengthRequired => 411,
            Self::TooLarge => 413,
            Self::Throttled => 429,
            Self::InternalServerError => 500,
            Self::ServiceUnavailable => 503,
            Self::GatewayTimeout => 504,
        }
    }

    /// `error.code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::TokenEmpty | Self::TokenMalformed | Self::TokenSignature | Self::TokenExpired => TOKEN,
            Self::TokenNotYetValid | Self::TokenAudience | Self::InsufficientClaims => TOKEN,
            Self::IdentityNotFound => "Authorization_IdentityNotFound",
            Self::NoPermissions => "NoPermissionsInAccessToken",
            Self::AccessDenied | Self::PolicyBlock => "ErrorAccessDenied",
            Self::SendAsDenied => "ErrorSendAsDenied",
            Self::RequestDenied => "Authorization_RequestDenied",
            Self::MeNeedsPerson | Self::UnreadableBody | Self::UnknownSegment => "BadRequest",
            Self::InvalidUser => "ErrorInvalidUser",
            Self::MailboxNotEnabled => "MailboxNotEnabledForRESTAPI",
            Self::InboxNotFound | Self::ItemNotFound => "ErrorItemNotFound",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::DirectoryObjectNotFound => "Request_ResourceNotFound",
            Self::InvalidRecipients => "ErrorInvalidRecipients",
            Self::MethodNotAllowed => "Request_BadRequest",
            Self::LengthRequired => "LengthRequired",
            Self::TooLarge => "RequestEntityTooLarge",
            Self::Throttled => "ApplicationThrottled",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::GatewayTimeout => "GatewayTimeout",
            Self::InternalServerError => "InternalServerError",
        }
    }

    /// `error.message`; `{mailbox}` and `{path}` stand for what the request says.
    fn message(self) -> &'static str {
        match self {
            Self::TokenEmpty => "Access token is empty.",
            Self::TokenMalformed => "CompactToken parsing failed with error code: 80049217",
            Self::TokenSignature => "Access token validation failure. Invalid signature.",
            Self::TokenExpired => "Lifetime validation failed, the token is expired.",
            Self::TokenNotYetValid => "Access token has expired or is not yet valid.",
            Self::TokenAudience => "Access token validation failure. Invalid audience.",
            Self::InsufficientClaims => "Continuous access evaluation resulted in claims challenge.",
            Self::IdentityNotFound => "The identity of the calling application could not be established.",
            Self::NoPermissions => NO_PERMISSIONS,
            Self::AccessDenied => "Access is denied. Check credentials and try again.",
            Self::PolicyBlock => POLICY_BLOCK,
            Self::SendAsDenied => SEND_AS_DENIED,
            Self::RequestDenied => "Insufficient privileges to complete the operation.",
            Self::MeNeedsPerson => "/me request is only valid with delegated authentication flow.",
            Self::InvalidUser => "The requested user '{mailbox}' is invalid.",
            Self::MailboxNotEnabled => "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
            Self::InboxNotFound => "Default folder Inbox not found.",
            Self::ItemNotFound => "The specified object was not found in the store.",
            Self::ResourceNotFound => "Resource could not be discovered.",
            Self::DirectoryObjectNotFound => OBJECT_NOT_FOUND,
            Self::InvalidRecipients => "At least one recipient isn't valid.",
            Self::UnreadableBody => "Unable to read JSON request payload.",
            Self::UnknownSegment => "Resource not found for the segment '{path}'.",
            Self::MethodNotAllowed => "Specified HTTP method is not allowed for the request target.",
            Self::LengthRequired => "A Content-Length header is required.",
            Self::TooLarge => "The maximum request length supported is exceeded.",
            Self::Throttled => "Application is over its MailboxConcurrency limit.",
            Self::ServiceUnavailable => "The service is temporarily unavailable.",
            Self::GatewayTimeout => "The request timed out.",
            Self::InternalServerError => "An internal server error occurred.",
        }
    }

    pub(crate) fn answer(self, asked: &Asked) -> Response {
        let code = self.code();
        let message = self
            .message()
            .replace("{mailbox}", asked.mailbox.as_deref().unwrap_or_default())
            .replace("{path}", asked.path.rsplit('/').next().unwrap_or_default());
        let envelope = json!({ "error": {
            "code": code,
            "message": message,
            "innerError": {
                "date": asked.now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": asked.request_id,
                "client-request-id": asked.client_request_id.unwrap_or(asked.request_id),
            },
        } });
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, Json(envelope)).into_response();
        if let Some(challenge) = self.challenge(asked) {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        answer.extensions_mut().insert(Code::Graph(code.to_owned()));
        answer
    }

    fn challenge(self, asked: &Asked) -> Option<HeaderValue> {
        /// `{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`
        const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTYwNDEwNjY1MSJ9fX0=";
        if self.status() != 401 {
            return None;
        }
        let more = match self {
            Self::InsufficientClaims => {
                format!(r#", error="insufficient_claims", claims="{CLAIMS}""#)
            }
            _ => String::new(),
        };
        let origin = &asked.origin;
        let value = format!(
            r#"Bearer realm="", authorization_uri="{origin}/common/oauth2/authorize", client_id="{GRAPH_ID}"{more}"#
        );
        HeaderValue::try_from(value).ok()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut mark = StatusCode::BAD_REQUEST.into_response();
        mark.extensions_mut().insert(self);
        mark
    }
}
