//! Faults of Microsoft's own that pass. The live HTTP status of these is not documented; 5xx is the simulator's choice.

use super::Aadsts;

const fn unavailable(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "temporarily_unavailable", 503, text)
}

const fn server_error(number: u32, text: &'static str) -> Aadsts {
    Aadsts::new(number, "server_error", 500, text)
}

pub(super) const CODES: &[Aadsts] = &[
    unavailable(90_033, "A transient error has occurred. Please try again."),
    unavailable(90_006, "The service is temporarily unavailable. Please retry later."),
    unavailable(90_012, "The request has timed out."),
    unavailable(90_024, "The request budget of the server was exceeded. Please retry later."),
    unavailable(90_090, "The Microsoft Graph service is not available to the server. Please retry later."),
    unavailable(50_033, "A recoverable error has occurred. Retryable."),
    unavailable(50_087, "A transient error has occurred during strong authentication. Please try again."),
    unavailable(80_005, "A transient error occurred while communicating with Active Directory. Please retry."),
    unavailable(90_091, "A transient failure of a dependency. Please retry later."),
    unavailable(
        90_055,
        "The server has terminated this request because there are too many requests in tenant '{tenant}'.",
    ),
    server_error(50_000, "There was an error issuing a token or an issue with the sign-in service."),
    server_error(90_036, "An unexpected, non-retryable error occurred in the directory service."),
    server_error(90_092, "A non-retryable error of Microsoft Graph has occurred."),
    server_error(70_012, "A server error occurred while authenticating a Microsoft account (consumer) user."),
];
