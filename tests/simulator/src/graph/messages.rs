//! The inbox, messages and drafts.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Refusal,
    bearer::Bearer,
    reach::{self, READ_BASIC, WRITE},
    select::{Named, Options},
    send::{Body, Recipient, read_json},
};
use crate::{asked::Asked, entra::to_base64, estate::Message, world::World};

type App = State<Arc<World>>;
type Asking = Extension<Arc<Asked>>;

/// `GET /users/{m}/mailFolders/{folder}`; only the inbox exists.
pub(crate) async fn folder(
    State(world): App,
    Extension(asked): Asking,
    caller: Bearer,
    Path(Named { m: name, folder, .. }): Path<Named>,
    Query(options): Query<Options>,
) -> Result<Json<Value>, Refusal> {
    let estate = world.estate();
    let place = reach::mailbox(&estate, &caller, READ_BASIC, &name)?;
    if !folder.eq_ignore_ascii_case("inbox") {
        return Err(Refusal::ItemNotFound);
    }
    let mailbox = estate.mailboxes.at(place);
    Ok(Json(options.pick(json!({
        "@odata.context": format!("{}/graph/v1.0/$metadata#users('{name}')/mailFolders/$entity", asked.origin),
        "id": to_base64(format!("inbox of {}", mailbox.address())),
        "displayName": "Inbox",
        "childFolderCount": 0,
        "isHidden": false,
        "totalItemCount": mailbox.total,
        "unreadItemCount": mailbox.unread,
    }))))
}

/// `GET /users/{m}/messages`, newest first.
pub(crate) async fn index(
    State(world): App,
    Extension(asked): Asking,
    caller: Bearer,
    Path(Named { m: name, .. }): Path<Named>,
    Query(options): Query<Options>,
) -> Result<Json<Value>, Refusal> {
    let estate = world.estate();
    let place = reach::mailbox(&estate, &caller, READ_BASIC, &name)?;
    let newest_first = estate.mailboxes.kept(place).iter().rev().take(options.top());
    let value: Vec<Value> = newest_first.map(|message| options.pick(shown(message))).collect();
    Ok(Json(json!({
        "@odata.context": format!("{}/graph/v1.0/$metadata#users('{name}')/messages", asked.origin),
        "value": value,
    })))
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Draft {
    subject: String,
    body: Body,
    to_recipients: Vec<Recipient>,
}

/// `POST /users/{m}/messages`: a draft.
pub(crate) async fn create(
    State(world): App,
    Extension(asked): Asking,
    caller: Bearer,
    Path(Named { m: name, .. }): Path<Named>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut estate = world.estate();
    let place = reach::mailbox(&estate, &caller, WRITE, &name)?;
    let draft: Draft = read_json(&body)?;
    let message = Message {
        id: message_id(&world),
        subject: draft.subject,
        from: String::new(),
        body: draft.body.content,
        received: asked.now,
        is_draft: true,
    };
    let shown = shown(&message);
    estate.mailboxes.keep(place, message);
    Ok((StatusCode::CREATED, Json(shown)))
}

/// `DELETE /users/{m}/messages/{id}`: moves to Deleted Items, which the simulator does not keep.
pub(crate) async fn delete(
    State(world): App,
    caller: Bearer,
    Path(Named { m: name, id, .. }): Path<Named>,
) -> Result<StatusCode, Refusal> {
    remove(&world, &caller, &name, &id)
}

/// `POST /users/{m}/messages/{id}/permanentDelete`; wants a `Content-Length`, also for no body.
pub(crate) async fn delete_for_good(
    State(world): App,
    caller: Bearer,
    Path(Named { m: name, id, .. }): Path<Named>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    if !headers.contains_key(header::CONTENT_LENGTH) {
        return Err(Refusal::LengthRequired);
    }
    remove(&world, &caller, &name, &id)
}

fn remove(world: &World, caller: &Bearer, name: &str, id: &str) -> Result<StatusCode, Refusal> {
    let mut estate = world.estate();
    let place = reach::mailbox(&estate, caller, WRITE, name)?;
    if estate.mailboxes.remove(place, id) { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::ItemNotFound) }
}

/// An ID like Graph's: long, opaque, safe in a path.
pub(super) fn message_id(world: &World) -> String {
    format!("AAMk{}", to_base64([world.chance.bytes(), world.chance.bytes()].concat()))
}

fn shown(message: &Message) -> Value {
    let received = message.received.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let from = (!message.from.is_empty()).then(|| json!({ "emailAddress": { "address": message.from } }));
    json!({
        "id": message.id,
        "subject": message.subject,
        "receivedDateTime": received,
        "createdDateTime": received,
        "bodyPreview": message.body.chars().take(255).collect::<String>(),
        "body": { "contentType": "text", "content": message.body },
        "from": from,
        "isDraft": message.is_draft,
        "isRead": message.is_draft,
    })
}
