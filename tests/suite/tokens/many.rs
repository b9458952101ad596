//! Very many grants at once: a tenant that fails beside a good one, and many that come due together, after a restart or an
//! outage.

use postkey::ids::{GrantId, MailboxId};
use postkey::mailboxes::{Mailbox, store as mailboxes};
use postkey::tokens::delegated_store::{self as grants, DelegatedGrant};
use postkey_simulator::{Failure, Fault, Kind, Page, Place};
use uuid::Uuid;

use super::HOUR;
use super::keeper::{settle, start};
use crate::safety::world::{column, meddle};
use crate::sign_in::{self, OLGA};
use crate::support::{Browser, Engine, TestApp};

const DUE: i64 = HOUR * 7 / 10;
/// Renewals of one application under way at once.
const AT_ONCE: usize = 8;

/// A sign-in to `sample` by `person`, and `count` more mailboxes with the same, each sealed for its own place. Gives the
/// application's client ID.
async fn many(app: &TestApp, ana: &Browser, sample: &str, person: &str, count: usize) -> Uuid {
    let leads = sign_in::save(app, ana, sample, &[("address", person), ("how", "now")]).await;
    let at_microsoft = leads.location().to_owned();
    sign_in::come_back(app, ana, &at_microsoft, person).await;
    let inside = app.inside();
    let id = mailboxes::by_address(&inside.db, person).await.unwrap().unwrap();
    let mailbox = mailboxes::get(&inside.db, &id).await.unwrap();
    let grant = grants::find(&inside.db, &id).await.unwrap().unwrap();
    let keyring = &inside.keyring;
    let refresh = keyring.open(DelegatedGrant::refresh_place(&grant.id), &grant.refresh_token).unwrap();
    let access = keyring.open(DelegatedGrant::access_place(&grant.id), &grant.access_token).unwrap();
    let mut tx = inside.db.begin().await.unwrap();
    for number in 0..count {
        let address = format!("copy{number}.{person}");
        let copy = Mailbox { id: MailboxId::new(app.clock.now(), &inside.chance), address, ..mailbox.clone() };
        mailboxes::insert(&mut tx, &copy).await.unwrap();
        let id = GrantId::new(app.clock.now(), &inside.chance);
        let sealed = DelegatedGrant {
            mailbox_id: copy.id,
            generation: 1,
            access_token: keyring.seal(DelegatedGrant::access_place(&id), &access).unwrap(),
            refresh_token: keyring.seal(DelegatedGrant::refresh_place(&id), &refresh).unwrap(),
            id,
            ..grant.clone()
        };
        assert!(grants::save_signed_in(&mut tx, &sealed).await.unwrap());
    }
    tx.commit().await.unwrap();
    // Rounds of checks are no part of this.
    meddle(&inside.db, "UPDATE mailboxes SET paused_at = 1, paused_by = 'Ana'").await;
    app.sample(sample).client_id
}

impl TestApp {
    /// How many grants of people were renewed at least so often.
    async fn renewed(&self, generation: i64, address: &str) -> usize {
        let sql = format!(
            "SELECT g.id FROM delegated_grants g JOIN mailboxes m ON m.id = g.mailbox_id
             WHERE g.generation >= {generation} AND m.address LIKE '%{address}'"
        );
        column(&self.inside().db, &sql).await.len()
    }

    /// Has the keeper look until so many are renewed. Gives the most requests for a token that were under way at once.
    async fn drain(&self, generation: i64, address: &str, all: usize) -> usize {
        let mut most = 0;
        while self.renewed(generation, address).await < all {
            self.inside().wake.notify_one();
            let requests = self.sim.requests();
            let under_way = requests.iter().filter(|asked| asked.kind == Kind::Token && asked.status.is_none());
            most = most.max(under_way.count());
            tokio::task::yield_now().await;
        }
        most
    }
}

fn asked(app: &TestApp, client_id: Uuid) -> usize {
    let of_it = |asked: &postkey_simulator::Recorded| {
        asked.kind == Kind::Token && asked.client_id.as_deref() == Some(client_id.to_string().as_str())
    };
    app.sim.requests().iter().filter(|asked| of_it(asked)).count()
}

#[tokio::test]
async fn two_thousand_mailboxes_of_a_tenant_that_fails_delay_none_of_a_good_one_and_ask_rarely() {
    let (app, ana) = start(Engine::Sqlite).await;
    let bad = many(&app, &ana, sign_in::SIGN_IN, OLGA, 1_999).await;
    let good = many(&app, &ana, "Fabrikam Sign-in", "igor@fabrikam.example", 99).await;
    app.sim.clear_requests();
    app.sim.fault(Fault::status(Place::Token, 503, Page::Html).application(bad));
    app.advance(DUE);
    let on_time = app.drain(2, "igor@fabrikam.example", 100);
    tokio::time::timeout(std::time::Duration::from_secs(20), on_time).await.expect("the good ones are renewed");
    assert_eq!(asked(&app, good), 100, "each once, while the clock stood still");
    let tried = asked(&app, bad);
    assert!((1..=20).contains(&tried), "after a few tries the bad one is left alone: {tried}");
    for _ in 0..55 {
        app.advance(60);
        settle(&app).await;
    }
    let tried = asked(&app, bad);
    assert!(tried <= 250, "{tried} requests of 2,000 mailboxes in an hour");
    assert_eq!(app.renewed(3, "igor@fabrikam.example").await, 100, "and the good ones go on");
    assert_eq!(asked(&app, good), 200);
    app.stop().await;
}

#[tokio::test]
async fn many_that_are_due_at_a_restart_after_an_outage_come_in_a_line_once_each_and_are_spread_again() {
    let (app, ana) = start(Engine::Sqlite).await;
    let application = many(&app, &ana, sign_in::SIGN_IN, OLGA, 299).await;
    app.sim.clear_requests();
    app.sim.fault(Fault::status(Place::Token, 503, Page::Json));
    app.advance(DUE);
    for _ in 0..30 {
        app.advance(60);
        settle(&app).await;
    }
    let during = asked(&app, application);
    assert!(during <= 150, "{during} requests in half an hour without an answer");
    app.sim.clear_faults();
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 20 }));
    let app = app.restart().await;
    app.advance(16 * 60);
    let most = app.drain(2, OLGA, 300).await;
    assert!((1..=AT_ONCE).contains(&most), "{most} at once");
    assert_eq!(asked(&app, application) - during, 300, "each once");
    let turns = "SELECT CAST(COUNT(*) AS TEXT) FROM delegated_grants GROUP BY (next_at - issued_at) / 60";
    let together: Vec<usize> =
        column(&app.inside().db, turns).await.iter().map(|count| count.parse().unwrap()).collect();
    assert!(together.len() >= 12 && together.iter().all(|count| *count <= 60), "by minutes: {together:?}");
    app.stop().await;
}
