//! The end of a consent whose answer has come: on to a clean address (303). What the answer says is noted and never believed:
//! anybody can forge it, so a new token has to show what was granted.

use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;

use crate::app::App;
use crate::applications::credential::in_order_of_use;
use crate::applications::{Application, store as applications, trial, used_by};
use crate::audit;
use crate::db::Tx;
use crate::error::Result;
use crate::microsoft::{Failure, Refusal, Said};
use crate::tokens::store as tokens;
use crate::web::flow::{self, Rejected};
use crate::web::see_other;
use crate::words::{Cause, ConsentResult};

use super::begin::result_path;
use super::consent::meaning;
use super::consent_store::{self, Ended};
use super::{Consent, store};

/// Ends a consent that was taken. Nothing if another browser came back than the one that was sent.
///
/// # Errors
/// If the database cannot answer. The consent is gone all the same.
pub async fn end(app: &App, jar: &CookieJar, consent: &Consent, said: Said) -> Result<Option<Response>> {
    let held = flow::held(&app.config, jar, &consent.id);
    let application = applications::get(&app.db, &consent.application_id).await?;
    let (outcome, failure) =
        match flow::accept(held.as_deref(), &consent.flow_hash, consent.expires_at, app.clock.now()) {
            Err(Rejected::OtherBrowser) => {
                note_other_browser(app, consent).await?;
                return Ok(None);
            }
            Err(Rejected::Expired) => (ConsentResult::Expired, None),
            Ok(()) if !is_about(app, consent, &application) => (ConsentResult::Changed, None),
            Ok(()) => read(app, &application, said),
        };
    if write(app, consent, outcome, failure).await? == ConsentResult::Granted {
        prove(app, consent, &application).await;
    }
    // The same cookie opens the page of the result, for as long again.
    Ok(Some(flow::bind(&app.config, &consent.id, held.unwrap_or_default(), see_other(&result_path(&consent.id)))))
}

/// Whether the application still is the registration that the administrator was sent to.
fn is_about(app: &App, consent: &Consent, application: &Application) -> bool {
    let authority = app.microsoft.clouds().authority(application.cloud).map(ToString::to_string);
    authority.as_deref() == Some(consent.authority.as_str())
        && application.tenant_id.is_some_and(|tenant| tenant.to_string() == consent.tenant_id)
        && application.client_id.to_string() == consent.client_id
}

fn read(app: &App, application: &Application, said: Said) -> (ConsentResult, Option<Box<Failure>>) {
    match said {
        Said::Consented => (ConsentResult::Granted, None),
        Said::Refused(refused) => match app.microsoft.consent_refusal(application.cloud, &refused) {
            Refusal::Declined(failure) => (ConsentResult::Declined, Some(failure)),
            Refusal::Failed(failure) => (meaning(&failure), Some(failure)),
        },
        Said::Code(_) => {
            let failure = Failure::of(Cause::Other, "This answers another question.", app.clock.now());
            (ConsentResult::Failed, Some(failure))
        }
    }
}

/// Writes down how it ended; a consent that the link no longer takes has changed.
async fn write(
    app: &App,
    consent: &Consent,
    outcome: ConsentResult,
    failure: Option<Box<Failure>>,
) -> Result<ConsentResult> {
    let mut tx = app.db.begin().await?;
    let outcome = match outcome {
        ConsentResult::Granted => granted(&mut tx, app, consent).await?,
        other => other,
    };
    let ended = Ended {
        id: consent.id.clone(),
        flow_hash: consent.flow_hash.clone(),
        link_id: consent.link_id.clone(),
        application_id: consent.application_id.clone(),
        outcome,
        failure,
        reference: flow::reference(app),
        at: app.clock.now(),
    };
    record(&mut tx, app, &ended, &consent.started_by).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Writes down how a consent ended, and who had begun it.
pub(super) async fn record(tx: &mut Tx, app: &App, ended: &Ended, started_by: &str) -> Result<()> {
    consent_store::record(tx, ended).await?;
    let action = if ended.outcome == ConsentResult::Granted { "consent.granted" } else { "consent.refused" };
    let detail = format!("{} ({})", ended.outcome.label(), ended.reference);
    let object = ended.application_id.as_str();
    audit::record(tx, app, audit::Entry { actor: started_by, action, object, detail: &detail }).await
}

/// The token that is stored was issued before, with the permissions of before.
async fn granted(tx: &mut Tx, app: &App, consent: &Consent) -> Result<ConsentResult> {
    if !store::consented(tx, &consent.link_id, app.clock.now()).await? {
        return Ok(ConsentResult::Changed);
    }
    tokens::forget(tx, &consent.application_id).await?;
    Ok(ConsentResult::Granted)
}

/// Gets a new token, which tells what it carries and, if it was issued, lets the stopped mailboxes be checked. The consent is
/// stored whatever comes of it.
async fn prove(app: &App, consent: &Consent, application: &Application) {
    let proven = async {
        let uses = used_by::uses(&app.db, &application.id).await?;
        if !uses.is_empty() && uses.iter().all(|used| used.is_delegated) {
            // Only a person's sign-in shows what was granted to persons.
            return Ok(());
        }
        let all = applications::credentials(&app.db, &application.id).await?;
        let Some(first) = in_order_of_use(all, app.clock.now()).into_iter().next() else { return Ok(()) };
        trial::start(app, application, &first, &consent.started_by).await.map(drop)
    };
    let proven: Result<()> = proven.await;
    if let Err(cause) = proven {
        tracing::warn!(application = %application.id, cause = %cause.chain(), "a consent was not proven");
    }
}

async fn note_other_browser(app: &App, consent: &Consent) -> Result<()> {
    let entry = audit::Entry {
        actor: &consent.started_by,
        action: "consent.refused",
        object: consent.application_id.as_str(),
        detail: "another browser came back than the one that began it",
    };
    let mut tx = app.db.begin().await?;
    audit::record(&mut tx, app, entry).await?;
    tx.commit().await
}
