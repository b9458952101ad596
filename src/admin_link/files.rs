//! `GET /a/{code}/limit.ps1` and `GET /a/{code}/certificate.cer`: what an administrator takes along.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::app::App;
use crate::applications::{credentials, limit, store as applications};
use crate::error::{AppError, Result};
use crate::web::csrf::FormKey;

use super::{door, steps};

/// `GET /a/{code}/limit.ps1`
pub async fn script(State(app): State<App>, key: FormKey, Path(code): Path<String>) -> Result<Response> {
    match door::open(&app, &key, &code).await? {
        Ok((_, application)) => limit::download(&app, &application).await,
        Err(ended) => Ok(*ended),
    }
}

/// `GET /a/{code}/certificate.cer`: public, as certificates are; the private key never leaves.
pub async fn certificate(State(app): State<App>, key: FormKey, Path(code): Path<String>) -> Result<Response> {
    let application = match door::open(&app, &key, &code).await? {
        Ok((_, application)) => application,
        Err(ended) => return Ok(*ended),
    };
    let all = applications::credentials(&app.db, &application.id).await?;
    credentials::download(steps::certificate(&all).ok_or(AppError::NotFound)?)
}
