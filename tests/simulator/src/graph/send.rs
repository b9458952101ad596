//! `sendMail`.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Refusal,
    bearer::Bearer,
    messages::message_id,
    reach::{self, SEND},
    select::Named,
};
use crate::{
    asked::Asked,
    estate::{Message, Sent},
    world::World,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    message: Outgoing,
    #[serde(default = "yes")]
    save_to_sent_items: bool,
}

fn yes() -> bool {
    true
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Outgoing {
    subject: String,
    body: Body,
    from: Option<Recipient>,
    to_recipients: Vec<Recipient>,
    cc_recipients: Vec<Recipient>,
    bcc_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Body {
    pub(super) content_type: String,
    pub(super) content: String,
}

impl Default for Body {
    fn default() -> Self {
        Self { content_type: "Text".to_owned(), content: String::new() }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    email_address: EmailAddress,
}

#[derive(Deserialize)]
struct EmailAddress {
    address: String,
}

/// `POST /users/{m}/sendMail`: accepts the message, puts it into the outbox and into the inboxes of simulated recipients.
pub(crate) async fn create(
    State(world): State<Arc<World>>,
    Extension(asked): Extension<Arc<Asked>>,
    caller: Bearer,
    Path(Named { m: name, .. }): Path<Named>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let mut estate = world.estate();
    let place = reach::mailbox(&estate, &caller, SEND, &name)?;
    let sender = estate.mailboxes.at(place).address().to_owned();
    let Request { message, save_to_sent_items } = read_json(&body)?;
    let recipients = message.recipients()?;
    let from = message.from.map(|from| from.email_address.address);
    if let Some(from) = &from {
        reach::mailbox(&estate, &caller, SEND, from).map_err(|_| Refusal::SendAsDenied)?;
    }
    for recipient in &recipients {
        let author = from.as_deref().unwrap_or(&sender);
        let arrived = Message::arrived(message_id(&world), author, &message.subject, asked.now);
        estate.mailboxes.deliver(recipient, arrived);
    }
    estate.outbox.put(Sent {
        at: asked.now,
        tenant_id: caller.tenant_id,
        client_id: caller.client_id,
        person: caller.person().map(|person| person.address.clone()),
        mailbox: sender,
        from,
        recipients,
        subject: message.subject,
        content_type: message.body.content_type,
        body: message.body.content,
        save_to_sent_items,
    });
    Ok(StatusCode::ACCEPTED)
}

impl Outgoing {
    fn recipients(&self) -> Result<Vec<String>, Refusal> {
        let all = self.to_recipients.iter().chain(&self.cc_recipients).chain(&self.bcc_recipients);
        let addresses: Vec<String> = all.map(|recipient| recipient.email_address.address.clone()).collect();
        let is_address =
            |text: &String| text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if addresses.is_empty() || !addresses.iter().all(is_address) {
            return Err(Refusal::InvalidRecipients);
        }
        Ok(addresses)
    }
}

pub(super) fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::UnreadableBody)
}
