//! The failures the control page offers.

use crate::{
    faults::{Bend, Failure, Page, Place, RetryAfter},
    graph::Refusal,
};

/// A failure with the words for it.
pub(super) struct Preset {
    pub(super) label: String,
    /// The failure as JSON, which is what the form posts.
    pub(super) value: String,
}

/// Places as JSON, which is what the form posts, with the words for them.
pub(super) const PLACES: [(&str, &str); 14] = [
    ("", "where it fits"),
    (r#""anywhere""#, "Entra and Graph"),
    (r#""entra""#, "Entra"),
    (r#""discovery""#, "Entra: discovery"),
    (r#""keys""#, "Entra: keys"),
    (r#""token""#, "Entra: token"),
    (r#""authorize""#, "Entra: authorize"),
    (r#""admin_consent""#, "Entra: admin consent"),
    (r#""graph""#, "Graph"),
    (r#"{"call":"inbox"}"#, "Graph: read the inbox"),
    (r#"{"call":"messages"}"#, "Graph: list messages"),
    (r#"{"call":"create_draft"}"#, "Graph: create a draft"),
    (r#"{"call":"permanent_delete"}"#, "Graph: delete for good"),
    (r#"{"call":"send_mail"}"#, "Graph: send"),
];

const ENTRA: &[(u32, &str)] = &[
    (7_000_215, "wrong secret"),
    (7_000_222, "expired secret"),
    (700_016, "unknown application"),
    (7_000_112, "disabled application"),
    (90_002, "unknown tenant"),
    (700_027, "certificate not registered"),
    (700_024, "clock skew"),
    (65_001, "consent missing"),
    (53_003, "Conditional Access"),
    (530_034, "tenant security policy"),
    (500_011, "resource not in tenant"),
    (90_033, "transient fault"),
    (50_076, "second factor needed on refresh"),
    (50_173, "sessions revoked"),
    (700_082, "idle for 90 days"),
    (70_043, "sign-in frequency"),
    (50_057, "person disabled"),
    (70_000, "refresh token or code not valid"),
    (54_005, "code redeemed before"),
    (70_008, "code expired"),
    (501_481, "wrong code verifier"),
    (50_196, "request loop"),
];

/// What the pages for signing in show or send back.
const BROWSER: &[(u32, &str)] = &[
    (90_094, "needs admin approval"),
    (65_004, "person declined"),
    (50_105, "person not assigned"),
    (50_011, "wrong redirect URI"),
    (50_058, "nobody is signed in"),
];

pub(super) fn all() -> Vec<Preset> {
    let entra = ENTRA.iter().chain(BROWSER);
    let entra = entra.map(|(number, what)| (format!("Entra: {what} (AADSTS{number})"), Failure::Aadsts(*number)));
    let graph = Refusal::ALL.into_iter().map(|refusal| {
        let label = format!("Graph: {} {} ({refusal:?})", refusal.status(), refusal.code());
        (label, Failure::Graph(refusal))
    });
    entra.chain(graph).chain(transport()).filter_map(|(label, failure)| preset(label, &failure)).collect()
}

fn transport() -> impl Iterator<Item = (String, Failure)> {
    let all = throttled().into_iter().chain(server_errors()).chain(odd_answers()).chain(bends()).chain(hostile());
    all.map(|(label, failure)| (format!("Answer: {label}"), failure))
}

fn throttled() -> [(&'static str, Failure); 5] {
    [
        ("429, Retry-After: 60", RetryAfter::Seconds(60)),
        ("429, Retry-After: 5", RetryAfter::Seconds(5)),
        ("429, Retry-After as a date", RetryAfter::Date(60)),
        ("429, Retry-After: garbage", RetryAfter::Garbage),
        ("429, no Retry-After", RetryAfter::Absent),
    ]
    .map(|(label, retry_after)| (label, Failure::Throttle(retry_after)))
}

fn server_errors() -> [(&'static str, Failure); 6] {
    let retry_after = RetryAfter::Absent;
    [
        ("503 with JSON", 503, Page::Json),
        ("503 with HTML", 503, Page::Html),
        ("503 empty", 503, Page::Empty),
        ("500 with JSON", 500, Page::Json),
        ("502 with HTML", 502, Page::Html),
        ("504 with HTML", 504, Page::Html),
    ]
    .map(|(label, status, page)| (label, Failure::Status { status, page, retry_after }))
}

fn odd_answers() -> [(&'static str, Failure); 11] {
    let to = "https://elsewhere.example/".to_owned();
    [
        ("200 with HTML", Failure::HtmlWith200),
        ("truncated JSON", Failure::TruncatedJson),
        ("50 MB body", Failure::HugeBody { megabytes: 50 }),
        ("deeply nested JSON", Failure::DeepJson { levels: 100_000 }),
        ("5 s delay", Failure::Delay { ms: 5_000 }),
        ("40 s delay", Failure::Delay { ms: 40_000 }),
        ("slow body, 1 byte/s", Failure::SlowBody),
        ("hangs after headers", Failure::HangAfterHeaders),
        ("closes mid-body", Failure::CloseMidBody),
        ("state tampered with", Failure::StateTampered),
        ("redirect elsewhere", Failure::Redirect { to }),
    ]
}

fn bends() -> [(&'static str, Failure); 8] {
    [
        ("expires_in as a string", Bend::ExpiresInString),
        ("expires_in negative", Bend::ExpiresInNegative),
        ("expires_in huge", Bend::ExpiresInHuge),
        ("expires_in missing", Bend::ExpiresInMissing),
        ("token_type other", Bend::TokenTypeOther),
        ("access_token missing", Bend::TokenMissing),
        ("access_token opaque", Bend::TokenOpaque),
        ("access_token of 20 kB", Bend::TokenLong),
    ]
    .map(|(label, bend)| (label, Failure::Bent(bend)))
}

fn hostile() -> [(&'static str, Failure); 15] {
    [
        ("id_token of another issuer", Bend::IdTokenIssuer),
        ("id_token for another application", Bend::IdTokenAudience),
        ("id_token of another tenant", Bend::IdTokenTenant),
        ("id_token of another person", Bend::IdTokenObject),
        ("id_token with another nonce", Bend::IdTokenNonce),
        ("id_token expired", Bend::IdTokenExpired),
        ("id_token not signed", Bend::IdTokenUnsigned),
        ("id_token with a broken signature", Bend::IdTokenSignature),
        ("id_token missing", Bend::IdTokenMissing),
        ("refresh_token missing", Bend::RefreshTokenMissing),
        ("refresh_token empty", Bend::RefreshTokenEmpty),
        ("refresh_token of 20 kB", Bend::RefreshTokenLong),
        ("scope without Mail.Send", Bend::ScopeFewer),
        ("scope with more than was asked", Bend::ScopeMore),
        ("scope missing", Bend::ScopeMissing),
    ]
    .map(|(label, bend)| (label, Failure::Bent(bend)))
}

fn preset(label: String, failure: &Failure) -> Option<Preset> {
    let value = serde_json::to_string(failure).ok()?;
    Some(Preset { label, value })
}

/// Where a failure makes sense when the form leaves it open.
pub(super) fn usual_place(failure: &Failure) -> Place {
    match failure {
        Failure::Aadsts(number) if BROWSER.iter().any(|(other, _)| other == number) => Place::Authorize,
        Failure::StateTampered => Place::Authorize,
        Failure::Aadsts(_) | Failure::Bent(_) => Place::Token,
        Failure::Graph(_) => Place::Graph,
        _ => Place::Anywhere,
    }
}

/// The words for a failure.
pub(super) fn words(failure: &Failure) -> String {
    let value = serde_json::to_string(failure).unwrap_or_default();
    let offered = all().into_iter().find(|preset| preset.value == value);
    offered.map_or(value, |preset| preset.label)
}

/// The words for a place.
pub(super) fn place_words(place: Place) -> String {
    let value = serde_json::to_string(&place).unwrap_or_default();
    let offered = PLACES.into_iter().find(|(offered, _)| *offered == value);
    offered.map_or(value, |(_, words)| words.to_owned())
}
