//! Graph: reading, drafts, sending, and who may.

use std::time::Duration;

use postkey_simulator::{Mailbox, MailboxKind, Permission};
use serde_json::json;

use crate::support::{Answer, Stage};

const SUPPORT: &str = "support@contoso.example";

async fn post(stage: &Stage, token: &str, path: &str, body: &serde_json::Value) -> Answer {
    stage.send(stage.client.post(stage.graph_url(path)).bearer_auth(token).json(body)).await
}

fn letter(to: &str) -> serde_json::Value {
    json!({ "message": {
        "subject": "A test",
        "body": { "contentType": "Text", "content": "Hello." },
        "toRecipients": [{ "emailAddress": { "address": to } }],
    }, "saveToSentItems": false })
}

#[tokio::test]
async fn the_inbox_answers_what_is_selected_for_every_way_of_writing_its_address() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let id = stage.simulator.estate(|estate| estate.mailboxes.object_id(SUPPORT).unwrap().to_string());
    for name in [
        SUPPORT,
        "Support@Contoso.EXAMPLE",
        "support%40contoso.example",
        "help@contoso.example",
        "support@contoso.onmicrosoft.example",
        &id,
    ] {
        let path = format!("/users/{name}/mailFolders/inbox?$select=id,displayName,totalItemCount,unreadItemCount");
        let answer = stage.get(&token, &path).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        let folder = answer.json();
        assert_eq!(
            (&folder["displayName"], &folder["totalItemCount"], &folder["unreadItemCount"]),
            (&json!("Inbox"), &json!(128), &json!(12))
        );
        assert!(folder.get("childFolderCount").is_none());
        assert!(folder["@odata.context"].is_string());
    }
}

#[tokio::test]
async fn every_kind_of_address_answers_as_exchange_does() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    for (local, status, code) in [
        ("shared", 200, ""),
        ("fax", 404, "MailboxNotEnabledForRESTAPI"),
        ("onprem", 404, "MailboxNotEnabledForRESTAPI"),
        ("team", 404, "ErrorItemNotFound"),
        ("everyone", 404, "ErrorInvalidUser"),
        ("kiosk", 404, "ResourceNotFound"),
        ("nobody", 404, "ErrorInvalidUser"),
    ] {
        let answer = stage.inbox(&token, &format!("{local}@contoso.example")).await;
        assert_eq!(answer.status, status, "{local}");
        if status != 200 {
            assert_eq!(answer.code(), code, "{local}");
        }
    }
    let foreign = stage.inbox(&token, "support@fabrikam.example").await;
    assert_eq!(foreign.code(), "ErrorInvalidUser");
    assert_eq!(foreign.json()["error"]["message"], "The requested user 'support@fabrikam.example' is invalid.");
    let folder = stage.get(&token, &format!("/users/{SUPPORT}/mailFolders/archive")).await;
    assert_eq!(folder.code(), "ErrorItemNotFound");
}

#[tokio::test]
async fn an_error_has_graphs_envelope_and_headers() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let ours = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
    let url = stage.graph_url("/users/nobody@contoso.example/mailFolders/inbox");
    let answer = stage.send(stage.client.get(url).bearer_auth(&token).header("client-request-id", ours)).await;
    let inner = &answer.json()["error"]["innerError"];
    assert_eq!(inner["date"], "2026-05-06T06:03:00");
    assert_eq!(inner["client-request-id"], ours);
    assert_eq!(inner["request-id"], answer.headers["request-id"].to_str().unwrap());
    assert_eq!(answer.headers["client-request-id"], ours);
    assert_eq!(answer.headers["date"], "Wed, 06 May 2026 06:03:00 GMT");
}

#[tokio::test]
async fn a_bad_token_is_refused_with_a_challenge() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let (signed, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.AAAA");
    for bad in ["", "nonsense", "a.b.c", &forged] {
        let answer = stage.inbox(bad, SUPPORT).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "InvalidAuthenticationToken"), "{bad}");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer realm=\"\", authorization_uri="), "{challenge}");
    }
    let none = stage.send(stage.client.get(stage.graph_url("/me"))).await;
    assert_eq!(none.json()["error"]["message"], "Access token is empty.");

    stage.simulator.clock().advance(Duration::from_secs(5_400));
    let expired = stage.inbox(&token, SUPPORT).await;
    assert_eq!(expired.json()["error"]["message"], "Lifetime validation failed, the token is expired.");

    let token = stage.token("Contoso Mail").await;
    stage.simulator.estate(|estate| estate.settings.skew_seconds = -60);
    let early = stage.inbox(&token, SUPPORT).await;
    assert_eq!(early.json()["error"]["message"], "Access token has expired or is not yet valid.");
    stage.simulator.estate(|estate| {
        estate.settings.skew_seconds = 0;
        let id = estate.application("Contoso Mail").unwrap().client_id;
        estate.remove_application(id);
    });
    assert_eq!(stage.inbox(&token, SUPPORT).await.code(), "Authorization_IdentityNotFound");
}

#[tokio::test]
async fn a_draft_is_made_listed_and_deleted_for_good() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let messages = format!("/users/{SUPPORT}/messages");
    let made = post(&stage, &token, &messages, &json!({ "subject": "Probe 1" })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!((&made.json()["isDraft"], &made.json()["subject"]), (&json!(true), &json!("Probe 1")));
    let id = made.json()["id"].as_str().unwrap().to_owned();

    let list = stage.get(&token, &format!("{messages}?$top=1&$select=id,subject,receivedDateTime")).await.json();
    let expected = json!([{ "id": id, "subject": "Probe 1", "receivedDateTime": "2026-05-06T06:03:00Z" }]);
    assert_eq!(list["value"], expected);

    let target = stage.graph_url(&format!("{messages}/{id}/permanentDelete"));
    let without_length = stage.send(stage.client.post(&target).bearer_auth(&token)).await;
    assert_eq!(without_length.status, 411);
    let gone = stage.send(stage.client.post(&target).bearer_auth(&token).header("content-length", "0")).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    let again = stage.send(stage.client.delete(stage.graph_url(&format!("{messages}/{id}"))).bearer_auth(&token)).await;
    assert_eq!((again.status.as_u16(), again.code().as_str()), (404, "ErrorItemNotFound"));
    assert!(stage.simulator.estate(|estate| estate.mailboxes.messages(SUPPORT).is_empty()));
    assert_eq!(stage.inbox(&token, SUPPORT).await.json()["totalItemCount"], 128);
}

#[tokio::test]
async fn a_sent_message_is_accepted_kept_and_delivered() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let answer = post(&stage, &token, &format!("/users/{SUPPORT}/sendMail"), &letter("Sales@Contoso.example")).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (202, ""));
    let sent = stage.simulator.estate(|estate| estate.outbox.iter().next().unwrap().clone());
    assert_eq!(sent.mailbox, SUPPORT);
    assert_eq!(sent.client_id, stage.application("Contoso Mail").client_id);
    assert_eq!(sent.recipients, ["Sales@Contoso.example"]);
    assert_eq!((sent.subject.as_str(), sent.body.as_str(), sent.save_to_sent_items), ("A test", "Hello.", false));
    let inbox = stage.inbox(&token, "sales@contoso.example").await.json();
    assert_eq!((&inbox["totalItemCount"], &inbox["unreadItemCount"]), (&json!(65), &json!(4)));
    let list = stage.get(&token, "/users/sales@contoso.example/messages").await.json();
    assert_eq!(list["value"][0]["from"]["emailAddress"]["address"], SUPPORT);
}

#[tokio::test]
async fn sending_needs_a_recipient_a_message_and_the_right_to_send_as() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Support Desk").await;
    let path = format!("/users/{SUPPORT}/sendMail");
    let mut as_shared = letter("a@fabrikam.example");
    as_shared["message"]["from"] = json!({ "emailAddress": { "address": "shared@contoso.example" } });
    let mut as_ceo = as_shared.clone();
    as_ceo["message"]["from"]["emailAddress"]["address"] = json!("ceo@contoso.example");
    for (body, status) in [
        (json!({ "message": { "subject": "Nobody" } }), 400),
        (letter("not an address"), 400),
        (json!({}), 400),
        (json!([]), 400),
        (as_ceo, 403),
        (as_shared, 202),
    ] {
        assert_eq!(post(&stage, &token, &path, &body).await.status, status, "{body}");
    }
    assert_eq!(stage.simulator.estate(|estate| estate.outbox.total()), 1);
}

#[tokio::test]
async fn each_call_needs_its_own_permission() {
    let stage = Stage::start().await;
    let calls = [
        ("GET", "/mailFolders/inbox"),
        ("GET", "/messages"),
        ("POST", "/messages"),
        ("POST", "/sendMail"),
        ("GET", "/mailboxSettings"),
    ];
    let expectations = [
        (Permission::MailReadBasicAll, [200, 200, 403, 403, 403]),
        (Permission::MailRead, [200, 200, 403, 403, 403]),
        (Permission::MailReadWrite, [200, 200, 201, 403, 403]),
        (Permission::MailSend, [403, 403, 403, 202, 403]),
        (Permission::MailboxSettingsRead, [403, 403, 403, 403, 200]),
    ];
    for (permission, statuses) in expectations {
        stage.simulator.estate(|estate| {
            estate.application_mut("Contoso Mail").unwrap().roles = [permission].into();
        });
        let token = stage.token("Contoso Mail").await;
        for ((method, path), status) in calls.into_iter().zip(statuses) {
            let path = format!("/users/{SUPPORT}{path}");
            let answer = match method {
                "GET" => stage.get(&token, &path).await,
                _ => post(&stage, &token, &path, &letter(SUPPORT)).await,
            };
            assert_eq!(answer.status, status, "{permission} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn rbac_adds_to_consent_and_a_policy_subtracts_from_it() {
    let stage = Stage::start().await;
    let read = async |name: &str, mailbox: &str| {
        let token = stage.token(name).await;
        let answer = stage.inbox(&token, &format!("{mailbox}@contoso.example")).await;
        if answer.status == 200 {
            String::new()
        } else {
            answer.json()["error"]["message"].as_str().unwrap().to_owned()
        }
    };
    let denied = "Access is denied. Check credentials and try again.";
    assert_eq!(read("Contoso Support Desk", "support").await, "");
    assert_eq!(read("Contoso Support Desk", "shared").await, "");
    assert_eq!(read("Contoso Support Desk", "ceo").await, denied);
    assert_eq!(read("Contoso Invoices", "billing").await, "");
    let policy = read("Contoso Invoices", "support").await;
    assert!(policy.contains("[RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."), "{policy}");
    stage.simulator.estate(|estate| {
        let desk = estate.application_mut("Contoso Support Desk").unwrap();
        desk.roles.insert(Permission::MailReadWrite);
    });
    assert_eq!(read("Contoso Support Desk", "ceo").await, "");
}

#[tokio::test]
async fn a_hundred_thousand_mailboxes_are_added_quickly_and_found() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| {
        estate.add_mailboxes("contoso.example", 100_000, |number| format!("box{number:06}"));
        estate.mailboxes.put(Mailbox::new("late@contoso.example", MailboxKind::Shared));
    });
    let token = stage.token("Contoso Mail").await;
    assert_eq!(stage.inbox(&token, "box099999@contoso.example").await.status, 200);
    assert_eq!(stage.inbox(&token, "late@contoso.example").await.status, 200);
    assert_eq!(stage.simulator.estate(|estate| estate.mailboxes.len()), 29 + 100_001);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_told_so_and_logged() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let body = json!({ "message": { "body": { "content": "x".repeat(6 << 20) } } });
    let answer = post(&stage, &token, &format!("/users/{SUPPORT}/sendMail"), &body).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "RequestEntityTooLarge"));
    assert_eq!(stage.simulator.requests()[1].status, Some(413));
}
