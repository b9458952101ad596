use std::collections::HashMap;

use super::super::failure::seen_for_tests;
use super::*;

const ALONE: Flow = Flow { by_person: false, by_certificate: false };
const BY_CERTIFICATE: Flow = Flow { by_person: false, by_certificate: true };
const FOR_USER: Flow = Flow { by_person: true, by_certificate: false };

/// Every AADSTS code of the design notes, with the `error` it comes with and the cause it has without a user and on
/// behalf of one (the same where only one is given).
const TABLE: &[(&[u32], &str, Cause, Cause)] = {
    use Cause::*;
    &[
        (&[7_000_215, 70_002], "invalid_client", SecretRefused, SecretRefused),
        (&[7_000_222], "invalid_client", SecretExpired, SecretExpired),
        (&[7_000_218, 700_025, 70_021, 700_213, 650_052], "invalid_client", SetupFault, SetupFault),
        (
            &[700_027, 700_030, 50_012, 50_048, 700_021, 50_027],
            "invalid_client",
            CertificateRefused,
            CertificateRefused,
        ),
        (&[700_024], "invalid_client", ClockSkew, ClockSkew),
        (&[700_016, 700_011, 70_001, 7_000_112, 7_000_229], "unauthorized_client", AppNotFound, AppNotFound),
        (&[90_002], "invalid_tenant", TenantNotFound, TenantNotFound),
        (&[90_002, 900_023], "invalid_request", TenantNotFound, TenantNotFound),
        (&[90_038, 900_382, 900_432, 9_001_023, 50_194], "invalid_request", SetupFault, SetupFault),
        (&[50_059, 50_128, 90_019, 50_011, 500_113, 900_971], "invalid_request", SetupFault, SetupFault),
        (&[700_054, 70_005, 70_007, 70_003], "unsupported_response_type", SetupFault, SetupFault),
        (&[90_014, 900_144, 9_002_313, 90_023, 90_004, 50_049], "invalid_request", SetupFault, SetupFault),
        (&[900_561, 90_056, 901_002, 100_007, 50_147, 501_491, 90_008], "invalid_request", SetupFault, SetupFault),
        (&[70_011, 1_002_012, 28_002, 28_003, 700_022, 700_023], "invalid_scope", SetupFault, SetupFault),
        (&[50_001, 500_011, 650_057], "invalid_resource", SetupFault, SetupFault),
        (&[650_054, 650_056, 65_005], "unauthorized_client", NeedsConsent, NeedsConsent),
        (&[65_001], "invalid_grant", NeedsConsent, NeedsConsent),
        (&[65_004], "access_denied", NeedsConsent, NeedsConsent),
        (&[90_094, 90_095], "interaction_required", NeedsConsent, NeedsConsent),
        (&[50_105], "invalid_grant", Blocked, Blocked),
        (&[70_000, 70_008, 700_082, 700_084, 70_043, 50_173], "invalid_grant", Blocked, NeedsSignIn),
        (&[50_132, 50_133, 50_089, 54_005, 501_481, 700_005], "invalid_grant", Blocked, NeedsSignIn),
        (&[50_034, 50_020, 16_000, 90_072, 51_004], "invalid_grant", Blocked, WrongAccount),
        (&[50_126, 50_053, 50_055, 50_144, 50_057], "invalid_grant", Blocked, NeedsSignIn),
        (&[50_076, 50_079, 50_072, 50_074, 50_078, 50_158], "invalid_grant", Blocked, NeedsSignIn),
        (&[50_058], "login_required", Blocked, NeedsSignIn),
        (&[53_000, 53_001, 53_002, 50_097, 53_003, 530_032], "invalid_grant", Blocked, Blocked),
        (&[53_003], "access_denied", Blocked, Blocked),
        (&[530_034, 530_035, 50_131, 500_021, 500_022, 500_212, 500_213], "invalid_grant", Blocked, Blocked),
        (&[50_196], "invalid_grant", Throttled, Throttled),
        (&[90_033, 90_006, 90_012, 90_024, 90_090, 90_091], "temporarily_unavailable", ProviderDown, ProviderDown),
        (&[50_033, 50_087, 80_005, 50_000, 90_036, 90_092, 70_012], "server_error", ProviderDown, ProviderDown),
        (&[90_055], "temporarily_unavailable", Throttled, Throttled),
    ]
};

fn error(name: &str, number: u32) -> EntraError {
    EntraError {
        error: name.into(),
        error_description: Some(format!("AADSTS{number}: Text. Trace ID: t Correlation ID: c")),
        error_codes: vec![number],
        ..EntraError::default()
    }
}

fn failure(status: u16, error: &EntraError, flow: Flow) -> Box<Failure> {
    entra(status, error, flow, &seen_for_tests())
}

fn cause(name: &str, number: u32, flow: Flow) -> Cause {
    failure(400, &error(name, number), flow).cause
}

#[test]
fn every_code_has_its_cause_and_its_own_article() {
    for (numbers, name, alone, for_user) in TABLE {
        for number in *numbers {
            assert_eq!(cause(name, *number, ALONE), *alone, "{number} {name}");
            assert_eq!(cause(name, *number, FOR_USER), *for_user, "{number} {name}");
            let article = failure(400, &error(name, *number), FOR_USER).article();
            assert!(article.codes.contains(&format!("AADSTS{number}")), "{number} is explained by {}", article.key);
        }
    }
    let known: usize = TABLE.iter().map(|(numbers, ..)| numbers.len()).sum();
    let explained = articles::all().iter().flat_map(|article| &article.codes);
    let explained = explained.filter(|code| code.starts_with("AADSTS")).count();
    // 53003 and 90002 stand in the table twice.
    assert_eq!(known - 2, explained, "the table and the articles know the same codes");
}

#[test]
fn an_unknown_number_falls_back_to_what_the_error_says() {
    let cases = [
        ("invalid_client", Cause::SecretRefused, Cause::SecretRefused),
        ("invalid_grant", Cause::Blocked, Cause::NeedsSignIn),
        ("interaction_required", Cause::Blocked, Cause::NeedsSignIn),
        ("login_required", Cause::Blocked, Cause::NeedsSignIn),
        ("consent_required", Cause::NeedsConsent, Cause::NeedsConsent),
        ("unauthorized_client", Cause::AppNotFound, Cause::AppNotFound),
        ("invalid_tenant", Cause::TenantNotFound, Cause::TenantNotFound),
        ("invalid_scope", Cause::NeedsConsent, Cause::NeedsConsent),
        ("temporarily_unavailable", Cause::ProviderDown, Cause::ProviderDown),
        ("server_error", Cause::ProviderDown, Cause::ProviderDown),
        ("invalid_request", Cause::Other, Cause::Other),
        ("brand_new", Cause::Other, Cause::Other),
        ("", Cause::Other, Cause::Other),
    ];
    for (name, alone, for_user) in cases {
        assert_eq!(cause(name, 99_999, ALONE), alone, "{name}");
        assert_eq!(cause(name, 99_999, FOR_USER), for_user, "{name}");
    }
    assert_eq!(cause("invalid_client", 99_999, BY_CERTIFICATE), Cause::CertificateRefused);
}

#[test]
fn a_number_cannot_turn_a_refusal_into_something_that_passes_or_back() {
    let transient: HashMap<_, _> = [("temporarily_unavailable", true), ("server_error", true)].into();
    for (numbers, ..) in TABLE {
        for number in numbers.iter().filter(|number| **number != 50_196) {
            for name in ["invalid_client", "unauthorized_client", "invalid_tenant", "invalid_grant", "server_error"] {
                for flow in [ALONE, FOR_USER] {
                    let is_transient = cause(name, *number, flow).is_transient();
                    assert_eq!(is_transient, transient.contains_key(name), "{number} {name}");
                }
            }
        }
    }
}

#[test]
fn status_then_consent_then_claims_come_before_the_error() {
    let refused = error("invalid_client", 7_000_222);
    assert_eq!(failure(503, &refused, ALONE).cause, Cause::ProviderDown);
    assert_eq!(failure(429, &refused, ALONE).cause, Cause::Throttled);
    assert_eq!(failure(503, &error("x", 90_055), ALONE).cause, Cause::Throttled);

    let asks_more = |claims: &str| EntraError { claims: Some(claims.into()), ..error("invalid_request", 99_999) };
    let failure_with_claims = failure(400, &asks_more(r#"{"access_token":{}}"#), FOR_USER);
    assert_eq!(failure_with_claims.cause, Cause::NeedsSignIn);
    assert_eq!(failure_with_claims.claims.as_deref(), Some(r#"{"access_token":{}}"#));
    assert_eq!(failure(400, &asks_more("{}"), ALONE).cause, Cause::Blocked);

    let consent = EntraError { suberror: Some("consent_required".into()), ..error("invalid_grant", 99_999) };
    assert_eq!(failure(400, &consent, ALONE).cause, Cause::NeedsConsent);

    let garbled = EntraError { suberror: Some("bad_token".into()), ..error("invalid_grant", 9_002_313) };
    assert_eq!(failure(400, &garbled, FOR_USER).cause, Cause::NeedsSignIn);
}

#[test]
fn a_wrapper_gives_way_to_the_number_it_wraps() {
    let wrapped = EntraError { error_codes: vec![70_002, 7_000_222], ..error("invalid_client", 70_002) };
    let failure = failure(401, &wrapped, ALONE);
    assert_eq!((failure.cause, failure.code), (Cause::SecretExpired, Some(Code::Aadsts(7_000_222))));
}

#[test]
fn everything_that_support_asks_for_is_kept_and_nothing_odd() {
    let kept = EntraError {
        suberror: Some("basic_action".into()),
        trace_id: Some("62b3-1".into()),
        correlation_id: Some("<script>".into()),
        ..error("invalid_grant", 50_076)
    };
    let failure = failure(400, &kept, FOR_USER);
    assert_eq!(failure.message, "AADSTS50076: Text.");
    assert_eq!(failure.oauth_error.as_deref(), Some("invalid_grant"));
    assert_eq!(failure.suberror.as_deref(), Some("basic_action"));
    assert_eq!(failure.trace_id.as_deref(), Some("62b3-1"));
    assert_eq!(failure.correlation_id.as_deref(), Some("6f1d"), "an odd ID leaves the one that was sent");
}

#[test]
fn what_passes_says_when_to_try_again_and_the_rest_says_no() {
    let retry = |name, number| failure(400, &error(name, number), ALONE).retry;
    assert_eq!(retry("invalid_client", 7_000_215), Retry::No);
    assert_eq!(retry("invalid_client", 700_024), Retry::OnceNow);
    assert_eq!(retry("invalid_grant", 50_196), Retry::After(60));
    assert_eq!(retry("server_error", 50_000), Retry::Backoff);
    let seen = Seen { retry_after: Some(7), ..seen_for_tests() };
    assert_eq!(busy(503, &seen).retry, Retry::After(7));
    assert_eq!(busy(429, &seen).retry, Retry::After(7));
    assert_eq!(busy(429, &seen_for_tests()).retry, Retry::After(60));
    assert_eq!(transport(Transport::Dns, &seen_for_tests()).retry, Retry::Backoff);
}

fn asked_graph(status: u16, code: &str, challenge: Option<&str>) -> Box<Failure> {
    let json = format!(r#"{{"error":{{"code":"{code}","message":"Text.","innererror":{{}}}}}}"#);
    graph(status, &serde_json::from_str(&json).unwrap(), challenge, &seen_for_tests())
}

#[test]
fn every_code_of_graph_has_its_cause() {
    let cases = [
        (401, "InvalidAuthenticationToken", Cause::SetupFault),
        (401, "NoPermissionsInAccessToken", Cause::NeedsConsent),
        (403, "NoPermissionsInAccessToken", Cause::NeedsConsent),
        (403, "ErrorAccessDenied", Cause::NoAccess),
        (403, "ErrorSendAsDenied", Cause::NoAccess),
        (403, "Authorization_RequestDenied", Cause::NeedsConsent),
        (404, "ErrorInvalidUser", Cause::MailboxNotFound),
        (404, "MailboxNotEnabledForRESTAPI", Cause::MailboxNotFound),
        (404, "ErrorItemNotFound", Cause::MailboxNotFound),
        (404, "ResourceNotFound", Cause::MailboxNotFound),
        (404, "Request_ResourceNotFound", Cause::MailboxNotFound),
        (400, "ErrorNonExistentMailbox", Cause::MailboxNotFound),
        (404, "MailboxNotHostedInExchangeOnline", Cause::MailboxNotFound),
        (404, "ErrorMailboxStoreUnavailable", Cause::MailboxNotFound),
        (400, "ErrorInvalidRecipients", Cause::SetupFault),
        (400, "ErrorMimeContentInvalidBase64String", Cause::SetupFault),
        (429, "ApplicationThrottled", Cause::Throttled),
        (429, "TooManyRequests", Cause::Throttled),
        (429, "activityLimitReached", Cause::Throttled),
        (503, "ServiceUnavailable", Cause::ProviderDown),
        (503, "serviceNotAvailable", Cause::ProviderDown),
    ];
    for (status, code, cause) in cases {
        let failure = asked_graph(status, code, None);
        assert_eq!(failure.cause, cause, "{status} {code}");
        let article = failure.article();
        assert!(article.codes.iter().any(|known| known == code), "{code} is explained by {}", article.key);
    }
    for (status, cause) in [
        (400, Cause::Other),
        (401, Cause::SetupFault),
        (403, Cause::NoAccess),
        (404, Cause::MailboxNotFound),
        (409, Cause::Other),
        (429, Cause::Throttled),
        (500, Cause::ProviderDown),
    ] {
        assert_eq!(asked_graph(status, "BrandNew", None).cause, cause, "{status}");
        assert_eq!(asked_graph(status, "<odd>", None).code, Some(Code::Http(status)));
    }
}

#[test]
fn a_refused_token_is_tried_once_more_and_a_challenge_is_kept() {
    assert_eq!(asked_graph(401, "InvalidAuthenticationToken", None).retry, Retry::OnceNow);
    let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let failure = asked_graph(401, "InvalidAuthenticationToken", Some(challenge));
    assert_eq!((failure.cause, failure.retry), (Cause::Blocked, Retry::No));
    assert_eq!(failure.claims.as_deref(), Some(r#"{"access_token":{}}"#));
    let odd = asked_graph(401, "x", Some(r#"Bearer error="insufficient_claims", claims="!!""#));
    assert_eq!((odd.cause, odd.claims), (Cause::Blocked, None));
}
