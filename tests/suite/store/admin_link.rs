//! `admin_link/store.rs`, `admin_link/consent_store.rs`, and in which ways mailboxes use an application.

use postkey::admin_link::consent_store::{self, Ended};
use postkey::admin_link::link::{Registration, State};
use postkey::admin_link::{AdminLink, Consent, store};
use postkey::applications::credential::State as Said;
use postkey::applications::form::Proof;
use postkey::applications::used_by::{self, Use};
use postkey::applications::{Application, Credential, add, store as applications};
use postkey::chance::hash_of;
use postkey::ids::{AdminLinkId, ConsentId};
use postkey::mailboxes::mailbox::{Access, Mailbox};
use postkey::microsoft::Failure;
use postkey::words::{Cause, ConsentResult, Status};
use secrecy::SecretString;

use super::World;

const DAY: i64 = 24 * 60 * 60;

async fn made(world: &World, application: &Application, code: &str) -> AdminLink {
    let id = AdminLinkId::new(world.now(), &world.app.chance);
    let link = AdminLink {
        sealed: world.app.keyring.seal(AdminLink::place(&id), &SecretString::from("code")).unwrap(),
        id,
        application_id: application.id.clone(),
        about: Registration::of(application),
        made_by: "Ana".to_owned(),
        contact: "ana@contoso.example".to_owned(),
        made_at: world.now(),
        expires_at: world.now().plus(DAY),
        consented_at: None,
        given: None,
        withdrawn: None,
    };
    world.write(async |tx| store::insert(tx, &link, &hash_of(code)).await).await;
    link
}

async fn secret(world: &World, application: &Application) -> Credential {
    let proof = Proof::Secret { value: SecretString::from("S3cret~value-of-the-application"), ends: None };
    let sealed = add::seal(&world.app, &application.id, &application.name, "link of Ana", proof).await.unwrap();
    world.write(async |tx| applications::insert_credential(tx, &sealed.credential, &sealed.sealed).await).await;
    sealed.credential
}

async fn read(world: &World, link: &AdminLink) -> AdminLink {
    store::by_id(world.db(), &link.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_link_is_found_by_its_code_until_it_is_withdrawn_or_its_code_erased() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let link = made(&world, &mail, "code").await;
        let found = store::by_code(world.db(), &hash_of("code")).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{link:?}"));
        assert!(store::by_code(world.db(), &hash_of("other")).await.unwrap().is_none());
        let now = world.now();
        assert!(world.write(async |tx| store::withdraw(tx, &mail.id, "Ana", now).await).await);
        assert!(!world.write(async |tx| store::withdraw(tx, &mail.id, "Ana", now).await).await);
        assert_eq!(read(&world, &link).await.state(world.now(), &mail), State::Withdrawn);
        assert_eq!(world.count("SELECT COUNT(*) FROM admin_links WHERE sealed = ''").await, 1);
        world.app.clock.advance(1);
        let next = made(&world, &mail, "next").await;
        let newest = store::newest_of(world.db(), &mail.id).await.unwrap().unwrap();
        assert_eq!(newest.id, next.id);
        store::erase_expired(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM admin_links WHERE sealed = ''").await, 1);
        world.app.clock.advance(DAY);
        store::erase_expired(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM admin_links WHERE sealed = ''").await, 2);
        let now = world.now();
        assert!(!world.write(async |tx| store::withdraw(tx, &mail.id, "Ana", now).await).await, "it has ended");
        world.close().await;
    }
}

#[tokio::test]
async fn consent_is_noted_once_and_only_while_the_link_is_open() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let link = made(&world, &mail, "code").await;
        let now = world.now();
        assert!(!world.write(async |tx| store::consented(tx, &link.id, now.plus(DAY)).await).await);
        assert!(world.write(async |tx| store::consented(tx, &link.id, now).await).await);
        assert!(!world.write(async |tx| store::consented(tx, &link.id, now).await).await);
        assert_eq!(read(&world, &link).await.consented_at, Some(now));
        let other = made(&world, &mail, "other").await;
        world.write(async |tx| store::withdraw(tx, &mail.id, "Ana", now).await).await;
        assert!(!world.write(async |tx| store::consented(tx, &other.id, now).await).await);
        world.close().await;
    }
}

#[tokio::test]
async fn a_secret_may_be_given_until_one_is_accepted_and_not_without_end() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let link = made(&world, &mail, "code").await;
        let now = world.now();
        let first = secret(&world, &mail).await;
        assert!(world.write(async |tx| store::given(tx, &link, &first.id, now).await).await);
        let second = secret(&world, &mail).await;
        let stale = world.write(async |tx| store::given(tx, &link, &second.id, now).await).await;
        assert!(!stale, "somebody gave one meanwhile");
        let link = read(&world, &link).await;
        let given = link.given.clone().unwrap();
        assert_eq!((given.credential_id, given.state, given.accepted), (first.id.clone(), Said::Untested, false));
        world.write(async |tx| applications::answered(tx, &first, Said::Refused, now).await).await;
        assert!(world.write(async |tx| store::given(tx, &link, &second.id, now).await).await);
        world.write(async |tx| applications::answered(tx, &second, Said::Accepted, now).await).await;
        let link = read(&world, &link).await;
        assert!(link.accepted().is_some());
        let third = secret(&world, &mail).await;
        assert!(!world.write(async |tx| store::given(tx, &link, &third.id, now).await).await, "one was accepted");

        let mut other = made(&world, &mail, "other").await;
        for turn in 0..21 {
            let next = secret(&world, &mail).await;
            let taken = world.write(async |tx| store::given(tx, &other, &next.id, now).await).await;
            assert_eq!(taken, turn < 20);
            other = read(&world, &other).await;
        }
        let late = made(&world, &mail, "late").await;
        assert!(!world.write(async |tx| store::given(tx, &late, &third.id, now.plus(DAY)).await).await);
        world.close().await;
    }
}

fn consent(world: &World, link: &AdminLink) -> Consent {
    Consent {
        id: ConsentId::new(world.now(), &world.app.chance),
        link_id: link.id.clone(),
        started_by: "link of Ana".to_owned(),
        application_id: link.application_id.clone(),
        authority: "https://login.example/".to_owned(),
        tenant_id: super::TENANT.to_owned(),
        client_id: super::TENANT.to_owned(),
        flow_hash: hash_of("flow"),
        started_at: world.now(),
        expires_at: world.now().plus(600),
    }
}

#[tokio::test]
async fn a_consent_is_taken_once_however_many_ask_and_those_of_a_link_are_counted() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let link = made(&world, &mail, "code").await;
        let begun = consent(&world, &link);
        world.write(async |tx| consent_store::insert(tx, &begun, &hash_of("state")).await).await;
        let state = hash_of("state");
        let takers = (0..8).map(|_| consent_store::take(world.db(), &state));
        let taken: Vec<_> =
            futures_util::future::join_all(takers).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(taken.len(), 1);
        assert_eq!(format!("{:?}", taken[0]), format!("{begun:?}"));
        let tries = async || consent_store::tries(world.db(), &link.id, world.now()).await.unwrap();
        for number in 0..25 {
            let begun = consent(&world, &link);
            world.write(async |tx| consent_store::insert(tx, &begun, &number.to_string()).await).await;
        }
        assert_eq!(tries().await, 25);
        let contact = "ana@contoso.example";
        let of_ana = async |tx: &mut _| store::withdraw_of(tx, contact, "the host", world.now()).await;
        assert_eq!(world.write(of_ana).await, 1);
        assert!(read(&world, &link).await.withdrawn.is_some());
        world.app.clock.advance(600);
        consent_store::sweep(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM consent_attempts").await, 0);
        world.close().await;
    }
}

#[tokio::test]
async fn how_a_consent_ended_reads_back_newest_first_and_is_forgotten_after_ninety_days() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let link = made(&world, &mail, "code").await;
        let ended = |outcome, failure| Ended {
            id: ConsentId::new(world.now(), &world.app.chance),
            flow_hash: hash_of("flow"),
            link_id: link.id.clone(),
            application_id: mail.id.clone(),
            outcome,
            failure,
            reference: "7K3-QF9".to_owned(),
            at: world.now(),
        };
        let failure = Failure::of(Cause::Blocked, "A rule forbids it.", world.now());
        let blocked = ended(ConsentResult::Blocked, Some(failure));
        world.write(async |tx| consent_store::record(tx, &blocked).await).await;
        world.app.clock.advance(1);
        let granted = ended(ConsentResult::Granted, None);
        world.write(async |tx| consent_store::record(tx, &granted).await).await;
        let found = consent_store::find(world.db(), &blocked.id).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{blocked:?}"));
        let newest = consent_store::newest(world.db(), &mail.id, 5).await.unwrap();
        assert_eq!(
            newest.iter().map(|it| it.outcome).collect::<Vec<_>>(),
            [ConsentResult::Granted, ConsentResult::Blocked]
        );
        assert_eq!(consent_store::newest(world.db(), &mail.id, 1).await.unwrap().len(), 1);
        world.app.clock.advance(90 * DAY - 1);
        consent_store::sweep(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM consents").await, 1);
        world.close().await;
    }
}

#[tokio::test]
async fn the_ways_in_which_mailboxes_use_an_application_are_told_apart() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        assert_eq!(used_by::uses(world.db(), &mail.id).await.unwrap(), []);
        let one = world.added(&mail, "support@contoso.example").await;
        world.added(&mail, "sales@contoso.example").await;
        world.checked(&one, Status::Connected, Status::Ready).await;
        for (address, person) in
            [("olga@contoso.example", None), ("shared@contoso.example", Some("olga@contoso.example"))]
        {
            let access = Access::OnBehalfOfUser { person: person.map(str::to_owned) };
            world.add(&Mailbox { access, ..world.mailbox(&mail, address) }).await;
        }
        let expected = [
            Use { is_delegated: false, is_shared: false, incoming: Status::Connected },
            Use { is_delegated: false, is_shared: false, incoming: Status::Unverified },
            Use { is_delegated: true, is_shared: true, incoming: Status::SignInPending },
        ];
        assert_eq!(used_by::uses(world.db(), &mail.id).await.unwrap(), expected);
        world.close().await;
    }
}
