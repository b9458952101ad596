//! Whom the address of a visitor is believed from (S-75).

use super::wire::{form, request, send};
use super::world::{World, column};
use crate::support::{Engine, TestApp};

async fn guess(world: &World, nobody: &super::world::Person, number: usize, headers: &[(&str, &str)]) -> u16 {
    let email = format!("person{number}@contoso.example");
    let fields = [("email", email.as_str()), ("password", "wrong wrong wrong"), ("_csrf", nobody.key.as_str())];
    let body = form(&fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let all = [world.own_page(&nobody.cookies), headers.to_vec()].concat();
    send(world.address(), &request("POST", "/login", &all, &body)).await.status
}

#[tokio::test]
async fn a_stranger_cannot_choose_the_address_that_is_counted_and_written_down() {
    let world = World::on(Engine::Sqlite).await;
    let nobody = world.anonymous().await;
    let names = ["x-forwarded-for", "x_forwarded_for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"];
    for number in 0..11 {
        let spoofed = format!("198.51.100.{number}");
        let headers: Vec<(&str, &str)> = names.iter().map(|name| (*name, spoofed.as_str())).collect();
        assert_eq!(guess(&world, &nobody, number, &headers).await, 422, "{number}");
    }
    assert_eq!(guess(&world, &nobody, 11, &[("x-forwarded-for", "198.51.100.99")]).await, 429);
    let noted = column(world.db(), "SELECT DISTINCT detail FROM audit WHERE action LIKE 'login%'").await;
    assert_eq!(noted, ["from 127.0.0.1"]);
    world.app.stop().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_last_address_before_it_counts() {
    let app = TestApp::with(Engine::Sqlite, |config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let world = World::around(app).await;
    let nobody = world.anonymous().await;
    for number in 0..11 {
        // What the visitor made up stands first; what our proxy saw stands last.
        let chain = format!("10.9.9.{number}, 203.0.113.7");
        assert_eq!(guess(&world, &nobody, number, &[("x-forwarded-for", &chain)]).await, 422, "{number}");
    }
    assert_eq!(guess(&world, &nobody, 11, &[("x-forwarded-for", "10.9.9.99, 203.0.113.7")]).await, 429);
    assert_eq!(guess(&world, &nobody, 12, &[("x-forwarded-for", "203.0.113.8")]).await, 422);
    let noted = column(world.db(), "SELECT DISTINCT detail FROM audit WHERE action = 'login.refused' ORDER BY 1").await;
    assert_eq!(noted, ["from 203.0.113.7", "from 203.0.113.8"]);
    world.app.stop().await;
}

#[tokio::test]
async fn a_network_of_one_visitor_counts_as_one_visitor() {
    let app = TestApp::with(Engine::Sqlite, |config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()]).await;
    let world = World::around(app).await;
    let nobody = world.anonymous().await;
    for number in 0..11 {
        let from = format!("2001:db8:1:2::{number:x}");
        assert_eq!(guess(&world, &nobody, number, &[("x-forwarded-for", &from)]).await, 422);
    }
    assert_eq!(guess(&world, &nobody, 11, &[("x-forwarded-for", "2001:db8:1:2:ffff::1")]).await, 429);
    assert_eq!(guess(&world, &nobody, 12, &[("x-forwarded-for", "2001:db8:1:3::1")]).await, 422);
    world.app.stop().await;
}
