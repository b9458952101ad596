//! `GET /applications/{id}`: what proves it, what it may do, who uses it. The block `credentials` follows a running test.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::microsoft::Roles;
use crate::tokens;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::when::date;
use crate::web::{Page, Shell, When, fragment, wants_fragment};
use crate::words::{Facts, FilledArticle, LinkFacts, LinkKind, articles};

use super::credential::State as Said;
use super::scope_show::{self, Line};
use super::standing::{self, Standing, called, titled};
use super::{Application, Credential, Kind, store, used_by};

/// Seconds for which the page looks often whether a new credential was answered.
const FRESH: i64 = 60;
/// What Postkey needs, and nothing else.
const NEEDED: [&str; 2] = ["Mail.ReadWrite", "Mail.Send"];

#[derive(Template)]
#[template(path = "applications/show.html", blocks = ["credentials"])]
struct Show {
    shell: Shell,
    id: String,
    /// Its own address. In the table `id` would be the table's, because the macro's arguments reach its body.
    here: String,
    name: String,
    client_id: String,
    tenant: String,
    tenant_id: Option<String>,
    cloud: String,
    mailboxes: i64,
    mailboxes_words: String,
    trouble: Option<Trouble>,
    credentials: Vec<CredentialView>,
    retired: Vec<CredentialView>,
    upload: Option<Upload>,
    every: u8,
    permissions: Option<Permissions>,
    /// Whether a scope check says anything of it.
    checkable: bool,
    scope: Option<Line>,
    places: Vec<Place>,
    created: (String, When),
    may_edit: bool,
}

/// A place in Microsoft's portal.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its address, where the cloud has a portal.
    pub portal: Option<String>,
    /// The way there by hand.
    pub click_path: String,
}

/// Why the last test did not end well.
struct Trouble {
    family: &'static str,
    icon: &'static str,
    article: FilledArticle,
    place: Option<Place>,
}

struct CredentialView {
    id: String,
    called: String,
    titled: String,
    thumbprint: String,
    standing: Standing,
    ends: Standing,
    end_day: String,
    stored: When,
    by: String,
    used: Option<When>,
    is_secret: bool,
}

/// A certificate that Microsoft does not know yet.
struct Upload {
    credential: String,
    thumbprint: String,
    place: Place,
}

/// What the last token carried.
struct Permissions {
    seen: When,
    /// The ID of the grant.
    token: String,
    unreadable: bool,
    none: bool,
    needed: Vec<(Standing, &'static str)>,
    wider: Vec<String>,
}

/// What a test said, when it was not simply accepted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The article that explains it.
    why: String,
}

/// `GET /applications/{id}`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ApplicationId>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response> {
    let application = store::get(&app.db, &id).await?;
    let trouble = trouble(&app, &application, &asked.why);
    let page = page(&app, &me, application, trouble).await?;
    if wants_fragment(&headers, "credentials") {
        return Ok(fragment(&headers, page.as_credentials().render()));
    }
    Ok(Page::new(page).into_response())
}

async fn page(app: &App, me: &SignedIn, application: Application, trouble: Option<Trouble>) -> Result<Show> {
    let now = app.clock.now();
    let all = store::credentials(&app.db, &application.id).await?;
    let grant = tokens::store::find(&app.db, &application.id, tokens::store::GRAPH).await?;
    let mailboxes = store::mailbox_count(&app.db, &application.id).await?;
    let used = standing::in_use(&all, now).map(|credential| credential.id.clone());
    let view = |credential: &Credential| credential_view(app, credential, Some(&credential.id) == used.as_ref());
    let is_retired = |credential: &&Credential| credential.state == Said::Retired;
    let waits =
        all.iter().any(|credential| credential.state == Said::Untested && now.since(credential.created_at) < FRESH);
    let kinds = [LinkKind::Overview, LinkKind::CertificatesAndSecrets, LinkKind::ApiPermissions];
    Ok(Show {
        shell: me.shell(app, Section::Applications),
        trouble,
        credentials: all.iter().filter(|credential| !is_retired(credential)).map(view).collect(),
        retired: all.iter().filter(is_retired).map(view).collect(),
        upload: upload(app, &application, &all),
        every: if waits { 3 } else { 30 },
        permissions: grant.map(|grant| permissions(app, &grant)),
        checkable: !used_by::signs_people_in_only(&app.db, &application.id).await?,
        scope: scope_show::line(app, &application).await?,
        places: kinds.into_iter().map(|kind| place(app, &application, kind)).collect(),
        mailboxes,
        mailboxes_words: used_by::mailboxes(mailboxes),
        id: application.id.to_string(),
        here: format!("/applications/{}", application.id),
        client_id: application.client_id.to_string(),
        tenant: application.tenant.to_string(),
        tenant_id: application.tenant_id.map(|id| id.to_string()).filter(|id| *id != application.tenant.to_string()),
        cloud: app.microsoft.clouds().label(application.cloud).to_owned(),
        created: (application.created_by, When::at(application.created_at, now, &app.config.time_zone)),
        may_edit: me.may(Role::ApplicationAdministrator),
        name: application.name,
    })
}

fn credential_view(app: &App, credential: &Credential, in_use: bool) -> CredentialView {
    let now = app.clock.now();
    let zone = &app.config.time_zone;
    let is_secret = credential.kind == Kind::Secret;
    CredentialView {
        id: credential.id.to_string(),
        called: called(credential),
        titled: titled(credential),
        thumbprint: if is_secret { String::new() } else { credential.hint.clone() },
        standing: standing::of_credential(credential, in_use, zone),
        ends: standing::end_of(credential, now),
        end_day: credential.expires_at.map(|end| date(end, zone)).unwrap_or_default(),
        stored: When::at(credential.created_at, now, zone),
        by: credential.created_by.clone(),
        used: credential.last_used_at.map(|at| When::at(at, now, zone)),
        is_secret,
    }
}

/// The newest certificate, while Microsoft does not accept it.
fn upload(app: &App, application: &Application, all: &[Credential]) -> Option<Upload> {
    let waits = |credential: &&Credential| credential.kind == Kind::Certificate && credential.state != Said::Retired;
    let newest = all.iter().find(waits).filter(|credential| credential.state != Said::Accepted)?;
    Some(Upload {
        credential: newest.id.to_string(),
        thumbprint: newest.hint.clone(),
        place: place(app, application, LinkKind::CertificatesAndSecrets),
    })
}

fn permissions(app: &App, grant: &tokens::store::Grant) -> Permissions {
    let roles: Roles = serde_json::from_str(&grant.roles).unwrap_or(Roles::Unreadable);
    let is_needed = |role: &&String| NEEDED.iter().any(|needed| role.eq_ignore_ascii_case(needed));
    Permissions {
        seen: When::at(grant.issued_at, app.clock.now(), &app.config.time_zone),
        token: grant.id.to_string(),
        unreadable: roles == Roles::Unreadable,
        none: roles.list().is_empty(),
        needed: NEEDED.into_iter().map(|needed| (standing::of_permission(roles.has(needed)), needed)).collect(),
        wider: roles.list().iter().filter(|role| !is_needed(role)).cloned().collect(),
    }
}

/// What an article says of this application; nothing for a name that is none.
fn trouble(app: &App, application: &Application, why: &str) -> Option<Trouble> {
    let article = articles::by_key(why)?;
    let facts = Facts {
        application: Some(application.name.clone()),
        tenant: Some(application.tenant.to_string()),
        client_id: Some(application.client_id.to_string()),
        ..Facts::default()
    };
    let link = if article.link == LinkKind::AdminConsent { LinkKind::ApiPermissions } else { article.link };
    let elsewhere = !matches!(link, LinkKind::Nothing | LinkKind::SignIn | LinkKind::Form | LinkKind::MicrosoftText);
    Some(Trouble {
        family: article.cause.family().class(),
        icon: article.cause.icon().name(),
        article: article.fill(&facts),
        place: elsewhere.then(|| place(app, application, link)),
    })
}

/// Where something of this application is in Microsoft's portal.
pub fn place(app: &App, application: &Application, kind: LinkKind) -> Place {
    let client_id = application.client_id.to_string();
    let facts = LinkFacts {
        portal: app.microsoft.clouds().portal(application.cloud),
        client_id: Some(&client_id),
        ..LinkFacts::default()
    };
    Place { portal: kind.address(&facts), click_path: kind.click_path(&application.name) }
}
