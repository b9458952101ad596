//! Microsoft Graph: can this mailbox be read, written to and sent from.

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::{Body, Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::failure::{Failure, Outcome};
use super::http::{Answer, below};
use super::{AccessToken, Cloud, Microsoft, classify};
use crate::words::{Cause, Transport};

/// Subject of the draft that proves that a mailbox can be written to.
const MARKER: &str = "Postkey write check – safe to delete";

/// What the inbox holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inbox {
    /// Messages in it.
    pub total: u64,
    /// Those that are unread.
    pub unread: u64,
    /// How long Microsoft took, in milliseconds.
    pub took_ms: u64,
}

/// A draft was written, and removed again if that was possible.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Draft {
    /// Whether the draft is still in the mailbox.
    pub left_over: bool,
    /// How long Microsoft took, in milliseconds.
    pub took_ms: u64,
}

/// A plain message to be sent from a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The mailbox it is sent from.
    pub mailbox: &'a str,
    /// The one recipient.
    pub to: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its text, without any markup.
    pub text: &'a str,
}

/// Microsoft has taken a message over. That it is accepted does not say that it is delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// Graph's ID of the request.
    pub request_id: Option<String>,
    /// How long Microsoft took, in milliseconds.
    pub took_ms: u64,
}

/// One mailbox as one token sees it.
struct Call<'a> {
    graph: &'a Url,
    token: &'a AccessToken,
    mailbox: &'a str,
}

impl Microsoft {
    /// Reads the size of the inbox: the proof that incoming mail works.
    pub async fn read_inbox(&self, cloud: Cloud, token: &AccessToken, mailbox: &str) -> Outcome<Inbox> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Folder {
            total_item_count: u64,
            unread_item_count: u64,
        }
        let started = Instant::now();
        let call = self.mailbox(cloud, token, mailbox)?;
        let mut address = call.address(&["mailFolders", "inbox"]);
        address.set_query(Some("$select=id,totalItemCount,unreadItemCount"));
        let answer = self.ask(call.token, Method::GET, address, None).await?;
        let folder: Folder = read(&answer)?;
        Ok(Inbox { total: folder.total_item_count, unread: folder.unread_item_count, took_ms: since(started) })
    }

    /// Writes a draft and removes it at once: the proof that the mailbox can be changed.
    ///
    /// A draft that cannot be removed is no failure; the answer says that it was left over.
    pub async fn write_draft(&self, cloud: Cloud, token: &AccessToken, mailbox: &str) -> Outcome<Draft> {
        #[derive(Deserialize)]
        struct Created {
            id: String,
        }
        let started = Instant::now();
        let call = self.mailbox(cloud, token, mailbox)?;
        let text = "Postkey wrote this draft to check that it may, and removes it at once.";
        let draft = json!({ "subject": MARKER, "body": { "contentType": "Text", "content": text } });
        let answer = self.ask(call.token, Method::POST, call.address(&["messages"]), Some(draft)).await?;
        let created: Created = read(&answer)?;
        let for_good = call.address(&["messages", &created.id, "permanentDelete"]);
        let to_bin = call.address(&["messages", &created.id]);
        let removed = self.ask(call.token, Method::POST, for_good, None).await.is_ok()
            || self.ask(call.token, Method::DELETE, to_bin, None).await.is_ok();
        Ok(Draft { left_over: !removed, took_ms: since(started) })
    }

    /// Sends a message and keeps no copy in the mailbox. Call only when a person has asked for it.
    pub async fn send_message(&self, cloud: Cloud, token: &AccessToken, message: &Message<'_>) -> Outcome<Accepted> {
        let started = Instant::now();
        let call = self.mailbox(cloud, token, message.mailbox)?;
        let body = json!({
            "message": {
                "subject": message.subject,
                "body": { "contentType": "Text", "content": message.text },
                "toRecipients": [{ "emailAddress": { "address": message.to } }],
            },
            "saveToSentItems": false,
        });
        let answer = self.ask(call.token, Method::POST, call.address(&["sendMail"]), Some(body)).await?;
        if answer.status != StatusCode::ACCEPTED {
            return Err(classify::transport(Transport::BadAnswer, &answer.seen));
        }
        Ok(Accepted { request_id: answer.seen.request_id, took_ms: since(started) })
    }

    fn mailbox<'a>(&'a self, cloud: Cloud, token: &'a AccessToken, mailbox: &'a str) -> Outcome<Call<'a>> {
        let graph = self.clouds.graph(cloud).ok_or_else(|| self.no_cloud())?;
        Ok(Call { graph, token, mailbox })
    }

    /// Asks Graph; every answer but a success is a failure.
    pub(super) async fn ask(
        &self,
        token: &AccessToken,
        method: Method,
        address: Url,
        body: Option<Value>,
    ) -> Outcome<Answer> {
        let mut request = Request::new(method, address);
        let headers = request.headers_mut();
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.reveal()))
            .map_err(|_| Failure::of(Cause::SecretUnreadable, "The token cannot be sent.", self.clock.now()))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        match body {
            Some(body) => {
                headers.insert("content-type", HeaderValue::from_static("application/json"));
                *request.body_mut() = Some(Body::from(body.to_string()));
            }
            // Without a body and without a length Graph answers a POST with 411.
            None if request.method() == Method::POST => {
                request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            None => {}
        }
        let answer = self.exchange(request, vec![token.secret()]).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
    }
}

impl Call<'_> {
    fn address(&self, parts: &[&str]) -> Url {
        below(&below(self.graph, &["v1.0", "users", self.mailbox]), parts)
    }
}

fn refusal(answer: &Answer) -> Box<Failure> {
    let status = answer.status.as_u16();
    match serde_json::from_slice(&answer.body) {
        Ok(error) => classify::graph(status, &error, answer.header("www-authenticate"), &answer.seen),
        Err(_) if answer.is_busy() => classify::busy(status, &answer.seen),
        Err(error) => classify::transport(answer.unreadable(Some(&error)), &answer.seen),
    }
}

pub(super) fn read<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Outcome<T> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| classify::transport(answer.unreadable(Some(&error)), &answer.seen))
}

fn since(started: Instant) -> u64 {
    started.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}
