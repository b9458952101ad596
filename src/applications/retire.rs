//! `GET` and `POST /applications/{id}/credentials/{credential}/retire`: ends a credential here and erases it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::ids::{ApplicationId, CredentialId};
use crate::tokens;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, When, see_other};

use super::credential::State as Said;
use super::standing::{called, in_use};
use super::{Application, Credential, Kind, store, used_by};

#[derive(Template)]
#[template(path = "applications/retire.html")]
struct Ask {
    shell: Shell,
    errors: FormErrors,
    id: String,
    name: String,
    credential: String,
    called: String,
    is_secret: bool,
    in_use: bool,
    used: Option<When>,
    mailboxes: i64,
    mailboxes_words: String,
    only_one: bool,
    error: Option<String>,
}

/// Whether the consequences were ticked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    sure: String,
}

/// What is to be retired.
struct Target {
    application: Application,
    credential: Credential,
    mailboxes: i64,
}

impl Target {
    async fn get(app: &App, id: &ApplicationId, wanted: &CredentialId) -> Result<Self> {
        Ok(Self {
            application: store::get(&app.db, id).await?,
            credential: store::credential(&app.db, id, wanted).await?,
            mailboxes: store::mailbox_count(&app.db, id).await?,
        })
    }

    fn is_retired(&self) -> bool {
        self.credential.state == Said::Retired
    }

    /// Whether mailboxes stop when it goes.
    fn is_only_one(&self, others_work: bool) -> bool {
        self.mailboxes > 0 && self.credential.state == Said::Accepted && !others_work
    }
}

async fn page(app: &App, me: &SignedIn, target: &Target, errors: FormErrors) -> Result<Ask> {
    let now = app.clock.now();
    let all = store::credentials(&app.db, &target.application.id).await?;
    let credential = &target.credential;
    let works =
        |other: &Credential| other.id != credential.id && other.state == Said::Accepted && !other.has_ended(now);
    Ok(Ask {
        shell: me.shell(app, Section::Applications).titled(title_prefix(&errors)),
        id: target.application.id.to_string(),
        name: target.application.name.clone(),
        credential: credential.id.to_string(),
        called: called(credential),
        is_secret: credential.kind == Kind::Secret,
        in_use: in_use(&all, now).is_some_and(|used| used.id == credential.id),
        used: credential.last_used_at.map(|at| When::at(at, now, &app.config.time_zone)),
        mailboxes: target.mailboxes,
        mailboxes_words: used_by::mailboxes(target.mailboxes),
        only_one: target.is_only_one(all.iter().any(works)),
        error: errors.of("sure").map(str::to_owned),
        errors,
    })
}

/// `GET /applications/{id}/credentials/{credential}/retire`
pub async fn ask(
    State(app): State<App>,
    me: SignedIn,
    Path((id, wanted)): Path<(ApplicationId, CredentialId)>,
) -> Result<Response> {
    let target = Target::get(&app, &id, &wanted).await?;
    if target.is_retired() {
        return Ok(see_other(&format!("/applications/{id}?done=retired")));
    }
    Ok(Page::new(page(&app, &me, &target, FormErrors::default()).await?).into_response())
}

/// `POST /applications/{id}/credentials/{credential}/retire`
pub async fn retire(
    State(app): State<App>,
    me: SignedIn,
    Path((id, wanted)): Path<(ApplicationId, CredentialId)>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let target = Target::get(&app, &id, &wanted).await?;
    let got_token = tokens::store::find(&app.db, &id, tokens::store::GRAPH)
        .await?
        .is_some_and(|grant| grant.credential_id == wanted);
    let mut tx = app.db.begin().await?;
    let others_work = store::others_work(&mut tx, &target.credential, app.clock.now()).await?;
    if target.is_only_one(others_work) && typed.sure != "1" {
        drop(tx);
        let mut errors = FormErrors::default();
        errors.add("sure", format!("Tick that {} stop, or keep it.", used_by::mailboxes(target.mailboxes)));
        return Ok(Page::refused(page(&app, &me, &target, errors).await?).into_response());
    }
    if store::retire(&mut tx, &target.credential, app.clock.now()).await? {
        if got_token {
            tokens::store::forget(&mut tx, &id).await?;
        }
        let detail = called(&target.credential);
        let entry =
            audit::Entry { actor: &me.user.name, action: "credential.retired", object: id.as_str(), detail: &detail };
        audit::record(&mut tx, &app, entry).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/applications/{id}?done=retired")))
}
