//! `applications/scope_store.rs`, `applications/scope_turn_store.rs`, and what `applications/used_by.rs` tells a scope check.

use postkey::applications::scope::{Named, Tried};
use postkey::applications::scope_turn_store::{self as turns, ScopeCheck};
use postkey::applications::{scope_store as store, used_by};
use postkey::clock::UnixTime;
use postkey::ids::{ApplicationId, ScopeCheckId};
use postkey::microsoft::Failure;
use postkey::words::{Cause, Must, ScopeOutcome, ScopeVerdict};

use super::World;
use super::delegated::delegated;

const DAY: i64 = 24 * 60 * 60;

fn names() -> Vec<Named> {
    vec![Named::new("Support@contoso.example", Must::Open), Named::new("ceo@contoso.example", Must::StayClosed)]
}

async fn save(world: &World, id: &ApplicationId, names: &[Named], version: i64) -> bool {
    let times = (world.now(), world.now().plus(DAY));
    world.write(async |tx| store::save(tx, id, (names, version), "Ana", times).await).await
}

fn new_id(world: &World) -> ScopeCheckId {
    ScopeCheckId::new(world.now(), &world.app.chance)
}

async fn begin(world: &World, id: &ApplicationId, check: &ScopeCheckId) -> bool {
    let times = (world.now(), world.now().plus(120));
    world.write(async |tx| turns::begin(tx, id, check, times).await).await
}

/// Runs a check that finds these outcomes, in the order of the names.
async fn checked(world: &World, id: &ApplicationId, outcomes: &[ScopeOutcome]) -> bool {
    let check = new_id(world);
    assert!(begin(world, id, &check).await);
    let scope = store::find(world.db(), id).await.unwrap().unwrap();
    let failure = |outcome| (outcome != ScopeOutcome::Opened).then(|| Failure::of(Cause::NoAccess, "", world.now()));
    let tried = |outcome: ScopeOutcome| Tried { outcome, at: world.now(), failure: failure(outcome) };
    let names: Vec<Named> =
        scope.names.iter().zip(outcomes).map(|(named, outcome)| named.after(tried(*outcome))).collect();
    let times = (world.now(), world.now().plus(DAY));
    world.write(async |tx| store::finish(tx, id, &check, &names, times).await).await
}

#[tokio::test]
async fn names_are_kept_in_order_and_what_is_known_of_them_outlives_a_change() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        assert!(store::find(world.db(), &mail.id).await.unwrap().is_none());
        assert!(save(&world, &mail.id, &names(), 0).await);
        let other = world.stored("Other").await;
        assert!(save(&world, &other.id, &names(), 0).await);
        assert!(!save(&world, &mail.id, &names(), 0).await, "somebody else was first");
        assert!(checked(&world, &mail.id, &[ScopeOutcome::Opened, ScopeOutcome::Refused]).await);
        let then = world.now();
        let scope = store::find(world.db(), &mail.id).await.unwrap().unwrap();
        assert_eq!((scope.version, scope.checked_at, scope.updated_by.as_str()), (1, Some(then), "Ana"));
        assert_eq!(scope.lines(Must::Open), "Support@contoso.example");
        let ceo = &scope.names[1];
        let cause = ceo.tried.as_ref().unwrap().failure.as_ref().unwrap().cause;
        assert_eq!((ceo.proven, cause), (Some((ScopeOutcome::Refused, then)), Cause::NoAccess));
        world.app.clock.advance(10);
        let others = [
            Named::new("b@contoso.example", Must::Open),
            Named::new("a@contoso.example", Must::Open),
            Named::new("CEO@contoso.example", Must::StayClosed),
        ];
        assert!(save(&world, &mail.id, &others, 1).await);
        let scope = store::find(world.db(), &mail.id).await.unwrap().unwrap();
        let addresses: Vec<&str> = scope.names.iter().map(|named| named.address.as_str()).collect();
        assert_eq!(addresses, ["b@contoso.example", "a@contoso.example", "CEO@contoso.example"]);
        assert_eq!(scope.names[2].proven, Some((ScopeOutcome::Refused, then)), "it is the same mailbox");
        assert_eq!(scope.version, 2);
        world.write(async |tx| postkey::applications::store::delete(tx, &mail.id).await).await;
        assert_eq!(world.count("SELECT COUNT(*) FROM scope_names").await, 2, "they go with their application alone");
        assert!(world.write(async |tx| store::forget(tx, &other.id).await).await);
        assert!(!world.write(async |tx| store::forget(tx, &other.id).await).await);
        assert_eq!(world.count("SELECT COUNT(*) FROM scope_names").await, 0);
        world.close().await;
    }
}

#[tokio::test]
async fn a_check_of_names_that_were_changed_or_that_died_is_not_kept() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let check = new_id(&world);
        assert!(!begin(&world, &mail.id, &check).await, "nothing is named");
        assert!(save(&world, &mail.id, &names(), 0).await);
        let ids: Vec<ScopeCheckId> = (0..4).map(|_| new_id(&world)).collect();
        let begun = futures_util::future::join_all(ids.iter().map(|check| begin(&world, &mail.id, check))).await;
        assert_eq!(begun.iter().filter(|begun| **begun).count(), 1, "of many at once one runs");
        let running = ids[begun.iter().position(|begun| *begun).unwrap()].clone();
        let finish = async |check: &ScopeCheckId| {
            let times = (world.now(), world.now().plus(DAY));
            world.write(async |tx| store::finish(tx, &mail.id, check, &names(), times).await).await
        };
        assert!(save(&world, &mail.id, &names(), 1).await);
        assert!(!finish(&running).await, "it is about other names");
        let dead = new_id(&world);
        assert!(begin(&world, &mail.id, &dead).await);
        assert!(!begin(&world, &mail.id, &check).await);
        world.app.clock.advance(120);
        assert!(begin(&world, &mail.id, &check).await, "a dead check holds the application for ever");
        assert!(!finish(&dead).await);
        world.write(async |tx| turns::abandon(tx, &mail.id, &dead).await).await;
        assert!(!begin(&world, &mail.id, &dead).await, "the new one still runs");
        world.write(async |tx| turns::abandon(tx, &mail.id, &check).await).await;
        assert!(begin(&world, &mail.id, &check).await);
        world.write(async |tx| store::reset(tx, &mail.id, world.now()).await).await;
        assert!(!finish(&check).await, "it is about another application");
        world.close().await;
    }
}

#[tokio::test]
async fn a_turn_is_claimed_once_and_comes_again() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        assert!(save(&world, &mail.id, &names(), 0).await);
        let due = async || turns::due(world.db(), world.now()).await.unwrap();
        let claim = async || {
            let times = (world.now(), world.now().plus(600));
            world.write(async |tx| turns::claim(tx, &mail.id, times).await).await
        };
        assert!(due().await.is_empty() && !claim().await);
        world.app.clock.advance(DAY);
        assert_eq!(due().await, std::slice::from_ref(&mail.id));
        let all = futures_util::future::join_all((0..4).map(|_| claim())).await;
        assert_eq!(all.iter().filter(|claimed| **claimed).count(), 1);
        assert!(due().await.is_empty());
        world.app.clock.advance(600);
        assert!(begin(&world, &mail.id, &new_id(&world)).await);
        assert!(due().await.is_empty(), "a check runs");
        world.app.clock.advance(120);
        assert_eq!(due().await.len(), 1);
        world.write(async |tx| store::reset(tx, &mail.id, world.now().plus(5)).await).await;
        assert!(due().await.is_empty());
        world.close().await;
    }
}

#[tokio::test]
async fn rounds_that_found_the_same_are_one_row_and_old_ones_are_swept() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        assert!(save(&world, &mail.id, &names(), 0).await);
        let keep = async |reason: &str, verdict, found: &str| {
            world.app.clock.advance(DAY);
            let check = ScopeCheck {
                id: new_id(&world),
                application_id: mail.id.clone(),
                asked_by: "Ana".to_owned(),
                reason: reason.to_owned(),
                verdict,
                found: found.to_owned(),
                started_at: world.now(),
                finished_at: world.now(),
                times: 1,
            };
            world.write(async |tx| turns::keep(tx, &check).await).await;
        };
        let (holds, wide) = (ScopeVerdict::Holds, ScopeVerdict::TooWide);
        for (reason, verdict, found) in [
            ("saved", holds, "a"),
            ("round", holds, "a"),
            ("round", holds, "a"),
            ("round", holds, "b"),
            ("round", wide, "b"),
            ("asked", wide, "b"),
            ("round", wide, "b"),
        ] {
            keep(reason, verdict, found).await;
        }
        let rows = turns::newest(world.db(), &mail.id, 9).await.unwrap();
        let told: Vec<(&str, i64)> = rows.iter().map(|row| (row.reason.as_str(), row.times)).collect();
        assert_eq!(told, [("round", 1), ("asked", 1), ("round", 1), ("round", 1), ("round", 2), ("saved", 1)]);
        assert_eq!((rows[0].finished_at, rows[4].finished_at), (world.now(), world.now().plus(-4 * DAY)));
        assert_eq!(turns::newest(world.db(), &mail.id, 2).await.unwrap().len(), 2);
        world.app.clock.advance(87 * DAY);
        turns::sweep(&world.app).await.unwrap();
        assert_eq!(turns::newest(world.db(), &mail.id, 9).await.unwrap().len(), 4);
        world.close().await;
    }
}

#[tokio::test]
async fn what_is_amiss_is_told_of_each_application_once_and_only_while_it_is_proven() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Archive").await);
        let mut more = names();
        more.push(Named::new("cfo@contoso.example", Must::StayClosed));
        for application in [&mail, &other] {
            assert!(save(&world, &application.id, &more, 0).await);
        }
        assert!(store::widened(world.db()).await.unwrap().is_empty());
        let since = world.now();
        use ScopeOutcome::{NotFound, Opened, Refused, Unknown};
        checked(&world, &mail.id, &[Refused, Opened, Refused]).await;
        world.app.clock.advance(10);
        checked(&world, &mail.id, &[Refused, Unknown, Opened]).await;
        checked(&world, &other.id, &[Unknown, NotFound, Refused]).await;
        let widened = store::widened(world.db()).await.unwrap();
        let ceo_and_cfo = ["ceo@contoso.example".to_owned(), "cfo@contoso.example".to_owned()];
        assert_eq!(widened.len(), 1);
        assert_eq!((&widened[0].application_id, widened[0].name.as_str()), (&mail.id, "Mail"));
        assert_eq!((widened[0].addresses.as_slice(), widened[0].since), (ceo_and_cfo.as_slice(), since));
        let narrow = store::too_narrow(world.db()).await.unwrap();
        assert_eq!((narrow.len(), narrow[0].addresses[0].as_str()), (1, "Support@contoso.example"));
        delegated(&world, &mail, None).await;
        assert!(store::widened(world.db()).await.unwrap().is_empty(), "it only signs people in");
        world.added(&mail, "sales@contoso.example").await;
        assert_eq!(store::widened(world.db()).await.unwrap().len(), 1);
        world.write(async |tx| store::reset(tx, &mail.id, UnixTime::from_seconds(0)).await).await;
        assert!(store::widened(world.db()).await.unwrap().is_empty());
        world.close().await;
    }
}

#[tokio::test]
async fn what_an_application_opens_without_a_user_is_known() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let db = world.db();
        assert!(!used_by::signs_people_in_only(db, &mail.id).await.unwrap(), "it has no mailbox");
        delegated(&world, &mail, None).await;
        assert!(used_by::signs_people_in_only(db, &mail.id).await.unwrap());
        let mailbox = world.added(&mail, "Sales@contoso.example").await;
        assert!(!used_by::signs_people_in_only(db, &mail.id).await.unwrap());
        assert!(used_by::connected(db, &mail.id, 9).await.unwrap().is_empty());
        world.by_hand(&format!("UPDATE mailboxes SET incoming = 'connected' WHERE id = '{}'", mailbox.id)).await;
        assert_eq!(used_by::connected(db, &mail.id, 9).await.unwrap(), ["Sales@contoso.example"]);
        assert!(used_by::opens(db, &mail.id, "sales@contoso.example").await.unwrap());
        for (id, address) in
            [(&mail.id, "olga@contoso.example"), (&world.stored("Other").await.id, "sales@contoso.example")]
        {
            assert!(!used_by::opens(db, id, address).await.unwrap(), "{address}");
        }
        world.close().await;
    }
}
