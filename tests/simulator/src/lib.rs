//! Plays Microsoft Entra ID and Microsoft Graph over real HTTP, for tests and demonstrations.
//!
//! One listener serves everything. The authority (what stands for `https://login.microsoftonline.com`) is at the root,
//! because clients want authorities of the form `https://host/tenant`; Graph is under `/graph`; a control page with its
//! JSON API is under `/_control`.
//!
//! ```text
//! GET  /{tenant}/v2.0/.well-known/openid-configuration
//! GET  /{tenant}/discovery/v2.0/keys
//! GET  /common/discovery/instance
//! POST /{tenant}/oauth2/v2.0/token                                   client credentials, code, refresh token;
//!                                                                    by secret or certificate
//! GET  /{tenant}/oauth2/v2.0/authorize                               people sign in and consent, on pages
//! POST /{tenant}/signin/{flow}                                       what they do there
//! GET  /{tenant}/oauth2/v2.0/logout
//! GET  /{tenant}/v2.0/adminconsent, /{tenant}/adminconsent           an administrator consents for everybody
//! GET  /graph/v1.0/me
//! GET  /graph/v1.0/users/{m}
//! GET  /graph/v1.0/users/{m}/mailboxSettings
//! GET  /graph/v1.0/users/{m}/mailFolders/inbox
//! GET, POST  /graph/v1.0/users/{m}/messages
//! DELETE     /graph/v1.0/users/{m}/messages/{id}
//! POST /graph/v1.0/users/{m}/messages/{id}/permanentDelete
//! POST /graph/v1.0/users/{m}/sendMail                                these also under /me, for people
//! GET  /error?code=n                                                 where `error_uri` leads
//! ```
//!
//! What exists is the [`Estate`]; what goes wrong are its [`Fault`]s; what happened is in [`Simulator::requests`] and
//! the [`Outbox`]. All of it may be changed while the simulator runs.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use postkey_simulator::{Fault, Kind, Options, Simulator};
//!
//! let microsoft = Simulator::start(Options::default()).await?;
//! let client_id = microsoft.estate(|estate| estate.application("Contoso Mail").map(|it| it.client_id));
//! microsoft.fault(Fault::aadsts(7_000_222).times(1));
//! // … let the program under test ask microsoft.authority() for a token …
//! microsoft.wait_for(Kind::Token, 1).await;
//! microsoft.stop().await;
//! # let _ = client_id; Ok(()) }
//! ```
//!
//! People sign in on pages, or by [`Simulator::approve`] and [`Simulator::decline`], which go through the same pages
//! without a browser: hand them the address that the program under test would open, and hand the address they answer
//! to the program as if a browser had been sent there.
//!
//! ```no_run
//! # async fn example(microsoft: &postkey_simulator::Simulator, authorize: &str) -> anyhow::Result<()> {
//! microsoft.estate(|estate| {
//!     let sign_in = estate.sign_in_mut("Contoso Sign-in").expect("it is in the sample estate");
//!     sign_in.redirect_uris.insert("http://127.0.0.1/oauth/callback".to_owned());
//! });
//! let callback = microsoft.approve(authorize, "olga@contoso.example").await?;
//! assert!(callback.contains("code="));
//! # Ok(()) }
//! ```

mod asked;
mod chance;
mod clock;
mod control;
mod entra;
mod estate;
mod faults;
mod front;
mod graph;
mod kind;
mod requests;
mod routes;
mod server;
mod simulator;
mod tls;
mod world;

pub use clock::SimClock;
pub use entra::codes;
pub use estate::{
    Application, Certificate, Earlier, Estate, Family, Grants, Home, Lifetime, Mailbox, MailboxKind, Mailboxes,
    Message, Outbox, People, Permission, Person, Revoked, Rotation, Scope, Secret, Sent, Settings, SignIn, SignedIn,
    State, Tenant, Why,
};
pub use faults::{Bend, Failure, Fault, FaultId, Faults, Page, Place, RetryAfter};
pub use graph::Refusal;
pub use kind::{Call, Kind};
pub use requests::{Code, Recorded};
pub use simulator::{Options, Simulator};
pub use tls::Tls;
