//! `GET` and `POST /settings/alerts/{channel}/edit`: name, address, warnings and quiet hours of a channel.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::ChannelId;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::forms::{FormErrors, title_prefix};
use crate::web::{Page, Shell, see_other};

use super::form::{self, Fields, Typed};
use super::{Channel, Kind, channel_store};

#[derive(Template)]
#[template(path = "alerts/edit.html")]
struct Edit {
    shell: Shell,
    id: String,
    name: String,
    /// What of the stored address anybody may see; only of a webhook.
    stored: Option<String>,
    fields: Fields,
    errors: FormErrors,
}

fn page(app: &App, me: &SignedIn, channel: &Channel, typed: &Typed, errors: FormErrors) -> Edit {
    Edit {
        shell: me.shell(app, Section::Settings).titled(title_prefix(&errors)),
        id: channel.id.to_string(),
        name: channel.name.clone(),
        stored: (channel.kind == Kind::Webhook).then(|| channel.shown.clone()),
        fields: Fields::new(channel.kind, typed, &errors, true),
        errors,
    }
}

/// `GET /settings/alerts/{channel}/edit`
pub async fn edit(State(app): State<App>, me: SignedIn, Path(id): Path<ChannelId>) -> Result<Response> {
    let channel = channel_store::get(&app.db, &id).await?;
    let (quiet_from, quiet_until) = channel.quiet.words();
    let typed = Typed {
        name: channel.name.clone(),
        target: if channel.kind == Kind::Mail { channel.shown.clone() } else { String::new() },
        warnings: if channel.warnings { "1".to_owned() } else { String::new() },
        quiet_from,
        quiet_until,
        ..Typed::default()
    };
    Ok(Page::new(page(&app, &me, &channel, &typed, FormErrors::default())).into_response())
}

/// `POST /settings/alerts/{channel}/edit`
pub async fn update(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ChannelId>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let mut channel = channel_store::get(&app.db, &id).await?;
    let mut errors = FormErrors::default();
    let wanted = form::parse(channel.kind, &typed, true, &mut errors);
    if let Some(wanted) = &wanted {
        form::apart(&app, channel.kind, wanted, &mut errors).await?;
    }
    let Some(wanted) = wanted.filter(|_| errors.is_empty()) else {
        return Ok(Page::refused(page(&app, &me, &channel, &typed, errors)).into_response());
    };
    if let Some(target) = wanted.target {
        let place = Channel::target_place(&id);
        (channel.target, channel.shown) =
            (app.keyring.seal(place, &target.address).map_err(AppError::internal)?, target.shown);
    }
    (channel.name, channel.warnings, channel.quiet) = (wanted.name, wanted.warnings, wanted.quiet);
    let mut tx = app.db.begin().await?;
    if !channel_store::update(&mut tx, &channel).await? {
        return Err(AppError::NotFound);
    }
    let detail = format!("{}: {}", channel.name, channel.shown);
    let entry =
        audit::Entry { actor: &me.user.name, action: "alert_channel.changed", object: id.as_str(), detail: &detail };
    audit::record(&mut tx, &app, entry).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/settings/alerts/{id}?done=channel-saved")))
}
