//! `GET /settings/alerts/new?kind=webhook|mail` and `POST /settings/alerts`: a new channel.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use secrecy::SecretString;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::hook;
use crate::ids::ChannelId;
use crate::secrets::Sealed;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::form::{self, Fields, Typed, Wanted};
use super::{Channel, Kind, channel_store};

#[derive(Template)]
#[template(path = "alerts/new.html")]
struct New {
    shell: Shell,
    kind: &'static str,
    is_webhook: bool,
    has_mail_server: bool,
    fields: Fields,
    errors: FormErrors,
}

/// Which kind the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
}

fn kind_of(text: &str) -> Result<Kind> {
    Kind::parse(text).ok_or(AppError::BadRequest("Choose whether it is a webhook or e-mail."))
}

fn page(app: &App, me: &SignedIn, kind: Kind, typed: &Typed, errors: FormErrors) -> New {
    New {
        shell: me.shell(app, Section::Settings).titled(title_prefix(&errors)),
        kind: kind.value(),
        is_webhook: kind == Kind::Webhook,
        has_mail_server: app.mail.is_some(),
        fields: Fields::new(kind, typed, &errors, false),
        errors,
    }
}

/// `GET /settings/alerts/new`
pub async fn new(State(app): State<App>, me: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let typed = Typed { warnings: "1".to_owned(), ..Typed::default() };
    Ok(Page::new(page(&app, &me, kind_of(&asked.kind)?, &typed, FormErrors::default())).into_response())
}

/// `POST /settings/alerts`
pub async fn create(State(app): State<App>, me: SignedIn, Form(typed): Form<Typed>) -> Result<Response> {
    let kind = kind_of(&typed.kind)?;
    let mut errors = FormErrors::default();
    let wanted = form::parse(kind, &typed, false, &mut errors);
    if let Some(wanted) = &wanted {
        form::apart(&app, kind, wanted, &mut errors).await?;
    }
    let Some(wanted) = wanted.filter(|_| errors.is_empty()) else {
        return Ok(Page::refused(page(&app, &me, kind, &typed, errors)).into_response());
    };
    let channel = sealed(&app, &me, kind, wanted)?;
    let mut tx = app.db.begin().await?;
    channel_store::insert(&mut tx, &channel).await?;
    let detail = format!("{}: {}", channel.name, channel.shown);
    let (actor, object) = (me.user.name.as_str(), channel.id.as_str());
    audit::record(&mut tx, &app, audit::Entry { actor, action: "alert_channel.added", object, detail: &detail })
        .await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/alerts/{}?done=channel-added", channel.id)))
}

fn sealed(app: &App, me: &SignedIn, kind: Kind, wanted: Wanted) -> Result<Channel> {
    let now = app.clock.now();
    let id = ChannelId::new(now, &app.chance);
    let target =
        wanted.target.ok_or_else(|| AppError::internal(anyhow::anyhow!("a new channel without an address")))?;
    let seal = |place, secret: &SecretString| app.keyring.seal(place, secret).map_err(AppError::internal);
    Ok(Channel {
        target: seal(Channel::target_place(&id), &target.address)?,
        key: match kind {
            Kind::Webhook => seal(Channel::key_place(&id), &hook::new_key(&app.chance))?,
            Kind::Mail => Sealed::nothing(),
        },
        id,
        kind,
        name: wanted.name,
        shown: target.shown,
        warnings: wanted.warnings,
        quiet: wanted.quiet,
        paused_at: None,
        created_by: me.user.name.clone(),
        created_at: now,
    })
}
