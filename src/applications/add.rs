//! Stores an application and its credential in one write, with everything secret sealed before the write begins.

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CredentialId};
use crate::microsoft::certificate;
use crate::secrets::Sealed;

use super::Application;
use super::credential::{Credential, Kind, State};
use super::form::{NewApplication, Proof};
use super::store::{self, Written};

/// Days for which a certificate of ours is good.
const CERTIFICATE_DAYS: u32 = 730;
/// How many last characters of a secret are shown. Entra shows the first three, so these identify no more than that.
const HINT: usize = 3;

/// A credential ready to be stored.
#[derive(Debug)]
pub struct SealedCredential {
    /// What may be shown of it.
    pub credential: Credential,
    /// What may not.
    pub sealed: Sealed,
}

/// Seals a secret, or makes a key pair and seals its private key.
///
/// # Errors
/// If the key pair cannot be made or the keyring refuses.
pub async fn seal(
    app: &App,
    application: &ApplicationId,
    name: &str,
    by: &str,
    proof: Proof,
) -> Result<SealedCredential> {
    let now = app.clock.now();
    let id = CredentialId::new(now, &app.chance);
    let mut credential = Credential {
        id: id.clone(),
        application_id: application.clone(),
        kind: proof.kind(),
        state: State::Untested,
        hint: String::new(),
        certificate_pem: String::new(),
        thumbprint_sha256: String::new(),
        expires_at: None,
        created_by: by.to_owned(),
        created_at: now,
        answered_at: None,
        last_used_at: None,
        retired_at: None,
    };
    let secret = match proof {
        Proof::Secret { value, ends } => {
            credential.hint = ending(&value);
            credential.expires_at = ends;
            value
        }
        Proof::Certificate => {
            let common_name = format!("Postkey {name}");
            let made = tokio::task::spawn_blocking(move || certificate::make(&common_name, now, CERTIFICATE_DAYS));
            let made = made.await.map_err(AppError::internal)?.context("the key pair could not be made")?;
            credential.hint = made.thumbprint_sha1;
            credential.thumbprint_sha256 = made.thumbprint.to_string();
            credential.certificate_pem = made.pem;
            credential.expires_at = Some(made.not_after);
            made.private_key_pem
        }
    };
    let sealed = app.keyring.seal(Credential::place(&id), &secret).map_err(AppError::internal)?;
    Ok(SealedCredential { credential, sealed })
}

fn ending(secret: &SecretString) -> String {
    let text: Vec<char> = secret.expose_secret().chars().collect();
    // Of a very short secret even three characters would be too much.
    let shown = if text.len() >= 16 { HINT } else { 0 };
    text[text.len() - shown..].iter().collect()
}

/// Prepares an application with its credential; nothing is written yet.
///
/// # Errors
/// As [`seal`].
pub async fn prepare(app: &App, new: NewApplication, by: &str) -> Result<(Application, SealedCredential)> {
    let now = app.clock.now();
    let application = Application {
        id: ApplicationId::new(now, &app.chance),
        name: new.name,
        cloud: new.cloud,
        tenant_id: new.tenant.guid(),
        tenant: new.tenant,
        client_id: new.client_id,
        credential_ends_at: None,
        created_by: by.to_owned(),
        created_at: now,
        version: 1,
    };
    let credential = seal(app, &application.id, &application.name, by, new.proof).await?;
    Ok((application, credential))
}

/// Writes what [`prepare`] made, and says so in the audit.
///
/// # Errors
/// If the database refuses.
pub async fn write(
    tx: &mut Tx,
    app: &App,
    application: &Application,
    credential: &SealedCredential,
) -> Result<Written> {
    let written = store::insert(tx, application).await?;
    if written != Written::Done {
        return Ok(written);
    }
    let entry = audit::Entry {
        actor: &application.created_by,
        action: "application.added",
        object: application.id.as_str(),
        detail: &application.name,
    };
    audit::record(tx, app, entry).await?;
    write_credential(tx, app, credential).await?;
    Ok(Written::Done)
}

/// Writes one more credential of an application, and says so in the audit.
///
/// # Errors
/// If the database refuses.
pub async fn write_credential(tx: &mut Tx, app: &App, added: &SealedCredential) -> Result<()> {
    let credential = &added.credential;
    store::insert_credential(tx, credential, &added.sealed).await?;
    let what = match credential.kind {
        Kind::Secret => "a secret",
        Kind::Certificate => "a certificate",
    };
    let entry = audit::Entry {
        actor: &credential.created_by,
        action: "credential.added",
        object: credential.application_id.as_str(),
        detail: what,
    };
    audit::record(tx, app, entry).await
}
