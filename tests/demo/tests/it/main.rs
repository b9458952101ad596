//! The demo as a person or a test starts it: the real command, in a process of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use postkey::words::{Cause, Status};

use support::{Demo, refused};

/// What only a sign-in meets, and what nobody meets for long.
const NOT_SHOWN: [&str; 3] = ["wrong_account", "checking", "degraded"];

#[tokio::test]
async fn it_says_on_one_line_where_to_go_and_forgets_everything_when_it_is_told_to_stop() {
    let temporary = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(&["--mailboxes", "40"], temporary.path());
    for key in ["postkey", "simulator", "user", "password"] {
        assert!(demo.said[key].is_string(), "{key} in {}", demo.said);
    }
    assert!(demo.said["api_key"].as_str().is_some_and(|key| key.starts_with("pk_live_")));
    let applications = demo.said["applications"].as_array().unwrap();
    let states: BTreeSet<&str> = applications.iter().filter_map(|it| it["state"].as_str()).collect();
    for state in ["healthy", "expired_secret", "no_consent", "blocked", "certificate"] {
        assert!(states.contains(state), "{state} in {states:?}");
    }
    let people = demo.said["people"].as_array().unwrap();
    let kinds: BTreeSet<&str> = people.iter().filter_map(|it| it["kind"].as_str()).collect();
    for kind in ["owner", "viewer", "mailbox_owner", "tenant_administrator", "guest"] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }
    assert!(people.iter().all(|it| it["address"].is_string() && it["password"].is_string()));
    assert_eq!(demo.log_in().await.get("/mailboxes.csv").await.lines().count(), 41);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    assert!(demo.stop(), "it ends without an error");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn every_status_that_a_mailbox_can_have_is_there() {
    let temporary = tempfile::tempdir().unwrap();
    let demo = Demo::start(&[], temporary.path());
    let csv = demo.log_in().await.get("/mailboxes.csv").await;
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.rsplit(',').collect()).collect();
    assert_eq!(rows.len(), 200);
    // From the end, because a name may hold commas: default, last good check, outgoing, incoming.
    let seen: BTreeSet<&str> = rows.iter().flat_map(|cells| [cells[2], cells[3]]).collect();
    let plain = Status::PLAIN.iter().map(|status| status.value());
    let missing: Vec<&str> = plain
        .chain(Cause::ALL.iter().map(|cause| cause.value()))
        .filter(|value| !NOT_SHOWN.contains(value) && !seen.contains(value))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "seen are {seen:?}");
    assert_eq!(rows.iter().filter(|cells| cells[0] == "true").count(), 1, "one default outbound mailbox");
}

#[tokio::test]
async fn people_have_signed_in_and_a_restart_does_not_make_them_sign_in_again() {
    let (temporary, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = kept.path().join("data");
    let named = ["--mailboxes", "41", "--data", folder.to_str().unwrap()];
    let mut demo = Demo::start(&named, temporary.path());
    let states = [
        ("olga@contoso.example", "connected"),
        ("shared@contoso.example", "connected"),
        ("careers@contoso.example", "needs_sign_in"),
        ("press@contoso.example", "sign_in_pending"),
        ("fairs@contoso.example", "sign_in_pending"),
    ];
    let tries = [
        ("fairs@contoso.example", "Wrong account"),
        ("complaints@contoso.example", "Declined"),
        ("karl@contoso.example", "Blocked by policy"),
        ("legal@contoso.example", "Needs an administrator"),
    ];
    let ana = demo.log_in().await;
    for (address, state) in states {
        assert_eq!(ana.incoming(address).await, state, "{address}");
    }
    for (address, result) in tries {
        let page = ana.get(&format!("/mailboxes/{}/sign-in", ana.id(address).await)).await;
        assert!(page.contains(result), "{result} of {address}");
    }
    assert!(demo.stop());
    let again = Demo::start(&named, temporary.path());
    let ana = again.log_in().await;
    for (address, state) in states {
        if state != "sign_in_pending" {
            ana.check(address).await;
        }
        assert_eq!(ana.incoming(address).await, state, "{address} after the restart");
    }
}

#[tokio::test]
async fn one_limit_holds_and_one_application_opens_too_much() {
    let temporary = tempfile::tempdir().unwrap();
    let demo = Demo::start(&["--mailboxes", "40"], temporary.path());
    let ana = demo.log_in().await;
    let csv = ana.get("/applications.csv").await;
    for (name, said) in [("Contoso Support Desk", "The limit holds"), ("Contoso Payroll", "Too wide")] {
        let row = csv.lines().find(|row| row.split(',').nth(1) == Some(name)).unwrap();
        let page = ana.get(&format!("/applications/{}", row.split(',').next().unwrap())).await;
        assert!(page.contains(said), "{said} of {name}");
    }
}

#[tokio::test]
async fn very_many_mailboxes_are_copies_of_the_checked_ones() {
    let temporary = tempfile::tempdir().unwrap();
    let demo = Demo::start(&["--mailboxes", "450"], temporary.path());
    let csv = demo.log_in().await.get("/mailboxes.csv").await;
    assert_eq!(csv.lines().count(), 451);
    assert!(csv.lines().filter(|line| line.contains(",secret_expired,")).count() > 10);
}

#[tokio::test]
async fn an_empty_one_has_accounts_and_nothing_else() {
    let temporary = tempfile::tempdir().unwrap();
    let demo = Demo::start(&["--mailboxes", "0"], temporary.path());
    let page = demo.log_in().await.get("/mailboxes").await;
    assert!(page.contains("Add your first mailbox"));
}

#[tokio::test]
async fn a_named_folder_is_kept_used_again_and_served_by_one_process_only() {
    let (temporary, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = kept.path().join("data");
    let named = ["--mailboxes", "35", "--data", folder.to_str().unwrap()];
    let mut demo = Demo::start(&named, temporary.path());
    let first = demo.log_in().await.get("/mailboxes.csv").await;
    let said = refused(&named, temporary.path());
    assert!(said.contains("another Postkey") && said.contains("already serves"), "{said}");
    assert!(demo.stop());
    let said = refused(&["--mailboxes", "36", "--data", folder.to_str().unwrap()], temporary.path());
    assert!(said.contains("--seed 1 --mailboxes 35"), "{said}");
    let again = Demo::start(&named, temporary.path());
    assert_eq!(again.log_in().await.get("/mailboxes.csv").await, first);
}

#[test]
fn an_address_that_will_not_do_is_refused_by_the_name_of_its_option() {
    let temporary = tempfile::tempdir().unwrap();
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    for option in ["--listen", "--simulator"] {
        let said = refused(&[option, &address], temporary.path());
        assert!(said.contains(&format!("{option}: another program already listens on {address}")), "{said}");
        let said = refused(&[option, "0.0.0.0:0"], temporary.path());
        assert!(said.contains(&format!("{option}: 0.0.0.0:0 can be reached from outside")), "{said}");
    }
}
