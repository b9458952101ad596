//! The script that limits an application to its mailboxes, filled in; and as a file to take along.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::{AppError, Result};

use super::script::{Limit, MOST_ADDRESSES};
use super::{Application, used_by};

/// The script for the mailboxes that use `application` now; nothing while there are none.
///
/// # Errors
/// If the database cannot answer.
pub async fn script(app: &App, application: &Application) -> Result<Option<String>> {
    // One more than are listed, to tell whether there are more.
    let addresses = used_by::addresses(&app.db, &application.id, MOST_ADDRESSES as i64 + 1).await?;
    let public = app.config.public_url.as_str().trim_end_matches('/');
    let limit = Limit {
        name: &application.name,
        client_id: &application.client_id.to_string(),
        cloud: application.cloud,
        addresses: &addresses,
        export: &format!("{public}/mailboxes.csv?app={}", application.id),
    };
    Ok((!addresses.is_empty()).then(|| limit.script()))
}

/// The script as a file.
///
/// # Errors
/// If no mailbox uses the application, or the database cannot answer.
pub async fn download(app: &App, application: &Application) -> Result<Response> {
    let script = script(app, application).await?.ok_or(AppError::Conflict(
        "No mailbox uses this application yet, so there is nothing to limit it to. Add the mailboxes first.",
    ))?;
    let file: String = application.client_id.to_string().chars().take(8).collect();
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"limit-{file}.ps1\"")),
    ];
    // Without the mark, Windows PowerShell reads the file in the code page of the computer.
    Ok((headers, format!("\u{feff}{}", script.replace('\n', "\r\n"))).into_response())
}
