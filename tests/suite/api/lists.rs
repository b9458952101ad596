//! How mailboxes are, without a secret.

use postkey_simulator::Kind;

use super::{SUPPORT, Worker, json, problem, start};
use crate::mailboxes::{add, add_more};
use crate::support::{Engine, Page};

fn addresses(page: &Page) -> Vec<String> {
    let said = json(page);
    let all = said["mailboxes"].as_array().unwrap().iter();
    all.map(|mailbox| mailbox["address"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn mailboxes_are_listed_in_the_order_of_their_addresses_with_how_they_are() {
    for engine in Engine::all() {
        let (app, ana, worker) = start(engine).await;
        for address in ["sales@contoso.example", "billing@contoso.example"] {
            add_more(&ana, address).await;
        }
        let archive = add(&app, &ana, "archive@contoso.example", "Contoso Archive").await;
        let pause = format!("{archive}/pause");
        ana.open_and_submit(&pause, &pause, &[]).await.location();
        app.sim.clear_requests();
        let all = worker.get("").await;
        let expected = ["archive@contoso.example", "billing@contoso.example", "sales@contoso.example", SUPPORT];
        assert_eq!((all.status, addresses(&all)), (200, expected.map(str::to_owned).into()));
        assert_eq!(json(&all)["next"], serde_json::Value::Null);
        let (mut walked, mut path) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = worker.get(&path).await;
            walked.extend(addresses(&page));
            let Some(next) = json(&page)["next"].as_str().map(str::to_owned) else { break };
            path = format!("?limit=3&after={next}");
        }
        assert_eq!(walked, expected);
        let one = json(&worker.get(&format!("/{SUPPORT}")).await);
        assert_eq!(
            (&one["incoming"], &one["outgoing"], &one["access"]),
            (&"connected".into(), &"ready".into(), &"application".into())
        );
        assert_eq!(
            (&one["application"]["name"], &one["checked_at"]),
            (&"Contoso Mail".into(), &"2026-11-23T12:00:00Z".into())
        );
        assert_eq!(addresses(&worker.get("?status=connected").await).len(), 3);
        assert_eq!(app.sim.count(Kind::Token), 0, "nobody at Microsoft is asked");
        for wrong in ["?limit=0", "?limit=201", "?limit=x", "?status=green", "?after=x"] {
            problem(&worker.get(wrong).await, "bad_request");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn a_key_lists_what_it_is_for_and_nothing_else() {
    let (app, ana, _) = start(Engine::Sqlite).await;
    add_more(&ana, "sales@contoso.example").await;
    add(&app, &ana, "archive@contoso.example", "Contoso Archive").await;
    let mail = crate::sign_in::application(&app, "Contoso Mail").await;
    let listed = [("reach", "mailboxes"), ("mailboxes", "sales@contoso.example"), ("may", "status")];
    let listed = Worker::new(&app, &crate::keys::make(&ana, &listed).await.1);
    assert_eq!(addresses(&listed.get("").await), ["sales@contoso.example"]);
    let of = [("reach", "applications"), ("application", mail.as_str())];
    let of = Worker::new(&app, &crate::keys::make(&ana, &of).await.1);
    assert_eq!(addresses(&of.get("").await), ["sales@contoso.example", SUPPORT]);
    app.stop().await;
}
