//! `secrets/data_keys.rs`: data keys that several replicas share.

use postkey::chance::Chance;
use postkey::secrets::{Keyring, MasterKey, OpenError, Place};
use secrecy::{ExposeSecret, SecretString};

use super::World;

const PLACE: Place<'static> = Place { table: "credentials", column: "sealed", row: "cred_1" };

fn secret() -> SecretString {
    SecretString::from("a-secret~8Q~".to_owned())
}

fn master(world: &World) -> MasterKey {
    let file = &world.app.config.master_key_file;
    MasterKey::read_or_make(file, Some("the data"), &world.app.chance).unwrap().0
}

/// The keyring of another replica.
async fn replica(world: &World, seed: u64) -> Keyring {
    Keyring::load(world.db(), master(world), world.now(), &Chance::seeded(seed)).await.unwrap()
}

async fn keys(world: &World) -> i64 {
    world.count("SELECT COUNT(*) FROM data_keys").await
}

#[tokio::test]
async fn replicas_open_what_the_others_have_sealed() {
    for world in World::all().await {
        let (one, two) = (world.app.keyring.clone(), replica(&world, 2).await);
        assert_eq!(keys(&world).await, 1, "both seal under the same key");
        for (from, to) in [(&one, &two), (&two, &one)] {
            let sealed = from.seal(PLACE, &secret()).unwrap();
            assert_eq!(to.open(PLACE, &sealed).unwrap().expose_secret(), secret().expose_secret());
        }
        world.close().await;
    }
}

#[tokio::test]
async fn a_key_that_another_replica_made_meanwhile_is_read_when_it_is_met() {
    for world in World::all().await {
        let one = world.app.keyring.clone();
        // The uses of the first key are all given out, so the next replica makes a second.
        world.by_hand("UPDATE data_keys SET reserved_uses = 268435456").await;
        world.app.clock.advance(1);
        let two = replica(&world, 2).await;
        assert_eq!(keys(&world).await, 2);
        let sealed = two.seal(PLACE, &secret()).unwrap();
        assert_eq!(one.open(PLACE, &sealed).unwrap_err(), OpenError::KeyUnknown);
        let opened = one.open_or_reload(world.db(), PLACE, &sealed).await.unwrap().unwrap();
        assert_eq!(opened.expose_secret(), secret().expose_secret());
        one.reload(world.db()).await.unwrap();
        assert!(one.open(PLACE, &sealed).is_ok());
        let elsewhere = Place { row: "cred_2", ..PLACE };
        assert_eq!(
            one.open_or_reload(world.db(), elsewhere, &sealed).await.unwrap().unwrap_err(),
            OpenError::Integrity
        );
        let old = one.seal(PLACE, &secret()).unwrap();
        assert!(two.open(PLACE, &old).is_ok(), "the older key is still known");
        world.close().await;
    }
}

#[tokio::test]
async fn replicas_that_start_at_once_never_share_a_block_of_uses() {
    for world in World::all().await {
        let before = world.count("SELECT CAST(SUM(reserved_uses) AS BIGINT) FROM data_keys").await;
        let all = tokio::join!(replica(&world, 2), replica(&world, 3), replica(&world, 4), replica(&world, 5));
        let after = world.count("SELECT CAST(SUM(reserved_uses) AS BIGINT) FROM data_keys").await;
        assert_eq!(after, before * 5, "each took a block of its own");
        let most = world.count("SELECT MAX(reserved_uses) FROM data_keys").await;
        assert!(most <= 1 << 28, "{most} uses of one key");
        let cells = [&all.0, &all.1, &all.2, &all.3].map(|keyring| keyring.seal(PLACE, &secret()).unwrap());
        for cell in cells {
            assert!(all.3.open_or_reload(world.db(), PLACE, &cell).await.unwrap().is_ok());
        }
        world.close().await;
    }
}

#[tokio::test]
async fn enough_uses_are_left_after_a_start_so_tending_takes_nothing() {
    for world in World::all().await {
        let before = world.count("SELECT CAST(SUM(reserved_uses) AS BIGINT) FROM data_keys").await;
        world.app.keyring.tend(world.db(), world.now(), &world.app.chance).await.unwrap();
        assert_eq!(world.count("SELECT CAST(SUM(reserved_uses) AS BIGINT) FROM data_keys").await, before);
        world.close().await;
    }
}

#[tokio::test]
async fn another_master_key_and_a_changed_data_key_are_refused_in_words() {
    for world in World::all().await {
        let other = MasterKey::from_bytes([7; 32]);
        let refused = Keyring::load(world.db(), other, world.now(), &world.app.chance).await.unwrap_err();
        let said = format!("{:#}", anyhow::Error::from(refused));
        assert!(said.contains("not the master key"), "{said}");
        world.by_hand("UPDATE data_keys SET wrapped = 'AAAA'").await;
        let refused = Keyring::load(world.db(), master(&world), world.now(), &world.app.chance).await.unwrap_err();
        let said = format!("{:#}", anyhow::Error::from(refused));
        assert!(said.contains("secret_integrity"), "{said}");
        assert_eq!(keys(&world).await, 1, "nothing was written");
        world.close().await;
    }
}
