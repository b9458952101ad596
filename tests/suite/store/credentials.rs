//! The credentials of `applications/store.rs`, and `applications/proofs.rs`.

use postkey::applications::credential::State;
use postkey::applications::proofs::{Proofs, proofs};
use postkey::applications::{Application, Credential, Kind, store};
use postkey::clock::UnixTime;
use postkey::error::AppError;
use postkey::ids::CredentialId;
use secrecy::{ExposeSecret, SecretString};

use super::World;

const DAY: i64 = 24 * 60 * 60;

fn secret(world: &World, application: &Application, ends: Option<UnixTime>) -> Credential {
    Credential {
        id: CredentialId::new(world.now(), &world.app.chance),
        application_id: application.id.clone(),
        kind: Kind::Secret,
        state: State::Untested,
        hint: "8Q~".to_owned(),
        certificate_pem: String::new(),
        thumbprint_sha256: String::new(),
        expires_at: ends,
        created_by: "Ana".to_owned(),
        created_at: world.now(),
        answered_at: None,
        last_used_at: None,
        retired_at: None,
    }
}

pub(super) async fn stored(world: &World, application: &Application, ends: Option<UnixTime>) -> Credential {
    let credential = secret(world, application, ends);
    let plain = SecretString::from("a-secret~8Q~".to_owned());
    let sealed = world.app.keyring.seal(Credential::place(&credential.id), &plain).unwrap();
    world.write(async |tx| store::insert_credential(tx, &credential, &sealed).await).await;
    credential
}

pub(super) async fn answer(world: &World, credential: &Credential, state: State) {
    world.write(async |tx| store::answered(tx, credential, state, world.now()).await).await;
}

async fn ends(world: &World, application: &Application) -> Option<UnixTime> {
    store::get(world.db(), &application.id).await.unwrap().credential_ends_at
}

#[tokio::test]
async fn credentials_read_back_newest_first_and_only_sealed() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let old = stored(&world, &mail, Some(world.now())).await;
        world.app.clock.advance(1);
        let new = Credential {
            kind: Kind::Certificate,
            certificate_pem: "-----BEGIN CERTIFICATE-----".to_owned(),
            thumbprint_sha256: "ab".to_owned(),
            ..stored(&world, &mail, None).await
        };
        world.by_hand(&format!("UPDATE credentials SET kind = 'certificate', certificate_pem = '-----BEGIN CERTIFICATE-----', thumbprint_sha256 = 'ab' WHERE id = '{}'", new.id)).await;
        assert_eq!(store::credentials(world.db(), &mail.id).await.unwrap(), [new.clone(), old.clone()]);
        assert_eq!(store::credentials(world.db(), &other.id).await.unwrap(), []);
        assert_eq!(store::credential(world.db(), &mail.id, &old.id).await.unwrap(), old);
        let of_another = store::credential(world.db(), &other.id, &old.id).await;
        assert!(matches!(of_another, Err(AppError::NotFound)));
        let sealed = store::sealed(world.db(), &old.id).await.unwrap().unwrap();
        let opened = world.app.keyring.open(Credential::place(&old.id), &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "a-secret~8Q~");
        assert!(world.app.keyring.open(Credential::place(&new.id), &sealed).is_err(), "it opens elsewhere");
        world.close().await;
    }
}

#[tokio::test]
async fn the_application_ends_with_the_last_accepted_credential_whose_end_is_known() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let in_days = |days: i64| Some(world.now().plus(days * DAY));
        let (soon, late) = (stored(&world, &mail, in_days(10)).await, stored(&world, &mail, in_days(90)).await);
        assert_eq!(ends(&world, &mail).await, None, "nothing was accepted");
        answer(&world, &soon, State::Accepted).await;
        assert_eq!(ends(&world, &mail).await, in_days(10), "an untested one does not count");
        answer(&world, &late, State::Accepted).await;
        assert_eq!(ends(&world, &mail).await, in_days(90));
        answer(&world, &late, State::Refused).await;
        assert_eq!(ends(&world, &mail).await, in_days(10), "a refused one does not count");
        let endless = stored(&world, &mail, None).await;
        answer(&world, &endless, State::Accepted).await;
        assert_eq!(ends(&world, &mail).await, None, "one with an unknown end makes the end unknown");
        world.write(async |tx| store::set_end(tx, &endless, in_days(30)).await).await;
        assert_eq!(ends(&world, &mail).await, in_days(30));
        assert!(world.write(async |tx| store::retire(tx, &endless, world.now()).await).await);
        assert_eq!(ends(&world, &mail).await, in_days(10), "a retired one does not count");
        world.write(async |tx| store::set_end(tx, &endless, in_days(300)).await).await;
        let kept = store::credential(world.db(), &mail.id, &endless.id).await.unwrap();
        assert_eq!(kept.expires_at, in_days(30), "a retired one keeps its end");
        world.write(async |tx| store::untest(tx, &mail.id).await).await;
        assert_eq!(ends(&world, &mail).await, None, "untested again");
        let states: Vec<State> =
            store::credentials(world.db(), &mail.id).await.unwrap().iter().map(|credential| credential.state).collect();
        assert_eq!(states.iter().filter(|state| **state == State::Untested).count(), 2);
        assert_eq!(states.iter().filter(|state| **state == State::Retired).count(), 1, "retired for good");
        world.close().await;
    }
}

#[tokio::test]
async fn retiring_erases_what_was_secret_once_and_for_all() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let credential = stored(&world, &mail, None).await;
        answer(&world, &credential, State::Accepted).await;
        let used = store::credential(world.db(), &mail.id, &credential.id).await.unwrap();
        assert_eq!((used.answered_at, used.last_used_at), (Some(world.now()), Some(world.now())));
        assert!(world.write(async |tx| store::retire(tx, &credential, world.now()).await).await);
        assert!(!world.write(async |tx| store::retire(tx, &credential, world.now()).await).await);
        assert_eq!(store::sealed(world.db(), &credential.id).await.unwrap(), None);
        assert_eq!(world.count("SELECT COUNT(*) FROM credentials WHERE sealed <> ''").await, 0);
        answer(&world, &credential, State::Accepted).await;
        let state = store::credential(world.db(), &mail.id, &credential.id).await.unwrap().state;
        assert_eq!(state, State::Retired, "a late answer does not bring it back");
        world.close().await;
    }
}

#[tokio::test]
async fn of_two_people_who_retire_the_last_two_one_is_told_that_it_would_be_the_last() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let (one, two) = (stored(&world, &mail, None).await, stored(&world, &mail, None).await);
        for credential in [&one, &two] {
            answer(&world, credential, State::Accepted).await;
        }
        let retire = async |credential: &Credential| {
            let mut tx = world.db().begin().await.unwrap();
            let others = store::others_work(&mut tx, credential, world.now()).await.unwrap();
            if others {
                store::retire(&mut tx, credential, world.now()).await.unwrap();
                tx.commit().await.unwrap();
            }
            others
        };
        let (one_done, two_done) = tokio::join!(retire(&one), retire(&two));
        assert!(one_done != two_done, "{one_done} {two_done}");
        world.close().await;
    }
}

#[tokio::test]
async fn another_credential_that_has_ended_does_not_count_as_working() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let (ended, mine) = (stored(&world, &mail, Some(world.now())).await, stored(&world, &mail, None).await);
        answer(&world, &ended, State::Accepted).await;
        assert!(!world.undo(async |tx| store::others_work(tx, &mine, world.now()).await).await);
        assert!(world.undo(async |tx| store::others_work(tx, &mine, world.now().plus(-1)).await).await);
        world.close().await;
    }
}

#[tokio::test]
async fn what_microsoft_said_is_counted_for_each_application() {
    for world in World::all().await {
        let (mail, bare) = (world.stored("Mail").await, world.stored("Bare").await);
        let accepted = stored(&world, &mail, None).await;
        let refused = stored(&world, &mail, None).await;
        stored(&world, &mail, None).await;
        let retired = stored(&world, &mail, None).await;
        answer(&world, &accepted, State::Accepted).await;
        world.app.clock.advance(5);
        answer(&world, &retired, State::Accepted).await;
        let used = world.now();
        world.app.clock.advance(5);
        answer(&world, &refused, State::Refused).await;
        world.write(async |tx| store::retire(tx, &retired, world.now()).await).await;
        let all = proofs(world.db()).await.unwrap();
        let expected = Proofs { accepted: 1, untested: 1, refused: 1, last_used_at: Some(used) };
        assert_eq!(all.get(&mail.id), Some(&expected));
        assert_eq!(all.get(&bare.id), None);
        world.close().await;
    }
}

#[tokio::test]
async fn an_impossible_credential_is_refused_by_the_table_and_a_mangled_one_does_not_open() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let credential = stored(&world, &mail, None).await;
        let update = format!("UPDATE credentials SET state = 'sleeping' WHERE id = '{}'", credential.id);
        let text = sqlx::AssertSqlSafe(update);
        let refused = match world.db() {
            postkey::db::Db::Sqlite { write, .. } => sqlx::query(text).execute(write).await.is_err(),
            postkey::db::Db::Postgres(pool, ..) => sqlx::query(text).execute(pool).await.is_err(),
        };
        assert!(refused);
        world.by_hand("UPDATE credentials SET sealed = 'pk1.nothing'").await;
        let sealed = store::sealed(world.db(), &credential.id).await.unwrap().unwrap();
        assert!(world.app.keyring.open(Credential::place(&credential.id), &sealed).is_err());
        world.close().await;
    }
}
