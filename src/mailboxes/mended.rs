//! When an application works again, the mailboxes that its trouble stopped are checked, so that nobody has to.

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::error::Result;
use crate::ids::ApplicationId;

use super::{check, store};

/// Checks at once, of one application.
const AT_ONCE: usize = 4;

/// Listens until Postkey stops.
pub async fn follow(app: App, mut mended: Receiver<ApplicationId>) {
    loop {
        let heard = tokio::select! {
            heard = mended.recv() => heard,
            () = app.stopping.cancelled() => return,
        };
        match heard {
            Ok(application) => match check_stopped(&app, &application).await {
                Ok(0) => {}
                Ok(mailboxes) => tracing::info!(%application, mailboxes, "checked what an application had stopped"),
                Err(cause) => {
                    tracing::warn!(%application, cause = %cause.chain(), "what an application had stopped was not checked");
                }
            },
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "mended applications were missed"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Checks the mailboxes of `application` that were stopped by something of the application's: one first, and the others
/// only if that one opens. Gives how many were checked.
///
/// # Errors
/// If the database cannot answer.
pub async fn check_stopped(app: &App, application: &ApplicationId) -> Result<usize> {
    let mut stopped = store::stopped_by_application(&app.db, application).await?.into_iter();
    let Some(first) = stopped.next() else { return Ok(0) };
    if !check::run_as_postkey(app, first).await? {
        return Ok(1);
    }
    let checked = stream::iter(stopped)
        .take_until(app.stopping.cancelled())
        .map(|id| async move {
            let ran = check::run_as_postkey(app, id.clone()).await;
            ran.inspect_err(
                |cause| tracing::warn!(mailbox = %id, cause = %cause.chain(), "a check was not written down"),
            )
        })
        .buffer_unordered(AT_ONCE)
        .filter(|ran| std::future::ready(ran.is_ok()))
        .count()
        .await;
    Ok(1 + checked)
}
