//! Graph: people, settings, and paths that lead nowhere.

use postkey_simulator::Permission;
use serde_json::Value;

use crate::support::Stage;

#[tokio::test]
async fn an_application_is_not_me() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let answer = stage.get(&token, "/me?$select=id,displayName").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BadRequest"));
    let message = "/me request is only valid with delegated authentication flow.";
    assert_eq!(answer.json()["error"]["message"], message);
}

#[tokio::test]
async fn people_are_shown_to_who_may_read_the_directory() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let refused = stage.get(&token, "/users/support@contoso.example").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "Authorization_RequestDenied"));

    stage.simulator.estate(|estate| {
        estate.application_mut("Contoso Mail").unwrap().roles.insert(Permission::UserReadBasicAll);
    });
    let token = stage.token("Contoso Mail").await;
    let person = stage.get(&token, "/users/support@contoso.example?$select=id,mail,accountEnabled").await.json();
    assert_eq!(person["mail"], "support@contoso.example");
    assert!(person.get("displayName").is_none());
    let by_id = stage.get(&token, &format!("/users/{}", person["id"].as_str().unwrap())).await.json();
    assert_eq!(by_id["userPrincipalName"], "support@contoso.example");
    let shared = stage.get(&token, "/users/shared@contoso.example").await.json();
    assert_eq!(shared["accountEnabled"], false);
    let kiosk = stage.get(&token, "/users/kiosk@contoso.example").await.json();
    assert_eq!(kiosk["mail"], Value::Null);
    for nobody in ["nobody@contoso.example", "team@contoso.example", "support@fabrikam.example"] {
        let answer = stage.get(&token, &format!("/users/{nobody}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "Request_ResourceNotFound"), "{nobody}");
    }
}

#[tokio::test]
async fn mailbox_settings_tell_a_shared_mailbox() {
    let stage = Stage::start().await;
    stage.simulator.estate(|estate| {
        estate.application_mut("Contoso Mail").unwrap().roles.insert(Permission::MailboxSettingsRead);
    });
    let token = stage.token("Contoso Mail").await;
    for (local, purpose) in [("support", "user"), ("shared", "shared")] {
        let answer = stage.get(&token, &format!("/users/{local}@contoso.example/mailboxSettings")).await;
        assert_eq!(answer.json()["userPurpose"], purpose);
    }
}

#[tokio::test]
async fn other_paths_and_methods_get_errors_of_their_surface() {
    let stage = Stage::start().await;
    let token = stage.token("Contoso Mail").await;
    let unknown = stage.get(&token, "/users/support@contoso.example/calendar").await;
    assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (400, "BadRequest"));
    let url = stage.graph_url("/users/support@contoso.example/sendMail");
    assert_eq!(stage.send(stage.client.get(url).bearer_auth(&token)).await.status, 405);
    let lost = stage.send(stage.client.get(format!("{}/nowhere", stage.simulator.authority()))).await;
    assert_eq!(lost.status, 404);
    assert!(lost.text.contains("This is a simulator. It is not Microsoft."));
    let root = stage.send(stage.client.get(stage.simulator.authority())).await;
    assert_eq!((root.status.as_u16(), root.headers["location"].to_str().unwrap()), (303, "/_control"));
}
