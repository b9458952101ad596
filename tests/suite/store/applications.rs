//! `applications/store.rs` without credentials, and `applications/used_by.rs`.

use postkey::applications::store::{self, Written};
use postkey::applications::{Application, used_by};
use postkey::error::AppError;
use postkey::ids::ApplicationId;
use postkey::mailboxes::{Access, Mailbox, store as mailboxes};
use postkey::microsoft::{Cloud, Guid, Tenant};
use postkey::words::Status;

use super::{TENANT, World};

#[tokio::test]
async fn an_application_reads_back_as_it_was_written() {
    for world in World::all().await {
        let plain = world.stored("Mail").await;
        let domain = Application {
            tenant: Tenant::parse("contoso.example").unwrap(),
            tenant_id: None,
            cloud: Cloud::China,
            ..world.application("Ünïcode ‘quoted’; DROP TABLE mailboxes; --")
        };
        world.write(async |tx| store::insert(tx, &domain).await).await;
        for application in [plain, domain] {
            assert_eq!(store::find(world.db(), &application.id).await.unwrap(), Some(application.clone()));
            assert_eq!(store::get(world.db(), &application.id).await.unwrap(), application);
        }
        let nobody = ApplicationId::new(world.now(), &world.app.chance);
        assert_eq!(store::find(world.db(), &nobody).await.unwrap(), None);
        assert!(matches!(store::get(world.db(), &nobody).await, Err(AppError::NotFound)));
        world.close().await;
    }
}

#[tokio::test]
async fn a_name_in_any_case_and_a_registration_are_taken_once() {
    for world in World::all().await {
        let mail = world.stored("Čontoso Mail").await;
        let other = world.stored("Contoso Archive").await;
        let same_name = world.application("čONTOSO MAIL");
        let same_ids = Application { client_id: mail.client_id, ..world.application("Other") };
        for taken in [same_name, same_ids] {
            let done = world.undo(async |tx| store::insert(tx, &taken).await).await;
            assert_eq!(done, Written::Taken, "{}", taken.name);
        }
        let renamed = Application { name: mail.name.to_uppercase(), ..other.clone() };
        let done = world.undo(async |tx| store::update(tx, &renamed, world.now()).await).await;
        assert_eq!(done, Written::Taken);
        assert_eq!(store::named(world.db(), "ČONTOSO mail").await.unwrap(), Some(mail.id.clone()));
        assert_eq!(store::named(world.db(), "Contoso%").await.unwrap(), None);
        assert_eq!(store::find(world.db(), &other.id).await.unwrap(), Some(other));
        world.close().await;
    }
}

#[tokio::test]
async fn two_people_who_add_the_same_at_once_get_one_application() {
    for world in World::all().await {
        let (one, two) = (world.application("Mail"), world.application("MAIL"));
        let add = async |application: &Application| {
            let mut tx = world.db().begin().await.unwrap();
            let done = store::insert(&mut tx, application).await.unwrap();
            if done == Written::Done {
                tx.commit().await.unwrap();
            }
            done
        };
        let mut done = <[Written; 2]>::from(tokio::join!(add(&one), add(&two)));
        done.sort_by_key(|done| *done == Written::Taken);
        assert_eq!(done, [Written::Done, Written::Taken]);
        assert_eq!(store::list(world.db()).await.unwrap().len(), 1);
        world.close().await;
    }
}

#[tokio::test]
async fn whoever_saves_second_over_the_same_version_is_told() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let first = Application { name: "First".to_owned(), ..mail.clone() };
        let second = Application { name: "Second".to_owned(), ..mail.clone() };
        assert_eq!(world.write(async |tx| store::update(tx, &first, world.now()).await).await, Written::Done);
        assert_eq!(world.undo(async |tx| store::update(tx, &second, world.now()).await).await, Written::Changed);
        let found = store::get(world.db(), &mail.id).await.unwrap();
        assert_eq!((found.name.as_str(), found.version), ("First", 2));
        let gone = world.application("Gone");
        assert_eq!(world.undo(async |tx| store::update(tx, &gone, world.now()).await).await, Written::Changed);
        world.close().await;
    }
}

#[tokio::test]
async fn the_tenant_that_microsoft_names_is_kept_unless_another_was_entered_meanwhile() {
    for world in World::all().await {
        let domain = Tenant::parse("contoso.example").unwrap();
        let mail = Application { tenant: domain.clone(), tenant_id: None, ..world.application("Mail") };
        world.write(async |tx| store::insert(tx, &mail).await).await;
        let named = Guid::parse(TENANT).unwrap();
        let elsewhere = Tenant::parse("fabrikam.example").unwrap();
        world.write(async |tx| store::set_tenant_id(tx, &mail.id, &elsewhere, named).await).await;
        assert_eq!(store::get(world.db(), &mail.id).await.unwrap().tenant_id, None);
        world.write(async |tx| store::set_tenant_id(tx, &mail.id, &domain, named).await).await;
        assert_eq!(store::get(world.db(), &mail.id).await.unwrap().tenant_id, Some(named));
        let by_guid = Tenant::parse(TENANT).unwrap();
        for tenant in [&domain, &by_guid] {
            let same = store::same_registration(world.db(), mail.cloud, tenant, mail.client_id).await.unwrap();
            assert_eq!(same.map(|same| same.id), Some(mail.id.clone()));
        }
        let none = store::same_registration(world.db(), Cloud::China, &domain, mail.client_id).await.unwrap();
        assert_eq!(none, None);
        world.close().await;
    }
}

#[tokio::test]
async fn the_list_is_by_name_in_any_case_and_counts_living_mailboxes() {
    for world in World::all().await {
        let beta = world.stored("beta").await;
        world.stored("Alpha").await;
        world.stored("Gamma").await;
        let gone = world.added(&beta, "gone@contoso.example").await;
        world.added(&beta, "sales@contoso.example").await;
        world.added(&beta, "Billing@contoso.example").await;
        world.write(async |tx| mailboxes::delete(tx, &gone.id, "Ana", world.now()).await).await;
        let listed = store::list(world.db()).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|listed| (listed.application.name.as_str(), listed.mailboxes)).collect();
        assert_eq!(listed, [("Alpha", 0), ("beta", 2), ("Gamma", 0)]);
        let names = store::names(world.db()).await.unwrap();
        assert_eq!(names.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["Alpha", "beta", "Gamma"]);
        assert_eq!(names[1].0, beta.id);
        assert_eq!(store::mailbox_count(world.db(), &beta.id).await.unwrap(), 2);
        assert_eq!(used_by::deleted_count(world.db(), &beta.id).await.unwrap(), 1);
        let addresses = used_by::addresses(world.db(), &beta.id, 10).await.unwrap();
        assert_eq!(addresses, ["Billing@contoso.example", "sales@contoso.example"]);
        assert_eq!(used_by::addresses(world.db(), &beta.id, 1).await.unwrap(), ["Billing@contoso.example"]);
        world.close().await;
    }
}

#[tokio::test]
async fn an_application_is_deleted_only_when_no_mailbox_names_it() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        assert!(!world.undo(async |tx| store::delete(tx, &mail.id).await).await);
        world.write(async |tx| mailboxes::delete(tx, &mailbox.id, "Ana", world.now()).await).await;
        assert!(!world.undo(async |tx| store::delete(tx, &mail.id).await).await, "the bin still names it");
        let deleted = world.write(async |tx| {
            store::hold(tx, &mail.id).await?;
            used_by::erase_deleted(tx, &mail.id).await?;
            store::delete(tx, &mail.id).await
        });
        assert!(deleted.await);
        assert_eq!(store::find(world.db(), &mail.id).await.unwrap(), None);
        assert_eq!(world.count("SELECT COUNT(*) FROM mailboxes").await, 0);
        world.close().await;
    }
}

#[tokio::test]
async fn a_moved_application_makes_its_living_mailboxes_unverified() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let mine = world.added(&mail, "mine@contoso.example").await;
        let theirs = world.added(&other, "theirs@contoso.example").await;
        let access = Access::OnBehalfOfUser { person: None };
        let persons = Mailbox { access, ..world.mailbox(&mail, "olga@contoso.example") };
        world.add(&persons).await;
        for mailbox in [&mine, &theirs, &persons] {
            world.checked(mailbox, Status::Connected, Status::Ready).await;
        }
        world.app.clock.advance(60);
        world.write(async |tx| used_by::unverify(tx, &mail.id, world.now()).await).await;
        let health = world.find(&mine).await.health;
        assert_eq!((health.incoming, health.outgoing), (Status::Unverified, Status::Unverified));
        assert_eq!((health.checked_at, health.good_at, health.since), (None, None, world.now()));
        assert_eq!(world.find(&theirs).await.health.incoming, Status::Connected);
        assert_eq!(world.find(&persons).await.health.incoming, Status::SignInPending, "somebody must sign in again");
        world.close().await;
    }
}

#[tokio::test]
async fn an_impossible_application_is_an_error_and_not_a_panic() {
    for world in World::all().await {
        for column in ["cloud", "tenant", "tenant_id", "client_id"] {
            let mail = world.stored(&format!("Mail {column}")).await;
            world.by_hand(&format!("UPDATE applications SET {column} = '?!' WHERE id = '{}'", mail.id)).await;
            let failed = store::get(world.db(), &mail.id).await.unwrap_err();
            assert!(matches!(failed, AppError::Internal(_)), "{column}: {failed:?}");
            assert!(store::list(world.db()).await.is_err(), "{column}");
            world.by_hand(&format!("DELETE FROM applications WHERE id = '{}'", mail.id)).await;
        }
        world.close().await;
    }
}
