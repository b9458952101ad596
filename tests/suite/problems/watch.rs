//! From the beginning of a problem to its end, and what people are told of it.

use postkey::problems::watch as product;
use postkey_simulator::{Failure, Fault, Page as SimPage, Place};

use super::{SETTLES, STAYS_AWAY, look, look_after};
use crate::alerts::add_hook;
use crate::mailboxes::{add, add_more};
use crate::safety::world::{column, meddle};
use crate::sign_in::{self, OLGA};
use crate::support::{Browser, Engine, HookSink, TestApp};

/// Twelve mailboxes of an application whose secret has ended.
async fn twelve_stopped(app: &TestApp, ana: &Browser) -> Vec<String> {
    app.sim.estate(|estate| estate.add_mailboxes("contoso.example", 11, |number| format!("box{number}")));
    let mut boxes = vec![add(app, ana, "support@contoso.example", "Contoso Archive").await];
    for number in 0..11 {
        boxes.push(add_more(ana, &format!("box{number}@contoso.example")).await);
    }
    boxes
}

/// Puts the end of the secret off at Microsoft, and has every mailbox checked.
async fn mend(app: &TestApp, ana: &Browser, boxes: &[String]) {
    let value = app.sim.estate(|estate| {
        let secret = estate.application_mut("Contoso Archive").unwrap().secrets.first_mut().unwrap();
        secret.end = jiff::Timestamp::from_second(crate::support::app::NOON + 90 * 86_400).unwrap();
        secret.value.to_string()
    });
    let page = ana.get(&boxes[0]).await;
    let remedy = page.links().into_iter().find(|href| href.ends_with("/secrets/new")).unwrap();
    ana.open_and_submit(&remedy, &remedy, &[("secret", &value)]).await.location();
    for path in boxes {
        ana.check_now(path).await;
    }
}

#[tokio::test]
async fn twelve_mailboxes_of_one_expired_secret_are_one_problem_one_alert_and_one_solved() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let hooks = HookSink::start().await;
        add_hook(&ana, &hooks, &[]).await;
        let boxes = twelve_stopped(&app, &ana).await;
        look(&app).await;
        assert_eq!(hooks.told(), [], "not before it has shown its size");
        look_after(&app, SETTLES).await;
        look_after(&app, 600).await;
        assert_eq!(
            hooks.told(),
            [("problem.opened".to_owned(), "[Postkey] Secret expired: Contoso Archive, 12 mailboxes".to_owned())]
        );
        let page = ana.get("/problems").await;
        assert_eq!(page.all("#open tbody tr").len(), 1);
        assert!(page.one("#open tbody tr").contains("12 mailboxes"));
        mend(&app, &ana, &boxes).await;
        look_after(&app, 10).await;
        assert_eq!(hooks.told().len(), 1, "it may come back");
        look_after(&app, STAYS_AWAY).await;
        look_after(&app, 600).await;
        let told = hooks.told();
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[1].0, "problem.solved");
        assert!(told[1].1.starts_with("[Postkey] Solved after 1"), "{told:?}");
        assert_eq!(hooks.received()[1].json()["data"]["problem"]["most_mailboxes"], 12);
        let page = ana.get("/problems").await;
        assert_eq!((page.all("#open").len(), page.all("#solved tbody tr").len()), (0, 1));
        app.stop().await;
    }
}

#[tokio::test]
async fn what_comes_and_goes_within_a_minute_is_one_problem_and_what_was_over_before_it_was_told_is_never_told() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    let pause =
        async |state: &str| meddle(&app.inside().db, &format!("UPDATE mailboxes SET paused_at = {state}")).await;
    look(&app).await;
    pause("1").await;
    look_after(&app, 10).await;
    pause("NULL").await;
    look_after(&app, 10).await;
    let problems = "SELECT id FROM problems";
    assert_eq!((column(&app.inside().db, problems).await.len(), hooks.told().len()), (1, 1));
    pause("1").await;
    for _ in 0..3 {
        look_after(&app, 40).await;
    }
    pause("NULL").await;
    look(&app).await;
    pause("1").await;
    for _ in 0..3 {
        look_after(&app, 40).await;
    }
    assert_eq!(column(&app.inside().db, problems).await.len(), 2);
    let events: Vec<String> = hooks.told().into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, ["problem.opened", "problem.solved"], "the second one was over before it was told");
    app.stop().await;
}

#[tokio::test]
async fn microsoft_not_answering_is_one_problem_of_all_applications_and_only_once_it_lasts() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let contoso = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let fabrikam = add(&app, &ana, "sales@fabrikam.example", "Fabrikam Mail").await;
    app.sim.fault(Fault::status(Place::Graph, 503, SimPage::Json));
    for path in [&contoso, &fabrikam] {
        ana.check_now(path).await;
    }
    look_after(&app, 240).await;
    assert_eq!(hooks.told(), []);
    look_after(&app, 61).await;
    look_after(&app, SETTLES).await;
    let told = hooks.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].1, "[Postkey] Microsoft not reachable: 2 applications, 2 mailboxes");
    assert!(ana.get("/").await.all(".problem")[0].contains("Microsoft not reachable · 2 applications"));
    app.stop().await;
}

#[tokio::test]
async fn a_problem_that_grows_is_told_again_after_an_hour_and_one_that_lasts_after_a_day() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    look(&app).await;
    look_after(&app, SETTLES).await;
    add_more(&ana, "sales@contoso.example").await;
    look_after(&app, 60).await;
    assert_eq!(hooks.told().len(), 1);
    look_after(&app, 3_600).await;
    assert_eq!(hooks.told()[1].1, "[Postkey] Secret expired: Contoso Archive, now 2 mailboxes");
    // Nobody checks in this test, and what is too old to be believed is unknown, which is another matter.
    for _ in 0..24 {
        meddle(&app.inside().db, "UPDATE mailboxes SET checked_at = checked_at + 3600").await;
        look_after(&app, 3_600).await;
    }
    assert_eq!(hooks.told()[2].1, "[Postkey] Still there after 25 h: Secret expired: Contoso Archive, 2 mailboxes");
    assert_eq!(hooks.told().len(), 3);
    app.stop().await;
}

#[tokio::test]
async fn what_nobody_has_checked_for_hours_is_neither_shown_as_true_nor_told_to_be_over() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    look(&app).await;
    look_after(&app, SETTLES).await;
    look_after(&app, 4 * 3_600).await;
    look_after(&app, 2 * STAYS_AWAY).await;
    let ana = app.owner().await;
    assert_eq!((hooks.told().len(), ana.get("/problems").await.all("#open tbody tr").len()), (1, 1));
    assert!(ana.get("/").await.all(".problem").is_empty(), "nobody knows");
    ana.check_now(&mailbox).await;
    look(&app).await;
    assert_eq!((hooks.told().len(), ana.get("/").await.all(".problem").len()), (1, 1), "it was there all the time");
    app.stop().await;
}

#[tokio::test]
async fn what_an_earlier_failure_hides_is_not_over() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let mailbox = add(&app, &ana, "nobody@contoso.example", "Contoso Mail").await;
    look(&app).await;
    look_after(&app, SETTLES).await;
    app.sim.fault(Fault::status(Place::Anywhere, 503, SimPage::Json));
    ana.check_now(&mailbox).await;
    for _ in 0..8 {
        look_after(&app, STAYS_AWAY).await;
    }
    let events = || hooks.told().into_iter().map(|(event, line)| format!("{event} {line}")).collect::<Vec<_>>();
    assert_eq!(events().len(), 2, "{:?}", events());
    assert!(
        events()[1].starts_with("problem.opened [Postkey] Microsoft not reachable: Contoso Mail"),
        "{:?}",
        events()
    );
    app.sim.clear_faults();
    ana.check_now(&mailbox).await;
    look(&app).await;
    look_after(&app, STAYS_AWAY).await;
    assert_eq!(events().len(), 3, "{:?}", events());
    assert!(events()[2].contains("Microsoft not reachable"), "{:?}", events());
    app.stop().await;
}

#[tokio::test]
async fn whoever_is_added_while_nobody_was_told_is_told_of_what_is_open() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    look(&app).await;
    look_after(&app, SETTLES).await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    look_after(&app, 60).await;
    assert_eq!(hooks.told().len(), 1);
    app.stop().await;
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_told_before_mail_stops_and_again_when_it_stops() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    add_hook(&ana, &hooks, &[]).await;
    let mailbox = sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
    app.sim.fault(Fault::new(Place::Token, Failure::Aadsts(50_173)));
    let token = column(&app.inside().db, "SELECT id FROM delegated_grants").await.remove(0);
    ana.open_and_submit(&format!("/tokens/{token}"), &format!("/tokens/{token}/renew"), &[]).await.location();
    look(&app).await;
    look_after(&app, SETTLES).await;
    let lines = || hooks.told().into_iter().map(|(_, line)| line).collect::<Vec<_>>();
    assert_eq!(lines().len(), 1);
    assert!(
        lines()[0].starts_with("[Postkey] Needs sign-in: Contoso Sign-in, 1 mailbox stops at 14:"),
        "{:?}",
        lines()
    );
    app.advance(5_400);
    app.owner().await.check_now(&mailbox).await;
    look(&app).await;
    assert_eq!(lines()[1], "[Postkey] Needs sign-in: Contoso Sign-in, now olga@contoso.example");
    app.stop().await;
}

#[tokio::test]
async fn a_scope_that_was_widened_is_a_problem_that_may_not_wait_until_the_morning() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let hooks = HookSink::start().await;
    // It is one o'clock in the afternoon in Madrid.
    add_hook(&ana, &hooks, &[("quiet_from", "12:00"), ("quiet_until", "14:00")]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let application = sign_in::application(&app, "Contoso Mail").await;
    let scope = format!("/applications/{application}/scope-check");
    let edit = format!("{scope}/edit");
    let names = [("open", "support@contoso.example"), ("closed", "sales@contoso.example")];
    ana.open_and_submit(&edit, &edit, &names).await.location();
    look(&app).await;
    look_after(&app, SETTLES).await;
    let line = "[Postkey] Opens too much: Contoso Mail, it opens sales@contoso.example, which it must not open";
    assert_eq!(hooks.told(), [("problem.opened".to_owned(), line.to_owned())]);
    let problem = ana.get("/").await.href("/problems/prb_");
    let page = ana.get(&problem).await;
    assert!(page.links().contains(&scope), "{:?}", page.links());
    app.sim.estate(|estate| {
        estate.application_mut("Contoso Mail").unwrap().limit_to(["support@contoso.example"]);
    });
    // The limit is in the next token.
    app.advance(61);
    ana.open_and_submit(&scope, &scope, &[]).await.location();
    look_after(&app, 1).await;
    look_after(&app, STAYS_AWAY).await;
    assert_eq!(hooks.told()[1].0, "problem.solved");
    app.stop().await;
}

#[tokio::test]
async fn of_two_processes_only_one_watches_until_it_is_gone_for_a_minute() {
    let Some(engine) = Engine::all().into_iter().find(|engine| *engine == Engine::Postgres) else { return };
    let app = TestApp::on(engine).await;
    let ana = app.owner().await;
    add_hook(&ana, &HookSink::start().await, &[]).await;
    add(&app, &ana, "support@contoso.example", "Contoso Archive").await;
    let replica = app.replica().await;
    product::look(app.inside()).await.unwrap();
    app.advance(SETTLES);
    product::look(&replica.app).await.unwrap();
    let told = "SELECT id FROM problems WHERE told_at IS NOT NULL";
    assert!(column(&app.inside().db, told).await.is_empty(), "the other one has the watch");
    app.advance(60);
    product::look(&replica.app).await.unwrap();
    assert_eq!(column(&app.inside().db, told).await.len(), 1);
    replica.stop().await;
    app.stop().await;
}
