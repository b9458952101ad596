//! `/me`, a person's directory entry, and mailbox settings.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
};
use serde_json::{Value, json};

use super::{
    Refusal,
    bearer::Bearer,
    reach::{self, READ_SETTINGS},
    select::Options,
};
use crate::{asked::Asked, estate::MailboxKind, world::World};

/// `GET /me`: an application is nobody.
pub(crate) async fn me(_: Bearer) -> Refusal {
    Refusal::MeNeedsPerson
}

/// `GET /users/{m}`.
pub(crate) async fn show(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    caller: Bearer,
    Path(name): Path<String>,
    Query(options): Query<Options>,
) -> Result<Json<Value>, Refusal> {
    let estate = world.estate();
    let place = reach::person(&estate, &caller, &name)?;
    let mailbox = estate.mailboxes.at(place);
    let mail = (mailbox.kind != MailboxKind::NoMailbox).then(|| mailbox.address());
    Ok(Json(options.pick(json!({
        "@odata.context": format!("{}/graph/v1.0/$metadata#users/$entity", asked.origin),
        "id": place.object_id(),
        "displayName": mailbox.name(),
        "userPrincipalName": mailbox.address(),
        "mail": mail,
        "accountEnabled": mailbox.kind != MailboxKind::Shared,
    }))))
}

/// `GET /users/{m}/mailboxSettings`.
pub(crate) async fn settings(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    caller: Bearer,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let estate = world.estate();
    let place = reach::mailbox(&estate, &caller, READ_SETTINGS, &name)?;
    let purpose = if estate.mailboxes.at(place).kind == MailboxKind::Shared { "shared" } else { "user" };
    Ok(Json(json!({
        "@odata.context": format!("{}/graph/v1.0/$metadata#users('{name}')/mailboxSettings", asked.origin),
        "timeZone": "UTC",
        "userPurpose": purpose,
        "language": { "locale": "en-US", "displayName": "English (United States)" },
        "automaticRepliesSetting": { "status": "disabled" },
    })))
}
