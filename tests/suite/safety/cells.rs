//! What is sealed opens only where it belongs, and only unchanged (S-02, S-03, S-06, S-07).

use std::collections::HashSet;

use postkey::applications::Credential;
use postkey::chance::Chance;
use postkey::db::Db;
use postkey::ids::CredentialId;
use postkey::secrets::{Keyring, MasterKey, OpenError, Place, Sealed};
use postkey::serve;
use postkey_simulator::Kind;
use secrecy::{ExposeSecret, SecretString};

use super::world::{World, column, credential_of, meddle, one};
use crate::mailboxes::{add, statuses};
use crate::support::{Browser, Engine, Page, TestApp};

const UNREADABLE: &str = "Stored secret unreadable";

async fn cell(db: &Db, text: &str) -> Sealed {
    match db {
        Db::Sqlite { read, .. } => sqlx::query_scalar("SELECT $1").bind(text).fetch_one(read).await.unwrap(),
        Db::Postgres(pool, ..) => sqlx::query_scalar("SELECT $1").bind(text).fetch_one(pool).await.unwrap(),
    }
}

async fn sealed(db: &Db, id: &str) -> String {
    one(db, &format!("SELECT sealed FROM credentials WHERE id = '{id}'")).await
}

/// Puts `text` into the cell, forgets the tokens that stand for it, and tries it from the application's page and from the
/// mailbox.
async fn tried(world: &World, text: &str) -> (Page, Page) {
    let quoted = text.replace('\'', "''");
    meddle(world.db(), &format!("UPDATE credentials SET sealed = '{quoted}' WHERE id = '{}'", world.credential)).await;
    meddle(world.db(), "DELETE FROM grants").await;
    world.app.sim.clear_requests();
    let browser = &world.owner.browser;
    let test = format!("{}/credentials/{}/test", world.application, world.credential);
    let done = browser.open_and_submit(&world.application, &test, &[]).await;
    let application = browser.get(done.location()).await;
    browser.check_now(&world.mailbox).await;
    (application, browser.get(&world.mailbox).await)
}

fn expect_unused(world: &World, pages: &(Page, Page), what: &str) {
    assert_eq!(world.app.sim.count(Kind::Token), 0, "{what}: it was sent");
    assert!(world.app.sim.requests().iter().all(|asked| asked.client_id.is_none()), "{what}");
    assert_eq!(pages.0.status, 200);
    assert_eq!(statuses(&pages.1).0, UNREADABLE, "{what}");
}

#[tokio::test]
async fn a_secret_with_any_byte_changed_does_not_open() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        let id: CredentialId = world.credential.parse().unwrap();
        let good = sealed(world.db(), &world.credential).await;
        let keyring = &world.app.inside().keyring;
        assert!(keyring.open(Credential::place(&id), &cell(world.db(), &good).await).is_ok());
        let step = if engine == Engine::Sqlite { 1 } else { 7 };
        for at in (0..good.len()).step_by(step) {
            for other in ["A", "B", "."] {
                let changed = [&good[..at], other, &good[at + 1..]].concat();
                if changed != good {
                    let opened = keyring.open(Credential::place(&id), &cell(world.db(), &changed).await);
                    assert!(opened.is_err(), "byte {at} as {other}");
                }
            }
            let cut = keyring.open(Credential::place(&id), &cell(world.db(), &good[..at]).await);
            assert!(cut.is_err(), "cut at {at}");
        }
        for longer in
            [format!("{good}A"), format!("{good}="), format!("{good} "), format!(" {good}"), format!("{good}.x")]
        {
            assert!(keyring.open(Credential::place(&id), &cell(world.db(), &longer).await).is_err());
        }
        world.app.stop().await;
    }
}

#[tokio::test]
async fn a_secret_opens_in_no_other_row_column_or_table() {
    let world = World::on(Engine::Sqlite).await;
    let keyring = &world.app.inside().keyring;
    let spare = credential_of(&world.app, &world.spare).await;
    let (own, other) = (sealed(world.db(), &world.credential).await, sealed(world.db(), &spare).await);
    let own_cell = cell(world.db(), &own).await;
    for (table, column, row) in [
        ("credentials", "hint", world.credential.as_str()),
        ("grants", "sealed", world.credential.as_str()),
        ("credentials", "sealed", spare.as_str()),
        ("credentials", "sealed", ""),
        ("credential", "ssealed", world.credential.as_str()),
    ] {
        assert_eq!(
            keyring.open(Place { table, column, row }, &own_cell).err(),
            Some(OpenError::Integrity),
            "{table}.{column}"
        );
    }
    let token = one(world.db(), "SELECT sealed FROM grants").await;
    for (what, moved) in [("another row's secret", &other), ("a token", &token)] {
        let pages = tried(&world, moved).await;
        expect_unused(&world, &pages, what);
    }
    let (_, mailbox) = tried(&world, &own).await;
    assert_eq!(statuses(&mailbox).0, "Connected", "put back, it works again");
    assert_eq!(world.app.sim.count(Kind::Token), 1);
    world.app.stop().await;
}

#[tokio::test]
async fn rubbish_in_a_secret_cell_is_never_taken_for_a_secret() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        let good = sealed(world.db(), &world.credential).await;
        let (version, rest) = good.split_once('.').unwrap();
        let (key, cell) = rest.split_once('.').unwrap();
        let rubbish = [
            "hello".to_owned(),
            String::new(),
            "..".to_owned(),
            good[..good.len() / 2].to_owned(),
            format!("{version}.{key}."),
            format!("pk2.{key}.{cell}"),
            format!("{version}.dk000000000000.{cell}"),
            format!("{version}.{key}.{}", "A".repeat(cell.len())),
            format!("{version}.{key}.****"),
        ];
        for text in rubbish {
            let pages = tried(&world, &text).await;
            expect_unused(&world, &pages, &format!("{text:?}"));
            assert!(text.is_empty() || text == ".." || !pages.1.body.contains(&text), "{text} is shown");
        }
        world.app.stop().await;
    }
}

#[tokio::test]
async fn a_stored_token_that_was_changed_is_asked_for_again_and_never_sent() {
    let world = World::on(Engine::Sqlite).await;
    let token = one(world.db(), "SELECT sealed FROM grants").await;
    let changed = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'B' } else { 'A' });
    for text in ["hello", &changed, &sealed(world.db(), &world.credential).await] {
        meddle(world.db(), &format!("UPDATE grants SET sealed = '{text}'")).await;
        world.app.sim.clear_requests();
        world.owner.browser.check_now(&world.mailbox).await;
        assert_eq!(world.app.sim.count(Kind::Token), 1);
        let refused = world.app.sim.requests().into_iter().filter(|asked| asked.status == Some(401)).count();
        assert_eq!(refused, 0);
        assert_eq!(statuses(&world.owner.browser.get(&world.mailbox).await).0, "Connected");
    }
    world.app.stop().await;
}

/// A million take too long without optimisation; a hundred thousand 96-bit nonces repeat by chance once in 10^19 runs.
#[tokio::test]
async fn no_two_seals_share_a_nonce() {
    let app = TestApp::start().await;
    let many = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    let secret = SecretString::from("the same secret".to_owned());
    let place = Place { table: "credentials", column: "sealed", row: "the same row" };
    let mut nonces = HashSet::with_capacity(many);
    for _ in 0..many {
        let text = format!("{:?}", app.inside().keyring.seal(place, &secret).unwrap());
        let cell = text.rsplit('.').next().unwrap();
        // 16 characters of base64 are the 12 bytes of the nonce.
        nonces.insert(cell[..16].to_owned());
    }
    assert_eq!(nonces.len(), many);
    app.stop().await;
}

#[tokio::test]
async fn a_data_key_that_was_used_enough_gives_way_to_a_new_one_and_still_opens_old_cells() {
    for engine in Engine::all() {
        let world = World::on(engine).await;
        meddle(world.db(), "UPDATE data_keys SET reserved_uses = 268435456").await;
        let id: CredentialId = world.credential.parse().unwrap();
        let old = cell(world.db(), &sealed(world.db(), &world.credential).await).await;
        let inside = world.app.inside();
        let line = std::fs::read_to_string(&inside.config.master_key_file).unwrap();
        let (master, made) = MasterKey::read_or_make(&inside.config.master_key_file, None, &Chance::System).unwrap();
        assert!(!made && line.starts_with("postkey-master-key-1 "));
        let next = Keyring::load(world.db(), master, inside.clock.now(), &Chance::System).await.unwrap();
        let keys = column(world.db(), "SELECT id FROM data_keys").await;
        assert_eq!(keys.len(), 2, "a new key was made");
        let secret = next.open(Credential::place(&id), &old).unwrap();
        assert_eq!(secret.expose_secret(), world.app.sample("Contoso Mail").secret());
        let place = Place { table: "credentials", column: "sealed", row: "x" };
        let fresh = next.seal(place, &secret).unwrap();
        let own_key = format!("{old:?}").split('.').nth(1).unwrap().to_owned();
        assert!(!format!("{fresh:?}").contains(&own_key), "new secrets are sealed under the new key");
        // The running product has not heard of the new key, and finds it when it meets it.
        assert_eq!(inside.keyring.open(place, &fresh).err(), Some(OpenError::KeyUnknown));
        let opened = inside.keyring.open_or_reload(world.db(), place, &fresh).await.unwrap();
        assert_eq!(opened.unwrap().expose_secret(), secret.expose_secret());
        world.app.stop().await;
    }
}

#[tokio::test]
async fn what_one_replica_seals_under_a_new_key_the_other_can_use() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let app = TestApp::on(Engine::Postgres).await;
    let here = app.owner().await;
    meddle(&app.inside().db, "UPDATE data_keys SET reserved_uses = 268435456").await;
    let config = postkey::config::Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: "http://127.0.0.1:0".parse().unwrap(),
        data_dir: app.home.path().join("second"),
        ..(*app.inside().config).clone()
    };
    let second = serve::start(config, app.clock.clone(), Chance::System).await.unwrap();
    let there = Browser::new(second.app.config.public_url.as_str().trim_end_matches('/'));
    there.set_cookie("postkey", &here.session().unwrap());
    let path = add(&app, &there, "support@contoso.example", "Contoso Mail").await;
    meddle(&app.inside().db, "DELETE FROM grants").await;
    here.check_now(&path).await;
    assert_eq!(statuses(&here.get(&path).await).0, "Connected");
    second.stop().await;
    app.stop().await;
}

#[tokio::test]
async fn what_was_retired_or_deleted_is_gone_from_the_files() {
    let world = World::on(Engine::Sqlite).await;
    let browser = &world.owner.browser;
    let spare = credential_of(&world.app, &world.spare).await;
    let cells = [
        sealed(world.db(), &world.credential).await,
        sealed(world.db(), &spare).await,
        one(world.db(), "SELECT sealed FROM grants").await,
    ];
    let retire = format!("{}/credentials/{}/retire", world.application, world.credential);
    browser.open_and_submit(&retire, &retire, &[("sure", "1")]).await.location();
    let delete = format!("{}/delete", world.spare);
    browser.open_and_submit(&delete, &delete, &[]).await.location();
    world.db().tidy().await.unwrap();
    for file in ["postkey.db", "postkey.db-wal"] {
        let bytes = std::fs::read(world.app.inside().config.data_dir.join(file)).unwrap();
        for cell in &cells {
            // A part in the middle, should a row have been spread over pages.
            let part = &cell.as_bytes()[cell.len() / 2 - 12..cell.len() / 2 + 12];
            assert!(!bytes.windows(part.len()).any(|window| window == part), "{file} still holds {cell}");
        }
    }
    world.app.stop().await;
}
