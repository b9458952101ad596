//! The application or the tenant is set up wrongly.

use super::{Aadsts, invalid_client, invalid_request, unauthorized_client};

const UNSUPPORTED_RESPONSE: &str = "unsupported_response_type";

pub(super) const CODES: &[Aadsts] = &[
    invalid_client(
        7_000_215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'.",
    ),
    invalid_client(
        7_000_222,
        "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
    ),
    invalid_client(
        7_000_218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    invalid_client(70_002, "Error validating credentials. AADSTS50012: Invalid client secret is provided.")
        .also(50_012),
    invalid_client(700_025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
    invalid_client(
        700_027,
        "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '{client}'.]",
    ),
    invalid_client(
        700_024,
        "Client assertion is not within its valid time range. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
    ),
    invalid_client(
        700_021,
        "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
    ),
    invalid_client(
        700_030,
        "Invalid certificate - subject name in certificate is not authorized. SubjectNames/SubjectAlternativeNames (up to 10) in token certificate are: .",
    ),
    invalid_client(
        50_012,
        "Client assertion contains an invalid signature, audience or chain, or its thumbprint is not authorized.",
    ),
    invalid_client(50_027, "Invalid JWT token. Token format not proper."),
    invalid_client(50_048, "Subject must match Issuer claim in the client assertion."),
    invalid_client(
        70_021,
        "No matching federated identity record found for presented assertion. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    ),
    invalid_client(
        700_213,
        "No matching federated identity record found for presented assertion subject. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
    ),
    unauthorized_client(
        700_016,
        "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    unauthorized_client(700_011, "Application with identifier '{client}' was not found in the directory '{tenant}'."),
    unauthorized_client(70_001, "The application is disabled or was not found in the directory '{tenant}'."),
    unauthorized_client(7_000_112, "Application '{client}' is disabled."),
    unauthorized_client(
        7_000_229,
        "The client application '{client}' is missing service principal in the tenant '{tenant}'.",
    ),
    Aadsts::new(
        90_002,
        "invalid_tenant",
        400,
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
    ),
    invalid_request(
        900_023,
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
    ),
    invalid_request(
        90_038,
        "Confidential Client is not supported in cross cloud request: tenant '{tenant}' belongs to another national cloud.",
    ),
    invalid_request(900_382, "Confidential Client is not supported in Cross Cloud request."),
    invalid_request(900_432, "Confidential Client is not supported in Cross Cloud request."),
    invalid_request(
        9_001_023,
        "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
    ),
    invalid_request(
        50_194,
        "Application '{client}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
    ),
    Aadsts::new(50_049, "invalid_instance", 400, "Unknown or invalid instance."),
    invalid_request(
        50_059,
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    invalid_request(
        50_128,
        "Invalid domain name - No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    invalid_request(
        90_019,
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    ),
    invalid_request(
        50_011,
        "The redirect URI specified in the request does not match the redirect URIs configured for the application '{client}'.",
    ),
    invalid_request(500_113, "No reply address is registered for the application."),
    invalid_request(900_971, "No reply address provided."),
    Aadsts::new(700_054, UNSUPPORTED_RESPONSE, 400, "response_type 'id_token' is not enabled for the application."),
    Aadsts::new(
        70_005,
        UNSUPPORTED_RESPONSE,
        400,
        "The application requested a response type that the server does not support.",
    ),
    Aadsts::new(
        70_007,
        UNSUPPORTED_RESPONSE,
        400,
        "The application returned an unsupported value of 'response_mode' when requesting a token.",
    ),
    Aadsts::new(70_003, "unsupported_grant_type", 400, "The application requested an unsupported grant type."),
    invalid_request(90_014, "The required field is missing from the credential."),
    invalid_request(900_144, "The request body must contain a required parameter that is missing."),
    invalid_request(9_002_313, "Invalid request. Request is malformed or invalid."),
    invalid_request(90_023, "Invalid STS request."),
    invalid_request(90_004, "The request is not properly formatted."),
    invalid_request(900_561, "The endpoint only accepts POST requests. Received a GET request."),
    invalid_request(90_056, "The resource is invalid."),
    invalid_request(901_002, "The 'resource' request parameter is not supported. Use 'scope' on the v2.0 endpoint."),
    invalid_request(100_007, "Entra Regional is not available to this application."),
];
