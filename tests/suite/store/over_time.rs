//! What is kept over time: `mailboxes/history.rs`, `tokens/renewal_store.rs`, what `audit` tells, and what `diagnosis` makes of it.

use postkey::audit::{self, Entry};
use postkey::clock::UnixTime;
use postkey::diagnosis::{Everywhere, Peers, store as facts};
use postkey::mailboxes::history::{self, Check, KEPT_FOR, STEADY};
use postkey::mailboxes::turn_store as mailbox_turns;
use postkey::microsoft::Failure;
use postkey::tokens::renewal_store::{self as renewals, Counted};
use postkey::tokens::turn_store::{self, Missed, Whose};
use postkey::words::{Cause, Status};

use super::World;
use super::turns::world_with_both;

#[tokio::test]
async fn a_row_of_checks_knows_its_first_and_breaks_where_nobody_looked() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let round = || Check {
            reason: "round".to_owned(),
            ..world.check(&mailbox, Status::Connected, Status::Failing(Cause::NeedsConsent))
        };
        let first = round();
        world.write(async |tx| history::insert(tx, &first).await).await;
        world.app.clock.advance(STEADY);
        let second = round();
        assert!(world.write(async |tx| history::repeat(tx, &first.id, &second).await).await);
        world.app.clock.advance(STEADY + 1);
        let late = round();
        assert!(!world.write(async |tx| history::repeat(tx, &first.id, &late).await).await, "nobody looked meanwhile");
        world.write(async |tx| history::insert(tx, &late).await).await;
        let seen = history::seen(world.db(), &mailbox.id, first.finished_at).await.unwrap();
        let spans: Vec<(UnixTime, UnixTime)> = seen.iter().map(|it| (it.first_at, it.last_at)).collect();
        let expected = [(first.finished_at, second.finished_at), (late.finished_at, late.finished_at)];
        assert_eq!(spans, expected);
        assert_eq!(seen[0].status, Status::Failing(Cause::NeedsConsent), "the worse of both ways");
        let newest = history::newest(world.db(), &mailbox.id, 9).await.unwrap();
        assert_eq!((newest[1].first_at, newest[1].times), (first.finished_at, 2));
        assert_eq!(history::seen(world.db(), &mailbox.id, late.finished_at).await.unwrap().len(), 1);
        world.by_hand("UPDATE checks SET first_at = NULL").await;
        let seen = history::seen(world.db(), &mailbox.id, first.finished_at).await.unwrap();
        assert_eq!(seen[0].first_at, second.finished_at, "a row from before stands for its last check");
        world.close().await;
    }
}

#[tokio::test]
async fn checks_go_after_ninety_days_but_the_last_one_of_a_mailbox_stays() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let other = world.added(&mail, "other@contoso.example").await;
        world.checked(&mailbox, Status::Connected, Status::Ready).await;
        let last = world.checked(&mailbox, Status::Connected, Status::Ready).await;
        world.app.clock.advance(KEPT_FOR + 1);
        let young = world.checked(&other, Status::Connected, Status::Ready).await;
        let before = world.now().plus(-KEPT_FOR);
        assert!(!world.write(async |tx| history::sweep(tx, before).await).await, "there is no more");
        let ids = async |mailbox| {
            let kept = history::newest(world.db(), mailbox, 9).await.unwrap();
            kept.into_iter().map(|check| check.id).collect::<Vec<_>>()
        };
        assert_eq!((ids(&mailbox.id).await, ids(&other.id).await), (vec![last.id], vec![young.id]));
        world.close().await;
    }
}

#[tokio::test]
async fn renewals_are_counted_by_hour_kind_and_cause() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let start = UnixTime::from_seconds(world.now().seconds() / 3_600 * 3_600);
        let count = async |application, whose, seconds: i64, cause| {
            world.write(async |tx| renewals::count(tx, application, whose, start.plus(seconds), cause).await).await;
        };
        count(&mail.id, Whose::Application, 0, None).await;
        count(&mail.id, Whose::Application, 3_599, None).await;
        count(&mail.id, Whose::Application, 3_600, Some(Cause::SecretExpired)).await;
        count(&mail.id, Whose::Person, 10, None).await;
        count(&other.id, Whose::Application, 20, Some(Cause::Throttled)).await;
        let gone = world.application("Gone");
        count(&gone.id, Whose::Application, 20, None).await;
        let counted = |hours: i64, cause, times| Counted { hour: start.plus(hours * 3_600), cause, times };
        let of_mail = renewals::of(world.db(), &mail.id, Whose::Application, start).await.unwrap();
        assert_eq!(of_mail, [counted(0, None, 2), counted(1, Some(Cause::SecretExpired), 1)]);
        let of_person = renewals::of(world.db(), &mail.id, Whose::Person, start).await.unwrap();
        assert_eq!(of_person, [counted(0, None, 1)]);
        let all = renewals::all(world.db(), start).await.unwrap();
        let expected =
            [counted(0, None, 3), counted(0, Some(Cause::Throttled), 1), counted(1, Some(Cause::SecretExpired), 1)];
        assert_eq!(all, expected);
        assert!(!world.write(async |tx| renewals::sweep(tx, start.plus(3_600)).await).await);
        assert_eq!(renewals::all(world.db(), start).await.unwrap(), expected[2..]);
        world.by_hand("UPDATE renewals SET cause = 'nonsense'").await;
        assert!(renewals::all(world.db(), start).await.is_err());
        world.close().await;
    }
}

#[tokio::test]
async fn what_was_done_to_a_mailbox_or_its_application_is_told_newest_first() {
    for world in World::all().await {
        for (object, action) in
            [("mb_1", "mailbox.created"), ("app_1", "application.changed"), ("mb_2", "mailbox.paused")]
        {
            let entry = Entry { actor: "Tom", action, object, detail: "" };
            world.write(async |tx| audit::record(tx, &world.app, entry).await).await;
            world.app.clock.advance(10);
        }
        let (first, last) = (world.now().plus(-30), world.now());
        let about = async |from, to, most| audit::about(world.db(), ("mb_1", "app_1"), (from, to), most).await.unwrap();
        let deeds = about(first, last, 9).await;
        let actions: Vec<&str> = deeds.iter().map(|deed| deed.action.as_str()).collect();
        assert_eq!(actions, ["application.changed", "mailbox.created"]);
        assert_eq!((deeds[0].actor.as_str(), deeds[0].at), ("Tom", first.plus(10)));
        assert_eq!(about(first.plus(1), last, 9).await.len(), 1);
        assert_eq!(about(first, first.plus(1), 9).await.len(), 1);
        assert_eq!(about(first, last, 1).await.len(), 1);
        world.close().await;
    }
}

#[tokio::test]
async fn the_others_of_an_application_are_counted_as_they_are() {
    for world in World::all().await {
        let (mail, other) = (world.stored("Mail").await, world.stored("Other").await);
        let refused = Status::Failing(Cause::SecretRefused);
        let broken = world.added(&mail, "broken@contoso.example").await;
        let at = world.now();
        for (name, status, later) in [("same", refused, 30), ("later", refused, 600), ("fine", Status::Connected, 0)] {
            let mailbox = world.added(&mail, &format!("{name}@contoso.example")).await;
            world.app.clock.advance(later);
            world.checked(&mailbox, status, status).await;
        }
        world.added(&mail, "new@contoso.example").await;
        let theirs = world.added(&other, "theirs@contoso.example").await;
        world.checked(&theirs, refused, refused).await;
        let ids = (&mail.id, &broken.id);
        let beside = async |since| facts::mailboxes(world.db(), ids, (Cause::SecretRefused, since), at).await.unwrap();
        assert_eq!(beside(at).await, Peers { working: 1, same: 2, together: 1, more: false });
        let later = beside(world.now()).await;
        assert_eq!((later.working, later.same), (0, 2), "it was not looked at since");
        world.close().await;
    }
}

#[tokio::test]
async fn sign_ins_and_applications_that_fail_are_counted_as_they_are() {
    for world in World::all().await {
        let (mail, of_application, of_person) = world_with_both(&world).await;
        let beside = facts::sign_ins(world.db(), (&mail, &of_application), (Cause::ProviderDown, world.now()));
        assert_eq!(beside.await.unwrap(), Peers::default(), "it was not renewed since");
        let before = world.now().plus(-7_200);
        let beside = facts::sign_ins(world.db(), (&mail, &of_application), (Cause::ProviderDown, before));
        assert_eq!(beside.await.unwrap(), Peers { working: 1, ..Peers::default() });
        let everywhere = async || facts::everywhere(world.db()).await.unwrap();
        assert_eq!(everywhere().await, Everywhere { applications: 1, unreachable: 0 });
        let failure = Failure::of(Cause::ProviderDown, "why", world.now());
        let missed = Missed { failure: &failure, at: world.now(), next_at: world.now() };
        world.write(async |tx| turn_store::miss(tx, Whose::Person, (&of_person, 1), &missed).await).await;
        assert_eq!(everywhere().await, Everywhere { applications: 1, unreachable: 1 });
        let beside = facts::sign_ins(world.db(), (&mail, &of_application), (Cause::ProviderDown, world.now()));
        assert_eq!(beside.await.unwrap(), Peers { same: 1, together: 1, ..Peers::default() });
        assert!(facts::signed_in_at(world.db(), &of_person).await.unwrap().is_some());
        assert!(facts::signed_in_at(world.db(), &of_application).await.unwrap().is_none());
        world.close().await;
    }
}

#[tokio::test]
async fn how_long_each_sign_in_lasted_is_known_back_to_one_that_was_not_lost() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        assert!(facts::lives(world.db(), &mailbox.id).await.unwrap().is_empty());
        let lost = Status::Failing(Cause::NeedsSignIn);
        for (number, life) in [(1, None), (2, Some(3_000)), (3, Some(2_400))] {
            world.app.clock.advance(60);
            let (id, at) = (&mailbox.id, world.now().seconds());
            world
                .by_hand(&format!(
                    "INSERT INTO sign_ins (id, flow_hash, mailbox_id, started_by, expected, account, outcome, failure, reference, at)
                     VALUES ('si_{number}', 'x', '{id}', 'Ana', '', '', 'connected', '', '', {at})"
                ))
                .await;
            if let Some(life) = life {
                world.app.clock.advance(life);
                world.checked(&mailbox, lost, lost).await;
            }
        }
        assert_eq!(facts::lives(world.db(), &mailbox.id).await.unwrap(), [2_400, 3_000]);
        world.close().await;
    }
}

#[tokio::test]
async fn when_a_mailbox_is_looked_at_next_is_known() {
    for world in World::all().await {
        let mail = world.stored("Mail").await;
        let mailbox = world.added(&mail, "support@contoso.example").await;
        let at = world.now().plus(3_000);
        world.write(async |tx| mailbox_turns::plan(tx, &mailbox.id, at).await).await;
        assert_eq!(mailbox_turns::planned(world.db(), &mailbox.id).await.unwrap(), Some(at));
        let nobody = world.mailbox(&mail, "nobody@contoso.example");
        assert_eq!(mailbox_turns::planned(world.db(), &nobody.id).await.unwrap(), None);
        world.close().await;
    }
}
