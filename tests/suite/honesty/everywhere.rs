//! HS2, HS6, HS7, HS8, HS9: every status on every page.

use std::collections::BTreeMap;
use std::io::Write;

use postkey::mailboxes::ladder::{Ladder, Rung};
use postkey::microsoft::Failure;
use postkey::words::{Cause, Status};
use postkey_simulator::{Fault, Kind, Place};

use crate::mailboxes::{add, statuses};
use crate::safety::table::{self, Who};
use crate::safety::world::{World, meddle};
use crate::support::{Engine, Page, TestApp};

pub(super) fn all() -> impl Iterator<Item = Status> {
    Status::PLAIN.iter().copied().chain(Cause::ALL.iter().copied().map(Status::Failing))
}

/// Makes every mailbox and every token what it would be with this status, its check just ended.
pub(super) async fn become_of(app: &TestApp, status: Status) {
    let db = &app.inside().db;
    let (now, rank) = (app.inside().clock.now(), status.rank());
    let (stored, checked_at) = match status {
        Status::Paused | Status::Checking | Status::Expiring => (Status::Connected, now),
        Status::Unknown => (Status::Connected, now.plus(-4 * 3_600)),
        status => (status, now),
    };
    let value = stored.value();
    let never = matches!(status, Status::Unverified | Status::SignInPending);
    let or_null = |there: bool, value: String| if there { value } else { "NULL".to_owned() };
    let set = format!(
        "UPDATE mailboxes SET incoming = '{value}', outgoing = '{value}', urgency = {rank}, checked_at = {checked}, \
         checking_since = {checking}, paused_at = {paused}, paused_by = {by} WHERE deleted_at IS NULL",
        checked = or_null(!never, checked_at.seconds().to_string()),
        checking = or_null(status == Status::Checking, now.seconds().to_string()),
        paused = or_null(status == Status::Paused, now.seconds().to_string()),
        by = or_null(status == Status::Paused, "'Ana'".to_owned()),
    );
    meddle(db, &set).await;
    let ends = if status == Status::Expiring { now.plus(86_400) } else { now.plus(200 * 86_400) };
    meddle(db, &format!("UPDATE applications SET credential_ends_at = {}", ends.seconds())).await;
    let mut ladder = Ladder::new();
    let failure = stored.cause().map(|cause| Failure::of(cause, "Microsoft's words", now));
    if let Some(failure) = &failure {
        ladder.failed(Rung::Mailbox, failure.clone());
    }
    let ladder = serde_json::to_string(&ladder).unwrap().replace('\'', "''");
    meddle(db, &format!("UPDATE checks SET ladder = '{ladder}', incoming = '{value}', outgoing = '{value}'")).await;
    let (failures, cause) = (i64::from(failure.is_some()), stored.cause().map_or("", Cause::value));
    let json = failure.as_ref().map(|failure| serde_json::to_string(failure).unwrap()).unwrap_or_default();
    let (json, since) = (json.replace('\'', "''"), or_null(failure.is_some(), now.plus(-60).seconds().to_string()));
    for table in ["grants", "delegated_grants"] {
        let set = format!(
            "UPDATE {table} SET failures = {failures}, failed_cause = '{cause}', failure = '{json}', failing_since = {since}"
        );
        meddle(db, &set).await;
    }
}

impl World {
    /// Every address that people open, filled in.
    async fn pages(&self) -> Vec<String> {
        let mut pages = Vec::new();
        for route in table::routes() {
            let opened = table::least(route, "GET").is_some_and(|who| who != Who::Machine);
            if opened && !["/oauth/callback", "/static/{file}", "/logout"].contains(&route) {
                pages.push(self.fill(route).await);
            }
        }
        assert!(pages.len() > 40, "the pages are not found any more");
        pages
    }
}

#[tokio::test]
async fn no_status_of_a_mailbox_or_a_token_makes_any_page_fail_or_ask_microsoft() {
    let world = World::on(Engine::Sqlite).await;
    let pages = world.pages().await;
    world.app.sim.clear_requests();
    let mut wrong = Vec::new();
    for status in all() {
        become_of(&world.app, status).await;
        for path in &pages {
            let answer = world.owner.browser.get(path).await;
            if answer.status >= 500 {
                wrong.push(format!("{status:?}: {path} answers {}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(world.app.sim.requests().is_empty(), "a page asked Microsoft");
    world.app.stop().await;
}

#[tokio::test]
async fn page_list_file_and_metrics_say_the_same_of_a_mailbox() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"scrape-me-0123456789\n").unwrap();
    let path_of_token = file.path().to_owned();
    let app = TestApp::with(Engine::Sqlite, |config| config.metrics_token_file = Some(path_of_token)).await;
    let ana = app.owner().await;
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    for status in all() {
        become_of(&app, status).await;
        assert_eq!(statuses(&ana.get(&path).await).0, status.label(), "{status:?}: the page");
        assert_eq!(ana.get("/mailboxes").await.all("tbody td .st")[0], status.label(), "{status:?}: the list");
        let csv = ana.get("/mailboxes.csv").await;
        let (head, row) = csv.body.split_once('\n').unwrap();
        let cells: BTreeMap<&str, &str> = head.trim().split(',').zip(row.trim().split(',')).collect();
        assert_eq!((cells["incoming"], cells["outgoing"]), (status.value(), status.value()), "the file");
        let metrics = app.stranger().get_with("/metrics", &[("authorization", "Bearer scrape-me-0123456789")]).await;
        let counted = |line: &&str| line.starts_with("postkey_mailboxes{") && line.ends_with(" 1");
        let said: Vec<&str> = metrics.body.lines().filter(counted).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said.iter().all(|line| line.contains(&format!("status=\"{}\"", status.value()))), "{said:?}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_saved_mailbox_is_not_connected_before_microsoft_has_answered() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    app.sim.fault(Fault::new(Place::Token, postkey_simulator::Failure::Delay { ms: 5_500 }).times(1));
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let never = |page: &Page| {
        let shown = page.all("main .st");
        assert!(!shown.iter().any(|word| word.contains("Connected") || word.contains("passed")), "{shown:?}");
    };
    never(&ana.get(&path).await);
    never(&ana.get("/mailboxes").await);
    never(&ana.get("/").await);
    app.sim.wait_for(Kind::Token, 1).await;
    app.stop().await;
}

#[tokio::test]
async fn every_page_of_the_console_says_as_of_when_in_which_zone_with_its_offset() {
    let world = World::on(Engine::Sqlite).await;
    let mut seen = 0;
    let mut wrong = Vec::new();
    for path in world.pages().await {
        let page = world.owner.browser.get(&path).await;
        if page.status != 200 || !page.body.contains("<footer class=\"foot\">") {
            continue;
        }
        seen += 1;
        let foot = page.one("footer");
        if !foot.contains("As of 23 Nov 2026, 13:00") || !foot.contains("Europe/Madrid (UTC+01:00)") {
            wrong.push(format!("{path}: {foot}"));
        }
        for time in page.body.split("<time").skip(1) {
            let tag = time.split('>').next().unwrap();
            let stamp = tag.split("datetime=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            if stamp.parse::<jiff::Timestamp>().is_err() || stamp.ends_with('Z') {
                wrong.push(format!("{path}: <time{tag}>"));
            }
        }
    }
    assert!(seen > 15, "{seen} pages");
    assert!(wrong.is_empty(), "{wrong:#?}");
    world.app.stop().await;
}
