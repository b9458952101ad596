//! Scopes, resources and consent.

use super::{
    Aadsts, invalid_client, invalid_grant, invalid_request, invalid_resource, invalid_scope, unauthorized_client,
};

pub(super) const CODES: &[Aadsts] = &[
    invalid_scope(
        70_011,
        "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
    ),
    invalid_scope(
        1_002_012,
        "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
    ),
    invalid_scope(
        28_002,
        "Provided value for the input parameter scope '{scope}' isn't valid when requesting an access token.",
    ),
    invalid_scope(
        28_003,
        "Provided value for the input parameter scope can't be empty when requesting an access token using the provided authorization code.",
    ),
    invalid_scope(
        700_022,
        "Invalid value specified for the input parameter scope because it contains more than one resource.",
    ),
    invalid_scope(
        700_023,
        "Invalid value specified for the input parameter scope because it contains no resource.",
    ),
    invalid_resource(50_001, "The resource principal named in {scope} is disabled or was not found."),
    invalid_resource(
        500_011,
        "The resource principal named {scope} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
    ),
    invalid_client(
        650_052,
        "The app is trying to access a service that your organization '{tenant}' lacks a service principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to the application in order to create the required service principal.",
    ),
    unauthorized_client(
        650_054,
        "The application asked for permissions to access a resource that has been removed or is no longer available.",
    ),
    unauthorized_client(
        650_056,
        "Misconfigured application. This could be due to one of the following: the client has not listed any permissions in the client's application registration, or the admin has not consented in the tenant, or the application identifier in the request is wrong, or the client has an invalid certificate.",
    ),
    unauthorized_client(
        65_005,
        "The application '{client}' asked for permissions its registration does not list.",
    ),
    invalid_resource(
        650_057,
        "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: {client}.",
    ),
    invalid_grant(
        65_001,
        "The user or administrator has not consented to use the application with ID '{client}'. Send an interactive authorization request for this user and resource.",
    )
    .suberror("consent_required"),
    Aadsts::new(65_004, "access_denied", 400, "User declined to consent to access the app."),
    Aadsts::new(
        90_094,
        "access_denied",
        400,
        "An administrator of '{tenant}' must grant the permissions this application asks for.",
    ),
    Aadsts::new(90_095, "access_denied", 400, "Admin consent is required. The request was sent to an administrator."),
    invalid_request(
        90_008,
        "The user or administrator hasn't consented to use the application. At the minimum, the application requires access to the directory by specifying the sign-in and read user profile permission.",
    ),
    invalid_grant(
        50_105,
        "Your administrator has configured the application '{client}' to block users unless they are specifically granted ('assigned') access to the application.",
    ),
];
