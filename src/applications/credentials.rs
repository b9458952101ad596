//! Adds secrets and certificates beside the ones that are there, hands out the certificate, and tests.

use anyhow::Context;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::app::App;
use crate::error::{AppError, Result};
use crate::ids::{ApplicationId, CredentialId};
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};
use crate::words::LinkKind;

use super::form::{self, Fields, Proof, Typed};
use super::show::{Place, place};
use super::trial::{self, Verdict};
use super::{Application, Credential, Kind, add, credential, store};

#[derive(Template)]
#[template(path = "applications/secret.html")]
struct NewSecret {
    shell: Shell,
    errors: FormErrors,
    id: String,
    name: String,
    fields: Fields,
    place: Place,
}

#[derive(Template)]
#[template(path = "applications/confirm.html")]
struct AskCertificate {
    shell: Shell,
    id: String,
    name: String,
    title: String,
    action: String,
    button: String,
    text: Vec<String>,
    look: &'static str,
}

fn secret_page(app: &App, me: &SignedIn, application: &Application, typed: &Typed, errors: FormErrors) -> NewSecret {
    NewSecret {
        shell: me.shell(app, Section::Applications).titled(title_prefix(&errors)),
        id: application.id.to_string(),
        name: application.name.clone(),
        fields: Fields::new(app, typed, &errors),
        place: place(app, application, LinkKind::CertificatesAndSecrets),
        errors,
    }
}

/// `GET /applications/{id}/secrets/new`
pub async fn new_secret(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let page = secret_page(&app, &me, &application, &Typed::default(), FormErrors::default());
    Ok(Page::new(page).into_response())
}

/// `POST /applications/{id}/secrets/new`: stores first, then tests. What was used before stays until the new one is
/// accepted.
pub async fn create_secret(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let mut errors = FormErrors::default();
    let typed = Typed { proof: Kind::Secret.value().to_owned(), ..typed };
    let Some(proof) = form::proof(&app, &typed, &mut errors) else {
        return Ok(Page::refused(secret_page(&app, &me, &application, &typed, errors)).into_response());
    };
    let added = save(&app, &me, &application, proof).await?;
    let verdict = match trial::start(&app, &application, &added, &me.user.name).await {
        Ok(verdict) => verdict,
        Err(cause) => {
            // The secret is stored; the page says that it was not tested yet.
            tracing::warn!(application = %id, cause = %cause.chain(), "the test after a save failed");
            Verdict::Asking
        }
    };
    Ok(see_other(&match verdict {
        Verdict::Accepted => format!("/applications/{id}?done=credential-added"),
        Verdict::Refused(why) => format!("/applications/{id}?done=credential-refused&why={why}"),
        Verdict::Unclear(why) => format!("/applications/{id}?done=credential-untested&why={why}"),
        Verdict::Asking => format!("/applications/{id}?done=credential-untested"),
    }))
}

/// Everything is sealed before the write begins.
async fn save(app: &App, me: &SignedIn, application: &Application, proof: Proof) -> Result<Credential> {
    let added = add::seal(app, &application.id, &application.name, &me.user.name, proof).await?;
    let mut tx = app.db.begin().await?;
    add::write_credential(&mut tx, app, &added).await?;
    tx.commit().await?;
    Ok(added.credential)
}

/// `GET /applications/{id}/certificates/new`
pub async fn ask_certificate(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let page = AskCertificate {
        shell: me.shell(&app, Section::Applications),
        title: format!("Add a certificate to {}?", application.name),
        action: format!("/applications/{id}/certificates/new"),
        button: "Make the certificate".to_owned(),
        text: vec![
            "Postkey makes a key pair. The private key is stored encrypted and never leaves Postkey; you get the certificate, which is public, to upload to Entra.".to_owned(),
            "It is good for two years. What is in use now stays in use until Microsoft accepts the certificate.".to_owned(),
        ],
        look: "go",
        name: application.name,
        id: id.to_string(),
    };
    Ok(Page::new(page).into_response())
}

/// `POST /applications/{id}/certificates/new`
pub async fn create_certificate(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    save(&app, &me, &application, Proof::Certificate).await?;
    Ok(see_other(&format!("/applications/{id}?done=certificate-added")))
}

/// `GET /applications/{id}/credentials/{credential}/certificate.cer`: the certificate in DER form. It is public.
pub async fn certificate(
    State(app): State<App>,
    _me: SignedIn,
    Path((id, wanted)): Path<(ApplicationId, CredentialId)>,
) -> Result<Response> {
    download(&store::credential(&app.db, &id, &wanted).await?)
}

/// The certificate as a file in DER form.
///
/// # Errors
/// 404 for a secret.
pub fn download(credential: &Credential) -> Result<Response> {
    if credential.kind != Kind::Certificate {
        return Err(AppError::NotFound);
    }
    let file: String = credential.hint.chars().take(8).filter(char::is_ascii_alphanumeric).collect();
    let headers = [
        (header::CONTENT_TYPE, "application/pkix-cert".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"postkey-{file}.cer\"")),
    ];
    Ok((headers, der(&credential.certificate_pem)?).into_response())
}

fn der(pem: &str) -> anyhow::Result<Vec<u8>> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    STANDARD.decode(body).context("a stored certificate is no PEM")
}

/// `POST /applications/{id}/credentials/{credential}/test`
pub async fn test(
    State(app): State<App>,
    me: SignedIn,
    Path((id, wanted)): Path<(ApplicationId, CredentialId)>,
) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let credential = store::credential(&app.db, &id, &wanted).await?;
    if credential.state == credential::State::Retired {
        return Err(AppError::Conflict("This one is retired, and what was secret is erased. Add a new one."));
    }
    Ok(see_other(&match trial::start(&app, &application, &credential, &me.user.name).await? {
        Verdict::Accepted => format!("/applications/{id}?done=test-accepted"),
        Verdict::Refused(why) => format!("/applications/{id}?done=test-refused&why={why}"),
        Verdict::Unclear(why) => format!("/applications/{id}?done=test-unclear&why={why}"),
        Verdict::Asking => format!("/applications/{id}?done=test-asking"),
    }))
}
