//! `sign_in/store.rs`, `sign_in/link_store.rs`, and the session that an attempt names.

use postkey::chance::hash_of;
use postkey::ids::{GrantId, LinkId, SignInId};
use postkey::mail::MailFailure;
use postkey::mailboxes::Mailbox;
use postkey::microsoft::Failure;
use postkey::sign_in::attempt::{About, Attempt, Origin, SentTo};
use postkey::sign_in::link::{MAILING_LASTS, MailState, Mailing};
use postkey::sign_in::store::{self, SignIn};
use postkey::sign_in::{Link, link_store};
use postkey::tokens::delegated_store as grants;
use postkey::web::session_store;
use postkey::words::{Cause, MailTrouble, SignInResult};
use secrecy::SecretString;

use super::World;
use super::delegated::{delegated, grant};

const DAY: i64 = 24 * 60 * 60;

fn attempt(world: &World, mailbox: &Mailbox, origin: Origin) -> Attempt {
    let id = SignInId::new(world.now(), &world.app.chance);
    let verifier = world.app.keyring.seal(Attempt::place(&id), &SecretString::from("verifier")).unwrap();
    Attempt {
        id,
        mailbox_id: mailbox.id.clone(),
        about: About::of(mailbox),
        origin,
        started_by: "Ana".to_owned(),
        sent_to: SentTo {
            authority: "https://login.example/".to_owned(),
            tenant_id: super::TENANT.to_owned(),
            client_id: "22222222-2222-4222-8222-222222222222".to_owned(),
            issuer: "https://login.example/t/v2.0".to_owned(),
            names_issuer: true,
        },
        flow_hash: hash_of("flow"),
        verifier,
        started_at: world.now(),
        expires_at: world.now().plus(600),
    }
}

fn link(world: &World, mailbox: &Mailbox) -> Link {
    let id = LinkId::new(world.now(), &world.app.chance);
    Link {
        sealed: world.app.keyring.seal(Link::place(&id), &SecretString::from("code")).unwrap(),
        id,
        mailbox_id: mailbox.id.clone(),
        about: About::of(mailbox),
        made_by: "Ana".to_owned(),
        contact: "ana@contoso.example".to_owned(),
        made_at: world.now(),
        expires_at: world.now().plus(DAY),
        used: None,
        withdrawn: None,
        mailing: None,
    }
}

async fn made(world: &World, mailbox: &Mailbox, code: &str) -> Link {
    let link = link(world, mailbox);
    world.write(async |tx| link_store::insert(tx, &link, &hash_of(code)).await).await;
    link
}

#[tokio::test]
async fn an_attempt_is_taken_once_however_many_ask() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let begun = attempt(&world, &mailbox, Origin::Session("hash".to_owned()));
        world.write(async |tx| store::insert(tx, &begun, &hash_of("state")).await).await;
        let state = hash_of("state");
        let takers = (0..8).map(|_| store::take(world.db(), &state));
        let taken: Vec<_> =
            futures_util::future::join_all(takers).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(taken.len(), 1);
        assert_eq!(format!("{:?}", taken[0]), format!("{begun:?}"));
        assert!(store::take(world.db(), &hash_of("state")).await.unwrap().is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn attempts_end_by_themselves_and_one_mailbox_has_only_so_many() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let by = made(&world, &mailbox, "code").await;
        let tries = async || store::tries(world.db(), &by.id, world.now()).await.unwrap();
        for number in 0..25 {
            let begun = attempt(&world, &mailbox, Origin::Session("hash".to_owned()));
            world.write(async |tx| store::insert(tx, &begun, &number.to_string()).await).await;
            let taken = store::take(world.db(), &number.to_string()).await.unwrap();
            assert!(taken.is_some(), "the newest is never the one that goes");
            world.write(async |tx| store::insert(tx, &begun, &number.to_string()).await).await;
        }
        assert_eq!((world.count("SELECT COUNT(*) FROM sign_in_attempts").await, tries().await), (20, 0));
        let begun = attempt(&world, &mailbox, Origin::Link(by.id.clone()));
        world.write(async |tx| store::insert(tx, &begun, "by a link").await).await;
        assert_eq!((world.count("SELECT COUNT(*) FROM sign_in_attempts").await, tries().await), (21, 1));
        world.app.clock.advance(599);
        store::sweep(&world.app).await.unwrap();
        assert_eq!(world.count("SELECT COUNT(*) FROM sign_in_attempts").await, 21);
        world.app.clock.advance(1);
        store::sweep(&world.app).await.unwrap();
        assert_eq!((world.count("SELECT COUNT(*) FROM sign_in_attempts").await, tries().await), (0, 0));
        world.close().await;
    }
}

#[tokio::test]
async fn a_link_stands_while_it_is_not_withdrawn_and_what_it_brought_is_not_forgotten() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = delegated(&world, &mail, None).await;
        let link = made(&world, &mailbox, "code").await;
        let stands = async || world.write(async |tx| link_store::still_stands(tx, &link.id).await).await;
        assert!(stands().await);
        world.write(async |tx| link_store::use_up(tx, &mailbox.id, "olga", world.now()).await).await;
        assert!(!stands().await, "used, and there is no grant");
        let granted = grant(&world, &mailbox, &GrantId::new(world.now(), &world.app.chance), 1);
        assert!(world.write(async |tx| grants::save_signed_in(tx, &granted).await).await);
        assert!(stands().await, "another tab of the same person");
        let other = made(&world, &mailbox, "other").await;
        world.write(async |tx| link_store::withdraw(tx, &mailbox.id, "Ana", world.now()).await).await;
        assert!(!world.write(async |tx| link_store::still_stands(tx, &other.id).await).await);

        for (state, of) in [("one", &mailbox), ("two", &world.added(&mail, "sales@contoso.example").await)] {
            let begun = attempt(&world, of, Origin::Session("hash".to_owned()));
            world.write(async |tx| store::insert(tx, &begun, state).await).await;
        }
        world.write(async |tx| store::end_all(tx, &mailbox.id).await).await;
        assert!(store::take(world.db(), "one").await.unwrap().is_none());
        assert!(store::take(world.db(), "two").await.unwrap().is_some());
        world.close().await;
    }
}

#[tokio::test]
async fn how_a_sign_in_ended_reads_back_newest_first_and_is_forgotten_after_ninety_days() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let ended = |outcome, failure| SignIn {
            id: SignInId::new(world.now(), &world.app.chance),
            flow_hash: hash_of("flow"),
            mailbox_id: mailbox.id.clone(),
            link_id: None,
            started_by: "Ana".to_owned(),
            expected: "olga@contoso.example".to_owned(),
            account: "jan@contoso.example".to_owned(),
            outcome,
            failure,
            reference: "7K3-QF9".to_owned(),
            at: world.now(),
        };
        let failure = Failure::of(Cause::Blocked, "text", world.now());
        let mut all = Vec::new();
        for outcome in SignInResult::ALL {
            let one = ended(*outcome, Some(failure.clone()).filter(|_| *outcome == SignInResult::Blocked));
            world.write(async |tx| store::record(tx, &one).await).await;
            let found = store::find(world.db(), &one.id).await.unwrap();
            assert_eq!(format!("{found:?}"), format!("{:?}", Some(&one)));
            all.insert(0, one.id);
            world.app.clock.advance(1);
        }
        let newest = store::newest(world.db(), &mailbox.id, 3).await.unwrap();
        assert_eq!(newest.into_iter().map(|one| one.id).collect::<Vec<_>>(), all[..3]);
        world.app.clock.advance(90 * DAY);
        store::sweep(&world.app).await.unwrap();
        assert!(store::find(world.db(), &all[0]).await.unwrap().is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn a_link_is_found_by_its_code_and_its_code_goes_when_it_ends() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let sealed = "SELECT COUNT(*) FROM sign_in_links WHERE sealed <> ''";
        let first = made(&world, &mailbox, "first").await;
        let found = link_store::by_code(world.db(), &hash_of("first")).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{first:?}"));
        assert!(link_store::by_code(world.db(), "first").await.unwrap().is_none());
        let now = world.now();
        assert!(world.write(async |tx| link_store::withdraw(tx, &mailbox.id, "Tom", now).await).await);
        assert!(!world.write(async |tx| link_store::withdraw(tx, &mailbox.id, "Tom", now).await).await);
        let withdrawn = link_store::by_id(world.db(), &first.id).await.unwrap().unwrap();
        assert_eq!((withdrawn.withdrawn, withdrawn.used), (Some((now, "Tom".to_owned())), None));
        assert_eq!(world.count(sealed).await, 0);

        world.app.clock.advance(1);
        let second = made(&world, &mailbox, "second").await;
        let use_up =
            async |name| world.write(async |tx| link_store::use_up(tx, &mailbox.id, name, world.now()).await).await;
        use_up("olga").await;
        use_up("jan").await;
        let newest = link_store::newest_of(world.db(), &mailbox.id).await.unwrap().unwrap();
        assert_eq!((newest.id, newest.used), (second.id, Some((world.now(), "olga".to_owned()))));
        assert_eq!(link_store::by_id(world.db(), &first.id).await.unwrap().unwrap().used, None);

        world.app.clock.advance(1);
        made(&world, &mailbox, "third").await;
        link_store::erase_expired(&world.app).await.unwrap();
        assert_eq!(world.count(sealed).await, 1);
        world.app.clock.advance(DAY);
        link_store::erase_expired(&world.app).await.unwrap();
        assert_eq!(world.count(sealed).await, 0);
        let open = made(&world, &mailbox, "open").await;
        let of = async |contact| {
            world.write(async |tx| link_store::withdraw_of(tx, contact, "the host", world.now()).await).await
        };
        assert_eq!((of("tom@contoso.example").await, of("ana@contoso.example").await), (0, 1));
        assert!(link_store::by_id(world.db(), &open.id).await.unwrap().unwrap().withdrawn.is_some());
        world.app.clock.advance(1);
        // A later link counts, whatever became of it, and not the one before that ended by itself.
        let fourth = made(&world, &mailbox, "fourth").await;
        use_up("jan").await;
        let newest = link_store::newest_of(world.db(), &mailbox.id).await.unwrap().unwrap();
        assert_eq!((newest.id, newest.used.is_some()), (fourth.id, true));
        world.close().await;
    }
}

#[tokio::test]
async fn a_link_is_mailed_one_at_a_time_and_only_while_it_is_open() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let link = made(&world, &mailbox, "code").await;
        let ask = async |to| world.write(async |tx| link_store::ask_mail(tx, &link.id, to, world.now()).await).await;
        let end = async |asked, outcome: Result<(), &MailFailure>| {
            world.write(async |tx| link_store::end_mail(tx, &link.id, asked, outcome, world.now()).await).await
        };
        let mailing = async || link_store::by_id(world.db(), &link.id).await.unwrap().unwrap().mailing;
        let is = |to: &str, state| Some(Mailing { to: to.to_owned(), at: world.now(), state });
        assert_eq!(mailing().await, None);
        let first = world.now();
        assert!(!end(first, Ok(())).await, "nobody asked");
        assert!(ask("olga@contoso.example").await);
        assert_eq!(mailing().await, is("olga@contoso.example", MailState::Asked));
        world.app.clock.advance(MAILING_LASTS - 1);
        assert!(!ask("jan@contoso.example").await, "one is on its way");
        world.app.clock.advance(1);
        assert!(ask("jan@contoso.example").await, "the first was given up");
        let second = world.now();
        assert!(!end(first, Ok(())).await, "another was asked for since");
        let failure = MailFailure {
            trouble: MailTrouble::Refused,
            server: "mail.example:465".to_owned(),
            said: "550 5.1.1 \"ü\"".to_owned(),
        };
        assert!(end(second, Err(&failure)).await);
        assert_eq!(mailing().await, is("jan@contoso.example", MailState::Failed(failure)));
        assert!(ask("olga@contoso.example").await && end(second, Ok(())).await);
        assert_eq!(mailing().await, is("olga@contoso.example", MailState::Sent));
        world.write(async |tx| link_store::withdraw(tx, &mailbox.id, "Tom", world.now()).await).await;
        assert!(!ask("olga@contoso.example").await, "withdrawn");
        let ended = made(&world, &mailbox, "another").await;
        world.app.clock.advance(DAY);
        let late = world.write(async |tx| link_store::ask_mail(tx, &ended.id, "olga", world.now()).await).await;
        assert!(!late, "it ended by itself");
        world.by_hand("UPDATE sign_in_links SET mail_state = 'failed', mail_trouble = NULL").await;
        assert!(link_store::by_id(world.db(), &link.id).await.is_err(), "columns that contradict each other");
        world.close().await;
    }
}

#[tokio::test]
async fn a_session_is_known_by_its_hash_while_it_lives() {
    for world in World::all().await {
        let now = world.now();
        let data = r#"{"person":{"id":"usr_00692f3c00aaaaaaaaaaaaaa","epoch":3}}"#;
        let row = format!(
            "INSERT INTO sessions (id_hash, data, seen_at, ends_at) VALUES ('h', '{data}', {0}, {1})",
            now.seconds(),
            now.plus(3_600).seconds()
        );
        world.by_hand(&row).await;
        let person = async |at| session_store::person(world.db(), "h", at).await.unwrap();
        assert_eq!(person(now).await.unwrap().epoch, 3);
        assert!(person(now.plus(session_store::IDLE)).await.is_none());
        assert!(session_store::person(world.db(), "other", now).await.unwrap().is_none());
        world.by_hand("UPDATE sessions SET data = '{}'").await;
        assert!(person(now).await.is_none());
        world.close().await;
    }
}
