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
    reach::{self, OWN_PROFILE, READ_SETTINGS},
    select::{Named, Options},
};
use crate::{
    asked::Asked,
    estate::{Mailbox, MailboxKind},
    world::World,
};

/// `GET /me`: an application is nobody.
pub(crate) async fn me(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    caller: Bearer,
    Query(options): Query<Options>,
) -> Result<Json<Value>, Refusal> {
    let person = caller.person().ok_or(Refusal::MeNeedsPerson)?;
    if !caller.holds(&OWN_PROFILE) {
        return Err(Refusal::RequestDenied);
    }
    let estate = world.estate();
    let tenant = estate.tenant(&caller.tenant_id.to_string()).ok_or(Refusal::IdentityNotFound)?;
    let mailbox = estate.mailboxes.get(&person.address).filter(|mailbox| mailbox.kind != MailboxKind::NoMailbox);
    let mail = if person.home.is_some() { Some(&*person.address) } else { mailbox.map(Mailbox::address) };
    Ok(Json(options.pick(json!({
        "@odata.context": format!("{}/graph/v1.0/$metadata#users/$entity", asked.origin),
        "id": person.object_id,
        "displayName": person.name,
        "userPrincipalName": person.principal_name(tenant.domains.last().map_or("", String::as_str)),
        "mail": mail,
        "jobTitle": null,
        "preferredLanguage": null,
        "businessPhones": [],
    }))))
}

/// `GET /users/{m}`.
pub(crate) async fn show(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    caller: Bearer,
    Path(Named { m: name, .. }): Path<Named>,
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
    Path(Named { m: name, .. }): Path<Named>,
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
