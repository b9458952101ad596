//! Graph with a person's token.

use postkey_simulator::MailboxKind;
use serde_json::json;

use crate::{
    people::{JAN, OLGA, SCOPES, SHARED, SHARED_SCOPES, text, tokens},
    support::{Answer, Stage},
};

async fn token(stage: &Stage, person: &str, scope: &str) -> String {
    text(&tokens(stage, "Contoso Sign-in", person, scope).await, "access_token").to_owned()
}

async fn send(stage: &Stage, token: &str, path: &str, from: Option<&str>) -> Answer {
    let mut message = json!({ "subject": "A test", "toRecipients": [{ "emailAddress": { "address": JAN } }] });
    if let Some(from) = from {
        message["from"] = json!({ "emailAddress": { "address": from } });
    }
    let body = json!({ "message": message });
    stage.send(stage.client.post(stage.graph_url(path)).bearer_auth(token).json(&body)).await
}

#[tokio::test]
async fn people_reach_their_own_mailbox_by_both_names() {
    let stage = Stage::start().await;
    let token = token(&stage, OLGA, SCOPES).await;
    let mine = stage.get(&token, "/me/mailFolders/inbox").await;
    assert_eq!((mine.status.as_u16(), &mine.json()["unreadItemCount"]), (200, &json!(1)), "{}", mine.text);
    assert_eq!(stage.inbox(&token, OLGA).await.json()["id"], mine.json()["id"]);
    let draft = json!({ "subject": "A draft" });
    for base in ["/me", "/users/olga@contoso.example"] {
        let url = stage.graph_url(&format!("{base}/messages"));
        let made = stage.send(stage.client.post(&url).bearer_auth(&token).json(&draft)).await;
        assert_eq!(made.status, 201);
        let gone = format!("{url}/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(stage.send(stage.client.delete(gone).bearer_auth(&token)).await.status, 204);
        assert_eq!(send(&stage, &token, &format!("{base}/sendMail"), None).await.status, 202);
    }
    let sent = stage.simulator.estate(|estate| estate.outbox.iter().last().cloned().unwrap());
    assert_eq!((sent.mailbox.as_str(), sent.person.as_deref()), (OLGA, Some(OLGA)));
    let last = stage.simulator.requests().pop().unwrap();
    assert_eq!((last.person.as_deref(), last.mailbox.as_deref()), (Some(OLGA), Some(OLGA)));
}

#[tokio::test]
async fn permissions_are_what_the_token_says() {
    let stage = Stage::start().await;
    let little = token(&stage, OLGA, "User.Read").await;
    assert_eq!(stage.get(&little, "/me").await.status, 200);
    assert_eq!(stage.get(&little, "/users/olga@contoso.example").await.status, 200);
    assert_eq!(stage.get(&little, "/users/jan@contoso.example").await.status, 403);
    assert_eq!(stage.get(&little, "/me/mailFolders/inbox").await.code(), "ErrorAccessDenied");
    assert_eq!(send(&stage, &little, "/me/sendMail", None).await.code(), "ErrorAccessDenied");
    let mail = token(&stage, OLGA, "Mail.ReadWrite").await;
    assert_eq!(stage.get(&mail, "/me").await.code(), "Authorization_RequestDenied");
    assert_eq!(stage.inbox(&mail, SHARED).await.code(), "ErrorAccessDenied");
    let application = stage.token("Contoso Mail").await;
    assert_eq!(stage.get(&application, "/me/mailFolders/inbox").await.code(), "BadRequest");
}

#[tokio::test]
async fn a_shared_mailbox_is_there_for_whom_it_is_shared_with() {
    let stage = Stage::start().await;
    let olga = token(&stage, OLGA, SHARED_SCOPES).await;
    let jan = token(&stage, JAN, SHARED_SCOPES).await;
    let shared = stage.inbox(&olga, SHARED).await;
    assert_eq!((shared.status.as_u16(), &shared.json()["totalItemCount"]), (200, &json!(16)));
    assert_ne!(shared.json()["id"], stage.get(&olga, "/me/mailFolders/inbox").await.json()["id"]);
    let refused = stage.inbox(&jan, SHARED).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (404, "ErrorItemNotFound"));
    assert_eq!(stage.inbox(&jan, OLGA).await.code(), "ErrorItemNotFound");
    assert_eq!(stage.inbox(&jan, "nobody@contoso.example").await.code(), "ErrorInvalidUser");
    assert_eq!(stage.inbox(&jan, "support@fabrikam.example").await.code(), "ErrorInvalidUser");
    assert_eq!(stage.inbox(&jan, "fax@contoso.example").await.code(), "MailboxNotEnabledForRESTAPI");
    assert_eq!(stage.get(&olga, &format!("/users/{SHARED}/mailboxSettings")).await.status, 403);
}

#[tokio::test]
async fn sending_as_another_needs_send_as() {
    let stage = Stage::start().await;
    let olga = token(&stage, OLGA, SHARED_SCOPES).await;
    let jan = token(&stage, JAN, SHARED_SCOPES).await;
    let path = format!("/users/{SHARED}/sendMail");
    assert_eq!(send(&stage, &olga, &path, None).await.status, 202);
    assert_eq!(send(&stage, &olga, "/me/sendMail", Some(SHARED)).await.status, 202);
    assert_eq!(send(&stage, &jan, &path, None).await.code(), "ErrorSendAsDenied");
    assert_eq!(send(&stage, &jan, "/me/sendMail", Some(SHARED)).await.code(), "ErrorSendAsDenied");
    stage.simulator.estate(|estate| {
        estate.mailboxes.get_mut(SHARED).unwrap().send_as.insert(JAN.to_owned());
    });
    assert_eq!(send(&stage, &jan, &path, None).await.status, 202);
    assert_eq!(stage.inbox(&jan, SHARED).await.status, 404, "Send As is not Full Access");
}

#[tokio::test]
async fn guests_and_people_without_a_mailbox_have_no_mail() {
    let stage = Stage::start().await;
    for (person, code) in [
        ("gita@partner.example", "MailboxNotEnabledForRESTAPI"),
        ("fax@contoso.example", "MailboxNotEnabledForRESTAPI"),
        ("kiosk@contoso.example", "ResourceNotFound"),
    ] {
        let token = token(&stage, person, SCOPES).await;
        let answer = stage.get(&token, "/me/mailFolders/inbox").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, code), "{person}");
    }
    stage.simulator.estate(|estate| estate.mailboxes.get_mut(OLGA).unwrap().kind = MailboxKind::Unlicensed);
    let olga = token(&stage, OLGA, SCOPES).await;
    assert_eq!(stage.get(&olga, "/me").await.status, 200);
    assert_eq!(stage.inbox(&olga, OLGA).await.code(), "MailboxNotEnabledForRESTAPI");
}
