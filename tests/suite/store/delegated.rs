//! `tokens/delegated_store.rs`, and what `mailboxes/store.rs` knows of sign-ins.

use postkey::applications::Application;
use postkey::ids::{GrantId, MailboxId};
use postkey::mailboxes::mailbox::{Access, Health};
use postkey::mailboxes::{Mailbox, store as mailboxes};
use postkey::tokens::delegated_store::{self as store, DelegatedGrant};
use postkey::words::{Cause, Status};
use secrecy::SecretString;

use super::World;

/// A mailbox that is opened on behalf of `person`, or of itself.
pub(super) async fn delegated(world: &World, application: &Application, person: Option<&str>) -> Mailbox {
    let access = Access::OnBehalfOfUser { person: person.map(str::to_owned) };
    let health = Health::new(&access, world.now());
    let mailbox = Mailbox { access, health, ..world.mailbox(application, "support@contoso.example") };
    world.add(&mailbox).await;
    mailbox
}

pub(super) fn grant(world: &World, mailbox: &Mailbox, id: &GrantId, generation: i64) -> DelegatedGrant {
    let seal = |place| world.app.keyring.seal(place, &SecretString::from(format!("token {generation}"))).unwrap();
    DelegatedGrant {
        mailbox_id: mailbox.id.clone(),
        application_id: mailbox.application_id.clone(),
        tenant_id: super::TENANT.to_owned(),
        object_id: super::TENANT.to_owned(),
        username: "olga@contoso.example".to_owned(),
        scopes: "openid Mail.Send".to_owned(),
        generation,
        access_token: seal(DelegatedGrant::access_place(id)),
        refresh_token: seal(DelegatedGrant::refresh_place(id)),
        previous_refresh_token: None,
        signed_in_at: world.now(),
        issued_at: world.now(),
        renew_at: world.now().plus(1_800),
        expires_at: world.now().plus(3_600),
        next_at: world.now().plus(1_800),
        attempted_at: None,
        failures: 0,
        failure: String::new(),
        id: id.clone(),
    }
}

async fn found(world: &World, mailbox: &MailboxId) -> Option<DelegatedGrant> {
    store::find(world.db(), mailbox).await.unwrap()
}

#[tokio::test]
async fn a_persons_grant_reads_back_and_goes_with_its_mailbox() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = delegated(&world, &mail, Some("olga@contoso.example")).await;
        assert_eq!(world.find(&mailbox).await, mailbox);
        assert!(found(&world, &mailbox.id).await.is_none());
        let id = GrantId::new(world.now(), &world.app.chance);
        let first = grant(&world, &mailbox, &id, 1);
        assert!(world.write(async |tx| store::save_signed_in(tx, &first).await).await);
        assert_eq!(format!("{:?}", found(&world, &mailbox.id).await), format!("{:?}", Some(first)));
        world.by_hand("DELETE FROM mailboxes").await;
        assert!(found(&world, &mailbox.id).await.is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn a_sign_in_and_a_renewal_replace_only_the_generation_before_them() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = delegated(&world, &mail, None).await;
        let id = GrantId::new(world.now(), &world.app.chance);
        let of = |generation| grant(&world, &mailbox, &id, generation);
        assert!(world.write(async |tx| store::save_signed_in(tx, &of(1)).await).await);
        assert!(!world.write(async |tx| store::save_signed_in(tx, &of(1)).await).await, "the same again");
        assert!(!world.write(async |tx| store::save_signed_in(tx, &of(3)).await).await, "one was left out");
        let stranger = GrantId::new(world.now(), &world.app.chance);
        let other = grant(&world, &mailbox, &stranger, 2);
        assert!(!world.write(async |tx| store::save_signed_in(tx, &other).await).await, "another grant");

        let previous = world.app.keyring.seal(DelegatedGrant::previous_place(&id), &SecretString::from("old")).unwrap();
        let renewed = DelegatedGrant { previous_refresh_token: Some(previous), ..of(2) };
        assert!(world.write(async |tx| store::save_renewed(tx, &renewed).await).await);
        assert!(!world.write(async |tx| store::save_renewed(tx, &renewed).await).await, "a replica was first");
        assert_eq!(format!("{:?}", found(&world, &mailbox.id).await), format!("{:?}", Some(renewed)));
        assert!(world.write(async |tx| store::save_signed_in(tx, &of(3)).await).await);
        assert!(world.write(async |tx| store::forget(tx, &mailbox.id).await).await);
        assert!(!world.write(async |tx| store::forget(tx, &mailbox.id).await).await);
        assert!(world.write(async |tx| store::save_signed_in(tx, &of(1)).await).await);
        let other = world.stored("Other").await;
        world.write(async |tx| store::forget_all(tx, &other.id).await).await;
        assert!(found(&world, &mailbox.id).await.is_some());
        world.write(async |tx| store::forget_all(tx, &mail.id).await).await;
        assert!(found(&world, &mailbox.id).await.is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn what_a_sign_in_found_is_kept_only_for_the_mailbox_that_it_was_about() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = delegated(&world, &mail, Some("olga@contoso.example")).await;
        let check = world.check(&mailbox, Status::Connected, Status::Ready);
        let other = Mailbox { access: Access::OnBehalfOfUser { person: None }, ..mailbox.clone() };
        assert!(!world.write(async |tx| mailboxes::signed_in(tx, &other, &check).await).await);
        assert_eq!(world.find(&mailbox).await.health, mailbox.health);
        assert!(world.write(async |tx| mailboxes::begin_check(tx, &mailbox.id, world.now()).await).await);
        assert!(world.write(async |tx| mailboxes::signed_in(tx, &mailbox, &check).await).await);
        let health = world.find(&mailbox).await.health;
        assert_eq!((health.incoming, health.outgoing), (Status::Connected, Status::Ready));
        assert_eq!((health.checking_since, health.good_at), (None, Some(world.now())), "a check under way is void");
        world.write(async |tx| mailboxes::start_anew(tx, &mailbox, world.now()).await).await;
        assert_eq!(world.find(&mailbox).await.health, Health::new(&mailbox.access, world.now()));
        world.close().await;
    }
}

#[tokio::test]
async fn only_what_cannot_be_opened_waits_for_a_sign_in() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = delegated(&world, &mail, None).await;
        let wait = || world.write(async |tx| mailboxes::wait_for_sign_in(tx, &mailbox.id, world.now()).await);
        world.checked(&mailbox, Status::Connected, Status::Ready).await;
        wait().await;
        assert_eq!(world.find(&mailbox).await.health.incoming, Status::Connected);
        let needs = Status::Failing(Cause::NeedsSignIn);
        world.checked(&mailbox, needs, needs).await;
        wait().await;
        let health = world.find(&mailbox).await.health;
        assert_eq!((health.incoming, health.checked_at), (Status::SignInPending, None));
        let application = world.added(&mail, "other@contoso.example").await;
        world.write(async |tx| mailboxes::wait_for_sign_in(tx, &application.id, world.now()).await).await;
        assert_eq!(world.find(&application).await.health.incoming, Status::Unverified, "nobody signs in for it");
        world.close().await;
    }
}
