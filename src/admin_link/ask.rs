//! `GET` and `POST /applications/{id}/admin-link`: the open link for a tenant administrator, what was done through it, and how
//! consents ended, with what Microsoft said, for those who help. `POST …/withdraw` ends the open link.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::applications::{Application, credential, store as applications};
use crate::audit;
use crate::chance::hash_of;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{AdminLinkId, ApplicationId};
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::forms::{Choice, Field};
use crate::web::link;
use crate::web::trouble::{Trouble, Whose};
use crate::web::{Badge, Page, Shell, When, see_other};

use super::consent_store::{self, Ended};
use super::link::{Registration, State as LinkState};
use super::{AdminLink, door, store};

/// Consents that are listed.
const LISTED: i64 = 10;

#[derive(Template)]
#[template(path = "admin_link/ask.html")]
struct Ask {
    shell: Shell,
    id: String,
    name: String,
    link: Option<LinkView>,
    days: Field,
    lengths: Vec<Choice>,
    consents: Vec<ConsentView>,
    may_edit: bool,
}

struct LinkView {
    /// Only for those who may make one.
    address: Option<String>,
    is_open: bool,
    label: &'static str,
    made_by: String,
    made: When,
    until: When,
    consented: Option<When>,
    given: Option<(&'static str, When)>,
}

struct ConsentView {
    badge: Badge,
    reference: String,
    at: When,
    trouble: Option<Trouble>,
}

/// `GET /applications/{id}/admin-link`
pub async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = applications::get(&app.db, &id).await?;
    let may_edit = me.may(Role::ApplicationAdministrator);
    let link = match store::newest_of(&app.db, &id).await? {
        Some(link) => Some(view(&app, link, &application, may_edit).await?),
        None => None,
    };
    let consents = consent_store::newest(&app.db, &id, LISTED).await?;
    let page = Ask {
        shell: me.shell(&app, Section::Applications),
        id: id.to_string(),
        link,
        days: Field::text("days", "The link is good for", ""),
        lengths: link::lengths("3"),
        consents: consents.into_iter().map(|ended| consent(&app, &application, ended)).collect(),
        name: application.name,
        may_edit,
    };
    Ok(Page::new(page).into_response())
}

async fn view(app: &App, link: AdminLink, application: &Application, may_edit: bool) -> Result<LinkView> {
    let now = app.clock.now();
    let when = |moment: UnixTime| When::at(moment, now, &app.config.time_zone);
    let public = app.config.public_url.as_str().trim_end_matches('/');
    let address =
        if may_edit { door::path(app, &link, application).await?.map(|path| format!("{public}{path}")) } else { None };
    let state = link.state(now, application);
    let given = link.given.as_ref().map(|given| {
        let word = match given.state {
            _ if given.accepted => "accepted by Microsoft",
            credential::State::Refused => "refused by Microsoft",
            credential::State::Retired => "retired",
            credential::State::Untested | credential::State::Accepted => "not tested yet",
        };
        (word, when(given.at))
    });
    Ok(LinkView {
        address,
        is_open: state == LinkState::Open,
        label: match state {
            LinkState::Open => "Open",
            LinkState::Done => "Done",
            LinkState::Expired => "Ended",
            LinkState::Withdrawn => "Withdrawn",
            LinkState::Outdated => "Ended when the application was changed",
        },
        made: when(link.made_at),
        until: when(link.expires_at),
        consented: link.consented_at.map(when),
        given,
        made_by: link.made_by,
    })
}

fn consent(app: &App, application: &Application, ended: Ended) -> ConsentView {
    let outcome = ended.outcome;
    let whose = Whose {
        application: &application.name,
        cloud: application.cloud,
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        mailbox: "",
        person: "",
        ended: None,
    };
    ConsentView {
        badge: Badge { family: outcome.family().class(), icon: outcome.icon().name(), label: outcome.label() },
        trouble: ended.failure.as_ref().map(|failure| Trouble::of(app, failure, &whose)),
        at: When::at(ended.at, app.clock.now(), &app.config.time_zone),
        reference: ended.reference,
    }
}

/// What was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// Days for which the link is good.
    days: String,
}

/// `POST /applications/{id}/admin-link`: an earlier link that is still open ends, so that there is only one to keep an eye on.
pub async fn make(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response> {
    let application = applications::get(&app.db, &id).await?;
    let now = app.clock.now();
    let (link_id, code) = (AdminLinkId::new(now, &app.chance), app.chance.code());
    let sealed = app.keyring.seal(AdminLink::place(&link_id), &code.as_str().into());
    let link = AdminLink {
        id: link_id,
        application_id: id.clone(),
        about: Registration::of(&application),
        sealed: sealed.map_err(crate::error::AppError::internal)?,
        made_by: me.user.name.clone(),
        contact: me.user.email.clone(),
        made_at: now,
        expires_at: now.plus(link::lasts(&chosen.days)),
        consented_at: None,
        given: None,
        withdrawn: None,
    };
    let mut tx = app.db.begin().await?;
    store::withdraw(&mut tx, &id, &me.user.name, now).await?;
    store::insert(&mut tx, &link, &hash_of(&code)).await?;
    note(&mut tx, &app, &me, "admin_link.made", &application).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/applications/{id}/admin-link?done=admin-link-made")))
}

/// `POST /applications/{id}/admin-link/withdraw`
pub async fn withdraw(State(app): State<App>, me: SignedIn, Path(id): Path<ApplicationId>) -> Result<Response> {
    let application = applications::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if store::withdraw(&mut tx, &id, &me.user.name, app.clock.now()).await? {
        note(&mut tx, &app, &me, "admin_link.withdrawn", &application).await?;
        tx.commit().await?;
    }
    Ok(see_other(&format!("/applications/{id}/admin-link?done=link-withdrawn")))
}

async fn note(tx: &mut Tx, app: &App, me: &SignedIn, action: &'static str, application: &Application) -> Result<()> {
    let object = application.id.as_str();
    audit::record(tx, app, audit::Entry { actor: &me.user.name, action, object, detail: &application.name }).await
}
