//! Changes come only from our own pages (S-30).

use super::table::changing;
use super::wire::{Answer, form, request, send};
use super::world::{Person, World, dump};
use crate::support::Engine;

const SITES: [Option<&str>; 5] = [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none")];
const ORIGINS: [Option<&str>; 4] = [None, Some("own"), Some("null"), Some("https://evil.example")];
const TYPES: [&str; 5] = [
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/json",
    "application/x-www-form-urlencodedx",
];

/// One way to send a form.
#[derive(Clone, Debug)]
struct Try<'a> {
    site: Option<&'a str>,
    origin: Option<&'a str>,
    keys: Vec<String>,
    mime: &'a str,
}

impl Try<'_> {
    fn is_ours(&self, own_key: &str) -> bool {
        let from_us = match self.site {
            Some("same-origin") => matches!(self.origin, None | Some("own" | "null")),
            None => self.origin == Some("own"),
            _ => false,
        };
        from_us && self.keys == [own_key] && self.mime == TYPES[0]
    }

    async fn send(&self, world: &World, person: &Person, path: &str, fields: &[(String, String)]) -> Answer {
        let keys = self.keys.iter().map(|key| ("_csrf".to_owned(), key.clone()));
        let body = form(&fields.iter().cloned().chain(keys).collect::<Vec<_>>());
        let origin = if self.origin == Some("own") { Some(world.app.url.as_str()) } else { self.origin };
        let mut headers = world.own_page(&person.cookies);
        headers.retain(|(name, _)| matches!(*name, "host" | "cookie"));
        headers.push(("content-type", self.mime));
        headers.extend(self.site.map(|site| ("sec-fetch-site", site)));
        headers.extend(origin.map(|origin| ("origin", origin)));
        send(world.address(), &request("POST", path, &headers, &body)).await
    }
}

/// Every site with every origin, and every key with every kind of content; with `all`, everything with everything.
fn tries<'a>(own: &str, other: &str, all: bool) -> Vec<Try<'a>> {
    let of = |key: &str| vec![key.to_owned()];
    let keys = [of(own), Vec::new(), of(other), of(""), vec![own.to_owned(), own.to_owned()], of(&own[1..])];
    let mut tries = Vec::new();
    for site in SITES {
        for origin in ORIGINS {
            for keys in &keys {
                for mime in TYPES {
                    let usual = keys[..] == [own.to_owned()] && mime == TYPES[0];
                    if all || usual || (site == Some("same-origin") && origin == Some("own")) {
                        tries.push(Try { site, origin, keys: keys.clone(), mime });
                    }
                }
            }
        }
    }
    tries
}

#[tokio::test]
async fn a_change_that_does_not_come_from_our_own_page_is_refused_at_every_address() {
    let world = World::on(Engine::Sqlite).await;
    let before = dump(world.db(), &[]).await;
    let other = &world.people[4];
    for (route, _) in changing() {
        let path = world.fill(route).await;
        let fields = world.good(route);
        let all = route == "/mailboxes/{id}/pause";
        for tried in tries(&world.owner.key, &other.key, all) {
            if tried.is_ours(&world.owner.key) {
                continue;
            }
            let answer = tried.send(&world, &world.owner, &path, &fields).await;
            assert!(matches!(answer.status, 403 | 415), "{path} {tried:?}: {}", answer.status);
        }
        assert!(dump(world.db(), &[]).await == before, "{path} was changed from elsewhere");
    }
    world.app.stop().await;
}

#[tokio::test]
async fn what_our_own_page_sends_is_taken() {
    let world = World::on(Engine::Sqlite).await;
    for tried in tries(&world.owner.key, &world.people[4].key, true) {
        if tried.is_ours(&world.owner.key) {
            let answer = tried.send(&world, &world.owner, &format!("{}/default", world.mailbox), &[]).await;
            assert_eq!(answer.status, 303, "{tried:?}");
        }
    }
    world.app.stop().await;
}

#[tokio::test]
async fn no_other_method_and_no_override_changes_anything() {
    let world = World::on(Engine::Sqlite).await;
    let before = dump(world.db(), &[]).await;
    for (route, _) in changing() {
        let path = world.fill(route).await;
        let fields = [world.good(route), vec![("_csrf".to_owned(), world.owner.key.clone())]].concat();
        let body = form(&fields);
        let mut headers = world.own_page(&world.owner.cookies);
        headers.extend([("x-http-method-override", "POST"), ("x-method-override", "POST"), ("x-http-method", "POST")]);
        for (method, target, sent) in [
            ("GET", format!("{path}?_method=POST&{body}"), ""),
            ("HEAD", format!("{path}?_method=POST&{body}"), ""),
            ("GET", path.clone(), body.as_str()),
            ("PUT", path.clone(), body.as_str()),
            ("PATCH", path.clone(), body.as_str()),
            ("DELETE", path.clone(), body.as_str()),
            ("post", path.clone(), body.as_str()),
        ] {
            let answer = send(world.address(), &request(method, &target, &headers, sent)).await;
            let read = matches!(method, "GET" | "HEAD") && answer.status < 500;
            assert!(read || matches!(answer.status, 400 | 403 | 405), "{method} {target}: {}", answer.status);
        }
        assert!(dump(world.db(), &[]).await == before, "{path} was changed without a form");
    }
    world.app.stop().await;
}

#[tokio::test]
async fn a_form_of_one_browser_is_worth_nothing_in_another() {
    let world = World::on(Engine::Sqlite).await;
    let owner = &world.owner;
    let own = Try { site: Some("same-origin"), origin: None, keys: vec![owner.key.clone()], mime: TYPES[0] };
    let path = format!("{}/default", world.mailbox);
    let session = owner.cookies.split(';').next().unwrap();
    for cookies in
        [session.to_owned(), format!("{session}; postkey-visit=another"), owner.cookies.replace("postkey=", "x=")]
    {
        let thief = Person { who: owner.who, browser: world.app.stranger(), cookies, key: String::new() };
        assert_eq!(own.send(&world, &thief, &path, &[]).await.status, 403);
    }
    assert_eq!(own.send(&world, owner, &path, &[]).await.status, 303);
    world.app.stop().await;
}
