//! Roles (S-90) and fields that no form has (S-91).

use super::table::{Who, least, needs_key, routes};
use super::world::{World, column, dump};
use crate::support::Engine;

const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/// An address like `route` at which nothing is, so that whoever gets through changes nothing.
fn nowhere(route: &str) -> String {
    let base = match route {
        _ if route.starts_with("/mailboxes") => "mb_",
        _ if route.starts_with("/keys") => "key_",
        _ => "app_",
    };
    let id = format!("{base}{}", "0".repeat(24));
    let route = route.replace("{id}", &id).replace("{credential}", &format!("cred_{}", "0".repeat(24)));
    route.replace("{file}", "nothing.css").replace("{code}", "nothing")
}

#[tokio::test]
async fn every_role_gets_where_the_golden_table_says_and_nowhere_else() {
    let world = World::on(Engine::Sqlite).await;
    let before = dump(world.db(), &[]).await;
    let nobody = world.anonymous().await;
    for person in world.people.iter().chain([&nobody]) {
        for route in routes() {
            for method in METHODS {
                // Signing in and out would end the session that the rest of the table needs.
                if method == "POST" && matches!(least(route, method), Some(Who::Anyone)) {
                    continue;
                }
                let safe = matches!(method, "GET" | "HEAD" | "OPTIONS");
                let path = if safe { world.fill(route).await } else { nowhere(route) };
                let answer = if safe {
                    world.ask(person, method, &path).await
                } else {
                    let body = super::wire::form(&[("_csrf".to_owned(), person.key.clone())]);
                    let request = super::wire::request(method, &path, &world.own_page(&person.cookies), &body);
                    super::wire::send(world.address(), &request).await
                };
                let to_login = answer.header("location").is_some_and(|to| to.starts_with("/login"));
                let refused = answer.status == 403 || (answer.status == 303 && to_login);
                let what = format!("{method} {path} as {:?}: {}", person.who, answer.status);
                if needs_key(route) {
                    assert!(matches!(answer.status, 401 | 405) && answer.header("set-cookie").is_none(), "{what}");
                    continue;
                }
                match least(route, method) {
                    Some(who) if person.who >= who => {
                        assert!(!refused && !matches!(answer.status, 401 | 405), "{what}")
                    }
                    Some(_) if person.who == Who::Anyone => assert!(answer.status == 303 && to_login, "{what}"),
                    Some(_) => assert_eq!(answer.status, 403, "{what}"),
                    None => assert!(refused || answer.status == 405, "{what}"),
                }
            }
        }
    }
    assert_eq!(dump(world.db(), &[]).await, before, "something was changed on the way");
    world.app.stop().await;
}

#[tokio::test]
async fn who_may_add_a_mailbox_cannot_add_an_application_with_it() {
    let world = World::on(Engine::Sqlite).await;
    let before = dump(world.db(), &[]).await;
    let person = world.people.iter().find(|person| person.who == Who::MailboxAdministrator).unwrap();
    let mut fields = world.good("/applications/new");
    fields.push(("address".to_owned(), "new@contoso.example".to_owned()));
    fields.push(("application".to_owned(), "new".to_owned()));
    let answer = world.post(person, "/mailboxes", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("Only application administrators can add an application"));
    assert_eq!(dump(world.db(), &[]).await, before);
    world.app.stop().await;
}

#[tokio::test]
async fn fields_that_no_form_has_are_not_heard() {
    let world = World::on(Engine::Sqlite).await;
    let more = [
        ("id", "mb_000000000000000000000000"),
        ("role", "owner"),
        ("created_by", "Mallory"),
        ("paused_at", "1"),
        ("deleted_at", "1"),
        ("incoming", "connected"),
        ("tenant_id", "11111111-1111-4111-8111-111111111111"),
        ("sealed", "pk1.x.y"),
        ("state", "accepted"),
        ("credential_ends_at", "1"),
        ("updated_at", "1"),
        ("user[role]", "owner"),
    ];
    let more: Vec<(String, String)> =
        more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    for route in ["/mailboxes", "/applications/new"] {
        let fields = [world.good(route), more.clone()].concat();
        assert_eq!(world.post(&world.owner, route, &fields).await.status, 303, "{route}");
    }
    for route in ["/mailboxes/{id}/edit", "/applications/{id}/edit"] {
        let fields = [world.good(route), more.clone()].concat();
        assert_eq!(world.post(&world.owner, &world.fill(route).await, &fields).await.status, 303, "{route}");
    }
    let rows = dump(world.db(), &[]).await;
    for (_, value) in &more[..] {
        assert!(
            value.len() < 8 || value == "connected" || value == "accepted" || !rows.contains(value),
            "{value} was stored"
        );
    }
    let roles = column(world.db(), "SELECT role FROM users WHERE email = 'viewer@contoso.example'").await;
    assert_eq!(roles, ["viewer"]);
    let untested = column(
        world.db(),
        "SELECT state FROM credentials WHERE application_id IN (SELECT id FROM applications WHERE name = 'One more')",
    )
    .await;
    assert_eq!(untested, ["untested"], "a state is Microsoft's word, not the form's");
    world.app.stop().await;
}
