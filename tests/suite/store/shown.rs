//! What a status filter of `mailboxes/search.rs` finds is what the pages show: [`Mailbox::shown`] decides, the query repeats it.

use std::collections::BTreeSet;

use postkey::applications::Application;
use postkey::applications::credential::EXPIRING;
use postkey::clock::UnixTime;
use postkey::mailboxes::mailbox::proof_from;
use postkey::mailboxes::mailbox::{Access, CHECK_ENDS, CHECK_INTERVAL, Mailbox};
use postkey::mailboxes::search::{self, Filter};
use postkey::words::{Cause, Family, Status};

use super::World;

type Times = [Option<UnixTime>; 2];

/// Mailboxes of every kind for each of four applications, whose credential ends never, now, soon and later.
pub(super) async fn every_kind(world: &World) {
    let now = world.now();
    let ends = [None, Some(now), Some(now.plus(EXPIRING - 1)), Some(now.plus(EXPIRING))];
    for (number, ends) in ends.into_iter().enumerate() {
        let application = world.stored(&format!("Application {number}")).await;
        let value = ends.map_or("NULL".to_owned(), |end| end.seconds().to_string());
        let text = format!("UPDATE applications SET credential_ends_at = {value} WHERE id = '{}'", application.id);
        assert_eq!(world.by_hand(&text).await, 1);
        for_application(world, &application).await;
    }
}

async fn for_application(world: &World, application: &Application) {
    let now = world.now();
    let broken = Status::Failing(Cause::SecretExpired);
    let verdicts = [
        (Status::Connected, Status::Ready),
        (Status::Connected, Status::NotTested),
        (Status::Connected, Status::Failing(Cause::NeedsConsent)),
        (broken, broken),
        (Status::Failing(Cause::Throttled), Status::Ready),
    ];
    let stale = now.plus(-3 * CHECK_INTERVAL - 1);
    let times: [Times; 7] = [
        [None, Some(now)],
        [None, Some(now.plus(-3 * CHECK_INTERVAL))],
        [None, Some(stale)],
        [Some(now), Some(now)],
        [Some(now), Some(stale)],
        [Some(now.plus(-CHECK_ENDS)), Some(now)],
        [Some(now.plus(-CHECK_ENDS + 1)), Some(now)],
    ];
    let mut number = 0;
    let mut address = || {
        number += 1;
        format!("{number}.{}@x.example", application.name.replace(' ', "-"))
    };
    for paused in [false, true] {
        for checking in [None, Some(now), Some(now.plus(-CHECK_ENDS))] {
            let mailbox = world.added(application, &address()).await;
            put(world, &mailbox, paused, [checking, None]).await;
            let access = Access::OnBehalfOfUser { person: None };
            let waiting = Mailbox { access, ..world.mailbox(application, &address()) };
            world.add(&waiting).await;
            put(world, &waiting, paused, [checking, None]).await;
        }
        for (incoming, outgoing) in verdicts {
            for times in times {
                let mailbox = world.added(application, &address()).await;
                world.checked(&mailbox, incoming, outgoing).await;
                put(world, &mailbox, paused, times).await;
            }
        }
    }
}

async fn put(world: &World, mailbox: &Mailbox, paused: bool, [checking, checked]: Times) {
    let value = |time: Option<UnixTime>| time.map_or("NULL".to_owned(), |time| time.seconds().to_string());
    let paused = value(paused.then(|| world.now()));
    let (checking, checked) = (value(checking), value(checked));
    let text = format!(
        "UPDATE mailboxes SET paused_at = {paused}, checking_since = {checking}, checked_at = {checked} WHERE id = '{}'",
        mailbox.id
    );
    assert_eq!(world.by_hand(&text).await, 1);
}

/// Every row that matches, page after page.
pub(super) async fn rows(world: &World, status: &str) -> Vec<search::Found> {
    let mut filter = Filter { status: status.to_owned(), n: "200".to_owned(), ..Filter::default() };
    let mut all = Vec::new();
    loop {
        let page = search::page(world.db(), &filter, world.now()).await.unwrap();
        all.extend(page.rows);
        match page.after {
            Some(cursor) => filter.after = cursor,
            None => break,
        }
    }
    assert_eq!(search::count(world.db(), &filter, world.now()).await.unwrap(), all.len() as i64, "{status}");
    all
}

#[tokio::test]
async fn a_status_filter_finds_exactly_the_mailboxes_that_show_the_status() {
    for world in World::all().await {
        every_kind(&world).await;
        let all = rows(&world, "").await;
        assert_eq!(all.len(), 4 * 2 * (3 * 2 + 5 * 7));
        let causes = Cause::ALL.iter().copied().map(Status::Failing);
        for status in Status::PLAIN.iter().copied().chain(causes) {
            let shows = |row: &&search::Found| {
                let shown = row.mailbox.shown(world.now(), row.ends);
                shown.incoming == status || shown.outgoing == status
            };
            let expected: BTreeSet<String> = all.iter().filter(shows).map(|row| row.mailbox.address.clone()).collect();
            let found: BTreeSet<String> =
                rows(&world, status.value()).await.into_iter().map(|row| row.mailbox.address).collect();
            let wrong: Vec<&String> = expected.symmetric_difference(&found).collect();
            assert!(wrong.is_empty(), "{status:?} on {:?}: {} differ: {wrong:?}", world.engine, wrong.len());
        }
        world.close().await;
    }
}

#[tokio::test]
async fn what_needs_a_person_is_what_failed_and_is_not_paused() {
    for world in World::all().await {
        every_kind(&world).await;
        let serious = |status: Status| matches!(status.family(), Family::Crit | Family::Act);
        let found = rows(&world, "action").await;
        assert!(!found.is_empty());
        for row in rows(&world, "").await {
            let health = &row.mailbox.health;
            let fresh = health.checked_at.is_none_or(|at| at >= proof_from(world.now()));
            let needed =
                fresh && row.mailbox.paused.is_none() && (serious(health.incoming) || serious(health.outgoing));
            let is_found = found.iter().any(|found| found.mailbox.id == row.mailbox.id);
            assert_eq!(is_found, needed, "{:?}", row.mailbox);
        }
        world.close().await;
    }
}
