//! The token itself: what the answer holds, where it comes from, and how long it lasts.

use futures_util::future::join_all;
use postkey_simulator::{Kind, Lifetime};

use super::{HOUR, SUPPORT, Worker, json, problem, start};
use crate::mailboxes::add_more;
use crate::safety::world::meddle;
use crate::sign_in::{self, OLGA};
use crate::support::Engine;

#[tokio::test]
async fn a_worker_is_handed_the_token_with_what_it_needs_to_know_by_id_or_address() {
    for engine in Engine::all() {
        let (app, _ana, worker) = start(engine).await;
        let id = sign_in::path_of(&app, SUPPORT).await.rsplit('/').next().unwrap().to_owned();
        let by_id = worker.token(&id).await;
        assert_eq!(by_id.status, 200, "{}", by_id.body);
        assert_eq!(by_id.header("content-type"), "application/json");
        let said = json(&by_id);
        assert!(said["access_token"].as_str().unwrap().starts_with("eyJ"));
        assert_eq!((&said["token_type"], &said["access"]), (&"Bearer".into(), &"application".into()));
        assert_eq!((&said["expires_at"], &said["expires_in"]), (&"2026-11-23T13:00:00Z".into(), &HOUR.into()));
        assert_eq!(
            (said["mailbox"]["id"].as_str(), said["mailbox"]["address"].as_str()),
            (Some(id.as_str()), Some(SUPPORT))
        );
        assert_eq!(said["graph_base"].as_str().unwrap(), format!("{}/v1.0", app.sim.graph().trim_end_matches('/')));
        assert_eq!(said["audience"].as_str().unwrap(), app.sim.graph().trim_end_matches('/'));
        assert!(said["scopes"].as_array().unwrap().contains(&"Mail.Send".into()), "{said}");
        assert_eq!((&said["generation"], &said["cached"], &said["account"]), (&1.into(), &true.into(), &().into()));
        assert!(by_id.header("etag").ends_with(".1\""), "{}", by_id.header("etag"));
        for name in [SUPPORT, "Support@CONTOSO.example", "support%40contoso.example"] {
            assert_eq!(json(&worker.token(name).await)["access_token"], said["access_token"], "{name}");
        }
        assert_eq!(app.sim.count(Kind::Token), 0);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_persons_token_says_who_signed_in() {
    let (app, ana, worker) = start(Engine::Sqlite).await;
    sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
    let said = json(&worker.token(OLGA).await);
    assert_eq!((&said["access"], &said["account"]["username"]), (&"delegated".into(), &OLGA.into()));
    assert_eq!(said["account"]["object_id"].as_str().unwrap().len(), 36);
    assert!(said["scopes"].as_array().unwrap().contains(&"Mail.ReadWrite".into()), "{said}");
    app.stop().await;
}

#[tokio::test]
async fn once_warm_no_answer_needs_the_database() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    let first = json(&worker.token(SUPPORT).await);
    let db = &app.inside().db;
    for table in ["mailboxes", "grants", "api_keys"] {
        meddle(db, &format!("ALTER TABLE {table} RENAME TO {table}_hidden")).await;
    }
    let again = worker.token(SUPPORT).await;
    assert_eq!((again.status, &json(&again)["access_token"]), (200, &first["access_token"]), "{}", again.body);
    for table in ["mailboxes", "grants", "api_keys"] {
        meddle(db, &format!("ALTER TABLE {table}_hidden RENAME TO {table}")).await;
    }
    app.stop().await;
}

#[tokio::test]
async fn a_token_lasts_as_long_as_was_asked_for_to_the_second_and_else_it_is_renewed() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    let asked = async |least: &str| json(&worker.get(&format!("/{SUPPORT}/token{least}")).await);
    app.advance(HOUR - 300);
    let said = asked("").await;
    assert_eq!((&said["expires_in"], &said["cached"], app.sim.count(Kind::Token)), (&300.into(), &true.into(), 0));
    app.advance(1);
    assert_eq!(asked("?min_ttl=299").await["expires_in"], 299);
    let said = asked("").await;
    assert_eq!((&said["expires_in"], &said["cached"], app.sim.count(Kind::Token)), (&HOUR.into(), &false.into(), 1));
    assert_eq!(said["generation"], 2);
    assert_eq!(asked("").await["cached"], true);
    app.advance(HOUR - 1);
    assert_eq!((asked("?min_ttl=0").await["expires_in"].as_i64(), app.sim.count(Kind::Token)), (Some(1), 1));
    app.advance(1);
    assert_eq!((asked("?min_ttl=0").await["expires_in"].as_i64(), app.sim.count(Kind::Token)), (Some(HOUR), 2));
    app.advance(HOUR - 1_800);
    assert_eq!(asked("?min_ttl=1800").await["expires_in"], 1_800);
    app.advance(1);
    assert_eq!(asked("?min_ttl=1800").await["expires_in"], HOUR);
    for wrong in ["?min_ttl=1801", "?min_ttl=-1", "?min_ttl=soon", "?min_ttl=", "?wait=61", "?wait=1e9"] {
        let page = worker.get(&format!("/{SUPPORT}/token{wrong}")).await;
        assert!(problem(&page, "bad_request")["detail"].as_str().unwrap().contains("seconds from 0 to"), "{wrong}");
    }
    let twice = worker.get(&format!("/{SUPPORT}/token?min_ttl=1&min_ttl=2")).await;
    assert_eq!((twice.status, &json(&twice)["code"]), (400, &"bad_request".into()));
    app.stop().await;
}

#[tokio::test]
async fn a_token_that_lives_shorter_than_was_asked_for_is_not_renewed_at_each_request() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    app.sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 200 });
    app.advance(HOUR);
    for (wait, renewals) in [(0, 1), (0, 1), (10, 1), (30, 2)] {
        app.advance(wait);
        assert_eq!(worker.token(SUPPORT).await.status, 200);
        assert_eq!(app.sim.count(Kind::Token), renewals, "after {wait}");
    }
    app.stop().await;
}

#[tokio::test]
async fn of_many_workers_that_ask_for_an_ended_token_one_renews_and_all_get_it() {
    for engine in Engine::all() {
        let (app, ana, worker) = start(engine).await;
        sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
        app.sim.clear_requests();
        app.advance(HOUR);
        for mailbox in [SUPPORT, OLGA] {
            let before = app.sim.count(Kind::Token);
            let all = join_all((0..200).map(|_| worker.token(mailbox))).await;
            let first = json(&all[0])["access_token"].clone();
            assert!(all.iter().all(|page| page.status == 200 && json(page)["access_token"] == first));
            assert_eq!(app.sim.count(Kind::Token) - before, 1, "{mailbox}");
        }
        app.stop().await;
    }
}

#[tokio::test]
async fn what_a_person_changes_is_seen_by_the_next_request() {
    let (app, ana, worker) = start(Engine::Sqlite).await;
    let path = sign_in::path_of(&app, SUPPORT).await;
    let press = async |what: &str| {
        let action = format!("{path}/{what}");
        let from = if what == "resume" { path.clone() } else { action.clone() };
        ana.open_and_submit(&from, &action, &[]).await.location();
    };
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    press("pause").await;
    let paused = problem(&worker.token(SUPPORT).await, "paused");
    assert_eq!((&paused["who"], &paused["since"]), (&"mailbox_administrator".into(), &"2026-11-23T12:00:00Z".into()));
    press("resume").await;
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    let version = [("address", "help@contoso.example")];
    ana.open_and_submit(&format!("{path}/edit"), &format!("{path}/edit"), &version).await.location();
    problem(&worker.token(SUPPORT).await, "not_found");
    assert_eq!(worker.token("help@contoso.example").await.status, 200);
    let bulk = [("do", "pause"), ("all", "1"), ("sure", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let key = ana.get(&format!("{path}/edit")).await.form(&format!("{path}/edit"), &[]);
    let key = key.into_iter().find(|(name, _)| name == "_csrf").unwrap();
    let answer = ana.post("/mailboxes/bulk", &[&bulk[..], &[key]].concat()).await;
    answer.location();
    problem(&worker.token("help@contoso.example").await, "paused");
    press("resume").await;
    press("delete").await;
    problem(&worker.token("help@contoso.example").await, "not_found");
    app.stop().await;
}

#[tokio::test]
async fn a_key_reaches_its_own_mailboxes_and_others_look_as_if_they_were_not_there() {
    for engine in Engine::all() {
        let (app, ana, _) = start(engine).await;
        add_more(&ana, "sales@contoso.example").await;
        sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
        let mail = sign_in::application(&app, "Contoso Mail").await;
        let id = async |address: &str| sign_in::path_of(&app, address).await.rsplit('/').next().unwrap().to_owned();
        let listed = [("reach", "mailboxes"), ("mailboxes", "Sales@contoso.example")];
        let listed = crate::keys::make(&ana, &listed).await.1;
        let of = [("reach", "applications"), ("application", mail.as_str())];
        let of = crate::keys::make(&ana, &of).await.1;
        for (key, reached, others) in [
            (listed, vec!["sales@contoso.example"], vec![SUPPORT, OLGA]),
            (of, vec!["sales@contoso.example", SUPPORT], vec![OLGA]),
        ] {
            let worker = Worker::new(&app, &key);
            for address in reached {
                assert_eq!(worker.token(address).await.status, 200, "{address}");
                assert_eq!(worker.token(&id(address).await).await.status, 200, "{address}");
                assert_eq!(worker.get(&format!("/{address}")).await.status, 200, "{address}");
            }
            let nothing = problem(&worker.token("nobody@contoso.example").await, "not_found");
            for address in others {
                for name in [address.to_owned(), id(address).await] {
                    for page in [worker.token(&name).await, worker.get(&format!("/{name}")).await] {
                        let other = problem(&page, "not_found");
                        assert_eq!((&other["detail"], page.status), (&nothing["detail"], 404), "{name}");
                    }
                }
            }
        }
        app.stop().await;
    }
}
