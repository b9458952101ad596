//! `GET /a/{code}`: who asks, for which mailboxes, and the three steps with their state. Made for print too. Reads the database
//! and changes nothing, however often a mail scanner opens it.

use askama::Template;
use axum::extract::{self, Path, Query};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::applications::credential::State;
use crate::applications::form::{Fields, Typed};
use crate::applications::proofs::Proofs;
use crate::applications::show::{Place, place};
use crate::applications::standing::Proven;
use crate::applications::{Application, Credential, limit, store as applications, used_by};
use crate::error::Result;
use crate::tokens::store as tokens;
use crate::web::csrf::FormKey;
use crate::web::flash::Flash;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::redirect_uri::RedirectUri;
use crate::web::when::date;
use crate::web::{Page, Shell, When};
use crate::words::{Cause, Facts, LinkKind, articles};

use super::steps::{self, Granted, Permission, Step, Ways};
use super::{AdminLink, door};

/// Mailboxes that are listed.
const LISTED: i64 = 200;

#[derive(Template)]
#[template(path = "admin_link/show.html")]
pub(super) struct Show {
    shell: Shell,
    errors: FormErrors,
    here: String,
    asker: (String, String),
    made: When,
    until: When,
    name: String,
    client_id: String,
    tenant: String,
    cloud: String,
    mailboxes: i64,
    mailboxes_words: String,
    addresses: Vec<String>,
    more: i64,
    exists: Step,
    overview: Place,
    consent: Step,
    consented: bool,
    ways: Ways,
    permissions: Vec<Permission>,
    permissions_place: Place,
    redirect_uri: String,
    script: Option<String>,
    secret: Step,
    accepted: bool,
    why: Option<Why>,
    fields: Fields,
    credentials_place: Place,
    certificate: Option<String>,
}

/// Why Microsoft did not accept the secret that was just given.
struct Why {
    title: String,
    why: Vec<String>,
}

/// What the last form said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    done: String,
    why: String,
}

/// `GET /a/{code}`
pub async fn show(
    extract::State(app): extract::State<App>,
    key: FormKey,
    redirect: RedirectUri,
    Path(code): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response> {
    let (link, application) = match door::open(&app, &key, &code).await? {
        Ok(open) => open,
        Err(ended) => return Ok(*ended),
    };
    let origin = app.microsoft.clouds().origin(application.cloud);
    let form = (format!("/a/{code}"), &Typed::default(), FormErrors::default());
    let mut page = page(&app, &key, (&link, &application), redirect, form).await?;
    page.shell.flash = Some(said.done).filter(|done| done.starts_with("secret-")).and_then(|done| Flash::of(&done));
    page.why = why(&application, &said.why);
    Ok(Page::new(page).sending_to(origin).into_response())
}

/// The page, with what was typed into its form. Nothing of a secret comes back.
pub(super) async fn page(
    app: &App,
    key: &FormKey,
    (link, application): (&AdminLink, &Application),
    redirect: RedirectUri,
    (here, typed, errors): (String, &Typed, FormErrors),
) -> Result<Show> {
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let all = applications::credentials(&app.db, &application.id).await?;
    let uses = used_by::uses(&app.db, &application.id).await?;
    let grant = tokens::find(&app.db, &application.id, tokens::GRAPH).await?;
    let mailboxes = applications::mailbox_count(&app.db, &application.id).await?;
    let addresses = used_by::addresses(&app.db, &application.id, LISTED).await?;
    let ways = Ways::of(&uses);
    let granted = Granted {
        consented: link.consented_at.map(|at| date(at, zone)),
        roles: grant.and_then(|grant| serde_json::from_str(&grant.roles).ok()),
        uses: &uses,
    };
    Ok(Show {
        shell: Shell::plain(app, key).titled(title_prefix(&errors)),
        fields: Fields::new(app, typed, &errors),
        errors,
        here,
        asker: (link.made_by.clone(), link.contact.clone()),
        made: When::at(link.made_at, now, zone),
        until: When::at(link.expires_at, now, zone),
        name: application.name.clone(),
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        cloud: app.microsoft.clouds().label(application.cloud).to_owned(),
        mailboxes,
        mailboxes_words: used_by::mailboxes(mailboxes),
        more: mailboxes - addresses.len() as i64,
        addresses,
        exists: steps::exists(&all, &uses),
        overview: place(app, application, LinkKind::Overview),
        consent: steps::consent(ways, &granted),
        consented: link.consented_at.is_some(),
        permissions: ways.permissions(),
        permissions_place: place(app, application, LinkKind::ApiPermissions),
        redirect_uri: redirect.address,
        script: if ways.application { limit::script(app, application).await? } else { None },
        ways,
        secret: secret(app, link, application, &all),
        accepted: link.accepted().is_some(),
        why: None,
        credentials_place: place(app, application, LinkKind::CertificatesAndSecrets),
        certificate: steps::certificate(&all).map(|credential| credential.hint.clone()),
    })
}

fn secret(app: &App, link: &AdminLink, application: &Application, all: &[Credential]) -> Step {
    let now = app.clock.now();
    let count = |state| all.iter().filter(|credential| credential.state == state).count() as i64;
    let proofs = Proofs {
        accepted: count(State::Accepted),
        untested: count(State::Untested),
        refused: count(State::Refused),
        last_used_at: None,
    };
    let proven = Proven::of(proofs, application.credential_ends_at, now);
    let works = matches!(proven, Proven::EndUnknown | Proven::EndsSoon(_) | Proven::Lasts(_));
    let given = link.given.as_ref().map(|given| (given.state, given.accepted));
    steps::secret(given, proven.badge(now, &app.config.time_zone), works)
}

/// What the article of a cause says; nothing for a name that is none.
fn why(application: &Application, cause: &str) -> Option<Why> {
    let article = articles::by_key(Cause::parse(cause)?.value())?;
    let facts = Facts { application: Some(application.name.clone()), ..Facts::default() };
    let filled = article.fill(&facts);
    Some(Why { title: filled.title, why: filled.why })
}
