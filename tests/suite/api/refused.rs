//! A worker's word that a token was refused.

use futures_util::future::join_all;
use postkey_simulator::{Fault, Kind, Page, Place};

use super::{HOUR, SUPPORT, json, problem, start};
use crate::safety::world::column;
use crate::support::Engine;

const FIRST: &str = "{\"generation\":1,\"status\":401,\"error\":\"InvalidAuthenticationToken\"}";

#[tokio::test]
async fn a_refused_token_is_renewed_once_however_many_say_so_and_however_often() {
    for engine in Engine::all() {
        let (app, ana, worker) = start(engine).await;
        app.advance(10);
        let all = join_all((0..30).map(|_| worker.refused(SUPPORT, FIRST))).await;
        assert!(
            all.iter().all(|page| page.status == 200),
            "{:?}",
            all.iter().map(|page| &page.body).collect::<Vec<_>>()
        );
        assert_eq!(app.sim.count(Kind::Token), 1);
        let said = json(&worker.refused(SUPPORT, FIRST).await);
        assert_eq!((&said["generation"], &said["newer"]), (&2.into(), &true.into()));
        let token = json(&worker.token(SUPPORT).await);
        assert_eq!((&token["generation"], app.sim.count(Kind::Token)), (&2.into(), 1));
        // The new one is refused as well: it is written down, and Microsoft is left alone for a minute.
        let second = FIRST.replace(":1,", ":2,");
        let soon = json(&worker.refused(SUPPORT, &second).await);
        assert_eq!((&soon["newer"], &soon["retry_after"], app.sim.count(Kind::Token)), (&false.into(), &60.into(), 1));
        app.advance(HOUR);
        let token = json(&worker.token(SUPPORT).await);
        assert_eq!((&token["generation"], app.sim.count(Kind::Token)), (&3.into(), 2));
        app.advance(60);
        let third = json(&worker.refused(SUPPORT, &FIRST.replace(":1,", ":3,")).await);
        assert_eq!((&third["generation"], &third["newer"], app.sim.count(Kind::Token)), (&4.into(), &true.into(), 3));
        let ana = match ana.get("/").await.status {
            200 => ana,
            _ => app.owner().await,
        };
        let grant = column(&app.inside().db, "SELECT id FROM grants").await.concat();
        let page = ana.get(&format!("/tokens/{grant}")).await;
        let said = "worker-eu-1 said";
        assert!(page.text().contains(said) && page.text().contains("InvalidAuthenticationToken"), "{}", page.text());
        app.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_the_newest_token_renews_nothing() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    for wrong in ["{\"generation\":2}", "{\"generation\":0}", "{}"] {
        problem(&worker.refused(SUPPORT, wrong).await, "bad_request");
    }
    problem(&worker.refused("nobody@contoso.example", FIRST).await, "not_found");
    assert_eq!(app.sim.count(Kind::Token), 0);
    app.stop().await;
}

#[tokio::test]
async fn when_the_renewal_fails_the_worker_is_told_why() {
    let (app, _ana, worker) = start(Engine::Sqlite).await;
    app.sim.fault(Fault::status(Place::Token, 503, Page::Html));
    app.advance(10);
    assert_eq!(problem(&worker.refused(SUPPORT, FIRST).await, "try_later")["cause"], "provider_down");
    let again = json(&worker.refused(SUPPORT, FIRST).await);
    assert_eq!((&again["newer"], app.sim.count(Kind::Token)), (&false.into(), 1));
    app.stop().await;
}
