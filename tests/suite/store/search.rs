//! `mailboxes/search.rs`: order, pages, words, counts, many at once. What a status filter finds is in `shown.rs`.

use postkey::applications::store as applications;
use postkey::error::AppError;
use postkey::mailboxes::mailbox::Mailbox;
use postkey::mailboxes::search::{self, COUNT_CAP, Filter};
use postkey::mailboxes::store;
use postkey::words::{Cause, Status};

use super::World;

fn words(q: &str) -> Filter {
    Filter { q: q.to_owned(), ..Filter::default() }
}

fn sorted(sort: &str, rows: usize) -> Filter {
    Filter { sort: sort.to_owned(), n: rows.to_string(), ..Filter::default() }
}

async fn found(world: &World, filter: &Filter) -> Vec<String> {
    let rows = search::page(world.db(), filter, world.now()).await.unwrap().rows;
    assert_eq!(search::count(world.db(), filter, world.now()).await.unwrap(), rows.len() as i64, "{filter:?}");
    rows.into_iter().map(|row| row.mailbox.address).collect()
}

/// The pages of `filter` from its start to its end, or, from its end, back to its start.
async fn walk(world: &World, filter: &Filter, back_from: Option<String>) -> Vec<Vec<String>> {
    let back = back_from.is_some();
    let mut filter = Filter { before: back_from.unwrap_or_default(), ..filter.clone() };
    let mut pages = Vec::new();
    loop {
        let page = search::page(world.db(), &filter, world.now()).await.unwrap();
        pages.push(page.rows.iter().map(|row| row.mailbox.id.to_string()).collect());
        match if back { page.before } else { page.after } {
            Some(cursor) if back => filter.before = cursor,
            Some(cursor) => filter.after = cursor,
            None => return pages,
        }
        assert!(pages.len() < 50, "the list never ends");
    }
}

async fn many(world: &World) -> Vec<Mailbox> {
    let mail = world.stored("Mail").await;
    let statuses = [Status::Connected, Status::Failing(Cause::NoAccess), Status::Failing(Cause::Throttled)];
    let names = ["anna", "ANNA-b", "annab", "Zoe", "Åsa", "ärger", "50%", "a_b", "o'brien", "大阪", "\\back", "été"];
    let mut all = Vec::new();
    for (number, name) in names.into_iter().cycle().take(29).enumerate() {
        let mailbox = world.added(&mail, &format!("{name}@{number}.example")).await;
        // A third is never checked: ties in urgency.
        if let Some(status) = statuses.get(number % 4) {
            world.checked(&mailbox, *status, *status).await;
        }
        all.push(mailbox);
    }
    all
}

#[tokio::test]
async fn pages_follow_each_other_forward_and_back_in_every_order() {
    for world in World::all().await {
        let all = many(&world).await;
        for sort in ["", "address", "-address"] {
            let whole = walk(&world, &sorted(sort, 200), None).await.concat();
            let mut ids: Vec<String> = all.iter().map(|mailbox| mailbox.id.to_string()).collect();
            ids.sort();
            let mut once = whole.clone();
            once.sort();
            assert_eq!(once, ids, "sorted by {sort:?}, every mailbox is there once");
            for rows in [1, 4, 28, 29] {
                let forward = walk(&world, &sorted(sort, rows), None).await;
                assert!(forward.iter().rev().skip(1).all(|page| page.len() == rows));
                assert_eq!(forward.concat(), whole, "sorted by {sort:?}, {rows} rows a page");
                let last = Filter { after: cursor_before_last(&world, sort).await, ..sorted(sort, rows) };
                let last = search::page(world.db(), &last, world.now()).await.unwrap();
                let back = walk(&world, &sorted(sort, rows), last.before).await;
                let back: Vec<String> = back.into_iter().rev().flatten().collect();
                assert_eq!(back, whole[..28], "back, sorted by {sort:?}, {rows} rows a page");
            }
        }
        world.close().await;
    }
}

/// Leads to a page that holds only the last of the 29.
async fn cursor_before_last(world: &World, sort: &str) -> String {
    search::page(world.db(), &sorted(sort, 28), world.now()).await.unwrap().after.unwrap()
}

#[tokio::test]
async fn what_needs_a_person_comes_first_then_the_address_in_any_case() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let broken = Status::Failing(Cause::SecretExpired);
        for (address, status) in [("b@x.example", broken), ("C@x.example", Status::Connected), ("A@x.example", broken)]
        {
            let mailbox = world.added(&mail, address).await;
            world.checked(&mailbox, status, status).await;
        }
        world.added(&mail, "new@x.example").await;
        assert_eq!(
            found(&world, &sorted("", 50)).await,
            ["A@x.example", "b@x.example", "new@x.example", "C@x.example"]
        );
        let by_address = ["A@x.example", "b@x.example", "C@x.example", "new@x.example"];
        assert_eq!(found(&world, &sorted("address", 50)).await, by_address);
        let down: Vec<&str> = by_address.into_iter().rev().collect();
        assert_eq!(found(&world, &sorted("-address", 50)).await, down);
        assert_eq!(found(&world, &sorted("nonsense", 50)).await.len(), 4);
        world.close().await;
    }
}

#[tokio::test]
async fn a_row_that_leaves_between_two_pages_makes_no_gap() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mut all = Vec::new();
        for name in ["a", "b", "c", "d"] {
            all.push(world.added(&mail, &format!("{name}@x.example")).await);
        }
        let first = search::page(world.db(), &sorted("address", 2), world.now()).await.unwrap();
        world.write(async |tx| store::delete(tx, &all[1].id, "Ana", world.now()).await).await;
        let second = Filter { after: first.after.unwrap(), ..sorted("address", 2) };
        let second = search::page(world.db(), &second, world.now()).await.unwrap();
        let addresses: Vec<_> = second.rows.iter().map(|row| row.mailbox.address.as_str()).collect();
        assert_eq!(addresses, ["c@x.example", "d@x.example"]);
        world.close().await;
    }
}

#[tokio::test]
async fn words_are_found_in_any_case_in_address_name_and_application_on_both_engines_alike() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Straße Mail").await, world.stored("Other").await);
        let named =
            |address: &str, name: &str| Mailbox { display_name: name.to_owned(), ..world.mailbox(&other, address) };
        world.add(&named("athens@x.example", "Εξυπηρέτηση ΠΕΛΑΤΏΝ")).await;
        world.add(&named("Ärger_100%@x.example", "Back\\slash")).await;
        let plain = named("plain@x.example", "");
        world.add(&plain).await;
        world.added(&mail, "street@x.example").await;
        let expected: [(&str, &[&str]); 14] = [
            ("ATHENS", &["athens@x.example"]),
            ("εξυπηρέτηση", &["athens@x.example"]),
            ("πελατών", &["athens@x.example"]),
            ("ÄRGER", &["Ärger_100%@x.example"]),
            ("ärger", &["Ärger_100%@x.example"]),
            ("100%", &["Ärger_100%@x.example"]),
            ("%", &["Ärger_100%@x.example"]),
            ("_", &["Ärger_100%@x.example"]),
            ("back\\S", &["Ärger_100%@x.example"]),
            ("  plain  ", &["plain@x.example"]),
            ("STRASSE", &[]),
            ("straße mail", &["street@x.example"]),
            (plain.id.as_str(), &["plain@x.example"]),
            ("'; DROP TABLE mailboxes; --", &[]),
        ];
        for (q, addresses) in expected {
            assert_eq!(found(&world, &words(q)).await, addresses, "{q} on {:?}", world.engine);
        }
        assert_eq!(found(&world, &words("x.example")).await.len(), 4);
        world.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_an_address_finds_nothing_and_breaks_nothing() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        world.added(&mail, "support@x.example").await;
        for q in ["\0", "support\0", &"long".repeat(15_000), "\u{fffd}\u{202e}", "🚚"] {
            assert_eq!(found(&world, &words(q)).await, [""; 0], "{}", q.len());
        }
        for filter in [
            Filter { after: "***".to_owned(), ..Filter::default() },
            Filter { before: "e30".to_owned(), ..Filter::default() },
        ] {
            let refused = search::page(world.db(), &filter, world.now()).await.unwrap_err();
            assert!(matches!(refused, AppError::BadRequest(_)), "{refused:?}");
        }
        let unknown =
            Filter { status: "excellent".to_owned(), app: "app_1".to_owned(), n: "-5".to_owned(), ..Filter::default() };
        assert!(found(&world, &unknown).await.is_empty());
        assert_eq!(Filter { n: "60000".to_owned(), ..Filter::default() }.rows(), 200);
        world.close().await;
    }
}

#[tokio::test]
async fn the_application_filter_and_the_default_mark_are_exact() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let mine = world.added(&mail, "mine@x.example").await;
        world.added(&other, "theirs@x.example").await;
        world.write(async |tx| store::set_default_outbound(tx, &mine.id).await).await;
        let of = |app: &str| Filter { app: app.to_owned(), ..Filter::default() };
        assert_eq!(found(&world, &of(mail.id.as_str())).await, ["mine@x.example"]);
        let rows = search::page(world.db(), &Filter::default(), world.now()).await.unwrap().rows;
        let marks: Vec<_> = rows.iter().map(|row| (row.application.as_str(), row.is_default)).collect();
        assert_eq!(marks, [("Mail", true), ("Other", false)]);
        let gone = applications::find(world.db(), &world.application("Gone").id).await.unwrap();
        assert_eq!(gone, None);
        world.close().await;
    }
}

#[tokio::test]
async fn counting_stops_one_after_the_cap() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let all: Vec<Mailbox> =
            (0..COUNT_CAP + 5).map(|number| world.mailbox(&mail, &format!("{number}@x.example"))).collect();
        world
            .write(async |tx| {
                for mailbox in &all {
                    store::insert(tx, mailbox).await?;
                }
                Ok(())
            })
            .await;
        let count = async |filter: Filter| search::count(world.db(), &filter, world.now()).await.unwrap();
        assert_eq!(count(Filter::default()).await, COUNT_CAP + 1);
        assert_eq!(count(words("@x.example")).await, COUNT_CAP + 1);
        assert_eq!(count(words("100")).await, 6, "100, and 1000 to 1004");
        world.close().await;
    }
}

#[tokio::test]
async fn many_at_once_are_those_that_match_and_no_others() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        for name in ["a", "b", "c"] {
            world.added(&mail, &format!("{name}@x.example")).await;
        }
        let paused = world.added(&mail, "paused@x.example").await;
        let theirs = world.added(&other, "theirs@y.example").await;
        let now = world.now();
        world.write(async |tx| store::pause(tx, &paused.id, "Tom", now).await).await;
        let filter = Filter { q: "X.example".to_owned(), app: mail.id.to_string(), ..Filter::default() };
        assert_eq!(world.write(async |tx| search::pause_all(tx, &filter, "Ana", now).await).await, 3);
        assert_eq!(world.write(async |tx| search::pause_all(tx, &filter, "Ana", now).await).await, 0);
        assert_eq!(world.find(&paused).await.paused.map(|stamp| stamp.by), Some("Tom".to_owned()));
        assert_eq!(world.find(&theirs).await.paused, None);
        let only_paused = Filter { status: "paused".to_owned(), ..Filter::default() };
        assert_eq!(found(&world, &only_paused).await.len(), 4);
        assert_eq!(world.write(async |tx| search::resume_all(tx, &only_paused, now).await).await, 4);
        assert_eq!(found(&world, &only_paused).await.len(), 0);
        world.close().await;
    }
}

#[tokio::test]
async fn the_chosen_ones_come_by_address_without_unknown_and_deleted_ones() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let (b, a) = (world.added(&mail, "b@x.example").await, world.added(&mail, "A@x.example").await);
        let gone = world.added(&mail, "gone@x.example").await;
        world.write(async |tx| store::delete(tx, &gone.id, "Ana", world.now()).await).await;
        let unknown = world.mailbox(&mail, "unknown@x.example");
        let ids = [b.id, unknown.id, gone.id, a.id];
        let chosen = postkey::mailboxes::bulk::chosen(world.db(), &ids).await.unwrap();
        let chosen: Vec<_> = chosen.into_iter().map(|mailbox| mailbox.address).collect();
        assert_eq!(chosen, ["A@x.example", "b@x.example"]);
        world.close().await;
    }
}
