//! Shows one credential to Microsoft because a person asked, and waits a little for the answer.

use std::time::Duration;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::microsoft::{ApplicationRef, Failure};
use crate::telemetry;
use crate::tokens::obtain;
use crate::words::Cause;

use super::standing::called;
use super::{Application, Credential, store};

/// How long a person waits before the page says that Microsoft is still being asked.
const PATIENCE: Duration = Duration::from_secs(4);

/// What Microsoft said. With what was wrong comes the article that explains it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It issued a token for it.
    Accepted,
    /// It refused it.
    Refused(&'static str),
    /// Something else was wrong, so nothing is known of the credential.
    Unclear(&'static str),
    /// It has not answered yet.
    Asking,
}

/// Starts the trial and waits a little for its end. It goes on if the person leaves.
///
/// # Errors
/// If the answer could not be written down.
pub async fn start(app: &App, application: &Application, credential: &Credential, by: &str) -> Result<Verdict> {
    let request = telemetry::request_id();
    let work = run(app.clone(), application.clone(), credential.clone(), by.to_owned());
    // Said here too, because nobody may be waiting for it any more.
    let work =
        async { work.await.inspect_err(|cause| tracing::warn!(cause = %cause.chain(), "a test was not written down")) };
    let task = app.tasks.spawn(telemetry::with_request_id(request, work));
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(cause)) => Err(AppError::internal(cause)),
        Err(_) => Ok(Verdict::Asking),
    }
}

async fn run(app: App, application: Application, credential: Credential, by: String) -> Result<Verdict> {
    let what = called(&credential);
    note(&app, &application, &by, "credential.test_asked", &what).await?;
    let (verdict, said) = match ask(&app, &application, &credential).await? {
        Ok(()) => (Verdict::Accepted, "accepted".to_owned()),
        Err(failure) => (verdict(&failure), failure.cause.label().to_owned()),
    };
    note(&app, &application, &by, "credential.tested", &format!("{what}: {said}")).await?;
    if verdict == Verdict::Accepted {
        // Nobody listens while Postkey stops; then there is nothing to tell either.
        let _ = app.mended.send(application.id);
    }
    Ok(verdict)
}

async fn note(app: &App, application: &Application, by: &str, action: &'static str, detail: &str) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let entry = audit::Entry { actor: by, action, object: application.id.as_str(), detail };
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}

async fn ask(app: &App, application: &Application, credential: &Credential) -> Result<Result<(), Box<Failure>>> {
    match known(app, application).await? {
        Ok(known) => obtain::test_credential(app, application, &known, credential).await,
        Err(failure) => Ok(Err(failure)),
    }
}

/// The application as Microsoft knows it. Asks for the tenant's GUID until it has been told once.
///
/// # Errors
/// If the database cannot answer. The inner error is Microsoft's.
pub async fn known(app: &App, application: &Application) -> Result<Result<ApplicationRef, Box<Failure>>> {
    if let Some(known) = application.known_to_microsoft() {
        return Ok(Ok(known));
    }
    let tenant = match app.microsoft.tenant(application.cloud, &application.tenant).await {
        Ok(found) => found.id,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut tx = app.db.begin().await?;
    store::set_tenant_id(&mut tx, &application.id, &application.tenant, tenant).await?;
    tx.commit().await?;
    Ok(Ok(ApplicationRef { cloud: application.cloud, tenant, client_id: application.client_id }))
}

fn verdict(failure: &Failure) -> Verdict {
    let key = failure.article().key.as_str();
    match failure.cause {
        Cause::SecretExpired | Cause::SecretRefused | Cause::CertificateRefused => Verdict::Refused(key),
        _ => Verdict::Unclear(key),
    }
}
