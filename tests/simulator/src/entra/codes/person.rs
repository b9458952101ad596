//! The person, the grant, and policy.

use super::{Aadsts, invalid_grant, invalid_request};

const MULTI_FACTOR: &str = "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.";

const fn interaction(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "interaction_required", 400, text).with_claims()
}

pub(super) const CODES: &[Aadsts] = &[
    invalid_grant(70_000, "The provided value for the 'refresh_token' or 'code' is not valid."),
    invalid_grant(70_008, "The provided authorization code or refresh token has expired or been revoked."),
    invalid_grant(
        700_082,
        "The refresh token has expired due to inactivity. The token was issued on 2025-01-01T00:00:00.0000000Z and was inactive for 90.00:00:00.",
    )
    .suberror("bad_token"),
    invalid_grant(
        700_084,
        "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which can't be extended.",
    ),
    invalid_grant(
        70_043,
        "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.",
    ),
    invalid_grant(50_173, "The provided grant has expired due to it being revoked, a fresh auth token is needed."),
    invalid_grant(
        50_132,
        "The session is not valid due to the following reasons: password expiration or recent password change, SSO Artifact is invalid or expired, session is not fresh enough for application, or a silent sign-in request was sent but the user's session is invalid.",
    ),
    invalid_grant(50_133, "Session is invalid due to expiration or recent password change."),
    invalid_grant(50_089, "Authentication failed due to flow token expired."),
    invalid_grant(
        54_005,
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
    ),
    invalid_grant(501_481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    invalid_request(50_147, "Missing or invalid code challenge parameter."),
    invalid_request(501_491, "Invalid size of Code_Challenge parameter."),
    invalid_grant(
        700_005,
        "Provided Authorization Code is intended to use against other tenant, thus rejected.",
    ),
    invalid_grant(50_034, "The user account does not exist in the '{tenant}' directory."),
    invalid_grant(
        50_020,
        "User account from another identity provider does not exist in tenant '{tenant}' and cannot access the application '{client}' in that tenant. The account needs to be added as an external user in the tenant first.",
    ),
    invalid_grant(
        16_000,
        "User account from another identity provider does not exist in tenant '{tenant}' and cannot access the application '{client}' in that tenant.",
    ),
    invalid_grant(
        90_072,
        "User account from an external identity provider does not exist in tenant '{tenant}'. The account needs to be added as an external user in the tenant first.",
    ),
    invalid_grant(50_126, "Error validating credentials due to invalid username or password."),
    invalid_grant(
        50_053,
        "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
    ),
    invalid_grant(50_055, "The password is expired."),
    invalid_grant(50_144, "User's Active Directory password has expired."),
    invalid_grant(50_057, "The user account is disabled."),
    invalid_grant(50_076, MULTI_FACTOR).suberror("basic_action"),
    interaction(
        50_079,
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.",
    ),
    interaction(50_072, "The user needs to enroll for second factor authentication (interactive)."),
    interaction(50_074, "Strong Authentication is required."),
    interaction(
        50_078,
        "Presented multi-factor authentication has expired due to policies configured by your administrator, you must refresh your multi-factor authentication to access '00000003-0000-0000-c000-000000000000'.",
    ),
    interaction(50_158, "External security challenge not satisfied. User will be redirected to another page."),
    invalid_grant(
        53_000,
        "Device is not in required device state. Conditional Access policy requires a compliant device, and the device is not compliant.",
    )
    .suberror("message_only"),
    invalid_grant(
        53_001,
        "Device is not in required device state. Conditional Access policy requires a domain joined device, and the device is not domain joined.",
    )
    .suberror("message_only"),
    invalid_grant(
        53_002,
        "Application used is not an approved application for Conditional Access. User needs to use one of the apps from the list of approved applications to use in order to get access.",
    ),
    invalid_grant(
        53_003,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    ),
    invalid_grant(530_032, "Access has been blocked by security policy configured by your tenant administrator."),
    invalid_grant(530_034, "Access has been blocked by a delegated administrator policy of the tenant '{tenant}'."),
    invalid_grant(530_035, "Access has been blocked by security defaults."),
    invalid_grant(50_131, "Sign in was blocked due to a Conditional Access failure, such as a bad device state."),
    invalid_grant(
        500_021,
        "Access to '{tenant}' tenant is denied by the tenant restriction policy of your network.",
    ),
    invalid_grant(500_022, "Indicates the tenant restriction feature is configured and the user is trying to access a tenant that isn't in the list of allowed tenants."),
    invalid_grant(500_212, "Your organization's outbound cross-tenant access policy doesn't allow access to '{tenant}'."),
    invalid_grant(500_213, "The resource tenant's cross-tenant access policy does not allow this user to access '{tenant}'."),
    Aadsts::new(50_058, "login_required", 400, "A silent sign-in request was sent but no user is signed in."),
    invalid_grant(
        50_196,
        "The server terminated an operation because it encountered a loop while processing a request.",
    ),
];
